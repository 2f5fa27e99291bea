// `npm run bench`: every workload in every library, each workload in a process of its own; a table, and a file of results.
import { build, inChild } from "./child.js";
import type { Compared } from "./compare-child.js";
import { firstRuns, type FirstRuns } from "./first-run.js";
import { loadNow, machine, type Machine, writeResults } from "./machine.js";
import { libraries } from "./peers/index.js";
import { comparisonTable } from "./comparison-table.js";
import { workloadNamed, workloads } from "./workloads/index.js";

export interface CompareOptions {
  /** Names of workloads, with commas. */
  readonly only?: string;
  /** Names of libraries, with commas. */
  readonly peers?: string;
  /** For each workload. */
  readonly seconds: number;
  readonly json?: string;
  /** Whether to measure first runs too. */
  readonly compile?: boolean;
}

/** What `--json` writes. */
export interface Results extends Machine {
  readonly seconds: number;
  readonly workloads: readonly WorkloadResult[];
  readonly firstRuns: readonly FirstRuns[];
}

export interface WorkloadResult extends Compared {
  readonly name: string;
  readonly title: string;
  readonly flops: number;
  readonly bytes: number;
}

/** Measures, prints, and writes the file. Throws where a name is not known, or libraries disagree. */
export function benchCompare(options: CompareOptions): void {
  const peers = chosen(options.peers, Object.keys(libraries), "library");
  const names = chosen(options.only, workloads.map(({ name }) => name), "workload"); // prettier-ignore
  const before = loadNow();
  console.error("translating gradloom…");
  build();
  const results = names.map((name): WorkloadResult => {
    const { title, flops, bytes } = workloadNamed(name);
    console.error(name);
    const compared = inChild<Compared>("compare-child", name, peers.join(), String(options.seconds));
    return { name, title, flops, bytes, ...compared };
  });
  const first = options.compile ? firstRuns(["xor", "mlp-32", "cnn", "transformer-training"], 5, ["gradloom", "jax"]) : []; // prettier-ignore
  const all: Results = { ...machine(before), seconds: options.seconds, workloads: results, firstRuns: first };
  console.log(comparisonTable(all));
  if (options.json !== undefined) writeResults(options.json, all);
}

/** Names of a list with commas; all where there is none. Throws where one is not known. */
function chosen(list: string | undefined, known: readonly string[], what: string): readonly string[] {
  if (list === undefined) return known;
  const names = list.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) throw new Error(`there is no ${what} "${wrong}", only ${known.join(", ")}`);
  return [...new Set(names)];
}
