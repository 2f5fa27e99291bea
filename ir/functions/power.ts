// pow: 2^(y·log₂|x|) with the logarithm as a double word, after FreeBSD's msun (e_pow.c) but free of branches; IEEE 754's
// special cases (1 to any power and anything to the power 0 are 1, also for NaN).
//
//   largest error found, ulp    f32     f64
//   pow                         0.85    0.95
import { add, and, call, div, eq, type Expr, lt, mul, select, sub } from "../expr.js";
import { expm1OfSum } from "./exponential.js";
import { splitExponent } from "./logarithm.js";
import {
  atLeast,
  atMost,
  exponentBias,
  type Float,
  floatOf,
  polynomial,
  rounded,
  same,
  upperHalf,
} from "./polynomial.js";

/** (3·artanh(s)/s − 3 − s²) / s⁴ as a polynomial in s², minimax for |s| ≤ 0.172: errors of 2^-44 and 2^-77 in all. */
const series: { readonly [D in Float]: readonly number[] } = {
  f32: [0.5999999642372131, 0.4285795986652374, 0.3326942026615143, 0.29339316487312317],
  f64: [
    0.6, 0.42857142857144415, 0.3333333333291604, 0.2727272732975856, 0.23076918707017924, 0.20000187996255844,
    0.1764309998549495, 0.15798604151614645, 0.15372213953587105,
  ],
}; // prettier-ignore

/** 2 / (3·ln 2) and ln 2: rounded, and as half a word and the rest. */
type Split = { readonly whole: number; readonly high: number; readonly low: number };
const factor: { readonly [D in Float]: Split } = {
  f32: { whole: 2 / 3 / Math.LN2, high: 0.9619140625, low: -0.00011736857402439509 },
  f64: { whole: 2 / 3 / Math.LN2, high: 0.9617967009544373, low: -7.028461650952758e-9 },
};
const ln2: { readonly [D in Float]: Split } = {
  f32: { whole: Math.LN2, high: 0.693115234375, low: 3.1946184945309415e-5 },
  f64: { whole: Math.LN2, high: 0.6931471824645996, low: -1.904654299957768e-9 },
};

/** A number as an unevaluated sum; `high` has at most half the bits of a float, so that products of two are exact. */
interface DoubleWord {
  readonly high: Expr;
  readonly low: Expr;
}

/** xʸ. */
export function pow(x: Expr, y: Expr): Expr {
  const [zero, one, infinity] = [same(x, 0), same(x, 1), same(x, Infinity)];
  const size = call("abs", x);
  const inverse = div(one, x);
  // Exponents beyond this overflow or vanish for every base but ±1.
  const bound = floatOf(x) === "f32" ? 2 ** 32 : 2 ** 64;
  const exponent = atLeast(atMost(y, bound), -bound);
  const inside = exp2OfProduct(log2(size), exponent);

  // Bases 0, ∞ and NaN; a NaN of y passes through the product.
  const atEdge = call("or", eq(size, zero), call("not", lt(size, infinity)));
  const edge = add(select(lt(y, zero), call("abs", inverse), size), mul(exponent, zero));
  const magnitude = select(atEdge, edge, inside);

  const half = mul(exponent, same(x, 0.5));
  const integral = eq(call("floor", exponent), exponent);
  const odd = and(integral, call("ne", call("floor", half), half));
  const negative = call("or", lt(x, zero), lt(inverse, zero));
  const signed = select(and(negative, odd), call("neg", magnitude), magnitude);
  const undefinedHere = and(and(lt(x, zero), lt(same(x, -Infinity), x)), call("not", integral));
  const isOne = call("or", eq(y, zero), eq(x, one));
  return select(isOne, one, select(undefinedHere, same(x, NaN), signed));
}

/** log₂ of a positive finite number, by `log m = ⅔·s·(3 + s² + s⁴·…)` with `s = (m − 1) / (m + 1)`. */
function log2(x: Expr): DoubleWord {
  const dtype = floatOf(x);
  const [one, three] = [same(x, 1), same(x, 3)];
  const { k, m } = splitExponent(x);
  const f = sub(m, one);
  const denominator = add(m, one);
  const inverse = div(one, denominator);
  const s = mul(f, inverse);
  const sHigh = upperHalf(s);
  const denominatorHigh = upperHalf(denominator);
  const denominatorLow = sub(m, sub(denominatorHigh, one));
  const remainder = sub(sub(f, mul(sHigh, denominatorHigh)), mul(sHigh, denominatorLow));
  const sLow = mul(inverse, remainder);

  const square = mul(s, s);
  const rest = add(mul(mul(square, square), polynomial(square, series[dtype])), mul(sLow, add(sHigh, s)));
  const squareHigh = mul(sHigh, sHigh);
  const sumHigh = upperHalf(add(add(three, squareHigh), rest));
  const sumLow = sub(rest, sub(sub(sumHigh, three), squareHigh));

  const u = mul(sHigh, sumHigh);
  const v = add(mul(sLow, sumHigh), mul(sumLow, s));
  const productHigh = upperHalf(add(u, v));
  const productLow = sub(v, sub(productHigh, u));

  const { whole, high, low } = factor[dtype];
  const zHigh = mul(productHigh, same(x, high));
  const zLow = add(mul(productHigh, same(x, low)), mul(productLow, same(x, whole)));
  const result = upperHalf(add(add(zHigh, zLow), k));
  return { high: result, low: sub(zLow, sub(sub(result, k), zHigh)) };
}

/** 2^(a·y); beyond the range of the dtype 0 or ∞. */
function exp2OfProduct(a: DoubleWord, y: Expr): Expr {
  const dtype = floatOf(y);
  const limit = dtype === "f32" ? 152 : 1080;
  const clip = (e: Expr, at: number) => atLeast(atMost(e, at), -at);
  const yHigh = upperHalf(y);
  const high = clip(mul(yHigh, a.high), limit);
  const low = clip(add(mul(sub(y, yHigh), a.high), mul(y, a.low)), 1);
  const { k } = rounded(add(high, low), 2 * exponentBias[dtype]);
  const from = sub(high, k);
  const t = upperHalf(add(from, low));
  const scaled = mul(t, same(y, ln2[dtype].high));
  const rest = add(mul(sub(low, sub(t, from)), same(y, ln2[dtype].whole)), mul(t, same(y, ln2[dtype].low)));
  const r = add(scaled, rest);
  const lost = sub(rest, sub(r, scaled));
  return call("scale2", add(expm1OfSum(r, lost), same(y, 1)), k);
}
