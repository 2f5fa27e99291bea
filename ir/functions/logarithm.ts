// log and log1p: x = 2ᵏ·(1 + f) with √½ < 1 + f < √2, and the series of artanh in s = f / (2 + f), as in FreeBSD's
// msun (e_log.c, s_log1p.c).
//
//   largest error found, ulp    f32     f64
//   log                         0.77    0.71
//   log1p                       0.82    0.74
import { add, and, call, div, eq, type Expr, lt, mul, select, sub } from "../expr.js";
import { type Float, floatOf, polynomial, same } from "./polynomial.js";

/** ln 2 in two parts; k times the first is exact. */
const ln2: { readonly [D in Float]: { readonly high: number; readonly low: number } } = {
  f32: { high: 0.693138122558594, low: 9.0580006145e-6 },
  f64: { high: 6.93147180369123816e-1, low: 1.90821492927058770e-10 },
}; // prettier-ignore

/** (log(1 + f) − 2s) / s, as a polynomial in s², divided by s² (msun). */
const series: { readonly [D in Float]: readonly number[] } = {
  f32: [0.6666666269302368, 0.40000972151756287, 0.2849878668785095, 0.24279078841209412],
  f64: [
    6.666666666666735130e-1, 3.999999999940941908e-1, 2.857142874366239149e-1, 2.222219843214978396e-1,
    1.818357216161805012e-1, 1.531383769920937332e-1, 1.479819860511658591e-1,
  ],
}; // prettier-ignore

const smallestNormal: { readonly [D in Float]: number } = { f32: 2 ** -126, f64: 2 ** -1022 };

/** For positive finite x, denormals included: `x = 2ᵏ·m` with √½ ≤ m < √2. */
export function splitExponent(x: Expr): { readonly k: Expr; readonly m: Expr } {
  const denormal = lt(x, same(x, smallestNormal[floatOf(x)]));
  return splitNormal(select(denormal, mul(x, same(x, 2 ** 64)), x), select(denormal, same(x, -64), same(x, 0)));
}

function splitNormal(x: Expr, offset: Expr): { readonly k: Expr; readonly m: Expr } {
  const mantissa = call("mantissa", x);
  const upper = lt(same(x, Math.SQRT2), mantissa);
  const k = add(call("exponent", x), offset);
  return {
    k: select(upper, add(k, same(x, 1)), k),
    m: select(upper, mul(mantissa, same(x, 0.5)), mantissa),
  };
}

/** `k·ln 2 + log(1 + f) + correction`. */
function combine(k: Expr, f: Expr, correction: Expr | null): Expr {
  const dtype = floatOf(f);
  const s = div(f, add(f, same(f, 2)));
  const z = mul(s, s);
  const halfSquare = mul(mul(f, same(f, 0.5)), f);
  const rest = mul(z, polynomial(z, series[dtype]));
  const low = mul(k, same(f, ln2[dtype].low));
  const small = add(mul(s, add(halfSquare, rest)), correction ? add(low, correction) : low);
  return sub(mul(k, same(f, ln2[dtype].high)), sub(sub(halfSquare, small), f));
}

/** What log(x) is where x is not positive and finite: −∞ at 0, ∞ at ∞, else NaN. */
function atEdges(x: Expr, inside: Expr): Expr {
  const zero = same(x, 0);
  const ordinary = and(lt(zero, x), lt(x, same(x, Infinity)));
  const edge = select(eq(x, zero), same(x, -Infinity), select(lt(zero, x), x, same(x, NaN)));
  return select(ordinary, inside, edge);
}

/** The natural logarithm. */
export function log(x: Expr): Expr {
  const { k, m } = splitExponent(x);
  return atEdges(x, combine(k, sub(m, same(x, 1)), null));
}

/** log(1 + x), precise near 0: with u = 1 + x rounded, log u plus the rounding error over u. */
export function log1p(x: Expr): Expr {
  const one = same(x, 1);
  const u = add(x, one);
  const { k, m } = splitNormal(u, same(x, 0));
  // The error of the sum, whichever of 1 and x is greater.
  const lost = select(lt(x, one), sub(x, sub(u, one)), sub(one, sub(u, x)));
  const y = atEdges(u, combine(k, sub(m, one), div(lost, u)));
  const tiny = floatOf(x) === "f32" ? 2 ** -25 : 2 ** -54;
  return select(lt(call("abs", x), same(x, tiny)), x, y);
}
