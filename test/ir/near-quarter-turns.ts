// The numbers that are hardest for sines: those nearest to multiples of π/2, of every size.
import { fixedPi } from "./exact-functions.js";

/** For each power of two, the number of so many bits times that power which is nearest to a multiple of π/2: a convergent. */
export function nearQuarterTurns(bits: 24 | 53): readonly number[] {
  const largest = bits === 24 ? 104 : 971;
  return Array.from({ length: largest + bits }, (_, i) => {
    const power = i - bits;
    const exponent = 1 + power;
    // 2^power in quarter turns, as a fraction.
    const [two, pi] = [
      1n << BigInt(fixedPi.places + Math.max(0, exponent)),
      fixedPi.value << BigInt(Math.max(0, -exponent)),
    ];
    return Number(lastConvergent(two % pi, pi, 1n << BigInt(bits))) * 2 ** power;
  });
}

/** The denominator of the last convergent of a / b with one below `limit`. */
function lastConvergent(a: bigint, b: bigint, limit: bigint): bigint {
  let [before, denominator] = [1n, 0n];
  for (let [x, y] = [a, b]; y > 0n; [x, y] = [y, x % y]) {
    const next = (x / y) * denominator + before;
    if (next >= limit) break;
    [before, denominator] = [denominator, next];
  }
  return denominator;
}
