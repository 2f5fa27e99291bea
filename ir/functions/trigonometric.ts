// sin, cos and tan: x = n·π/2 + r with |r| ≤ π/4 (Cody and Waite, in f64 for both dtypes), minimax polynomials in r².
//
//   largest error found, ulp    f32     f64     for |x| below
//   sin                         1.45    1.27    1e8
//   cos                         1.48    1.58    1e8
//   tan                         0.51    2.32    1e8
//
// Beyond, the reduction loses digits: from about 1e15 on, results are arbitrary numbers (of [−1, 1] for sin and cos).
import { add, call, cast, div, eq, type Expr, lt, mul, select, sub } from "../expr.js";
import { atLeast, atMost, type Float, floatOf, polynomial, same } from "./polynomial.js";

/** π/2 in parts of 26 bits, whose products with n < 2²⁷ are exact, and a last one. */
const halfPi: { readonly [D in Float]: readonly number[] } = {
  f32: [1.5707963109016418, 1.5893254712295857e-8, 6.123233995736766e-17],
  f64: [1.5707963109016418, 1.5893254712295857e-8, 6.123233932053594e-17, 6.36831716351095e-25],
};

/** (sin(r) / r − 1) / r² as a polynomial in r²: errors of 2^-27.7 and 2^-57.5 (minimax). */
const sinSeries: { readonly [D in Float]: readonly number[] } = {
  f32: [-0.16666653752326965, 0.008332093246281147, -0.00019505145610310137],
  f64: [
    -0.1666666666666662, 0.008333333333319702, -0.00019841269827607644, 2.7557312921115345e-6, -2.5050636541044e-8,
    1.5889710244330073e-10,
  ],
}; // prettier-ignore

/** (cos(r) − 1 + r²/2) / r⁴ as a polynomial in r²: errors of 2^-32.6 and 2^-63.5 (minimax). */
const cosSeries: { readonly [D in Float]: readonly number[] } = {
  f32: [0.04166664183139801, -0.0013887130189687014, 2.4412085622316226e-5],
  f64: [
    0.041666666666666574, -0.0013888888888869719, 2.4801587286728965e-5, -2.7557313557949713e-7,
    2.0875615561137174e-9, -1.1354089374388937e-11,
  ],
}; // prettier-ignore

/** n modulo 4, the sine and the cosine of r. */
function reduceTurn(x: Expr): { readonly quadrant: Expr; readonly sin: Expr; readonly cos: Expr } {
  const dtype = floatOf(x);
  const wide = cast(x, "f64");
  const n = call("round", mul(wide, same(wide, 2 / Math.PI)));
  const r64 = halfPi[dtype].reduce((rest, part) => sub(rest, mul(n, same(wide, part))), wide);
  const quadrant = sub(n, mul(call("floor", mul(n, same(n, 0.25))), same(n, 4)));
  const r = cast(atMost(atLeast(r64, -0.8), 0.8), dtype);
  const z = mul(r, r);
  return {
    quadrant: cast(quadrant, dtype),
    sin: add(r, mul(r, mul(z, polynomial(z, sinSeries[dtype])))),
    cos: cosine(z, cosSeries[dtype]),
  };
}

/** 1 − z/2 + z²·(…), with the rounding error of 1 − z/2 added to the last term. */
function cosine(z: Expr, series: readonly number[]): Expr {
  const half = mul(z, same(z, 0.5));
  const near = sub(same(z, 1), half);
  const lost = sub(sub(same(z, 1), near), half);
  return add(near, add(lost, mul(mul(z, z), polynomial(z, series))));
}

const isOdd = (q: Expr): Expr => call("or", eq(q, same(q, 1)), eq(q, same(q, 3)));

/** The sine. */
export function sin(x: Expr): Expr {
  const { quadrant, sin, cos } = reduceTurn(x);
  const y = select(isOdd(quadrant), cos, sin);
  const signed = select(lt(quadrant, same(x, 2)), y, call("neg", y));
  return select(eq(x, same(x, 0)), x, signed); // −0 stays −0
}

/** The cosine. */
export function cos(x: Expr): Expr {
  const { quadrant, sin, cos } = reduceTurn(x);
  const y = select(isOdd(quadrant), sin, cos);
  const negative = call("or", eq(quadrant, same(x, 1)), eq(quadrant, same(x, 2)));
  return select(negative, call("neg", y), y);
}

/** The tangent: sine over cosine of r, or the negative of its reciprocal; in f64, since errors of both would add up. */
export function tan(x: Expr): Expr {
  if (x.dtype === "f32") return cast(tan(cast(x, "f64")), "f32");
  const { quadrant, sin, cos } = reduceTurn(x);
  const odd = isOdd(quadrant);
  const y = div(select(odd, call("neg", cos), sin), select(odd, sin, cos));
  return select(eq(x, same(x, 0)), x, y);
}
