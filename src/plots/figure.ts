// A chart of Observable Plot as an SVG document of its own, on a document of linkedom, so that it is made anywhere.
import type { PlotOptions } from "@observablehq/plot";

/** Colours of series, one after the other. */
export const colors: readonly string[] = ["#2f6fb2", "#c4571b", "#3a8f46", "#8a4fa3", "#b8860b", "#5b6672", "#c2337f", "#1b9aaa"]; // prettier-ignore

/** What stands above a chart. */
export interface Heading {
  readonly title: string;
  /** Of the vertical axis. */
  readonly y: string;
  /** Of series, each beside its colour. */
  readonly names: readonly string[];
}

/** The height of the heading: margin that a chart must leave. */
export function headingHeight({ title, y, names }: Heading): number {
  return 14 + (title ? 20 : 0) + (names.length > 0 ? 20 : 0) + (y ? 20 : 0);
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

function drawn({ title, y, names }: Heading): string {
  const parts: string[] = [];
  let line = 4;
  if (title)
    parts.push(`<text x="12" y="${(line += 16)}" font-size="14" font-weight="bold">${escapeXml(title)}</text>`);
  if (names.length > 0) line += 20;
  let x = 12;
  names.forEach((name, i) => {
    const color = colors[i % colors.length]!;
    parts.push(`<rect x="${x}" y="${line - 6}" width="12" height="4" fill="${color}"/>`);
    parts.push(`<text x="${x + 17}" y="${line}">${escapeXml(name)}</text>`);
    // Letters of this face are about half as wide as high.
    x += 17 + name.length * 6.6 + 16;
  });
  if (y) parts.push(`<text x="12" y="${line + 20}">↑ ${escapeXml(y)}</text>`);
  return `<g text-anchor="start" fill="#1f2730">${parts.join("")}</g>`;
}

/** Text inside an SVG document. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
