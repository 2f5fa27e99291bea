// A partial packing seen from above: how high each moment is filled and what is still to come. The places where building
// goes on are its valleys: stretches of equal height between higher neighbours.
import type { LiveSet } from "./live-set.js";

/** A partial packing. Arrays run over moments, `placed` over buffers. */
export interface Skyline {
  readonly height: Float64Array;
  /** Bytes still to be placed, per moment; where it is 0 the moment is closed, a wall that no buffer crosses. */
  readonly rest: Float64Array;
  readonly placed: Uint8Array;
  /** What was placed, last first. */
  readonly trail: Trail | null;
  /** How much of the room that moments have to spare was given up, in moments. */
  readonly waste: number;
  /** Equal for equal sets of placed buffers. */
  readonly hash: number;
}
export interface Trail {
  readonly buffer: number;
  readonly offset: number;
  readonly before: Trail | null;
}

/** The valley whose edge leaves the least choice. */
export interface Valley {
  /** First and last moment. */
  readonly from: number;
  readonly to: number;
  readonly floor: number;
  /** Heights beside it; Infinity at a wall. */
  readonly left: number;
  readonly right: number;
  /** The moment at the edge where to build: `from` or `to`. */
  readonly edge: number;
  /** Ways to go on: the buffers that fit at the edge, and one for leaving it empty. */
  readonly choices: number;
  /** Stretches of equal height in the whole skyline. */
  readonly segments: number;
}

/** The buffers that start and that end at each moment. */
export interface Edges {
  readonly starting: readonly (readonly number[])[];
  readonly ending: readonly (readonly number[])[];
}

export function edgesOf(set: LiveSet): Edges {
  const starting: number[][] = Array.from({ length: set.moments }, () => []);
  const ending: number[][] = Array.from({ length: set.moments }, () => []);
  for (let i = 0; i < set.count; i++) {
    starting[set.first[i]!]!.push(i);
    ending[set.last[i]!]!.push(i);
  }
  return { starting, ending };
}

export function emptySkyline(set: LiveSet): Skyline {
  return {
    height: new Float64Array(set.moments),
    rest: set.load.slice(),
    placed: new Uint8Array(set.count),
    trail: null,
    waste: 0,
    hash: 0,
  };
}

/** The valley to build in next, where no moment may rise above `limit`; null where everything is placed. */
export function chooseValley(set: LiveSet, edges: Edges, sky: Skyline, limit: number): Valley | null {
  const { height, rest } = sky;
  let [segments, best] = [0, null as Valley | null];
  for (let from = 0, to = 0; from < set.moments; from = to + 1) {
    to = from;
    if (rest[from] === 0) continue;
    const floor = height[from]!;
    while (to + 1 < set.moments && rest[to + 1]! > 0 && height[to + 1] === floor) to++;
    segments++;
    const [left, right] = [heightAt(sky, from - 1), heightAt(sky, to + 1)];
    if (floor >= left || floor >= right) continue;
    const atLeft = fitting(set, edges, sky, from, to, from).length + (floor + rest[from]! < limit ? 1 : 0);
    const atRight = fitting(set, edges, sky, from, to, to).length + (floor + rest[to]! < limit ? 1 : 0);
    const choices = Math.min(atLeft, atRight);
    const edge = atLeft <= atRight ? from : to;
    if (best === null || choices < best.choices) best = { from, to, floor, left, right, edge, choices, segments };
    if (choices === 0) break;
  }
  return best && { ...best, segments };
}

const heightAt = ({ height, rest }: Skyline, moment: number): number =>
  rest[moment]! > 0 ? height[moment]! : Infinity;

/** The buffers still to be placed that cover the moment `edge` and nothing outside `from` to `to`. */
export function fitting(
  { first, last }: LiveSet,
  { starting, ending }: Edges,
  { placed }: Skyline,
  from: number,
  to: number,
  edge: number,
): readonly number[] {
  const near = edge === from ? starting[from]! : ending[to]!;
  return near.filter((i) => placed[i] === 0 && first[i]! >= from && last[i]! <= to);
}

/**
 * The skyline with the valley's edge left empty, raised to the lowest level at which something may rest there: a
 * neighbour, or the smallest buffer that may stand beside it. Null where a moment would rise above `limit`, or where the
 * edge cannot stay empty.
 */
export function leaveEdge(set: LiveSet, edges: Edges, sky: Skyline, valley: Valley, limit: number): Skyline | null {
  const { from, to, floor, edge } = valley;
  let [smallest, low, high] = [Infinity, to + 1, from - 1];
  for (let m = from; m <= to; m++) {
    for (const i of edges.starting[m]!) {
      if (sky.placed[i] || set.last[i]! > to || m === edge || set.last[i] === edge) continue;
      smallest = Math.min(smallest, set.size[i]!);
      low = Math.min(low, m);
      high = Math.max(high, set.last[i]!);
    }
  }
  const level = Math.min(valley.left, valley.right, floor + smallest);
  const [begin, end] = edge === from ? [from, low - 1] : [high + 1, to];
  if (level === Infinity) return null;
  let waste = sky.waste;
  for (let m = begin; m <= end; m++) {
    if (level + sky.rest[m]! > limit) return null;
    waste += (level - floor) / (limit - floor - sky.rest[m]!);
  }
  const height = sky.height.slice();
  height.fill(level, begin, end + 1);
  return { ...sky, height, waste };
}

/** The skyline with a buffer placed on the floor of a valley. */
export function build(set: LiveSet, sky: Skyline, buffer: number, offset: number, hash: number): Skyline {
  const size = set.size[buffer]!;
  const [height, rest, placed] = [sky.height.slice(), sky.rest.slice(), sky.placed.slice()];
  placed[buffer] = 1;
  for (let m = set.first[buffer]!; m <= set.last[buffer]!; m++) {
    height[m] = offset + size;
    rest[m]! -= size;
  }
  return { height, rest, placed, trail: { buffer, offset, before: sky.trail }, waste: sky.waste, hash };
}
