// Invariants 3, 4 and 14 of plans: when buffers are live, and what may share memory. See `verify-plan.ts`.
import { itemSize } from "./dtype.js";
import { decider, holds } from "./plan-flow.js";
import type { Plan, PlannedBuffer, Region } from "./plan.js";
import { printPlannedBuffer as show } from "./print-plan.js";
import type { Complain } from "./verify-plan-regions.js";

/** Buffers that a launch, a region, a feed or an output refers to: the others have no memory. */
export function usedBuffers(plan: Plan): ReadonlySet<number> {
  return new Set([
    ...plan.steps.flatMap((s) => s.buffers),
    ...plan.regions.flatMap((region) => decider(region) ?? []),
    ...plan.feeds.flatMap((f) => (f.buffer === null ? [] : [f.buffer])),
    ...plan.outputs.map((o) => o.buffer),
  ]);
}

/** The buffers' indices must be those of buffers, and regions in order. */
export function checkMemory(plan: Plan, complain: Complain): void {
  checkLiveRanges(plan, complain);
  const placed = placedBuffers(plan);
  checkLoops(plan, placed, complain);
  checkOverlaps(plan, placed, complain);
}

function checkLiveRanges({ steps, regions, buffers }: Plan, complain: Complain): void {
  steps.forEach((step, at) => {
    for (const i of new Set(step.buffers)) {
      const [from, to] = buffers[i]!.live;
      if (at < from || at > to)
        complain(3, `step ${at} touches ${show({ buffers }, i)}, which is live from ${from} to ${to}`);
    }
  });
  regions.forEach((region, index) => {
    const i = decider(region);
    if (i === null) return;
    const [from, to] = buffers[i]!.live;
    const before = region.kind === "while" ? region.test : region.from;
    if (from > before || to < before - 1)
      complain(3, `region ${index} reads ${show({ buffers }, i)} before step ${before}, which is live from ${from} to ${to}`); // prettier-ignore
  });
}

const bytesOf = (b: PlannedBuffer): number => b.length * itemSize(b.dtype);
const isLoop = (region: Region): boolean => region.kind !== "branch";

/** A buffer of the scratch region, from its first to its last step; −1 for what is there before, as many as there are steps for what is needed behind. */
interface Placed {
  readonly b: PlannedBuffer;
  readonly i: number;
  readonly start: number;
  readonly from: number;
  readonly to: number;
}

function placedBuffers(plan: Plan): readonly Placed[] {
  const used = usedBuffers(plan);
  return plan.buffers.flatMap((b, i): readonly Placed[] => {
    if (!("offset" in b.place) || !used.has(i) || bytesOf(b) === 0) return [];
    const from = b.place.at === "feed" ? -1 : b.live[0];
    const to = b.place.at === "output" ? plan.steps.length : b.live[1];
    return [{ b, i, start: b.place.offset, from, to }];
  });
}

function checkLoops(plan: Plan, placed: readonly Placed[], complain: Complain): void {
  const { regions } = plan;
  const moving = new Map<number, Set<number>>();
  plan.steps.forEach(({ buffers, slices = [] }, at) => {
    slices.forEach((slice, position) => {
      for (const { region } of slice?.terms ?? []) {
        if (!holds(regions[region]!, at)) continue;
        const i = buffers[position]!;
        moving.set(i, (moving.get(i) ?? new Set()).add(region));
      }
    });
  });
  regions.forEach((region, index) => {
    if (!isLoop(region)) return;
    const [first, last] = [region.from, region.to - 1];
    for (const { i, from, to } of placed) {
      if (to < first || from > last || (from <= first && to >= last)) continue;
      const why = moving.get(i)?.has(index) ? "moves with" : from < first || to > last ? "crosses the border of" : null;
      if (why)
        complain(14, `${show(plan, i)} ${why} region ${index}, steps ${first} to ${last}, and is live from ${from} to ${to}`); // prettier-ignore
    }
  });
}

/** Sweeps over the offsets, so that buffers far apart are never compared. */
function checkOverlaps(plan: Plan, placed: readonly Placed[], complain: Complain): void {
  let open: Placed[] = [];
  for (const p of [...placed].sort((a, b) => a.start - b.start)) {
    open = open.filter((q) => q.start + bytesOf(q.b) > p.start);
    for (const q of open) {
      if (p.from > q.to || q.from > p.to) continue;
      if (takesOver(plan, p, q) || takesOver(plan, q, p)) continue;
      complain(4, `${show(plan, q.i)} and ${show(plan, p.i)} overlap at ${p.start} and are live at the same time`);
    }
    open.push(p);
  }
}

/** Whether `later` is first written by the launch that last reads `earlier`, in the very same place. */
function takesOver(plan: Plan, earlier: Placed, later: Placed): boolean {
  const at = later.from;
  const step = plan.steps[at];
  if (!step || earlier.to !== at || earlier.start !== later.start || bytesOf(earlier.b) !== bytesOf(later.b))
    return false;
  // The next turn would find it overwritten.
  if (plan.regions.some((region) => isLoop(region) && holds(region, at) && earlier.from < region.from)) return false;
  const [old, made] = [step.buffers.indexOf(earlier.i), step.buffers.indexOf(later.i)];
  if (step.slices?.[old] || step.slices?.[made]) return false;
  return step.kernel.buffers[old]?.access === "read" && step.kernel.buffers[made]?.access === "write";
}
