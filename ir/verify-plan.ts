// What must hold of every plan, before the runtime gets it:
//
//  1. Lengths are non-negative integers; offsets are non-negative multiples of the alignment.
//  2. A launch binds one buffer of the plan to every buffer of its kernel, of the same dtype and at least as long.
//  3. Every step that touches a buffer lies within its live range.
//  4. Buffers of the scratch region that are live at the same time do not overlap; feeds are live from the start, outputs to
//     the end. Where one dies in the launch that first writes the other, they may share their place exactly.
//  5. A launch binds a buffer twice only to read it.
//  6. What a launch reads, and what an output shows, was written by an earlier launch, or is a feed, a parameter, a constant
//     or an argument, or is empty.
//  7. Constants are not written.
//  8. Feeds and outputs have names of their own, and buffers of their dtype that are long enough; a feed's buffer is not
//     a scratch one.
//  9. Every check's failure is in the table.
// 10. Launches with checks come before the first that writes a parameter, so that a failed run changes none.
// 11. Lower bound ≤ planned bytes, and the scratch region ends within them.
import { itemSize } from "./dtype.js";
import { InternalError } from "./errors.js";
import type { Kernel, Stmt } from "./kernel.js";
import { alignment, type Plan, type PlannedBuffer } from "./plan.js";
import { printPlace, printStep } from "./print-plan.js";

/** Throws an InternalError that lists every broken invariant. Does not look into kernels: `verifyKernel` does. */
export function verifyPlan(plan: Plan): void {
  const found: string[] = [];
  const complain: Complain = (invariant, what) => found.push(`  invariant ${invariant}: ${what}`);
  checkBuffers(plan, complain);
  if (checkBindings(plan, complain)) {
    checkLiveRanges(plan, complain);
    checkOverlaps(plan, complain);
    checkDataFlow(plan, complain);
    checkInterface(plan, complain);
  }
  checkFailures(plan, complain);
  if (found.length > 0) throw new InternalError(`plan ${plan.name} is not valid:\n${found.join("\n")}`);
}

type Complain = (invariant: number, what: string) => void;

const isCount = (n: number): boolean => Number.isInteger(n) && n >= 0;
const bytesOf = (b: PlannedBuffer): number => b.length * itemSize(b.dtype);
const offsetOf = (b: PlannedBuffer): number | null => ("offset" in b.place ? b.place.offset : null);
const show = (plan: Plan, i: number): string => `b${i} ${plan.buffers[i]?.name ?? ""}`.trimEnd();

/** Buffers that a launch, a feed or an output refers to: the others have no memory. */
function usedBuffers(plan: Plan): ReadonlySet<number> {
  return new Set([
    ...plan.steps.flatMap((s) => s.buffers),
    ...plan.feeds.flatMap((f) => (f.buffer === null ? [] : [f.buffer])),
    ...plan.outputs.map((o) => o.buffer),
  ]);
}

function checkBuffers(plan: Plan, complain: Complain): void {
  const { lowerBound, planned } = plan.memory;
  if (lowerBound > planned) complain(11, `the lower bound ${lowerBound} is above the planned ${planned} bytes`);
  const used = usedBuffers(plan);
  plan.buffers.forEach((b, i) => {
    if (!isCount(b.length)) complain(1, `${show(plan, i)} has the length ${b.length}`);
    const offset = offsetOf(b);
    if (offset === null) return;
    if (!isCount(offset) || offset % alignment !== 0) complain(1, `${show(plan, i)} has the offset ${offset}`);
    const end = offset + bytesOf(b);
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
      const again = buffers.indexOf(i) !== position || buffers.lastIndexOf(i) !== position;
      if (again && wanted.access !== "read")
        complain(5, `step ${at} binds ${show(plan, i)} twice and writes it as ${wanted.name}`);
    });
  });
  plan.feeds.forEach((f) => f.buffer !== null && exists(f.buffer, `feed ${f.name}`));
  plan.outputs.forEach((o) => exists(o.buffer, `output ${o.name}`));
  return sound;
}

function checkLiveRanges(plan: Plan, complain: Complain): void {
  plan.steps.forEach(({ buffers }, at) => {
    for (const i of new Set(buffers)) {
      const [from, to] = plan.buffers[i]!.live;
      if (at < from || at > to) complain(3, `step ${at} touches ${show(plan, i)}, which is live from ${from} to ${to}`);
    }
  });
}

/** Sweeps over the offsets, so that buffers far apart are never compared. */
function checkOverlaps(plan: Plan, complain: Complain): void {
  const used = usedBuffers(plan);
  const placed = plan.buffers
    .map((b, i) => ({
      b,
      i,
      start: offsetOf(b),
      from: b.place.at === "feed" ? -1 : b.live[0],
      to: b.place.at === "output" ? plan.steps.length : b.live[1],
    }))
    .filter((p): p is typeof p & { start: number } => p.start !== null && used.has(p.i) && bytesOf(p.b) > 0)
    .sort((p, q) => p.start - q.start);
  let open: typeof placed = [];
  for (const p of placed) {
    open = open.filter((q) => q.start + bytesOf(q.b) > p.start);
    for (const q of open) {
      if (p.from > q.to || q.from > p.to) continue;
      if (takesOver(plan, p, q) || takesOver(plan, q, p)) continue;
      complain(4, `${show(plan, q.i)} and ${show(plan, p.i)} overlap at ${p.start} and are live at the same time`);
    }
    open.push(p);
  }
}

interface Placed {
  readonly b: PlannedBuffer;
  readonly i: number;
  readonly start: number;
  readonly from: number;
  readonly to: number;
}

/** Whether `later` is first written by the launch that last reads `earlier`, in the very same place. */
function takesOver(plan: Plan, earlier: Placed, later: Placed): boolean {
  const step = plan.steps[later.from];
  if (!step || earlier.to !== later.from || earlier.start !== later.start || bytesOf(earlier.b) !== bytesOf(later.b))
    return false;
  const accessOf = (i: number) => step.kernel.buffers[step.buffers.indexOf(i)]?.access;
  return accessOf(earlier.i) === "read" && accessOf(later.i) === "write";
}

function checkDataFlow(plan: Plan, complain: Complain): void {
  const known = new Set<number>();
  plan.buffers.forEach((b, i) => {
    if (b.length === 0 || (b.place.at !== "scratch" && b.place.at !== "output")) known.add(i);
  });
  plan.steps.forEach(({ kernel, buffers }, at) => {
    kernel.buffers.forEach(({ access }, position) => {
      const i = buffers[position]!;
      if (access === "read" && !known.has(i))
        complain(6, `step ${at} reads ${show(plan, i)}, which nothing has written`);
      if (access !== "read" && plan.buffers[i]!.place.at === "constant")
        complain(7, `step ${at} writes ${show(plan, i)}`);
    });
    kernel.buffers.forEach(({ access }, position) => {
      if (access !== "read") known.add(buffers[position]!);
    });
  });
  for (const { name, buffer } of plan.outputs) {
    if (!known.has(buffer)) complain(6, `output ${name} shows ${show(plan, buffer)}, which nothing has written`);
  }
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

function checkFailures(plan: Plan, complain: Complain): void {
  let written: number | null = null;
  plan.steps.forEach(({ kernel, buffers }, at) => {
    const failures = failuresOf(kernel);
    for (const f of failures) {
      if (!plan.failures[f])
        complain(9, `step ${at}, ${kernel.name}, has a check with failure ${f} of ${plan.failures.length}`);
    }
    const writes = kernel.buffers.some(
      (b, i) => b.access !== "read" && plan.buffers[buffers[i]!]?.place.at === "parameter",
    );
    if (writes) written ??= at;
    if (failures.length > 0 && written !== null) {
      complain(10, `step ${at}, ${kernel.name}, can fail, and step ${written} writes a parameter`);
    }
  });
}

/** The entries of the failure table that a kernel's checks name. */
function failuresOf(kernel: Kernel): readonly number[] {
  const found = new Set<number>();
  const visit = (body: readonly Stmt[]): void => {
    for (const s of body) {
      if (s.kind === "check") found.add(s.failure);
      else if (s.kind === "for") visit(s.body);
      else if (s.kind === "if") [s.then, s.else ?? []].forEach(visit);
    }
  };
  kernel.stages.flat().forEach((space) => visit(space.body));
  return [...found];
}
