// The page of `gradloom gallery`: a contents table with the figures, then what each script told. Made as a document, so that
// no text of a script can become markup.
import { parseHTML } from "linkedom";
import { timeText } from "../amounts.js";
import type { Shown } from "./gallery.js";
import { alignments, cellText, type Part } from "./script-report.js";

type Child = HTMLElement | string;

const style = `
body { font: 15px/1.5 Helvetica, Arial, sans-serif; color: #222; margin: 2em auto; max-width: 60em; padding: 0 1em; }
h1, h2 { font-weight: 600; } h2 { margin-top: 2.5em; border-top: 1px solid #ddd; padding-top: 1em; }
table { border-collapse: collapse; margin: 1em 0; } th, td { border: 1px solid #ddd; padding: .2em .6em; text-align: left; }
td.right, th.right { text-align: right; font-variant-numeric: tabular-nums; } th { background: #f4f6f8; }
pre { background: #f7f7f7; padding: .8em; overflow-x: auto; } img { max-width: 100%; margin: .5em 0; }
.mode { color: #666; } .failed { color: #a00; }`;

/** An HTML document. */
export function galleryPage(shown: readonly Shown[]): string {
  const { document } = parseHTML("<!doctype html><html lang='en'><head></head><body></body></html>");
  const make: Make = (tag, attributes, ...children) => {
    const element = document.createElement(tag) as unknown as HTMLElement;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  document.head.append(
    make("meta", { charset: "utf-8" }),
    make("title", {}, "gradloom: scripts and what they tell"),
    make("style", {}, style),
  );
  document.body.append(
    make("h1", {}, "Scripts and what they tell"),
    contents(make, shown),
    ...shown.map((one) => section(make, one)),
  );
  return `${document.toString()}\n`;
}

type Make = (tag: string, attributes: Readonly<Record<string, string>>, ...children: Child[]) => HTMLElement;

function contents(make: Make, shown: readonly Shown[]): HTMLElement {
  const rows = shown.map(({ folder, story, script }) =>
    make(
      "tr",
      {},
      make("td", {}, make("a", { href: `#${folder}` }, story?.name ?? script)),
      make("td", {}, story ? story.doc : make("span", { class: "failed" }, "failed")),
      make("td", { class: "right" }, story ? timeText(story.seconds * 1000) : ""),
    ),
  );
  const head = ["script", "what it shows", "time"].map((text) => make("th", {}, text));
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

function section(make: Make, { folder, story, script, complaint }: Shown): HTMLElement {
  const title = make("h2", { id: folder }, story?.name ?? script);
  if (!story)
    return make("section", {}, title, make("p", { class: "failed" }, "It failed:"), make("pre", {}, complaint));
  return make(
    "section",
    {},
    title,
    make("p", {}, story.doc),
    make("p", { class: "mode" }, `${story.script}, ${story.mode}, ${timeText(story.seconds * 1000)}`),
    ...partsOf(make, folder, story.parts),
  );
}

function partsOf(make: Make, folder: string, parts: readonly Part[]): readonly HTMLElement[] {
  const elements: HTMLElement[] = [];
  let lines: string[] = [];
  const flush = () => {
    if (lines.length > 0) elements.push(make("pre", {}, lines.join("\n")));
    lines = [];
  };
  for (const part of parts) {
    if (part.kind === "line") {
      lines.push(part.text);
      continue;
    }
    flush();
    if (part.kind === "picture") elements.push(make("img", { src: `${folder}/${part.file}`, alt: part.name }));
    else if (part.kind === "table") elements.push(tableOf(make, part));
    else elements.push(listOf(make, part.entries));
  }
  flush();
  return elements;
}

function tableOf(make: Make, { head, rows }: Part & { readonly kind: "table" }): HTMLElement {
  const sides = alignments(head, rows);
  const cell = (tag: string) => (text: string, i: number) => make(tag, { class: sides[i]! }, text);
  const body = rows.map((row) => make("tr", {}, ...row.map(cellText).map(cell("td"))));
  return make("table", {}, make("thead", {}, make("tr", {}, ...head.map(cell("th")))), make("tbody", {}, ...body));
}

function listOf(make: Make, entries: readonly (readonly [string, string])[]): HTMLElement {
  const rows = entries.map(([name, text]) =>
    make("tr", {}, make("td", {}, name), make("td", { class: "right" }, text)),
  );
  return make("table", {}, make("tbody", {}, ...rows));
}
