// Builds packings from the ground up, many side by side (a beam search). A packing whose buffers all rest on something can
// be built by filling, again and again, the edge of some valley of the skyline: with a buffer that fits the valley, or by
// leaving the edge empty, which uses up what the moments there have to spare below the limit. Where the limit is the lower
// bound nothing is to spare at the peak, and few choices remain. Ranked by smoothness: the fewest steps in the skyline.
// (Own method; filling the valley first is Burke, Kendall, Whitwell, A New Placement Heuristic for Stock-Cutting, 2004.)
import type { Found } from "./anneal.js";
import type { LiveSet } from "./live-set.js";
import { seededUniform } from "./seeded.js";
import { build, chooseValley, edgesOf, emptySkyline, fitting, leaveEdge } from "./skyline-state.js";
import type { Skyline, Valley } from "./skyline-state.js";

/** Among equally smooth skylines: prefer large buffers, or low tops. */
export type Preference = "large" | "low";

/** Segments that one moment's whole room to spare is worth. */
const wasteWeight = 10;
/** A search this wide leaves edges empty as often as it likes, a narrower one seldom: it would be swamped by the variants. */
const exhaustive = 512;

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
  const exact = width >= exhaustive;
  const mostEmptied = exact ? Infinity : Math.floor(Math.log2(width) / 4);
  const uniform = seededUniform(1);
  const hashes = Int32Array.from(set.size, () => uniform() * 2 ** 32);
  let [work, proved] = [0, exact];
  const open = (sky: Skyline): Open | "done" | null => {
    work += set.moments + set.count + 200;
    const valley = chooseValley(set, edges, sky, limit);
    if (valley === null) return "done";
    return valley.choices > 0 ? { sky, valley } : null;
  };
  const stepsFrom = (start: Open, into: Step[]): void => {
    let at: Open | "done" | null = start;
    for (let emptied = 0; at !== null && at !== "done";) {
      const { sky, valley }: Open = at;
      const buffers = fitting(set, edges, sky, valley.from, valley.to, valley.edge);
      for (const buffer of buffers) {
        const hash = sky.hash ^ hashes[buffer]!;
        into.push({ sky, valley, buffer, score: score(set, sky, valley, buffer, limit, preference), hash });
      }
      if (buffers.length > 0 && emptied++ >= mostEmptied) break;
      const left: Skyline | null = leaveEdge(set, edges, sky, valley, limit);
      at = left && open(left);
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
      if (!exact && seen.has(step.hash)) continue;
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
  return rough + wasteWeight * sky.waste + taste / limit;
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
