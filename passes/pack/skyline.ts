// Builds packings from the ground up, many side by side (a beam search). A packing whose buffers all rest on something can
// be built by filling, again and again, the edge of some valley of the skyline: with a buffer that fits the valley, or by
// leaving the edge empty, which uses up what the moments there have to spare below the limit. Where the limit is the lower
// bound nothing is to spare at the peak, and few choices remain. Ranked by smoothness: the fewest steps in the skyline.
// (Own method; filling the valley first is Burke, Kendall, Whitwell, A New Placement Heuristic for Stock-Cutting, 2004.)
import type { Found } from "./anneal.js";
import type { LiveSet } from "./live-set.js";
import { build, chooseValley, edgesOf, emptySkyline, fitting, leaveEdge } from "./skyline-state.js";
import type { Skyline, Valley } from "./skyline-state.js";

/** Among equally smooth skylines: prefer large buffers, or low tops. */
export type Preference = "large" | "low";

/** A partial packing and the valley to build in next. */
interface Open {
  readonly sky: Skyline;
  readonly valley: Valley;
}
interface Step extends Open {
  readonly buffer: number;
  readonly score: number;
  readonly hash: number;
}

/**
 * Searches for a packing of at most `limit` bytes, keeping the `width` best partial packings at every step. `proved` says
 * that there is none, since nothing was cut off. Gives up after `budget` steps.
 */
export function buildSkyline(
  set: LiveSet,
  limit: number,
  width: number,
  budget: number,
  preference: Preference,
): Found & { readonly proved: boolean } {
  const edges = edgesOf(set);
  const mostEmptied = Math.ceil(Math.sqrt(width));
  let [work, proved] = [0, true];
  const open = (sky: Skyline): Open | "done" | null => {
    work += set.moments + set.count;
    const valley = chooseValley(set, edges, sky, limit);
    if (valley === null) return "done";
    return valley.choices > 0 ? { sky, valley } : null;
  };
  const stepsFrom = (start: Open, into: Step[]): void => {
    let at: Open | "done" | null = start;
    for (let emptied = 0; at !== null && at !== "done"; emptied++) {
      const { sky, valley }: Open = at;
      for (const buffer of fitting(set, edges, sky, valley.from, valley.to, valley.edge)) {
        const hash = sky.hash ^ placementHash(buffer, valley.floor);
        into.push({ sky, valley, buffer, score: score(set, sky, valley, buffer, limit, preference), hash });
      }
      const left: Skyline | null = leaveEdge(set, edges, sky, valley, limit);
      if (left !== null && emptied === mostEmptied) proved = false;
      at = left === null || emptied === mostEmptied ? null : open(left);
    }
  };

  const ground = open(emptySkyline(set));
  let beam = ground === null || ground === "done" ? [] : [ground];
  while (beam.length > 0 && work < budget) {
    const steps: Step[] = [];
    for (const state of beam) stepsFrom(state, steps);
    steps.sort((a, b) => a.score - b.score);
    beam = [];
    const seen = new Set<number>();
    for (const step of steps) {
      if (seen.has(step.hash)) continue;
      seen.add(step.hash);
      if (beam.length === width) {
        proved = false;
        break;
      }
      const sky = build(set, step.sky, step.buffer, step.valley.floor, step.hash);
      const opened = open(sky);
      if (opened === "done") return { packed: finish(set, sky), work, proved: false };
      if (opened !== null) beam.push(opened);
    }
  }
  return { packed: null, work, proved: proved && beam.length === 0 };
}

/** How rough the skyline becomes by placing the buffer; what was wasted; then the preference. */
function score(set: LiveSet, sky: Skyline, valley: Valley, buffer: number, limit: number, prefer: Preference): number {
  const { from, to, floor, left, right, segments } = valley;
  const [first, last, top] = [set.first[buffer]!, set.last[buffer]!, floor + set.size[buffer]!];
  const atLeft = first === from;
  const atRight = last === to;
  const level = (atLeft && top === left ? 1 : 0) + (atRight && top === right ? 1 : 0);
  const rough = segments + 1 - (atLeft && atRight ? 1 : 0) - level;
  const taste = prefer === "low" ? top : -0.01 * set.size[buffer]! * (last - first + 1);
  return rough + sky.waste + taste / limit;
}

function placementHash(buffer: number, offset: number): number {
  let x = Math.imul(buffer + 1, 0x9e3779b1) ^ Math.imul(offset % 2 ** 32 | 0, 0x85ebca6b) ^ Math.floor(offset / 2 ** 32);
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return x ^ (x >>> 16);
}

function finish(set: LiveSet, sky: Skyline): Found["packed"] {
  const offset = new Float64Array(set.count);
  let height = 0;
  for (let at = sky.trail; at !== null; at = at.before) {
    offset[at.buffer] = at.offset;
    height = Math.max(height, at.offset + set.size[at.buffer]!);
  }
  return { offset, height };
}
