// Whether libraries compute the same: the outputs of the first steps, of which a training's losses tell the gradients.
import type { Outputs, Step } from "./workload.js";

/** Of the largest magnitude in an output: f32 sums in other orders, and other polynomials, stay far below. */
const tolerance = 1e-3;
const steps = 4;

/** Runs the first steps and gives their outputs, copied. */
export async function firstOutputs(step: Step): Promise<readonly Outputs[]> {
  const all: Outputs[] = [];
  for (let i = 0; i < steps; i++) {
    const outputs = await step.run();
    const copies = Object.entries(outputs).map(([name, data]) => [name, Float64Array.from(data)] as const);
    const copied: Outputs = Object.fromEntries(copies);
    all.push(step.ordered ? step.ordered(copied) : copied);
  }
  return all;
}

/** Throws where the outputs of two libraries differ, with the numbers. */
export function mustAgree(
  workload: string,
  [one, ours]: readonly [string, readonly Outputs[]],
  [other, theirs]: readonly [string, readonly Outputs[]],
): void {
  ours.forEach((outputs, i) => {
    for (const [name, a] of Object.entries(outputs)) {
      const b = theirs[i]![name];
      const where = `${workload}: step ${i + 1}: ${name}`;
      if (b?.length !== a.length) {
        throw new Error(`${where} has ${a.length} numbers in ${one} and ${b?.length ?? "none"} in ${other}`);
      }
      let scale = 1e-6;
      for (let j = 0; j < a.length; j++) scale = Math.max(scale, Math.abs(a[j]!));
      for (let j = 0; j < a.length; j++) {
        if (Math.abs(a[j]! - b[j]!) <= tolerance * scale) continue;
        throw new Error(`${where}[${j}] is ${a[j]} in ${one} and ${b[j]} in ${other}`);
      }
    }
  });
}
