// What the scalar functions make of ranges: interval arithmetic, rounded as the dtype rounds, with a flag for NaN.
// Ranges may be wider than the truth, never narrower.
import { type DType, isFloat, toDType } from "./dtype.js";
import type { ScalarFn } from "./scalar.js";

/** Every element lies in `low ≤ x ≤ high`, or is NaN where `nan` is set. Zeros of both signs count as 0. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly nan: boolean;
}

/** All that a dtype can hold. */
export function everything(dtype: DType): Interval {
  switch (dtype) {
    case "f32":
    case "f64":
      return { low: -Infinity, high: Infinity, nan: true };
    case "i32":
      return { low: -(2 ** 31), high: 2 ** 31 - 1, nan: false };
    case "u8":
      return { low: 0, high: 255, nan: false };
    case "bool":
      return { low: 0, high: 1, nan: false };
  }
}

/** The smallest interval that holds both. */
export function union(a: Interval, b: Interval): Interval {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high), nan: a.nan || b.nan };
}

/** What `fn` can give for arguments in these intervals; `same` says that the first two are one value. */
export function intervalOf(fn: ScalarFn, dtype: DType, args: readonly Interval[], same: boolean): Interval {
  const found = exact(fn, args as readonly [Interval, Interval, Interval], same);
  if (!found) return everything(dtype);
  if (isFloat(dtype)) return { ...found, low: toDType(dtype, found.low), high: toDType(dtype, found.high) };
  const all = everything(dtype);
  return found.low < all.low || found.high > all.high ? all : { ...found, nan: false };
}

/** The real function on the interval's ends; null where nothing is known. */
function exact(fn: ScalarFn, [a, b, c]: readonly [Interval, Interval, Interval], same: boolean): Interval | null {
  switch (fn) {
    case "add":
      return sum(a, b);
    case "sub":
      return same ? { low: 0, high: 0, nan: a.nan || infinite(a) } : sum(a, negative(b));
    case "mul":
      return same ? { ...hull(ends(magnitude(a), (x) => x * x)), nan: a.nan } : product(a, b);
    case "div":
      return quotient(a, b);
    case "floorMod":
      return b.low >= 0 ? { low: 0, high: Math.max(0, b.high - 1), nan: false } : null;
    case "neg":
      return negative(a);
    case "abs":
      return magnitude(a);
    case "sign":
      return { ...hull(ends(a, Math.sign)), nan: a.nan };
    case "minimum":
      return { low: Math.min(a.low, b.low), high: Math.min(a.high, b.high), nan: a.nan || b.nan };
    case "maximum":
      return { low: Math.max(a.low, b.low), high: Math.max(a.high, b.high), nan: a.nan || b.nan };
    case "sqrt":
      return { low: Math.sqrt(Math.max(0, a.low)), high: Math.sqrt(Math.max(0, a.high)), nan: a.nan || a.low < 0 };
    case "floor":
    case "ceil":
    case "round":
    case "trunc":
      return { low: Math.floor(a.low), high: Math.ceil(a.high), nan: a.nan };
    case "shiftRight":
      return b.low === b.high && b.low > 0 && b.low < 32 ? { low: 0, high: 2 ** (32 - b.low) - 1, nan: false } : null;
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
    case "and":
    case "or":
    case "not":
      return everything("bool");
    case "select":
      return union(b, c);
    case "toF32":
    case "toF64":
      return a;
    case "toI32":
      return a.nan ? union({ ...a, nan: false }, { low: 0, high: 0, nan: false }) : a;
    case "exp":
    case "decay":
      return { ...wider(Math.exp(a.low), Math.exp(a.high)), nan: a.nan };
    case "expm1":
      return { ...wider(Math.expm1(a.low), Math.expm1(a.high)), nan: a.nan };
    case "log":
      return { ...wider(Math.log(Math.max(0, a.low)), Math.log(Math.max(0, a.high))), nan: a.nan || a.low < 0 };
    case "log1p":
      return { ...wider(Math.log1p(Math.max(-1, a.low)), Math.log1p(Math.max(-1, a.high))), nan: a.nan || a.low < -1 };
    case "tanh":
    case "erf":
      return { ...wider(a.low < 0 ? -1 : 0, a.high > 0 ? 1 : 0), nan: a.nan };
    case "sigmoid":
      return { ...wider(0, 1), nan: a.nan };
    case "sin":
    case "cos":
    case "cosOfOrdinary":
      return { ...wider(-1, 1), nan: a.nan || infinite(a) };
    case "pow":
      // −0 to an odd negative power is −∞.
      return a.low > 0 || (a.low === 0 && b.low >= 0) ? { low: 0, high: Infinity, nan: a.nan || b.nan } : null;
    default:
      return null;
  }
}

const infinite = (a: Interval): boolean => a.low === -Infinity || a.high === Infinity;
const holdsZero = (a: Interval): boolean => a.low <= 0 && a.high >= 0;
const negative = (a: Interval): Interval => ({ low: -a.high, high: -a.low, nan: a.nan });
const ends = (a: Interval, fn: (x: number) => number): readonly number[] => [fn(a.low), fn(a.high)];
const hull = (xs: readonly number[]) => ({ low: Math.min(...xs), high: Math.max(...xs) });

/** Ends moved outwards by more than the error that transcendental functions may have; zero stays zero. */
function wider(low: number, high: number) {
  return { low: low - Math.abs(low) * 1e-5, high: high + Math.abs(high) * 1e-5 };
}

function magnitude(a: Interval): Interval {
  const high = Math.max(Math.abs(a.low), Math.abs(a.high));
  return { low: holdsZero(a) ? 0 : Math.min(Math.abs(a.low), Math.abs(a.high)), high, nan: a.nan };
}

function sum(a: Interval, b: Interval): Interval {
  const cancels = (x: Interval, y: Interval) => x.high === Infinity && y.low === -Infinity;
  const nan = a.nan || b.nan || cancels(a, b) || cancels(b, a);
  return { low: nanTo(a.low + b.low, -Infinity), high: nanTo(a.high + b.high, Infinity), nan };
}

function product(a: Interval, b: Interval): Interval {
  const corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high].map((x) => nanTo(x, 0));
  const indefinite = (holdsZero(a) && infinite(b)) || (holdsZero(b) && infinite(a));
  return { ...hull(corners), nan: a.nan || b.nan || indefinite };
}

function quotient(a: Interval, b: Interval): Interval {
  const nan = a.nan || b.nan || (holdsZero(a) && holdsZero(b)) || (infinite(a) && infinite(b));
  if (holdsZero(b)) return { low: -Infinity, high: Infinity, nan };
  const corners = [a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high].map((x) => nanTo(x, 0));
  return { ...hull(corners), nan };
}

const nanTo = (x: number, otherwise: number): number => (Number.isNaN(x) ? otherwise : x);
