// Invariants 12 and 13 of plans: regions, and the parts of buffers that launches see. See `verify-plan.ts`.
import type { DType } from "./dtype.js";
import { decider, holds, mostTurns } from "./plan-flow.js";
import { boundsOf } from "./plan-slices.js";
import type { Plan, Region, Slice } from "./plan.js";
import { printPlannedBuffer, printRegion } from "./print-plan.js";

export type Complain = (invariant: number, what: string) => void;

const isCount = (n: number): boolean => Number.isInteger(n) && n >= 0;

/** Whether the regions are such that other checks can follow them. */
export function checkRegions(plan: Plan, complain: Complain): boolean {
  let sound = true;
  plan.regions.forEach((region, index) => {
    const fail = (what: string): void => {
      complain(12, `region ${index}, ${printRegion(region, index)}, ${what}`);
      sound = false;
    };
    const { from, to } = region;
    if (!isCount(from) || !(from < to && to <= plan.steps.length))
      fail(`holds the steps from ${from} to ${to} of ${plan.steps.length}`);
    if (region.kind === "while" && !(from <= region.test && region.test <= to))
      fail(`tests before step ${region.test}, and holds the steps from ${from} to ${to}`);
    if (!isCount(mostTurns(region)) || mostTurns(region) >= 2 ** 31) fail(`has ${mostTurns(region)} turns at most`);
    checkDecider(plan, region, fail);
    plan.regions.slice(0, index).forEach((earlier, i) => {
      const crosses = isCrossed(earlier, region);
      if (earlier.from > from || crosses) fail(`${crosses ? "crosses" : "begins before"} region ${i}`);
    });
  });
  return sound;
}

function checkDecider({ buffers }: Plan, region: Region, fail: (what: string) => void): void {
  const index = decider(region);
  if (index === null) return;
  const wanted: DType = region.kind === "loop" ? "i32" : "bool";
  const buffer = buffers[index];
  if (!buffer) fail(`refers to buffer ${index} of ${buffers.length}`);
  else if (buffer.dtype !== wanted || buffer.length < 1)
    fail(`needs a ${wanted}, and b${index} is ${buffer.dtype}[${buffer.length}]`);
}

/** Whether a region neither lies inside an earlier one, on one side of its test, nor behind it. */
function isCrossed(outer: Region, { from, to }: Region): boolean {
  if (from >= outer.to) return false;
  if (to > outer.to) return true;
  return outer.kind === "while" && from < outer.test && to > outer.test;
}

/** Whether parts are such that other checks can follow them; launches bind buffers that exist. */
export function checkSlices(plan: Plan, complain: Complain): boolean {
  let sound = true;
  plan.steps.forEach(({ buffers, slices, kernel }, at) => {
    slices?.forEach((slice, position) => {
      if (!slice) return;
      const buffer = buffers[position]!;
      const what = complaintAbout(plan, at, slice, kernel.buffers[position]!.length, plan.buffers[buffer]!.length);
      if (!what) return;
      complain(13, `step ${at} sees a part of ${printPlannedBuffer(plan, buffer)} that ${what}`);
      sound = false;
    });
  });
  return sound;
}

function complaintAbout(plan: Plan, at: number, slice: Slice, length: number, room: number): string | null {
  const { regions } = plan;
  for (const { region: index, step, backwards, plus = 0, wrap = 1 } of slice.terms) {
    const region = regions[index];
    if (!region || region.kind === "branch") return `moves with region ${index}, which is no loop`;
    if (at < region.from) return `moves with region ${index}, which has not begun`;
    const apart = regions.findIndex((r) => r !== region && holds(r, region.from) && r.to >= region.to && !holds(r, at));
    if (apart >= 0 && apart < index) return `moves with region ${index}, which lies in region ${apart}`;
    if (backwards && !(region.kind === "loop" && holds(region, at)))
      return `goes backwards with region ${index}, whose end is not known`;
    if (![step, plus, wrap].every(Number.isInteger) || wrap < 1) return "is not measured in integers";
  }
  if (!Number.isInteger(slice.start)) return "is not measured in integers";
  if (regions.some((region) => holds(region, at) && region.kind === "loop" && region.times === 0)) return null;
  const [low, high] = boundsOf(slice, regions, at);
  return low < 0 || high + length > room ? `reaches from ${low} to ${high + length} of ${room} elements` : null;
}
