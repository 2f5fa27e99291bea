// Of a list of times.

export const leastOf = (times: readonly number[]): number => times.reduce((a, b) => Math.min(a, b), Infinity);

/** The one in the middle, or the mean of the two there; NaN where there are none. */
export function medianOf(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
