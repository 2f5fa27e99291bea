// exp and expm1: x = k·ln 2 + r with |r| ≤ ½ ln 2 (Cody and Waite), a minimax polynomial for eʳ − 1, and powers of two.
//
//   largest error found, ulp    f32     f64
//   exp                         1.01    0.89
//   expm1                       1.27    1.49
import { add, call, type Expr, lt, mul, select, sub } from "../expr.js";
import {
  atLeast,
  atMost,
  exponentBias,
  type Float,
  floatOf,
  polynomial,
  polynomialByPairs,
  powerOf,
  rounded,
  same,
} from "./polynomial.js";

/** ln 2 in two parts; the first has so few bits that its product with k is exact. */
const ln2: { readonly [D in Float]: { readonly high: number; readonly low: number } } = {
  f32: { high: 0.693359375, low: -2.12194440054690583e-4 },
  f64: { high: 6.9314718036912382e-1, low: 1.9082149292705877e-10 },
};

/** (eʳ − 1 − r) / r² for |r| ≤ ½ ln 2, minimax relative to eʳ − 1: errors of 2^-26.1 and 2^-58. */
const tail: { readonly [D in Float]: readonly number[] } = {
  f32: [0.4999999701976776, 0.16666539013385773, 0.04166774824261665, 0.008367089554667473, 0.0013837796868756413],
  f64: [
    0.5, 0.16666666666666677, 0.041666666666666706, 0.008333333333321534, 0.0013888888888855693,
    0.00019841269885940998, 2.4801587389217166e-5, 2.7557244828250052e-6, 2.7557216459819853e-7,
    2.510863659181979e-8, 2.093092367060444e-9,
  ],
}; // prettier-ignore

/** Where eˣ has become 0 and infinity. */
const limits: { readonly [D in Float]: { readonly low: number; readonly high: number } } = {
  f32: { low: -104, high: 89 },
  f64: { low: -746, high: 710 },
};

/** eˣ as `(1 + p)·2ᵏ`, for arguments within the range of `exp`: p and 2^(k + scale). */
export function reduceExp(x: Expr): { readonly power: Expr; readonly p: Expr } {
  const { power, r } = powerAndRest(x, 0);
  return { power, p: expm1Reduced(r) };
}

/** x = k·ln 2 + r: 2^(k + scale) and r. */
function powerAndRest(x: Expr, scale: number): { readonly power: Expr; readonly r: Expr } {
  const turns = rounded(mul(x, same(x, Math.LOG2E)), exponentBias[floatOf(x)] + scale);
  return { power: powerOf(turns), r: remainder(x, turns.k) };
}

/** x − k·ln 2. */
function remainder(x: Expr, k: Expr): Expr {
  const { high, low } = ln2[floatOf(x)];
  return sub(sub(x, mul(k, same(x, high))), mul(k, same(x, low)));
}

/** eʳ − 1 for |r| ≤ ½ ln 2. */
function expm1Reduced(r: Expr): Expr {
  return add(r, tailOf(r));
}

/** eʳ − 1 − r. */
function tailOf(r: Expr): Expr {
  const square = mul(r, r);
  return mul(square, polynomialByPairs(r, square, tail[floatOf(r)]));
}

/** eˣ. */
export function exp(x: Expr): Expr {
  const dtype = floatOf(x);
  const { low, high } = limits[dtype];
  const clipped = atLeast(atMost(x, high), low);
  const { k } = rounded(mul(clipped, same(x, Math.LOG2E)), 2 * exponentBias[dtype]);
  return call("scale2", add(expm1Reduced(remainder(clipped, k)), same(x, 1)), k);
}

/** eˣ for x ≤ 0: one power of two and a fixed factor reach all results, which the last product alone rounds. */
export function decay(x: Expr): Expr {
  const dtype = floatOf(x);
  const lift = dtype === "f32" ? 24 : 54;
  const { power, r } = powerAndRest(atLeast(x, limits[dtype].low), lift);
  return mul(mul(add(expm1Reduced(r), same(x, 1)), power), same(x, 2 ** -lift));
}

/** e⁻ˣ as `(1 + p)·2ᵏ`: p and 2^(k + scale). */
export function reduceExpOfNegative(x: Expr, scale: number): { readonly power: Expr; readonly p: Expr } {
  const dtype = floatOf(x);
  const { high, low } = ln2[dtype];
  const turns = rounded(mul(x, same(x, -Math.LOG2E)), exponentBias[dtype] + scale);
  // The remainder with its sign turned, which saves a negation.
  const m = add(add(x, mul(turns.k, same(x, high))), mul(turns.k, same(x, low)));
  const square = mul(m, m);
  const alternating = tail[dtype].map((c, i) => (i % 2 === 0 ? c : -c));
  return { power: powerOf(turns), p: sub(mul(square, polynomialByPairs(m, square, alternating)), m) };
}

/**
 * eˣ − 1, precise near 0: (2ᵏ − 1) + 2ᵏ·r, of which nothing is lost where they nearly cancel, then the rest of the series. Halves are
 * taken before and doubled after, so that the largest results do not overflow early.
 */
export function expm1(x: Expr): Expr {
  const { high } = limits[floatOf(x)];
  const { power, r } = powerAndRest(atLeast(atMost(x, high), -50), -1);
  const halved = add(add(mul(power, r), sub(power, same(x, 0.5))), mul(power, tailOf(r)));
  const tiny = floatOf(x) === "f32" ? 2 ** -25 : 2 ** -54;
  return select(lt(call("abs", x), same(x, tiny)), x, mul(halved, same(x, 2)));
}

/** e^(r + low) − 1 for |r| ≤ ½ ln 2 and a low that is a rounding error of r. */
export function expm1OfSum(r: Expr, low: Expr): Expr {
  const square = mul(mul(r, r), polynomial(r, tail[floatOf(r)]));
  return add(r, add(square, add(low, mul(low, r))));
}
