// Grey images in a grid: digits with their labels, filters, activations.
import { DataError } from "#ir/errors.js";
import { type Feed, numbersIn, shapeIn } from "../feeds.js";
import type { Picture } from "../report.js";
import { escapeXml } from "./figure.js";
import { greyPng } from "./png.js";

/** One image. */
export interface ImageRow {
  readonly name: string;
  /** From the top, row by row. */
  readonly pixels: ArrayLike<number>;
}

/** Options of `images`. */
export interface ImageOptions {
  readonly title?: string;
  /** A text under each image. */
  readonly captions?: readonly string[];
  /** Images in a row; as many as make it about square where nothing is said. */
  readonly columns?: number;
  /** Which numbers are black and white; the least and largest of each image by itself where nothing is said. */
  readonly range?: readonly [number, number];
  /** For images that are given one by one. */
  readonly width?: number;
  /** Height and width, for images that are given as rows of pixels. */
  readonly size?: readonly [number, number];
  /** Points of the SVG document to a pixel; as many as make an image about 84 high where nothing is said. */
  readonly zoom?: number;
}

const [inText, textColumns] = [12, 112];
const shades = " ░▒▓█";

/**
 * Images one by one, with their names and a common `width`, or of shape [n, height, width], [n, 1, height, width] or, with `size`, [n, pixels]: as an SVG document, and the first few as
 * text. Throws a DataError where the shape is another, or there are none.
 */
export async function images(given: readonly ImageRow[] | Feed, options: ImageOptions = {}): Promise<Picture> {
  const [pixels, all] = isRows(given) ? stackedRows(given, options) : [given, options];
  const grid = gridOf(pixels, all);
  return { svg: svgOf(grid, all), text: textOf(grid, all) };
}

function isRows(given: readonly ImageRow[] | Feed): given is readonly ImageRow[] {
  return Array.isArray(given) && typeof given[0] === "object";
}

/** Images that are given one by one, as one array with captions. */
function stackedRows(rows: readonly ImageRow[], options: ImageOptions): readonly [Feed, ImageOptions] {
  const { width = 0 } = options;
  const area = rows[0]!.pixels.length;
  const wrong = rows.find(({ pixels }) => pixels.length !== area || area === 0 || pixels.length % width !== 0);
  if (wrong) {
    const what = `"${wrong.name}" has ${wrong.pixels.length} pixels, and the first image ${area}`;
    throw new DataError(`plots.images: ${what}: they must be rows of the width, which is ${width}`);
  }
  const data = rows.flatMap(({ pixels }) => Array.from(pixels));
  const shape = [rows.length, area / width, width];
  return [
    { data, shape },
    { captions: rows.map(({ name }) => name), ...options },
  ];
}

interface Grid {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Bytes of an image. */
  readonly image: (i: number) => Uint8Array;
}

function gridOf(pixels: Feed, { size, range, captions }: ImageOptions): Grid {
  const [numbers, shape] = [numbersIn(pixels), shapeIn(pixels)];
  const sizes = size && shape ? [shape[0]!, ...size] : shape?.length === 4 && shape[1] === 1 ? [shape[0]!, ...shape.slice(2)] : shape; // prettier-ignore
  if (typeof numbers === "number" || sizes?.length !== 3 || sizes.some((n) => !(n > 0))) {
    throw new DataError(
      `plots.images: ${shape ? `shape [${shape.join()}]` : "numbers without a shape"} is no row of images`,
      {
        help: "[n, height, width], [n, 1, height, width], or [n, pixels] with { size: [height, width] }",
      },
    );
  }
  const [count, height, width] = sizes as [number, number, number];
  const area = height * width;
  if (numbers.length !== count * area)
    throw new DataError(`plots.images: ${numbers.length} numbers are not ${count} images of ${height} × ${width}`);
  if (captions && captions.length !== count)
    throw new DataError(`plots.images: ${captions.length} captions for ${count} images`);
  const image = (i: number): Uint8Array => {
    const own = Array.from({ length: area }, (_, k) => numbers[i * area + k]!);
    const [low, high] = range ?? [own.reduce((a, b) => Math.min(a, b)), own.reduce((a, b) => Math.max(a, b))];
    const scale = high > low ? 255 / (high - low) : 0;
    return Uint8Array.from(own, (x) => Math.max(0, Math.min(255, Math.round((x - low) * scale))));
  };
  return { count, height, width, image };
}

function svgOf({ count, height, width, image }: Grid, { title = "", captions, columns, zoom }: ImageOptions): string {
  const scale = zoom ?? Math.max(1, Math.round(84 / height));
  const across = columns ?? Math.min(count, Math.ceil(Math.sqrt(count * 1.6)));
  const [cellX, cellY] = [width * scale + 10, height * scale + (captions ? 26 : 10)];
  const top = title ? 40 : 12;
  const total = [24 + across * cellX - 10, top + Math.ceil(count / across) * cellY + 4] as const;
  const parts = Array.from({ length: count }, (_, i) => {
    const [x, y] = [12 + (i % across) * cellX, top + Math.floor(i / across) * cellY];
    const href = `data:image/png;base64,${base64(greyPng(image(i), width, height))}`;
    const [w, h] = [width * scale, height * scale];
    const picture = `<image x="${x}" y="${y}" width="${w}" height="${h}" preserveAspectRatio="none" image-rendering="optimizeSpeed" style="image-rendering:pixelated" href="${href}"/>`;
    const frame = `<rect x="${x - 0.5}" y="${y - 0.5}" width="${w + 1}" height="${h + 1}" fill="none" stroke="#c3cbd4"/>`;
    const caption = captions ? `<text x="${x + w / 2}" y="${y + h + 14}" text-anchor="middle">${escapeXml(captions[i]!)}</text>` : ""; // prettier-ignore
    return picture + frame + caption;
  });
  const heading = title ? `<text x="12" y="24" font-size="14" font-weight="bold">${escapeXml(title)}</text>` : "";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${total[0]}" height="${total[1]}" viewBox="0 0 ${total[0]} ${total[1]}" font-family="Helvetica, Arial, sans-serif" font-size="11" fill="#1f2730"><rect width="100%" height="100%" fill="white"/>${heading}${parts.join("")}</svg>\n`;
}

function textOf({ count, height, width, image }: Grid, { title, captions }: ImageOptions): string {
  const shown = Math.min(count, inText);
  const across = Math.max(1, Math.floor(textColumns / (width + 2)));
  const lines: string[] = title ? [title] : [];
  for (let from = 0; from < shown; from += across) {
    const row = Array.from({ length: Math.min(across, shown - from) }, (_, i) => from + i);
    if (captions) lines.push(row.map((i) => captions[i]!.slice(0, width).padEnd(width)).join("  ").trimEnd()); // prettier-ignore
    const blocks = row.map((i) => blocksOf(image(i), height, width));
    for (let y = 0; y < blocks[0]!.length; y++) lines.push(blocks.map((block) => block[y]!).join("  ").trimEnd()); // prettier-ignore
  }
  if (shown < count) lines.push(`and ${count - shown} more`);
  return lines.join("\n");
}

/** A letter for two pixels, one above the other: letters are twice as high as wide. */
function blocksOf(bytes: Uint8Array, height: number, width: number): readonly string[] {
  return Array.from({ length: Math.ceil(height / 2) }, (_, half) => {
    const letters = Array.from({ length: width }, (_, x) => {
      const above = bytes[2 * half * width + x]!;
      const below = 2 * half + 1 < height ? bytes[(2 * half + 1) * width + x]! : above;
      return shades[Math.min(shades.length - 1, Math.floor((((above + below) / 2) * shades.length) / 256))]!;
    });
    return letters.join("");
  });
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
