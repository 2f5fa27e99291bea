// A fresh process: loads a library, compiles one workload, runs it, and prints how long that took.
import type { FirstRun } from "./first-run.js";
import { libraries } from "./peers/index.js";
import { leastOf } from "./statistics.js";
import { workloadNamed } from "./workloads/index.js";

const [name, library] = process.argv.slice(2) as [string, string];
const { task } = workloadNamed(name);
const make = await libraries[library]!.load();
const start = performance.now();
const step = await make(task);
if ("reason" in step) throw new Error(`${library}: ${step.reason}`);
const made = performance.now();
await step.run();
const end = performance.now();
// What is jitted compiles at its first call.
const begun = step.program?.begun ?? made;
const later: number[] = [];
for (let i = 0; i < 10; i++) {
  const from = performance.now();
  await step.run();
  later.push(performance.now() - from);
}
const times: FirstRun = { graph: begun - start, compile: end - begun, steady: leastOf(later) };
console.log(JSON.stringify(times));
process.exit(0);
