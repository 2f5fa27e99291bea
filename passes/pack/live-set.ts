// The packing problem in its smallest form: time is compressed to the maximal sets of buffers alive together ("moments"),
// sizes are rounded up to the alignment, and stretches of time that share no buffer become problems of their own.

/** Bytes needed from step `from` to step `to`, both inclusive. */
export interface LiveRange {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** Buffers that must not overlap where they share a moment. Arrays run over buffers unless said otherwise. */
export interface LiveSet {
  readonly count: number;
  /** Aligned bytes, positive. */
  readonly size: Float64Array;
  /** First and last moment, inclusive. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly moments: number;
  /** Bytes alive, per moment. */
  readonly load: Float64Array;
  /** The most that is alive at once: no packing needs less. */
  readonly lowerBound: number;
  /** The caller's index of each buffer. */
  readonly index: Int32Array;
}

/**
 * The independent parts of a problem, the one with the highest lower bound first. Buffers of no size take no part. Two
 * buffers conflict exactly when they share a moment: a moment is a maximal clique of the interval graph, so there are at
 * most as many moments as buffers.
 */
export function liveSets(ranges: readonly LiveRange[], alignment: number): readonly LiveSet[] {
  const used = ranges.flatMap((range, i) => (range.size > 0 ? [i] : []));
  const starts = [...used].sort((a, b) => ranges[a]!.from - ranges[b]!.from || a - b);
  const ends = [...used].sort((a, b) => ranges[a]!.to - ranges[b]!.to || a - b);
  const [first, last] = [new Int32Array(ranges.length), new Int32Array(ranges.length)];
  const sets: LiveSet[] = [];
  let [next, since, moment, alive] = [0, 0, 0, 0];
  let grown = false;
  for (const end of ends) {
    for (; next < starts.length && ranges[starts[next]!]!.from <= ranges[end]!.to; next++) {
      first[starts[next]!] = moment;
      alive++;
      grown = true;
    }
    if (grown) moment++;
    grown = false;
    last[end] = moment - 1;
    if (--alive > 0) continue;
    sets.push(liveSet(ranges, starts.slice(since, next), alignment, { first, last, moments: moment }));
    [since, moment] = [next, 0];
  }
  return sets.sort((a, b) => b.lowerBound - a.lowerBound);
}

interface Times {
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly moments: number;
}

function liveSet(
  ranges: readonly LiveRange[],
  index: readonly number[],
  alignment: number,
  { first, last, moments }: Times,
): LiveSet {
  const size = Float64Array.from(index, (i) => alignUp(ranges[i]!.size, alignment));
  const load = new Float64Array(moments + 1);
  index.forEach((i, k) => {
    load[first[i]!]! += size[k]!;
    load[last[i]! + 1]! -= size[k]!;
  });
  for (let m = 1; m < moments; m++) load[m]! += load[m - 1]!;
  return {
    count: index.length,
    size,
    first: Int32Array.from(index, (i) => first[i]!),
    last: Int32Array.from(index, (i) => last[i]!),
    moments,
    load: load.slice(0, moments),
    lowerBound: load.subarray(0, moments).reduce((most, bytes) => Math.max(most, bytes), 0),
    index: Int32Array.from(index),
  };
}

/** The next multiple of `alignment`. */
export function alignUp(bytes: number, alignment: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
