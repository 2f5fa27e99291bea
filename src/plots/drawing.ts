// SVG documents by Observable Plot, drawn on a document of linkedom.
import type * as Plot from "@observablehq/plot";

/** The SVG of a plot; what it needs is loaded when the first is drawn. */
export async function drawn(options: (plot: typeof Plot) => Plot.PlotOptions): Promise<string> {
  const plot = await import("@observablehq/plot");
  const { parseHTML } = await import("linkedom");
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const style = { fontFamily: "Helvetica, Arial, sans-serif", fontSize: "12px", background: "white" };
  const chart = plot.plot({ document, style, ...options(plot) });
  chart.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${chart.outerHTML}\n`;
}

/** A title above everything. */
export const titleOf = (plot: typeof Plot, title: string): Plot.Markish =>
  plot.text([title], { frameAnchor: "top", dy: -22, fontWeight: "bold", fontSize: 14 });
