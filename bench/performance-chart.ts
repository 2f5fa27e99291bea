// The chart of docs/performance.md: each library's time as a multiple of gradloom's with one thread.
import type { Results } from "./compare.js";
import { libraries } from "./peers/index.js";

const colours: Readonly<Record<string, string>> = {
  gradloom: "#1f2937",
  "gradloom-2": "#2f6fb2",
  "gradloom-eager": "#8fb8de",
  tfjs: "#e08a2e",
  jax: "#b2412f",
  ort: "#4f8f4a",
  "ort-2": "#a3cf9f",
  plain: "#8a8a8a",
};

/** An SVG document: a row for each workload, a dot for each library, on a logarithmic axis. */
export async function performanceChart({ workloads }: Results): Promise<string> {
  const Plot = await import("@observablehq/plot");
  const { parseHTML } = await import("linkedom");
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const dots = workloads.flatMap(({ name, of }) => {
    const ours = of.gradloom?.median;
    if (!ours) return [];
    return Object.entries(of).map(([library, { median }]) => ({ name, library, times: median / ours }));
  });
  const names = Object.keys(libraries).filter((library) => dots.some((dot) => dot.library === library));
  const most = Math.max(2, ...dots.map(({ times }) => times));
  const chart = Plot.plot({
    document,
    width: 860,
    height: 90 + 24 * workloads.length,
    marginLeft: 150,
    marginTop: 64,
    style: { fontFamily: "Helvetica, Arial, sans-serif", fontSize: "12px", background: "white" },
    x: { type: "log", label: "time of a step, gradloom with one thread = 1", grid: true, domain: [0.3, most * 1.2] },
    y: { label: null, domain: workloads.map(({ name }) => name) },
    marks: [
      Plot.ruleX([1], { stroke: colours.gradloom }),
      Plot.dot(dots, { x: "times", y: "name", fill: ({ library }) => colours[library]!, r: 5 }),
      ...names.map((library, i) => {
        return Plot.text([libraries[library]!.title], { frameAnchor: "top-left", dx: (i % 4) * 170, dy: -52 + 16 * Math.floor(i / 4), fill: colours[library]!, fontWeight: "bold" }); // prettier-ignore
      }),
    ],
  });
  chart.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${chart.outerHTML}\n`;
}
