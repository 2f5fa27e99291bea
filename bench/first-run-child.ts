// A fresh process: compiles one workload, runs it, and prints how long that took.
import type { FirstRun } from "./first-run.js";
import { leastOf } from "./statistics.js";
import { workloadNamed } from "./workloads/index.js";

const workload = workloadNamed(process.argv[2]!);
const start = performance.now();
const step = workload.gradloom({});
await step.run();
const end = performance.now();
const { begun } = step.program!;
const later: number[] = [];
for (let i = 0; i < 10; i++) {
  const from = performance.now();
  await step.run();
  later.push(performance.now() - from);
}
const times: FirstRun = { graph: begun - start, compile: end - begun, steady: leastOf(later) };
console.log(JSON.stringify(times));
