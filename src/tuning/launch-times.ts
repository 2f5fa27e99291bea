// How long launches of a plan take, on a device of its own: parameters of the user's device stay as they are.
import { RunError } from "#ir/errors.js";
import type { Plan } from "#ir/plan.js";
import type { BackendName, PrepareOptions } from "#runtime/backend.js";
import type { Device } from "#runtime/device.js";
import { prepare } from "#runtime/prepare.js";

/** Each launch runs again and again for so long: engines compile twice, well only after some calls. */
const forMs = 40;
/** At least this is timed at once, since clocks of pages are coarse. */
const batchMs = 0.25;
const leastTurns = 4;

/** The least milliseconds of each step, on operands that are zero; Infinity where a check of it fails on them. */
export function launchTimes(
  plan: Plan,
  steps: readonly number[],
  device: Device,
  backend: BackendName,
  options: PrepareOptions,
): readonly number[] {
  const program = prepare(plan, device, backend, options);
  const { scratch, scratchBytes } = program.buffers;
  device.memory.u8.fill(0, scratch, scratch + scratchBytes);
  try {
    return steps.map((step) => leastTime(() => program.launch(step)));
  } finally {
    program.dispose();
  }
}

function leastTime(run: () => void): number {
  const start = performance.now();
  let [best, count] = [Infinity, 1];
  try {
    for (let turns = 0; turns < leastTurns || performance.now() - start < forMs; turns++) {
      const before = performance.now();
      for (let i = 0; i < count; i++) run();
      const spent = performance.now() - before;
      if (spent < batchMs) count *= 2;
      else best = Math.min(best, spent / count);
    }
  } catch (error) {
    if (error instanceof RunError) return Infinity;
    throw error;
  }
  return best;
}
