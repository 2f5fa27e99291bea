// erf: a polynomial in x² near zero, elsewhere 1 − 2^q(|x|), where q is a polynomial for log₂(erfc). Polynomials by pairs keep
// the chain of operations short, which is what it takes time by.
//
//   largest error found, ulp    f32     f64
//   erf                         1.88    1.51
import { add, call, type Expr, lt, mul, select, sub } from "../expr.js";
import {
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

/** erf(x) / x − 1 as a polynomial in x², minimax for |x| ≤ 0.93: errors of 2^-25.8 and 2^-59.4. */
const nearZero: { readonly [D in Float]: readonly number[] } = {
  f32: [
    0.12837910652160645, -0.3761223256587982, 0.11279302090406418, -0.02668249048292637, 0.004878905136138201,
    -0.0005449802847579122,
  ],
  f64: [
    0.1283791670955126, -0.3761263890318332, 0.11283791670934927, -0.026866170641424034, 0.005223977590314002,
    -0.0008548325064840399, 0.0001205526408380838, -1.4924066051712576e-5, 1.6438036949534896e-6,
    -1.612687428015883e-7, 1.331907504840206e-8, -6.945109766079258e-10,
  ],
}; // prettier-ignore

/** log₂(erfc(x)) / x as a polynomial in x, minimax relative to erf for 0.92 ≤ x ≤ 4 and 6: errors of 2^-28.3 and 2^-60. */
const logErfc: { readonly [D in Float]: readonly number[] } = {
  f32: [
    -1.6281025409698486, -0.9171472787857056, -0.1518608182668686, 0.03302349895238876, -0.004638286307454109,
    0.0003086999640800059,
  ],
  f64: [
    -1.6279070809714233, -0.9184475683771892, -0.14827298151197305, 0.02760857110901402, 0.00027228990007588426,
    -0.0023932004481404695, 0.0007751830361035795, 4.788242037592068e-5, -0.00016946081679348983,
    9.807244146114369e-5, -3.6833588837038216e-5, 1.0351201711886473e-5, -2.260641175996343e-6,
    3.8541043104154785e-7, -5.0562056094510306e-8, 4.9418094767902e-9, -3.3931481662063964e-10,
    1.4619540869231114e-11, -2.987697768004471e-13, 1.1216129387947145e-16,
  ],
}; // prettier-ignore

/** 2ˣ for |x| ≤ ½; in f32 as precise as 1 − erf needs, since erfc is below 0.2. */
const power: { readonly [D in Float]: readonly number[] } = {
  f32: [1, 0.6931473016738892, 0.24022331833839417, 0.05550329387187958, 0.00966733694076538, 0.001338100410066545],
  f64: [
    1, Math.LN2, 0.2402265069591007, 0.05550410866482161, 0.009618129107628486, 0.001333355814640956,
    0.00015403530393344792, 1.5252733838400244e-5, 1.3215486836837742e-6, 1.017805853174118e-7,
    7.054885312287463e-9, 4.4555692960475995e-10, 2.574506107785513e-11,
  ],
}; // prettier-ignore

/** The error function, 2/√π · ∫₀ˣ e^−t² dt. */
export function erf(x: Expr): Expr {
  const dtype = floatOf(x);
  const size = call("abs", x);
  const clipped = atMost(size, dtype === "f32" ? 4 : 6);
  const square = mul(clipped, clipped);
  const exponent = mul(clipped, polynomialByPairs(clipped, square, logErfc[dtype]));
  const turns = rounded(exponent, exponentBias[dtype]);
  const rest = sub(exponent, turns.k);
  const erfc = mul(powerOf(turns), polynomialByPairs(rest, mul(rest, rest), power[dtype]));
  const small = add(x, mul(x, polynomial(square, nearZero[dtype])));
  return select(lt(size, same(x, 0.925)), small, call("copySign", sub(same(x, 1), erfc), x));
}
