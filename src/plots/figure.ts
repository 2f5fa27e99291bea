// A chart of Observable Plot as an SVG document of its own, on a document of linkedom, so that it is made anywhere.
import type { PlotOptions } from "@observablehq/plot";

/** Colours of series, one after the other. */
const colors: readonly string[] = ["#2f6fb2", "#c4571b", "#3a8f46", "#8a4fa3", "#b8860b", "#5b6672", "#c2337f", "#1b9aaa"]; // prettier-ignore

/** The stroke of a series: those that share a colour with an earlier one are dashed. */
export function strokeOf(series: number): { readonly color: string; readonly dash: string } {
  const round = Math.floor(series / colors.length);
  return { color: colors[series % colors.length]!, dash: round === 0 ? "" : `${6 / round} 3` };
}

/** What stands above a chart. */
export interface Heading {
  /** Of the chart. */
  readonly width: number;
  readonly title: string;
  /** Of the vertical axis. */
  readonly y: string;
  /** Of series, each beside its colour. */
  readonly names: readonly string[];
}

/** The height of the heading: margin that a chart must leave. */
export function headingHeight(heading: Heading): number {
  const { title, y } = heading;
  const { rows } = legend(heading);
  return 14 + (title ? 20 : 0) + 20 * rows + (y ? 20 : 0);
}

/** Where the names stand, in as many rows as they need. */
function legend({ width, names }: Heading): {
  readonly rows: number;
  readonly places: readonly (readonly [x: number, row: number])[];
} {
  const places: [number, number][] = [];
  let [x, row] = [12, 0];
  for (const name of names) {
    // Letters of this face are about half as wide as high.
    const needed = 17 + name.length * 6.6 + 16;
    if (x > 12 && x + needed > width) [x, row] = [12, row + 1];
    places.push([x, row]);
    x += needed;
  }
  return { rows: names.length > 0 ? row + 1 : 0, places };
}

/** The module that draws, and what makes a document of its charts. */
export async function drawing(): Promise<{
  readonly Plot: typeof import("@observablehq/plot");
  readonly documentOf: (options: PlotOptions, heading: Heading) => string;
}> {
  const Plot = await import("@observablehq/plot");
  const { parseHTML } = await import("linkedom");
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  return {
    Plot,
    documentOf: (options, heading) => {
      const style = { fontFamily: "Helvetica, Arial, sans-serif", fontSize: "12px", background: "white" };
      const chart = Plot.plot({ document, style, marginTop: headingHeight(heading), ...options });
      chart.setAttribute("xmlns", "http://www.w3.org/2000/svg");
      return `${chart.outerHTML.replace(/<\/svg>$/, `${drawn(heading)}</svg>`)}\n`;
    },
  };
}

function drawn(heading: Heading): string {
  const { title, y, names } = heading;
  const parts: string[] = [];
  let line = 4;
  if (title)
    parts.push(`<text x="12" y="${(line += 16)}" font-size="14" font-weight="bold">${escapeXml(title)}</text>`);
  const { rows, places } = legend(heading);
  places.forEach(([x, row], i) => {
    const [{ color, dash }, base] = [strokeOf(i), line + 20 * (row + 1)];
    const stroke = `stroke="${color}" stroke-width="4"${dash ? ` stroke-dasharray="${dash}"` : ""}`;
    parts.push(`<line x1="${x}" x2="${x + 12}" y1="${base - 4}" y2="${base - 4}" ${stroke}/>`);
    parts.push(`<text x="${x + 17}" y="${base}">${escapeXml(names[i]!)}</text>`);
  });
  line += 20 * rows;
  if (y) parts.push(`<text x="12" y="${line + 20}">↑ ${escapeXml(y)}</text>`);
  return `<g text-anchor="start" fill="#1f2730">${parts.join("")}</g>`;
}

/** Text inside an SVG document. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
