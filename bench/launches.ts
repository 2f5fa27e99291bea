// `npm run bench -- launches <name…>`: the best time of every launch of a workload, beside the limits of the machine.
import Table from "cli-table3";
import { runsOf } from "../ir/plan-flow.js";
import { limitProbe } from "./limits.js";
import { workloadNamed } from "./workloads/index.js";

/** Runs each workload launch by launch and prints a table of their best times. */
export async function benchLaunches(
  names: readonly string[],
  { seconds }: { readonly seconds: number },
): Promise<void> {
  const probe = await limitProbe();
  for (const name of names) {
    const step = workloadNamed(name).gradloom({});
    await step.run();
    const { executable, feeds } = step.program!;
    const { plan, program } = executable.specializationFor(feeds);
    const best = plan.steps.map(() => Infinity);
    let [whole, peak] = [Infinity, 0];
    const end = performance.now() + 1000 * seconds;
    while (performance.now() < end) {
      whole = Math.min(
        whole,
        timed(() => void step.run()),
      );
      // Feeds lie in memory that later launches use again.
      for (const { name: feed, buffer } of plan.feeds) {
        if (buffer !== null) program.buffers.view(buffer).set(feeds[feed] as Float32Array | Int32Array);
      }
      plan.steps.forEach(
        (_, i) =>
          (best[i] = Math.min(
            best[i]!,
            timed(() => program.launch(i)),
          )),
      );
      peak = Math.max(peak, probe.peak());
    }
    const table = new Table({
      head: ["ms", "GFLOP/s", "GB/s", "launch", "elements of its buffers"],
      colAligns: ["right", "right", "right", "left", "left"],
      style: { head: [], border: [], compact: true },
    });
    plan.steps.forEach(({ kernel }, i) => {
      const [gflops, gbytes] = [kernel.flops, kernel.bytes].map((amount) => (amount / best[i]! / 1e6).toFixed(1));
      const lengths = kernel.buffers
        .map((buffer) => buffer.length)
        .join(" ")
        .slice(0, 60);
      table.push([best[i]!.toFixed(4), gflops, gbytes, kernel.name, lengths]);
    });
    const sum = best.reduce((a, b, i) => a + b * runsOf(plan, i), 0);
    console.log(`${name}: ${plan.steps.length} launches of ${sum.toFixed(4)} ms, a whole run ${whole.toFixed(4)} ms`);
    console.log(`${table.toString()}\npeak ${peak.toFixed(1)} GFLOP/s\n`);
    await step.dispose?.();
  }
}

function timed(work: () => void): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}
