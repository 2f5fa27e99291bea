// `npm run bench -- first-run <name…>`: from `compile()` to the end of the first run, each time in a fresh process.
import Table from "cli-table3";
import { build, inChild } from "./child.js";
import { leastOf, medianOf } from "./statistics.js";
import { workloadNamed } from "./workloads/index.js";

/** Milliseconds of one fresh process; its modules were loaded before. */
export interface FirstRun {
  /** Building the graph, gradients included, before `compile` was called. */
  readonly graph: number;
  /** From `compile` to the end of the first run. */
  readonly compile: number;
  /** The best of some runs later. */
  readonly steady: number;
}

/** Measures workloads by turns and prints a table of medians, the least in brackets. */
export function benchFirstRun(names: readonly string[], { processes }: { readonly processes: number }): void {
  names.forEach(workloadNamed);
  build();
  const runs = new Map<string, FirstRun[]>(names.map((name) => [name, []]));
  for (let turn = 0; turn < processes; turn++) {
    for (const [name, found] of runs) found.push(inChild<FirstRun>("first-run-child", name));
  }
  const table = new Table({
    head: ["ms", "graph, gradients", "compile() to first run", "a later run"],
    colAligns: ["left", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const [name, found] of runs) {
    const cell = (key: keyof FirstRun, digits: number) => {
      const times = found.map((run) => run[key]);
      return `${medianOf(times).toFixed(digits)} (${leastOf(times).toFixed(digits)})`;
    };
    table.push([name, cell("graph", 1), cell("compile", 1), cell("steady", 4)]);
  }
  console.log(table.toString());
}
