// What launches are taken to cost: from their operations and bytes, which are known when they are compiled, to seconds.

/** Of a launch: scalar operations, of which a transcendental function counts 16, and bytes that go to or come from memory. */
export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

/**
 * What one core does in a second at best, measured at 2.2 GHz: contractions reach 20 to 27 of its 30 billion operations, and long
 * arrays stream at about 10 GB/s. Element by element work does fewer operations: estimates are on the low side.
 */
const flopsPerSecond = 20e9;
const bytesPerSecond = 10e9;

/** Seconds that a launch takes on one thread, at least: it computes while it loads and stores. */
export function secondsOf({ flops, bytes }: Cost): number {
  return Math.max(flops / flopsPerSecond, bytes / bytesPerSecond);
}
