// What launches are taken to cost: from their operations and bytes, which are known when they are compiled, to seconds. Whatever
// chooses between two ways of computing something asks here which takes less: fusion, threads, schedules of contractions,
// passes that exchange one form for another.

/** Of a launch: scalar operations, of which a transcendental function counts 16, and bytes that go to or come from memory. */
export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

/**
 * What one core does in a second at best, measured at 2.2 GHz: contractions reach 20 to 27 of its 30 billion operations. Element by
 * element work does fewer: estimates are on the low side.
 */
const flopsPerSecond = 20e9;

/** Bytes that a core goes through in a second, by how many it goes through again and again: caches and memory. */
const nearest = { size: 16 * 1024, perSecond: 100e9 };
const near = { size: 512 * 1024, perSecond: 36e9 };
const memory = { perSecond: 10e9 };

/** What calling a launch takes besides, its first and last turns included. */
export const launchSeconds = 50e-9;

/** Bytes of a cache line: whoever jumps through memory moves so many for every element. */
export const lineBytes = 64;

/** Seconds that a launch takes on one thread, at least: it computes while it loads and stores. */
export function secondsOf({ flops, bytes }: Cost): number {
  return Math.max(flops / flopsPerSecond, bytes / memory.perSecond);
}

/** Seconds in which bytes are moved to or from `size` bytes that were touched before: those of a cache, where they fit. */
export function secondsToMove(bytes: number, size: number): number {
  const { perSecond } = size <= nearest.size ? nearest : size <= near.size ? near : memory;
  return bytes / perSecond;
}
