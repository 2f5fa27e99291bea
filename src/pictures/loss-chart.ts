// The curve of a loss: in the terminal by asciichart, as SVG by Observable Plot on a document of linkedom.

const [width, height] = [72, 12];
const mostPoints = 1500;

/** A chart of text, one column for the mean of some steps, with its axis. */
export async function lossChart(losses: readonly number[]): Promise<string> {
  const { default: asciichart } = await import("asciichart");
  const bins = binned(losses, width);
  const chart = asciichart.plot(
    bins.map((bin) => bin.mean),
    { height, format: (x: number) => x.toPrecision(3).padStart(9) },
  );
  const steps = `steps 1 to ${losses.length}`;
  return `${chart}\n${" ".repeat(11)}${steps}`;
}

/** An SVG document: each step's loss, faint, and the mean over a window. */
export async function lossSvg(title: string, losses: readonly number[]): Promise<string> {
  const Plot = await import("@observablehq/plot");
  const { parseHTML } = await import("linkedom");
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const bins = binned(losses, mostPoints);
  const smooth = binned(losses, Math.min(120, Math.max(2, Math.floor(losses.length / 5))));
  const chart = Plot.plot({
    document,
    width: 760,
    height: 420,
    marginLeft: 60,
    grid: true,
    style: { fontFamily: "Helvetica, Arial, sans-serif", fontSize: "12px", background: "white" },
    x: { label: "step" },
    y: { label: "loss", nice: true, zero: true },
    marks: [
      Plot.line(bins, { x: "step", y: "mean", stroke: "#a9c6e6", strokeWidth: 1 }),
      Plot.line(smooth, { x: "step", y: "mean", stroke: "#2f6fb2", strokeWidth: 2.2, curve: "monotone-x" }),
      Plot.text([title], { frameAnchor: "top", dy: -22, fontWeight: "bold", fontSize: 14 }),
    ],
    marginTop: 40,
  });
  chart.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${chart.outerHTML}\n`;
}

/** At most `count` points: means of neighbouring steps, at the middle step of each. */
function binned(losses: readonly number[], count: number): readonly { readonly step: number; readonly mean: number }[] {
  const bins = Math.min(count, losses.length);
  return Array.from({ length: bins }, (_, i) => {
    const from = Math.floor((i * losses.length) / bins);
    const to = Math.floor(((i + 1) * losses.length) / bins);
    const mean = losses.slice(from, to).reduce((sum, x) => sum + x, 0) / (to - from);
    return { step: (from + to + 1) / 2, mean };
  });
}
