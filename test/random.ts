// Random numbers for tests: seeded, and the seed is printed with every failure because it stands in the test's title.

/** The seed of this run: `SEED` from the environment, else always the same; `npm run fuzz` draws new ones. */
export const seed = Number(process.env.SEED ?? 20_261_122);

/** Numbers in [0, 1) from a seed: mulberry32 (Tommy Ettinger, public domain). */
export function generator(from: number): () => number {
  let state = from | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An integer in `low ≤ n ≤ high`. */
export function integer(next: () => number, low: number, high: number): number {
  return low + Math.floor(next() * (high - low + 1));
}
