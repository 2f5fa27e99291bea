// Curves: losses by epoch, a function beside its points, gradient norms on a logarithmic axis.
import { DataError } from "#ir/errors.js";
import type { Picture } from "../report.js";
import { drawing, strokeOf } from "./figure.js";

/** Numbers by x: 1, 2, 3, … where no x are said. */
export interface Points {
  readonly x?: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Points in place of a line. */
  readonly dots?: boolean;
}

/** One curve, or one cloud of points. */
export interface Series extends Points {
  readonly name: string;
}

/** Options of `lines`. */
export interface LinesOptions {
  readonly title?: string;
  /** What the axes show. */
  readonly x?: string;
  readonly y?: string;
  /** Logarithmic axes, the horizontal and the vertical one: what is not above 0 is left out. */
  readonly logX?: boolean;
  readonly log?: boolean;
  /** Whether the vertical axis begins at 0. */
  readonly zero?: boolean;
  /** Points of the SVG document; 760 and 420 where nothing is said. */
  readonly width?: number;
  readonly height?: number;
}

interface Drawn {
  readonly name: string;
  readonly at: readonly { readonly x: number; readonly y: number }[];
  readonly dots: boolean;
}

const mostPoints = 2000;
const [columns, rows] = [64, 10];

/**
 * Series in one chart, in a list or by their names: as an SVG document, and as text, one chart below the other on the same
 * scale. Throws a DataError where x and y differ in length, or there is nothing to draw.
 */
export async function lines(
  series: readonly Series[] | Readonly<Record<string, Points | ArrayLike<number>>>,
  options: LinesOptions = {},
): Promise<Picture> {
  const drawn = seriesIn(series)
    .map((one) => drawnOf(one, options))
    .filter(({ at }) => at.length > 0);
  if (drawn.length === 0) throw new DataError("plots.lines: there are no finite numbers to draw");
  return { svg: await svgOf(drawn, options), text: await textOf(drawn, options) };
}

function seriesIn(series: readonly Series[] | Readonly<Record<string, Points | ArrayLike<number>>>): readonly Series[] {
  if (Array.isArray(series)) return series as readonly Series[];
  return Object.entries(series).map(([name, one]): Series => ("y" in one ? { name, ...one } : { name, y: one }));
}

function drawnOf({ name, x, y, dots = false }: Series, { logX, log }: LinesOptions): Drawn {
  if (x && x.length !== y.length)
    throw new DataError(`plots.lines: series "${name}" has ${x.length} x and ${y.length} y`);
  const at = Array.from({ length: y.length }, (_, i) => ({ x: x ? x[i]! : i + 1, y: y[i]! }));
  const shown = at.filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y) && !(logX && p.x <= 0) && !(log && p.y <= 0)); // prettier-ignore
  return { name, at: shown, dots };
}

async function svgOf(all: readonly Drawn[], options: LinesOptions): Promise<string> {
  const { Plot, documentOf } = await drawing();
  const { title = "", x = "", y = "", logX, log, zero = false, width = 760, height = 420 } = options;
  const marks = all.map(({ at, dots }, i) => {
    const channels = { x: "x", y: "y" };
    const { color, dash } = strokeOf(i);
    if (dots) return Plot.dot(at, { ...channels, fill: color, fillOpacity: 0.65, r: at.length > 200 ? 1.8 : 3 });
    return Plot.line(thinned(at), {
      ...channels,
      stroke: color,
      ...(dash ? { strokeDasharray: dash } : {}),
      strokeWidth: 2,
      strokeLinejoin: "round",
    });
  });
  return documentOf(
    {
      width,
      height,
      marginLeft: 64,
      marginBottom: 44,
      grid: true,
      x: { label: x || null, ...(logX ? { type: "log" } : {}) },
      y: { label: null, nice: true, zero, ...(log ? { type: "log", tickFormat: logTicks } : {}) },
      marks,
    },
    { width, title, y, names: all.map(({ name }) => name) },
  );
}

/** Powers of ten only, written in full where that is short. */
function logTicks(value: number): string {
  const exponent = Math.log10(value);
  if (Math.abs(exponent - Math.round(exponent)) > 1e-6) return "";
  return Math.abs(exponent) <= 3 ? String(Number(value.toPrecision(3))) : `1e${Math.round(exponent)}`;
}

/** Long curves as means of neighbouring points, so that the document stays small. */
function thinned(at: Drawn["at"]): Drawn["at"] {
  if (at.length <= mostPoints) return at;
  return Array.from({ length: mostPoints }, (_, i) => {
    const part = at.slice(Math.floor((i * at.length) / mostPoints), Math.floor(((i + 1) * at.length) / mostPoints));
    const mean = (key: "x" | "y"): number => part.reduce((sum, p) => sum + p[key], 0) / part.length;
    return { x: mean("x"), y: mean("y") };
  });
}

async function textOf(all: readonly Drawn[], { title, x, y, logX, log }: LinesOptions): Promise<string> {
  const { default: asciichart } = await import("asciichart");
  const toX = logX ? Math.log10 : (value: number): number => value;
  const toY = log ? Math.log10 : (value: number): number => value;
  const everyX = all.flatMap(({ at }) => at.map((p) => toX(p.x)));
  const range = [least(everyX), most(everyX)] as const;
  const charts = all.map(({ at }) =>
    columnsOf(
      at.map((p) => ({ x: toX(p.x), y: toY(p.y) })),
      range,
    ),
  );
  const everyY = charts.flat();
  const [min, max] = [least(everyY), most(everyY)];
  const shown = (value: number): string => (log ? 10 ** value : value).toPrecision(3).padStart(10);
  // A chart needs some height, also where all values are equal.
  const scale = max > min ? { min, max } : { min: min - 1, max: max + 1 };
  const parts = charts.map((chart, i) => {
    const height = Math.max(4, Math.floor(rows / Math.sqrt(charts.length)));
    return `${all[i]!.name}\n${asciichart.plot(chart, { height, ...scale, format: shown })}`;
  });
  const fromX = (value: number): string => String(Number((logX ? 10 ** value : value).toPrecision(4)));
  const foot = `${" ".repeat(12)}${[x, `from ${fromX(range[0])} to ${fromX(range[1])}`].filter(Boolean).join(" ")}`;
  return [...(title ? [title] : []), ...(y ? [y] : []), ...parts, foot].join("\n");
}

/** The mean y of each column between the ends of the x axis; gaps between are filled along straight lines. */
function columnsOf(at: Drawn["at"], [from, to]: readonly [number, number]): readonly number[] {
  const count = columns;
  const [sums, counts] = [new Float64Array(count), new Int32Array(count)];
  for (const p of at) {
    const column = to > from ? Math.min(count - 1, Math.floor(((p.x - from) / (to - from)) * count)) : 0;
    sums[column]! += p.y;
    counts[column]!++;
  }
  const known = [...counts.keys()].filter((i) => counts[i]! > 0);
  const value = (i: number): number => sums[i]! / counts[i]!;
  return Array.from({ length: count }, (_, i) => {
    const after = known.find((k) => k >= i) ?? known.at(-1)!;
    const before = known.findLast((k) => k <= i) ?? known[0]!;
    if (after <= before) return value(after);
    return value(before) + ((value(after) - value(before)) * (i - before)) / (after - before);
  });
}

const least = (xs: readonly number[]): number => xs.reduce((a, b) => Math.min(a, b), Infinity);
const most = (xs: readonly number[]): number => xs.reduce((a, b) => Math.max(a, b), -Infinity);
