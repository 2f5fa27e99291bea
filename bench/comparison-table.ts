// The results as a table for the terminal, and the ratios that both it and docs/performance.md state.
import Table from "cli-table3";
import type { Results, WorkloadResult } from "./compare.js";
import { libraries } from "./peers/index.js";

/** Milliseconds that one core's SIMD, or its memory, needs at least, as measured in the same turns. */
export function boundOf({ flops, bytes, peak, triad }: WorkloadResult): number {
  return flops > 0 ? flops / peak.median / 1e6 : bytes / triad.median / 1e6;
}

/** The peer with the least median, if any could do it. */
export function bestPeer({ of }: WorkloadResult): { readonly name: string; readonly ms: number } | null {
  const peers = Object.entries(of).filter(([name]) => !libraries[name]!.ours);
  return peers.reduce<{ name: string; ms: number } | null>((best, [name, { median }]) => {
    return best === null || median < best.ms ? { name, ms: median } : best;
  }, null);
}

/** Three digits. */
export const msOf = (ms: number): string => (ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3));

export function comparisonTable(results: Results): string {
  const names = Object.keys(libraries).filter((peer) =>
    results.workloads.some(({ of, reasons }) => peer in of || peer in reasons),
  );
  const table = new Table({
    head: ["median ms", ...names, "× best peer", "bound", "× bound"],
    colAligns: ["left", ...Array<"right">(names.length + 3).fill("right")],
    style: { head: [], border: [], compact: true },
  });
  for (const row of results.workloads) {
    const ours = row.of.gradloom?.median;
    const peer = bestPeer(row);
    const bound = boundOf(row);
    const ratio = (to: number | undefined) => (ours && to ? (ours / to).toFixed(2) : "–");
    const cells = names.map((name) => (row.of[name] ? msOf(row.of[name].median) : "–"));
    table.push([row.name, ...cells, ratio(peer?.ms), msOf(bound), ratio(bound)]);
  }
  const lines = [table.toString(), ...reasonsIn(results)];
  for (const { name, library, graph, compile } of results.firstRuns) {
    lines.push(`first run of ${name}, ${library}: ${msOf(compile.median)} ms, ${msOf(graph.median)} ms before it`);
  }
  lines.push(`load ${results.load.map((load) => load.toFixed(2)).join(" to ")}`);
  return lines.join("\n");
}

/** Why a library has no time, once for each reason. */
export function reasonsIn({ workloads }: Results): readonly string[] {
  const where = new Map<string, string[]>();
  for (const { name, reasons } of workloads) {
    for (const [peer, reason] of Object.entries(reasons)) {
      const key = `${libraries[peer]!.title}: ${reason}`;
      where.set(key, [...(where.get(key) ?? []), name]);
    }
  }
  return [...where].map(([reason, names]) => `– ${reason} (${names.join(", ")})`);
}
