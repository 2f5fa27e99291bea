// When two tensors count as equal: integers to the bit, floats as |a − b| ≤ k·ε·S.
import { isFloat, type DType } from "#ir/dtype.js";

export interface Closeness {
  readonly dtype: DType;
  /** How many times ε·S two numbers may differ; 4 where nothing is said. */
  readonly k?: number;
  /** S, element by element: the same computation over magnitudes. The expected magnitudes where nothing is said. */
  readonly scale?: ArrayLike<number>;
  /** Whether 0 and −0 differ; they do not where nothing is said, for rewrites may change the sign of a zero. */
  readonly signedZeros?: boolean;
}

/** The distance from 1 to the next number of a float dtype. */
export function epsilonOf(dtype: DType): number {
  return dtype === "f64" ? 2 ** -52 : 2 ** -23;
}

/**
 * What is wrong with `actual`, in one line, or null where it is close to `expected`. NaN equals NaN; infinities must
 * agree; a zero where a small number is expected is measured like any number.
 */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>, how: Closeness): string | null {
  if (actual.length !== expected.length) return `${actual.length} elements instead of ${expected.length}`;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    if (agree(a, b, how, i)) continue;
    return `element ${i} is ${show(a)}, expected ${show(b)} (allowed: ${allowed(b, how, i).toExponential(2)})`;
  }
  return null;
}

function agree(a: number, b: number, how: Closeness, i: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (!isFloat(how.dtype)) return a === b;
  if (a === 0 && b === 0) return !how.signedZeros || Object.is(a, b);
  if (!Number.isFinite(a) || !Number.isFinite(b)) return a === b;
  return Math.abs(a - b) <= allowed(b, how, i);
}

/** The smallest normal number keeps results near the underflow from being held to a precision they do not have. */
function allowed(b: number, { dtype, k = 4, scale }: Closeness, i: number): number {
  if (!isFloat(dtype)) return 0;
  const tiny = dtype === "f64" ? 2 ** -1022 : 2 ** -126;
  return k * epsilonOf(dtype) * Math.max(scale?.[i] ?? 0, Math.abs(b), tiny);
}

function show(x: number): string {
  return Object.is(x, -0) ? "-0" : String(x);
}
