// The orders in which buffers are placed at first. None is best everywhere; the likely ones come first.
import type { LiveSet } from "./live-set.js";

/** Orders of buffers, each made when asked for. */
export function* placementOrders(set: LiveSet): Generator<Int32Array> {
  const length = Float64Array.from(set.first, (first, i) => set.last[i]! - first + 1);
  const contended = highestLoads(set);
  const byArea = Float64Array.from(set.size, (size, i) => size * length[i]!);
  yield sorted(set, [contended, length, set.size]);
  yield sorted(set, [contended, set.size, length]);
  yield sorted(set, [set.size, length]);
  yield sorted(set, [byArea]);
  yield sorted(set, [length, set.size]);
  yield sorted(set, [set.first.map((first) => -first), length]);
}

/** Buffers by falling keys; the earlier keys weigh more, and the index decides at last. */
function sorted(set: LiveSet, keys: readonly ArrayLike<number>[]): Int32Array {
  return Int32Array.from({ length: set.count }, (_, i) => i).sort((a, b) => {
    for (const key of keys) if (key[a] !== key[b]) return key[b]! - key[a]!;
    return a - b;
  });
}

/** The most bytes alive at any moment of each buffer's life, from maxima over powers of two. */
function highestLoads(set: LiveSet): Float64Array {
  const levels = [set.load];
  for (let width = 1; width * 2 <= set.moments; width *= 2) {
    const below = levels.at(-1)!;
    levels.push(below.map((load, m) => Math.max(load, below[m + width] ?? 0)));
  }
  return Float64Array.from(set.first, (first, i) => {
    const length = set.last[i]! - first + 1;
    const level = 31 - Math.clz32(length);
    return Math.max(levels[level]![first]!, levels[level]![first + length - 2 ** level]!);
  });
}
