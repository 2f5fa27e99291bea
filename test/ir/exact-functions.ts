// The transcendental functions of f64 numbers to some 250 bits, in whole numbers: the truth that approximations are measured by.
// Slow, plain, and built on nothing of the compiler's but what the functions say of special arguments.
import { evaluate, type Transcendental } from "#ir/scalar.js";
import { ulpAt, ulpsBetween } from "./ulp.js";

/** m · 2^e. */
export interface Exact {
  readonly m: bigint;
  readonly e: number;
}

const words = new BigUint64Array(1);
const double = new Float64Array(words.buffer);

function exactOf(x: number): Exact {
  double[0] = x;
  const biased = Number((words[0]! >> 52n) & 2047n);
  const fraction = words[0]! & ((1n << 52n) - 1n);
  const m = biased === 0 ? fraction : fraction | (1n << 52n);
  return { m: x < 0 ? -m : m, e: Math.max(biased, 1) - 1075 };
}

const bitsOf = (m: bigint): number => (m < 0n ? -m : m).toString(2).length;
const shifted = (m: bigint, by: number): bigint => (by >= 0 ? m << BigInt(by) : m >> BigInt(-by));

/** A double next to it. */
function toDouble({ m, e }: Exact): number {
  const drop = Math.max(0, bitsOf(m) - 64);
  const top = Number(m >> BigInt(drop));
  // Twice, as 2^(e + drop) may not be a number where the product is one.
  const half = Math.trunc((e + drop) / 2);
  return top * 2 ** half * 2 ** (e + drop - half);
}

/** How far `got` is from `want` in ulp of the dtype. */
export function ulpsFrom(got: number, want: Exact | number, dtype: "f32" | "f64"): number {
  if (typeof want === "number") return ulpsBetween(got, want, dtype);
  const near = toDouble(want);
  if (!Number.isFinite(got) || !Number.isFinite(dtype === "f32" ? Math.fround(near) : near))
    return ulpsBetween(got, near, dtype);
  const own = exactOf(got);
  const e = Math.min(own.e, want.e);
  const difference = shifted(own.m, own.e - e) - shifted(want.m, want.e - e);
  return Math.abs(toDouble({ m: difference, e: e - Math.log2(ulpAt(near, dtype)) }));
}

// Fixed point: `x` stands for x / 2^p.
const times = (a: bigint, b: bigint, p: number): bigint => (a * b) >> BigInt(p);

/** Σ of terms, each from the one before and its number, until they vanish. */
function series(first: bigint, next: (term: bigint, n: number) => bigint): bigint {
  let sum = first;
  for (let [term, n] = [next(first, 1), 2]; term !== 0n && term !== -1n; term = next(term, n++)) sum += term;
  return sum;
}

/** The inverse tangent of 1 / n, or the hyperbolic one where `sign` is 1. */
function inverseTangent(n: bigint, sign: 1n | -1n): bigint {
  let sum = 0n;
  for (let [power, k, s] = [(1n << BigInt(most)) / n, 1n, 1n]; power > 0n; power /= n * n, k += 2n, s *= sign) {
    sum += (s * power) / k;
  }
  return sum;
}

/** Bits of the constants: those of the largest numbers and some hundreds behind the point. */
const most = 1700;
const pi = 4n * (4n * inverseTangent(5n, -1n) - inverseTangent(239n, -1n));
/** π · 2^places. */
export const fixedPi = { value: pi, places: most };
const ln2 = 2n * inverseTangent(3n, 1n);
const toPlaces = (x: bigint, p: number): bigint => x >> BigInt(most - p);

function squareRoot(x: bigint): bigint {
  let root = 1n << BigInt((bitsOf(x) >> 1) + 1);
  for (;;) {
    const next = (root + x / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function exponential(x: bigint, p: number): Exact {
  const k = x / toPlaces(ln2, p);
  const r = x - toPlaces(k * ln2, p);
  return { m: series(1n << BigInt(p), (term, n) => times(term, r, p) / BigInt(n)), e: Number(k) - p };
}

/** The logarithm, in fixed point too: of a number between 0.7 and 1.4 by the series of artanh. */
function logarithm(x: bigint, p: number): bigint {
  const one = 1n << BigInt(p + 64);
  let k = bitsOf(x) - p;
  let m = shifted(x, 64 - k);
  if (10n * m < 7n * one) [k, m] = [k - 1, 2n * m];
  const s = ((m - one) << BigInt(p)) / (m + one);
  const square = times(s, s, p);
  let sum = s;
  for (let [power, n] = [times(s, square, p), 3n]; power !== 0n && power !== -1n; n += 2n) {
    sum += power / n;
    power = times(power, square, p);
  }
  return 2n * sum + toPlaces(BigInt(k) * ln2, p);
}

/** Sine and cosine. */
function circular(x: Exact, p: number): readonly [sin: bigint, cos: bigint] {
  const fixed = shifted(x.m, x.e + most);
  const eighths = (4n * fixed) / pi;
  // Rounded to the nearest quarter turn, whichever way eighths were.
  const n = (eighths + (fixed < 0n ? -1n : 1n)) / 2n;
  const r = toPlaces(fixed - (n * pi) / 2n, p);
  const square = times(r, r, p);
  const sin = series(r, (term, k) => -times(term, square, p) / BigInt(2 * k * (2 * k + 1)));
  const cos = series(1n << BigInt(p), (term, k) => -times(term, square, p) / BigInt(2 * k * (2 * k - 1)));
  const turns = [[sin, cos], [cos, -sin], [-sin, -cos], [-cos, sin]] as const; // prettier-ignore
  return turns[Number(n & 3n)]!;
}

/** 2/√π · e^−x² · Σ 2ᵏ·x^(2k+1) / (1·3·…·(2k+1)), whose terms have one sign. */
function errorFunction(x: bigint, p: number): Exact {
  const square = times(x, x, p);
  const sum = series(x, (term, k) => (2n * times(term, square, p)) / BigInt(2 * k + 1));
  const scale = exponential(-square, p);
  return { m: (2n * sum * scale.m) / squareRoot(toPlaces(pi, p) << BigInt(p)), e: scale.e };
}

/** `fn` of f64 numbers; where the result is no ordinary number, what `evaluate` says. */
export function exactly(fn: Transcendental, [x, y = 0]: readonly [x: number, y?: number]): Exact | number {
  const special = evaluate(fn, "f64", [x, y], ["f64", "f64"]);
  const isOrdinary = x !== 0 && Number.isFinite(x) && special !== 0 && !Number.isNaN(special);
  if (!isOrdinary || (fn === "erf" && Math.abs(x) > 8)) return special;
  if (fn === "pow" && (x < 0 || !Number.isFinite(y) || y === 0)) return special;
  const own = exactOf(x);
  // Enough places behind the point for small arguments' digits.
  const p = 260 + Math.max(0, -(own.e + bitsOf(own.m)));
  const [fixed, one] = [shifted(own.m, own.e + p), 1n << BigInt(p)];
  const at = (m: bigint): Exact => ({ m, e: -p });
  const exp = (limit: number, sign = 1n): Exact => {
    const bound = BigInt(limit) * one;
    return exponential(sign * (fixed > bound ? bound : fixed < -bound ? -bound : fixed), p);
  };
  switch (fn) {
    case "exp":
    case "decay":
      return exp(2000);
    case "expm1": {
      const { m, e } = exp(2000);
      return at(shifted(m, e + p) - one);
    }
    case "log":
      return at(logarithm(fixed, p));
    case "log1p":
      return at(logarithm(one + fixed, p));
    case "sin":
    case "sinOfHuge":
      return at(circular(own, p)[0]);
    case "cos":
    case "cosOfOrdinary":
    case "cosOfHuge":
      return at(circular(own, p)[1]);
    case "tan":
    case "tanOfHuge": {
      const [sin, cos] = circular(own, p);
      return at((sin << BigInt(p)) / cos);
    }
    case "tanh": {
      const { m, e } = exp(100);
      const square = shifted(m * m, 2 * e + p);
      return at(((square - one) << BigInt(p)) / (square + one));
    }
    case "sigmoid": {
      const { m, e } = exp(2000, -1n);
      return { m: (one << BigInt(most)) / (one + shifted(m, e + p)), e: -most };
    }
    case "erf":
      return errorFunction(fixed, p);
    case "pow": {
      const power = exactOf(y);
      return exponential(shifted(logarithm(fixed, p) * power.m, power.e), p);
    }
  }
}
