// Grey images in a row: digits, filters, what a net sees in them.
import { GraphError } from "#ir/errors.js";
import type { Picture } from "../report.js";
import { drawn, titleOf } from "./drawing.js";

/** One image. */
export interface ImageRow {
  readonly name: string;
  /** From the top, row by row; the least is black and the greatest is white in each image. */
  readonly pixels: ArrayLike<number>;
}

const shades = " ░▒▓█";
const [side, perRow] = [120, 6];

/** Draws images of one width. Throws a GraphError where pixels do not fill rows. */
export async function images(
  shown: readonly ImageRow[],
  options: { readonly title: string; readonly width: number },
): Promise<Picture> {
  const { title, width } = options;
  const wrong = shown.find(({ pixels }) => pixels.length === 0 || pixels.length % width !== 0);
  if (wrong) throw new GraphError(`images: ${wrong.pixels.length} pixels of "${wrong.name}" do not fill rows of ${width}`); // prettier-ignore
  const grey = shown.map(({ name, pixels }, i) => ({ name, i, height: pixels.length / width, pixels: greyOf(pixels) }));
  const height = Math.max(...grey.map((image) => image.height));
  const cells = grey.flatMap(({ name, i, pixels }) =>
    pixels.map((shade, at) => ({ at, name, column: i % perRow, row: Math.floor(i / perRow), shade })),
  );
  const [across, down] = [Math.min(perRow, grey.length), Math.ceil(grey.length / perRow)];
  const svg = await drawn((plot) => ({
    ...{ width: across * (side + 12) + 40, height: down * ((side * height) / width + 26) + 60 },
    ...{ marginTop: 44, marginLeft: 20, marginRight: 20, marginBottom: 16 },
    fx: { axis: null, padding: 0.08 },
    fy: { axis: null, padding: 0.16 },
    x: { axis: null, domain: [0, width] },
    y: { axis: null, domain: [height, 0] },
    color: { type: "identity" },
    marks: [
      plot.rect(cells, {
        ...{ fx: "column", fy: "row", shapeRendering: "crispEdges" },
        x1: ({ at }: { at: number }) => at % width,
        x2: ({ at }: { at: number }) => (at % width) + 1,
        y1: ({ at }: { at: number }) => Math.floor(at / width),
        y2: ({ at }: { at: number }) => Math.floor(at / width) + 1,
        fill: ({ shade }: { shade: number }) => `rgb(${[shade, shade, shade].map((v) => Math.round(255 * v)).join()})`,
      }),
      plot.text(
        grey.map(({ name, i }) => ({ name, column: i % perRow, row: Math.floor(i / perRow) })),
        { fx: "column", fy: "row", frameAnchor: "top", dy: -9, text: "name" },
      ),
      titleOf(plot, title),
    ],
  }));
  return { svg, text: [title, ...grey.map((image) => textOf(image, width))].join("\n") };
}

function greyOf(pixels: ArrayLike<number>): readonly number[] {
  const all = Array.from(pixels);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  return all.map((v) => (high > low ? (v - low) / (high - low) : 0.5));
}

/** Two characters for a pixel: they are as wide as one is high. */
function textOf(
  { name, pixels }: { readonly name: string; readonly pixels: readonly number[] },
  width: number,
): string {
  const rows = Array.from({ length: pixels.length / width }, (_, row) => {
    const shade = (v: number) => shades[Math.min(shades.length - 1, Math.floor(v * shades.length))]!.repeat(2);
    return pixels.slice(row * width, (row + 1) * width).map(shade).join("").trimEnd(); // prettier-ignore
  });
  return [`${name}:`, ...rows].join("\n");
}
