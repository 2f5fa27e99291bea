// A process of its own for one workload: loads the libraries, checks them against each other, times them by turns, and prints that.
import { firstOutputs, mustAgree } from "./agreement.js";
import { libraries } from "./peers/index.js";
import { takeTurns, type Timings } from "./turns.js";
import type { Outputs, Step } from "./workload.js";
import { workloadNamed } from "./workloads/index.js";

/** What it prints: times, and why some libraries have none. */
export interface Compared extends Timings {
  readonly reasons: Readonly<Record<string, string>>;
}

const [name, peers, seconds] = process.argv.slice(2) as [string, string, string];
const { task } = workloadNamed(name);
const steps = new Map<string, Step>();
const reasons: Record<string, string> = {};
let first: readonly [string, readonly Outputs[]] | null = null;
for (const peer of peers.split(",")) {
  const made = await (await libraries[peer]!.load())(task);
  if ("reason" in made) {
    reasons[peer] = made.reason;
    continue;
  }
  let outputs: readonly Outputs[];
  try {
    outputs = await firstOutputs(made);
  } catch (error) {
    if (libraries[peer]!.ours) throw error;
    // A kernel that the library lacks shows only now.
    reasons[peer] = (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
    continue;
  }
  if (first) mustAgree(name, first, [peer, outputs]);
  else first = [peer, outputs];
  steps.set(peer, made);
}
const compared: Compared = { ...(await takeTurns(steps, Number(seconds))), reasons };
// What a library prints of itself stands before it.
console.log(`\n${JSON.stringify(compared)}`);
for (const step of steps.values()) await step.dispose?.();
process.exit(0);
