// Pages of docs/ parts of which are written from measurements: between a pair of marks, `<!-- NAME: npm run bench -- page -->` and
// `<!-- end of NAME -->`.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A page as it should be, and as it is. */
interface Page {
  readonly path: string;
  readonly text: string;
  readonly before: string;
}

/** A page and its chart, as it should be. */
export interface Illustrated {
  readonly page: Page;
  readonly chart: { readonly path: string; readonly text: string };
}

/** A file of docs/. */
export const docsFile = (name: string): string => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));

/** The page with these texts between its marks. Throws where it has no such marks. */
export function withSections(name: string, sections: Readonly<Record<string, string>>): Page {
  const path = docsFile(name);
  const before = readFileSync(path, "utf8");
  const text = Object.entries(sections).reduce((page, [section, content]) => {
    const [begin, end] = [`<!-- ${section}: npm run bench -- page -->`, `<!-- end of ${section} -->`];
    const [head, tail] = [page.indexOf(begin), page.indexOf(end)];
    if (head < 0 || tail < head) throw new Error(`${path} has no place for ${section}: ${begin} … ${end}`);
    return `${page.slice(0, head + begin.length)}\n\n${content}\n\n${page.slice(tail)}`;
  }, before);
  return { path, text, before };
}

/** A table in Markdown: the first column at the left, or the first `left` of them, all others at the right. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  left = 1,
): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, i) => (i < left ? "---" : "--:"))), ...rows.map(line)].join("\n");
}
