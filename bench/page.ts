// `npm run bench -- page`: puts the numbers of docs/performance.json into docs/performance.md, and draws its chart; likewise
// docs/static-dynamic.md.
import { readFileSync, writeFileSync } from "node:fs";
import type { Results } from "./compare.js";
import { bestPeer, boundOf, msOf, reasonsIn } from "./comparison-table.js";
import { machineText } from "./machine.js";
import { modesPage } from "./modes-page.js";
import { libraries } from "./peers/index.js";
import { performanceChart } from "./performance-chart.js";
import { docsFile, type Illustrated, markdownTable, withSections } from "./sections.js";

/** docs/performance.md. */
export async function performancePage(): Promise<Illustrated> {
  const results = JSON.parse(readFileSync(docsFile("performance.json"), "utf8")) as Results;
  const chart = { path: docsFile("images/performance.svg"), text: await performanceChart(results) };
  return { page: withSections("performance.md", { results: resultsText(results) }), chart };
}

/** Writes both pages and their charts. */
export async function benchPage(): Promise<void> {
  for (const { page, chart } of [await performancePage(), await modesPage()]) {
    writeFileSync(page.path, page.text);
    writeFileSync(chart.path, chart.text);
    console.log(`${page.path}\n${chart.path}`);
  }
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
  const peaks = results.workloads.map(({ peak }) => peak.median);
  const range = (values: readonly number[]) => `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
  const triads = results.workloads.map(({ triad }) => triad.median);
  return [
    machineText(results),
    `Peak of one core, median of each workload: ${range(peaks)} GFLOP/s; triad: ${range(triads)} GB/s.`,
    "",
    markdownTable(head, rows),
    "",
    ...reasonsIn(results).map((reason) => `- ${reason.slice(2)}`),
    ...firstRunLines(results),
  ].join("\n");
}

function firstRunLines({ firstRuns }: Results): readonly string[] {
  if (firstRuns.length === 0) return [];
  const head = ["first run, ms", "library", "graph and gradients", "compile() to first run", "least", "a later run"];
  const rows = firstRuns.map(({ name, library, graph, compile, steady }) => {
    const times = [graph.median, compile.median, compile.least, steady.least];
    return [name, libraries[library]!.title, ...times.map(msOf)];
  });
  return ["", markdownTable(head, rows, 2)];
}
