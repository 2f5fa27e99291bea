// The programs in the documentation. A page's fences say what is to be done with them:
//
//   ts             a program of its own, run as `model.ts`
//   ts continue    goes on where the page's program before it ended
//   ts throws      its last statement throws; what was thrown counts as printed
//   ts no-run      a fragment
//   text output    exactly what the program above printed; UPDATE=1 writes it anew
//
// `// → …` inside a program is one printed line. A program that has neither may print what it likes.
import { readdirSync, readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

/** A fenced block, with its place in the page. */
export interface Block {
  readonly info: string;
  readonly code: string;
  /** The line of its opening fence, counted from 1. */
  readonly line: number;
}

/** Blocks that run as one module. */
export interface Program {
  /** `docs/ir.md:12`: where it begins. */
  readonly title: string;
  readonly page: string;
  readonly blocks: readonly Block[];
  /** For each block, the block of its output; undefined where none follows. */
  readonly outputs: readonly (Block | undefined)[];
}

/** Runs first: its listings have names that are counted through the process. */
const first = "docs/architecture.md";

/** Paths of all pages, relative to the repository. */
export function pages(): readonly string[] {
  const docs = readdirSync(new URL("docs/", root)).map((file) => `docs/${file}`);
  const others = [...readdirSync(root), ...docs].filter((file) => file.endsWith(".md") && file !== first);
  return [first, ...others.sort()];
}

export function textOf(page: string): string {
  return readFileSync(new URL(page, root), "utf8");
}

export function blocksOf(text: string): readonly Block[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map((m) => ({
    info: m[1]!.trim(),
    code: m[2]!,
    line: text.slice(0, m.index).split("\n").length,
  }));
}

export function programsOf(page: string): readonly Program[] {
  const programs: { title: string; page: string; blocks: Block[]; outputs: (Block | undefined)[] }[] = [];
  for (const block of blocksOf(textOf(page))) {
    const last = programs.at(-1);
    if (block.info === "ts" || block.info === "ts throws") {
      programs.push({ title: `${page}:${block.line}`, page, blocks: [block], outputs: [undefined] });
    } else if (block.info === "ts continue") {
      last!.blocks.push(block);
      last!.outputs.push(undefined);
    } else if (block.info === "text output") last!.outputs[last!.blocks.length - 1] = block;
  }
  return programs;
}

/** The module of a program: every block announces itself, so that its output can be told apart. */
export function moduleOf(program: Program): string {
  return program.blocks.map(({ code }, i) => (i === 0 ? code : `globalThis.__block(${i});\n${code}`)).join("");
}

/** The lines that a block says it prints; null where it says nothing. */
export function promisedBy(program: Program, block: number): string | null {
  const output = program.outputs[block];
  if (output) return output.code.trimEnd();
  const lines = [...program.blocks[block]!.code.matchAll(/\/\/ → (.*)$/gm)].map((m) => m[1]!.trimEnd());
  return lines.length > 0 ? lines.join("\n") : null;
}
