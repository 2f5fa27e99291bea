// Curves and points in one frame: losses, fits, norms.
import { GraphError } from "#ir/errors.js";
import type { Picture } from "../report.js";
import { drawn, titleOf } from "./drawing.js";

/** One curve. */
export interface Series {
  readonly name: string;
  readonly y: ArrayLike<number>;
  /** Ascending, as many as `y`; 1, 2, 3, … where nothing is said. */
  readonly x?: ArrayLike<number>;
  /** Points in place of a line. */
  readonly dots?: boolean;
}

/** What stands around the curves. */
export interface LinesOptions {
  readonly title: string;
  /** What the axes are called. */
  readonly x?: string;
  readonly y?: string;
  /** Whether equal distances upwards are equal factors; numbers that are not above 0 are left out. */
  readonly log?: boolean;
}

interface Point {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

const colors = ["#2f6fb2", "#c2571a", "#3a8f46", "#b0527d", "#7d5fb2", "#c98a12", "#1b8a8f", "#8a5a3c", "#5b6672", "#d0392b", "#6a9a1f", "#d067b8", "#3f4fa8", "#a3a31a", "#1f2730", "#7fb0dc"]; // prettier-ignore
const [width, height, columns, rows] = [760, 420, 72, 14];

/** Draws curves. Throws a GraphError where one has not as many x as y, or none is left. */
export async function lines(series: readonly Series[], options: LinesOptions): Promise<Picture> {
  const { title, log = false } = options;
  const curves = series.map((one) => ({ ...one, points: pointsOf(one, log) }));
  const shown = curves.filter(({ points }) => points.length > 0);
  if (shown.length === 0) throw new GraphError(`lines: "${title}" has no point to show`);
  const names = shown.map(({ name }) => name);
  const svg = await drawn((plot) => ({
    ...{ width, height, marginLeft: 64, marginTop: 40, grid: true },
    x: { label: options.x ?? null },
    y: { label: options.y ?? null, nice: true, type: log ? "log" : "linear", tickFormat: log ? "~g" : "~s" },
    color: { domain: names, range: names.map((_, i) => colors[i % colors.length]!), legend: false },
    marks: [
      ...shown.map(({ points, dots }) =>
        dots
          ? plot.dot(points, { x: "x", y: "y", fill: "name", r: 2.6 })
          : plot.line(points, { x: "x", y: "y", stroke: "name", strokeWidth: 1.8 }),
      ),
      ...names.map(
        (name, i) =>
        plot.text([`${"●"} ${name}`], { frameAnchor: "top-right", fill: colors[i % colors.length]!, dy: 4 + 15 * i, dx: -6, stroke: "white", strokeWidth: 4 }), // prettier-ignore
      ),
      titleOf(plot, title),
    ],
  }));
  return { svg, text: await textOf(title, shown, log) };
}

function pointsOf({ name, x, y }: Series, log: boolean): readonly Point[] {
  if (x && x.length !== y.length) throw new GraphError(`lines: "${name}" has ${x.length} x, but ${y.length} y`);
  return Array.from(y, (v, i) => ({ name, x: x ? x[i]! : i + 1, y: v })).filter(
    (p) => Number.isFinite(p.y) && (!log || p.y > 0),
  );
}

/** All curves in one frame of characters, by their values at as many places as there are columns; then their ends. */
async function textOf(
  title: string,
  shown: readonly { readonly name: string; readonly points: readonly Point[] }[],
  log: boolean,
): Promise<string> {
  const { default: asciichart } = await import("asciichart");
  const scale = (v: number) => (log ? Math.log10(v) : v);
  const last = Math.max(...shown.map(({ points }) => points.at(-1)!.x));
  const first = Math.min(...shown.map(({ points }) => points[0]!.x));
  const curves = shown.map(({ points }) => {
    const at = Array.from({ length: columns }, (_, i) => first + ((last - first) * i) / (columns - 1));
    return at.map((x) => scale((points.find((p) => p.x >= x) ?? points.at(-1)!).y));
  });
  const format = (v: number) => (log ? 10 ** v : v).toPrecision(3).padStart(10);
  const chart = asciichart.plot(curves, { height: rows, format });
  const ends = shown.map(({ name, points }) => `${name} ${points.at(-1)!.y.toPrecision(3)}`).join(", ");
  return `${title}\n${chart}\n${" ".repeat(12)}${first.toPrecision(3)} to ${last.toPrecision(3)}; at the end: ${ends}`;
}
