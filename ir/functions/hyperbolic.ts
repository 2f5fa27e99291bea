// tanh and the logistic function, from the exponential.
//
//   largest error found, ulp    f32     f64
//   tanh                        1.27    1.29
//   sigmoid                     1.77    1.66
import { add, call, div, type Expr, lt, mul, select, sub } from "../expr.js";
import { reduceExp, reduceExpOfNegative } from "./exponential.js";
import { atLeast, atMost, type Float, floatOf, polynomial, same } from "./polynomial.js";

/** tanh(x) / x as a polynomial in x², minimax for |x| ≤ 0.58: errors of 2^-29 and 2^-58.9. */
const nearZero: { readonly [D in Float]: readonly number[] } = {
  f32: [
    1, -0.3333330750465393, 0.1333223134279251, -0.05381413549184799, 0.020912108942866325, -0.006046847905963659,
  ],
  f64: [
    1, -0.3333333333333323, 0.13333333333315572, -0.05396825395750697, 0.02186948821174388, -0.008863229829334381,
    0.003592064833682088, -0.0014553727948793931, 0.000587765155827794, -0.0002317032377395155,
    8.098054908049239e-5, -1.8094223000234398e-5,
  ],
}; // prettier-ignore

/** A polynomial near zero, elsewhere `1 − 2 / (e^2|x| + 1)` with the sign of x. */
export function tanh(x: Expr): Expr {
  const size = call("abs", x);
  const clipped = atMost(size, 20);
  const { power, p } = reduceExp(add(clipped, clipped));
  const large = sub(same(x, 1), div(same(x, 2), add(add(power, same(x, 1)), mul(power, p))));
  const small = mul(x, polynomial(mul(x, x), nearZero[floatOf(x)]));
  return select(lt(size, same(x, 0.58)), small, call("copySign", large, x));
}

/**
 * `1 / (1 + e^−x)` with `e^−x = 2ᵏ + 2ᵏ·p`, where 1 + 2ᵏ is exact or its rounding error joins the smaller term, so that
 * the denominator rounds once. It is scaled by a power of two, so that small results come out of the division.
 */
export function sigmoid(x: Expr): Expr {
  const [low, high, shift] = floatOf(x) === "f32" ? [-104, 50, 24] : [-746, 100, 54];
  const { power, p } = reduceExpOfNegative(atMost(atLeast(x, low), high), -shift);
  const one = same(x, 2 ** -shift);
  const sum = add(power, one);
  const lost = sub(one, sub(sum, power));
  return div(one, add(sum, add(mul(power, p), lost)));
}
