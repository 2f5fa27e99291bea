// Angles as quarter turns and a rest: x = n·π/2 + r with |r| ≤ π/4 and a little, in f64 for both dtypes. Ordinary angles take
// multiples of π/2 away (Cody and Waite); huge ones are multiplied by the bits of 2/π that matter for their exponent (Payne
// and Hanek).
import { add, call, type Expr, lt, mul, select, sub } from "../expr.js";
import { atLeast, type Float, same, upperHalf } from "./polynomial.js";

/** An angle between −π/4 and π/4 and the quarter turns before it. All f64. */
export interface Turn {
  /** The quarter turns modulo 4, as parts of a whole turn: 0, ¼, ½ or ¾. */
  readonly turn: Expr;
  readonly rest: Expr;
  /** What `rest`, being rounded, leaves over; null for angles of f32, which do not need it. */
  readonly low: Expr | null;
}

/** Angles up to this one are ordinary: they have less than 2²⁷ quarter turns. */
export const largestOrdinary = 2e8;

/** π/2 in parts of 26 bits, whose products with n < 2²⁷ are exact, and a last one. */
const halfPi: { readonly [D in Float]: readonly [number, number, ...(readonly number[])] } = {
  f32: [1.5707963109016418, 1.5893254712295857e-8, 6.123233995736766e-17],
  f64: [1.5707963109016418, 1.5893254712295857e-8, 6.123233932053594e-17, 6.36831716351095e-25],
};

/** n/4 modulo 1. */
function partOfTurn(n: Expr): Expr {
  const turns = mul(n, same(n, 0.25));
  return sub(turns, call("floor", turns));
}

/** The turn of an ordinary angle, which came as a number of `dtype`. */
export function turnOf(x: Expr, dtype: Float): Turn {
  const n = call("round", mul(x, same(x, 2 / Math.PI)));
  const times = halfPi[dtype].map((part) => mul(n, same(x, part)));
  // Exact: multiples of 2⁻⁵³ below 1.
  const near = sub(sub(x, times[0]!), times[1]!);
  const rest = sub(near, times[2]!);
  const low = dtype === "f32" ? null : sub(sub(sub(near, rest), times[2]!), times[3]!);
  return { turn: partOfTurn(n), rest, low };
}

/** 2/π in digits of 24 bits: Σ digit[i] · 2^(−24·(i + 1)). */
const twoOverPi = [
  0xa2f983, 0x6e4e44, 0x1529fc, 0x2757d1, 0xf534dd, 0xc0db62, 0x95993c, 0x439041, 0xfe5163, 0xabdebb,
  0xc561b7, 0x246e3a, 0x424dd2, 0xe00649, 0x2eea09, 0xd1921c, 0xfe1deb, 0x1cb129, 0xa73ee8, 0x8235f5,
  0x2ebb44, 0x84e99c, 0x7026b4, 0x5f7e41, 0x3991d6, 0x398353, 0x39f49c, 0x845f8b, 0xbdf928, 0x3b1ff8,
  0x97ffde, 0x05980f, 0xef2f11, 0x8b5a0a, 0x6d1f6d, 0x367ecf, 0x27cb09, 0xb74f46, 0x3f669e, 0x5fea2d,
  0x7527ba, 0xc7ebe5, 0xf17b3d, 0x0739f7, 0x8a5292, 0xea6bfb, 0x5fb11f, 0x8d5d08, 0x560330,
]; // prettier-ignore

/**
 * Of numbers of a dtype: digits that hold one, digits of the product behind the whole quarter turns that are computed (no angle
 * is nearer to a multiple of π/2 than 2⁻³⁰ or 2⁻⁶² of a quarter turn), and the largest power of 2²⁴ that is taken out of one.
 */
const sizes: { readonly [D in Float]: { readonly own: number; readonly behind: number; readonly scales: number } } = {
  f32: { own: 2, behind: 4, scales: 5 },
  f64: { own: 3, behind: 7, scales: 42 },
};

/** The turn of a huge angle, which came as a number of `dtype`; that of any other is some number. Infinite ones have NaN. */
export function turnOfHuge(x: Expr, dtype: Float): Turn {
  const { own, behind, scales } = sizes[dtype];
  const number = (value: number): Expr => same(x, value);
  const size = atLeast(call("abs", x), 2 ** 27);
  // x = scaled · 2^(24·scale) with 2⁴ ≤ |scaled| < 2²⁸.
  const scale = call("floor", mul(sub(call("exponent", size), number(3.5)), number(1 / 24)));
  const scaled = mul(x, call("exp2i", mul(scale, number(-24))));
  const digits: Expr[] = [];
  let left = scaled;
  for (let i = 1; i < own; i++) {
    const digit = call("trunc", left);
    digits.push(digit);
    left = mul(sub(left, digit), number(2 ** 24));
  }
  digits.push(left);

  // Digits of 2/π before these make multiples of four quarter turns.
  const zeros = new Array<number>(own).fill(0);
  const table = [...zeros, ...twoOverPi].slice(0, scales + own + behind);
  const factor = slice(table.map(number), scale, own + behind);
  const product = Array.from({ length: behind + 1 }, (_, k) =>
    digits.map((digit, i) => mul(digit, factor[own - 1 + k - i]!)).reduce(add),
  );
  for (let k = behind; k > 0; k--) {
    const carry = call("floor", mul(product[k]!, number(2 ** -24)));
    product[k] = sub(product[k]!, mul(carry, number(2 ** 24)));
    product[k - 1] = add(product[k - 1]!, carry);
  }
  const up = lt(number(2 ** 23), product[1]!);
  product[1] = sub(product[1]!, select(up, number(2 ** 24), number(0)));
  const turn = partOfTurn(add(product[0]!, select(up, number(1), number(0))));
  const pair = (k: number): Expr =>
    mul(add(mul(product[k]!, number(2 ** 24)), product[k + 1]!), number(2 ** (-24 * (k + 1))));
  const [first, second] = [pair(1), pair(3)];
  if (dtype === "f32") return { turn, rest: mul(add(first, second), number(Math.PI / 2)), low: null };
  const sum = add(first, second);
  const lost = add(add(sub(first, sum), second), pair(5));
  const fraction = add(sum, lost);
  return { turn, ...timesHalfPi(fraction, add(sub(sum, fraction), lost)) };
}

/** `count` of `xs` from place `start`, by halves: a select for each power of two. */
function slice(xs: readonly Expr[], start: Expr, count: number): readonly Expr[] {
  let [window, place] = [xs, start];
  for (let step = 2 ** Math.floor(Math.log2(xs.length - count)); step >= 1; step /= 2) {
    const [here, far] = [window, call("ge", place, same(start, step))];
    place = sub(place, select(far, same(start, step), same(start, 0)));
    window = here.slice(0, count + step - 1).map((x, i) => select(far, here[i + step] ?? x, x));
  }
  return window;
}

/** (high + low) · π/2. */
function timesHalfPi(high: Expr, low: Expr): { readonly rest: Expr; readonly low: Expr } {
  const number = (value: number): Expr => same(high, value);
  const half = Math.PI / 2;
  const [upper, lower] = [halfPi.f64[0], half - halfPi.f64[0]];
  const rest = mul(high, number(half));
  const highUpper = upperHalf(high);
  const highLower = sub(high, highUpper);
  // What the product lost, which is exact (Dekker).
  const products = [mul(highUpper, number(lower)), mul(highLower, number(upper)), mul(highLower, number(lower))];
  const lost = products.reduce(add, sub(mul(highUpper, number(upper)), rest));
  return { rest, low: add(lost, add(mul(high, number(6.123233995736766e-17)), mul(low, number(half)))) };
}
