// From a picture to a file: DOT, SVG by Graphviz compiled to WebAssembly, PNG by resvg; all in process.
import { extname } from "node:path";
import { GraphError } from "#ir/errors.js";
import { resvg } from "../node-packages.js";
import type { RootGraphModel } from "ts-graphviz";
import { writeWhole } from "../files/write-whole.js";

/** The endings that `writePicture` understands. */
export const endings = [".dot", ".svg", ".png"] as const;
const most = 4000;

/** Which engine lays out the picture; "neato" takes the positions that nodes state. */
export type Layout = "dot" | "neato";

/** DOT text. */
export async function dotText(picture: RootGraphModel): Promise<string> {
  const { toDot } = await import("ts-graphviz");
  return `${toDot(picture)}\n`;
}

/** An SVG document. Throws a GraphError where the picture is too large to lay out. */
export async function svgOf(picture: RootGraphModel, layout: Layout): Promise<string> {
  const count = countBoxes(picture);
  if (count > most) {
    throw new GraphError(`dot: ${count} nodes are more than Graphviz lays out in reasonable time (${most})`, {
      help: "write a .dot file, or look at a later stage",
    });
  }
  const { instance } = await import("@viz-js/viz");
  const viz = await instance();
  const svg = viz.renderString(await dotText(picture), { format: "svg", engine: layout });
  return svg.slice(svg.indexOf("<svg"));
}

/** A PNG image, two pixels a point of the SVG, smaller for very large pictures. */
export async function pngOf(svg: string): Promise<Uint8Array> {
  const { Resvg } = await resvg();
  const size = /viewBox="0(?:\.00)? 0(?:\.00)? ([\d.]+) ([\d.]+)"/.exec(svg);
  const longest = Math.max(Number(size?.[1] ?? 1000), Number(size?.[2] ?? 1000));
  const zoom = Math.min(2, 10_000 / longest);
  // Browsers take the style, resvg the attribute that stands beside it.
  const image = new Resvg(withFonts(svg).replaceAll('style="image-rendering:pixelated"', ""), {
    fitTo: { mode: "zoom", value: zoom },
    background: "white",
    font: { loadSystemFonts: true, sansSerifFamily: "DejaVu Sans", defaultFontFamily: "DejaVu Sans" },
  });
  return image.render().asPng();
}

/** Writes a picture in the form that the file's ending says; the file appears whole or not at all. */
export async function writePicture(picture: RootGraphModel, file: string, layout: Layout): Promise<void> {
  const ending = extname(file).toLowerCase();
  if (ending === ".dot") return writeWhole(file, await dotText(picture));
  const svg = await svgOf(picture, layout);
  await writeWhole(file, ending === ".png" ? await pngOf(svg) : svg);
}

/** Graphviz measures Helvetica; where it is not installed, a condensed face of its width keeps text inside its box. */
function withFonts(svg: string): string {
  const families = "Helvetica, Arial, 'Liberation Sans', 'Nimbus Sans', 'DejaVu Sans', sans-serif";
  return svg.replaceAll(/font-family="[^"]*"/g, `font-family="${families}" font-stretch="condensed"`);
}

function countBoxes(picture: RootGraphModel): number {
  let count = 0;
  const left: Pick<RootGraphModel, "nodes" | "subgraphs">[] = [picture];
  for (let at = left.pop(); at; at = left.pop()) {
    count += at.nodes.length;
    left.push(...at.subgraphs);
  }
  return count;
}
