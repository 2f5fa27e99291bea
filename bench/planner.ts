// `npm run bench -- planner`: how tightly the memory planner packs the allocation traces of real networks.
import Table from "cli-table3";
import { packMemory } from "../passes/pack-memory.js";
import { readAllocationTraces, tracesPath } from "./allocation-traces.js";

/** One line of the table; bytes, efficiencies as parts of 1, milliseconds. */
interface Row {
  readonly trace: string;
  readonly buffers: number;
  readonly lowerBound: number;
  readonly planned: number;
  readonly ours: number;
  readonly theirs: number;
  readonly ms: number;
}

/** Packs every trace and prints the table, or the rows as JSON. Throws where the traces are absent. */
export function benchPlanner({ json = false }: { readonly json?: boolean } = {}): void {
  const traces = readAllocationTraces();
  if (traces === null) throw new Error(`planner: there are no allocation traces at ${tracesPath}`);
  const rows = traces.map(({ name, ranges, alignment, theirEfficiency }): Row => {
    const start = performance.now();
    const { planned, lowerBound } = packMemory(ranges, { alignment });
    const ms = performance.now() - start;
    const ours = lowerBound / planned;
    return { trace: name, buffers: ranges.length, lowerBound, planned, ours, theirs: theirEfficiency, ms };
  });
  console.log(json ? JSON.stringify(rows, null, 2) : table(rows));
}

function table(rows: readonly Row[]): string {
  const table = new Table({
    head: ["trace", "buffers", "lower bound", "planned", "ours", "theirs", "ms"],
    colAligns: ["left", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { trace, buffers, lowerBound, planned, ours, theirs, ms } of rows) {
    const bytes = [lowerBound, planned].map((count) => count.toLocaleString("en"));
    table.push([trace, buffers, ...bytes, ours.toFixed(4), theirs.toFixed(4), ms.toFixed(1)]);
  }
  const reached = rows.filter(({ planned, lowerBound }) => planned === lowerBound).length;
  const better = rows.filter(({ ours, theirs }) => ours > theirs + 1e-6).length;
  const worse = rows.filter(({ ours, theirs }) => ours < theirs - 1e-6).length;
  const ms = rows.reduce((sum, row) => sum + row.ms, 0);
  const summary = `${reached} of ${rows.length} traces reach the lower bound, ${better} better and ${worse} worse than theirs`;
  return `${table.toString()}\n${summary}; ${ms.toFixed(0)} ms in all`;
}
