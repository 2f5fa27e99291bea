// `npm run bench -- page`: puts the numbers of docs/performance.json into docs/performance.md, and draws its chart.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Results } from "./compare.js";
import { bestPeer, boundOf, msOf, reasonsIn } from "./comparison-table.js";
import { libraries } from "./peers/index.js";
import { performanceChart } from "./performance-chart.js";

const file = (name: string): string => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
const [begin, end] = ["<!-- results: npm run bench -- page -->", "<!-- end of results -->"];

/** What the page and the chart should be, and what they are. */
export async function performancePage(): Promise<{
  readonly page: { readonly path: string; readonly text: string; readonly before: string };
  readonly chart: { readonly path: string; readonly text: string };
}> {
  const results = JSON.parse(readFileSync(file("performance.json"), "utf8")) as Results;
  const path = file("performance.md");
  const before = readFileSync(path, "utf8");
  const [head, tail] = [before.indexOf(begin), before.indexOf(end)];
  if (head < 0 || tail < head) throw new Error(`${path} has no place for results: ${begin} … ${end}`);
  const text = `${before.slice(0, head + begin.length)}\n\n${resultsText(results)}\n\n${before.slice(tail)}`;
  const chart = { path: file("images/performance.svg"), text: await performanceChart(results) };
  return { page: { path, text, before }, chart };
}

/** Writes both. */
export async function benchPage(): Promise<void> {
  const { page, chart } = await performancePage();
  writeFileSync(page.path, page.text);
  writeFileSync(chart.path, chart.text);
  console.log(`${page.path}\n${chart.path}`);
}

function resultsText(results: Results): string {
  const names = Object.keys(libraries);
  const head = ["median ms", ...names.map((name) => libraries[name]!.title), "× best peer", "bound", "× bound"];
  const rows = results.workloads.map((row) => {
    const ours = row.of.gradloom?.median;
    const ratio = (to: number | undefined) => (ours && to ? (ours / to).toFixed(2) : "–");
    const bound = boundOf(row);
    const cells = names.map((name) => (row.of[name] ? msOf(row.of[name].median) : "–"));
    return [row.title, ...cells, ratio(bestPeer(row)?.ms), msOf(bound), ratio(bound)];
  });
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const peaks = results.workloads.map(({ peak }) => peak.median);
  const range = (values: readonly number[]) => `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
  const triads = results.workloads.map(({ triad }) => triad.median);
  const [before, after] = results.load.map((load) => load.toFixed(1));
  return [
    `Measured ${results.date} on ${results.cpu}, ${results.cores} cores, Node ${results.node.slice(1)}; load average ${before} before and ${after} after.`,
    `Peak of one core, median of each workload: ${range(peaks)} GFLOP/s; triad: ${range(triads)} GB/s.`,
    "",
    line(head),
    line(head.map((_, i) => (i === 0 ? "---" : "--:"))),
    ...rows.map(line),
    "",
    ...reasonsIn(results).map((reason) => `- ${reason.slice(2)}`),
    ...firstRunLines(results, line),
  ].join("\n");
}

function firstRunLines({ firstRuns }: Results, line: (cells: readonly string[]) => string): readonly string[] {
  if (firstRuns.length === 0) return [];
  const head = ["first run, ms", "library", "graph and gradients", "compile() to first run", "least", "a later run"];
  return [
    "",
    line(head),
    line(head.map((_, i) => (i < 2 ? "---" : "--:"))),
    ...firstRuns.map(
      ({ name, library, graph, compile, steady }) =>
      line([name, libraries[library]!.title, msOf(graph.median), msOf(compile.median), msOf(compile.least), msOf(steady.least)]), // prettier-ignore
    ),
  ];
}
