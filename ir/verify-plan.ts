// What must hold of every plan, before the runtime gets it:
//
//  1. Lengths are non-negative integers; offsets are non-negative multiples of the alignment.
//  2. A launch binds one buffer of the plan to every buffer of its kernel, of the same dtype and at least as long.
//  3. Every step that touches a buffer lies within its live range; so does the end of what comes before a region that it
//     decides about.
//  4. Buffers of the scratch region that are live at the same time do not overlap; feeds are live from the start, outputs to
//     the end. Where one dies in the launch that first writes the other, they may share their place exactly: if neither is
//     seen in part, and the one that dies was not live before a loop that holds the launch.
//  5. A launch binds a buffer twice only to read it, or to parts that never meet.
//  6. What a launch reads, what decides about a region, and what an output shows, was written by an earlier launch, or is a
//     feed, a parameter, a constant or an argument, or is empty. What may have been left out does not count behind it: the
//     inside of a loop that may have no turn, or of a branch, unless the opposite one beside it writes the same buffer.
//  7. Constants are not written.
//  8. Feeds and outputs have names of their own, and buffers of their dtype that are long enough; a feed's buffer is not
//     a scratch one.
//  9. The failure of every check and of every `while` is in the table.
// 10. Launches with checks, and `while`s, come before the first that writes a parameter, so that a failed run changes none; no
//     loop holds both.
// 11. Lower bound ≤ planned bytes, and the scratch region ends within them.
// 12. Regions hold steps, stand in the order in which they begin, outer ones first, nest or lie apart, and lie on one side of
//     the test of a `while` around them. Their counts are non-negative integers below 2³¹; an i32 buffer says how often a loop
//     runs, a bool one decides about other regions.
// 13. A part speaks of loops that have begun, and that lie in no region in which the launch does not lie; backwards only of
//     one with `times`, inside of it. Its numbers are integers, and it lies within the buffer at every turn.
// 14. A buffer that is live inside a loop and outside of it, or of which a launch in the loop sees a part that moves with the
//     loop, is live during all of the loop.
import { itemSize } from "./dtype.js";
import { InternalError } from "./errors.js";
import { alignment, type Plan } from "./plan.js";
import { areApart } from "./plan-slices.js";
import { printPlace, printPlannedBuffer as show, printStep } from "./print-plan.js";
import { checkDataFlow, checkFailures } from "./verify-plan-flow.js";
import { checkMemory, usedBuffers } from "./verify-plan-memory.js";
import { type Complain, checkRegions, checkSlices } from "./verify-plan-regions.js";

/** Throws an InternalError that lists every broken invariant. Does not look into kernels: `verifyKernel` does. */
export function verifyPlan(plan: Plan): void {
  const found: string[] = [];
  const complain: Complain = (invariant, what) => found.push(`  invariant ${invariant}: ${what}`);
  checkBuffers(plan, complain);
  const sound = checkRegions(plan, complain) && checkBindings(plan, complain) && checkSlices(plan, complain);
  if (sound) {
    checkBoundTwice(plan, complain);
    checkMemory(plan, complain);
    checkDataFlow(plan, complain);
    checkInterface(plan, complain);
    checkFailures(plan, complain);
  }
  if (found.length > 0) throw new InternalError(`plan ${plan.name} is not valid:\n${found.join("\n")}`);
}

function checkBuffers(plan: Plan, complain: Complain): void {
  const { lowerBound, planned } = plan.memory;
  if (lowerBound > planned) complain(11, `the lower bound ${lowerBound} is above the planned ${planned} bytes`);
  const used = usedBuffers(plan);
  const isCount = (n: number): boolean => Number.isInteger(n) && n >= 0;
  plan.buffers.forEach((b, i) => {
    if (!isCount(b.length)) complain(1, `${show(plan, i)} has the length ${b.length}`);
    if (!("offset" in b.place)) return;
    const { offset } = b.place;
    if (!isCount(offset) || offset % alignment !== 0) complain(1, `${show(plan, i)} has the offset ${offset}`);
    const end = offset + b.length * itemSize(b.dtype);
    if (used.has(i) && end > planned)
      complain(11, `${show(plan, i)} ends at ${end}, beyond the planned ${planned} bytes`);
  });
}

/** Whether all indices of launches, feeds and outputs are those of buffers, so that other checks can follow them. */
function checkBindings(plan: Plan, complain: Complain): boolean {
  let sound = true;
  const exists = (i: number, who: string): boolean => {
    if (plan.buffers[i]) return true;
    complain(2, `${who} refers to buffer ${i} of ${plan.buffers.length}`);
    return (sound = false);
  };
  plan.steps.forEach((step, at) => {
    const { kernel, buffers } = step;
    if (buffers.length !== kernel.buffers.length) {
      complain(
        2,
        `step ${at}, ${printStep(step)}, binds ${buffers.length} buffers, ${kernel.name} has ${kernel.buffers.length}`,
      );
      sound = false;
    }
    buffers.forEach((i, position) => {
      const wanted = kernel.buffers[position];
      if (!exists(i, `step ${at}`) || !wanted) return;
      const { dtype, length } = plan.buffers[i]!;
      if (dtype !== wanted.dtype || length < wanted.length) {
        const given = `${dtype}[${length}]`;
        complain(2, `step ${at} binds ${show(plan, i)}: ${given} to ${wanted.name}: ${wanted.dtype}[${wanted.length}]`);
      }
    });
  });
  plan.feeds.forEach((f) => f.buffer !== null && exists(f.buffer, `feed ${f.name}`));
  plan.outputs.forEach((o) => exists(o.buffer, `output ${o.name}`));
  return sound;
}

function checkBoundTwice({ steps, regions, ...plan }: Plan, complain: Complain): void {
  steps.forEach(({ kernel, buffers, slices }, at) => {
    const partOf = (position: number) => [slices?.[position] ?? null, kernel.buffers[position]!.length] as const;
    kernel.buffers.forEach(({ name, access }, position) => {
      const i = buffers[position]!;
      const meets = (other: number, p: number) =>
        p !== position && other === i && !areApart(partOf(position), partOf(p), regions, at);
      if (access !== "read" && buffers.some(meets))
        complain(5, `step ${at} binds ${show(plan, i)} twice and writes it as ${name}`);
    });
  });
}

function checkInterface(plan: Plan, complain: Complain): void {
  for (const [kind, list] of [
    ["feed", plan.feeds],
    ["output", plan.outputs],
  ] as const) {
    list.forEach(({ name, dtype, shape, buffer }, at) => {
      if (list.findIndex((other) => other.name === name) !== at) complain(8, `two ${kind}s are called ${name}`);
      if (buffer === null) return;
      const b = plan.buffers[buffer]!;
      const count = shape.reduce((n, size) => n * size, 1);
      if (b.dtype !== dtype || (b.length < count && kind === "output")) {
        complain(8, `${kind} ${name}: ${dtype}[${shape.join()}] has ${show(plan, buffer)}: ${b.dtype}[${b.length}]`);
      }
      if (kind === "feed" && b.place.at !== "feed" && b.place.at !== "argument") {
        complain(8, `feed ${name} has ${show(plan, buffer)} in ${printPlace(b.place)}`);
      }
    });
  }
}
