// `npm run bench -- first-run <name…>`: from `compile()` to the end of the first run, each time in a fresh process.
import Table from "cli-table3";
import { build, inChild } from "./child.js";
import { leastOf, medianOf } from "./statistics.js";
import { workloadNamed } from "./workloads/index.js";

/** Milliseconds of one fresh process; its modules were loaded before. */
export interface FirstRun {
  /** Building the graph, gradients included, before `compile` was called. */
  readonly graph: number;
  /** From `compile`, or from the first call of what is jitted, to the end of the first run. */
  readonly compile: number;
  /** The best of some runs later. */
  readonly steady: number;
}

/** Of several processes. */
export interface FirstRuns extends Readonly<
  Record<keyof FirstRun, { readonly median: number; readonly least: number }>
> {
  readonly name: string;
  readonly library: string;
  readonly processes: number;
}

/** Measures workloads and libraries (gradloom and jax) by turns; `build` was called before. */
export function firstRuns(names: readonly string[], processes: number, among: readonly string[]): readonly FirstRuns[] {
  const all = names.flatMap((name) => among.map((library) => ({ name, library, runs: [] as FirstRun[] })));
  for (let turn = 0; turn < processes; turn++) {
    for (const { name, library, runs } of all) runs.push(inChild<FirstRun>("first-run-child", name, library));
  }
  return all.map(({ name, library, runs }) => {
    const of = (key: keyof FirstRun) => {
      const times = runs.map((run) => run[key]);
      return { median: medianOf(times), least: leastOf(times) };
    };
    return { name, library, processes, graph: of("graph"), compile: of("compile"), steady: of("steady") };
  });
}

/** Measures gradloom's first runs and prints a table of medians, the least in brackets. */
export function benchFirstRun(names: readonly string[], { processes }: { readonly processes: number }): void {
  names.forEach(workloadNamed);
  build();
  const table = new Table({
    head: ["ms", "graph, gradients", "compile() to first run", "a later run"],
    colAligns: ["left", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, graph, compile, steady } of firstRuns(names, processes, ["gradloom"])) {
    const cell = ({ median, least }: typeof graph, digits: number) => `${median.toFixed(digits)} (${least.toFixed(digits)})`; // prettier-ignore
    table.push([name, cell(graph, 1), cell(compile, 1), cell(steady, 4)]);
  }
  console.log(table.toString());
}
