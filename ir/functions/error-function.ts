// erf: a polynomial in x² near zero, elsewhere 1 − e^−q(|x|), where q is a polynomial for −log(erfc).
//
//   largest error found, ulp    f32     f64
//   erf                         1.63    0.95
import { add, call, type Expr, lt, mul, select, sub } from "../expr.js";
import { reduceExp } from "./exponential.js";
import { atMost, type Float, floatOf, polynomial, same } from "./polynomial.js";

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

/** −log(erfc(x)) / x as a polynomial in x, minimax relative to erf for 0.92 ≤ x ≤ 4 and 6: errors of 2^-28.3 and 2^-60. */
const logErfc: { readonly [D in Float]: readonly number[] } = {
  f32: [
    1.1285144090652466, 0.6357181668281555, 0.10526201874017715, -0.022890063002705574, 0.0032149816397577524,
    -0.0002139874268323183,
  ],
  f64: [
    1.1283792033889126, 0.6366193425127863, 0.10277499908824102, -0.01913680322350183, -0.0001887369765325484,
    0.001658840143143364, -0.0005373159358930944, -3.3189564681955495e-5, 0.0001174612873757929,
    -6.797863628942204e-5, 2.5531098252297316e-5, -7.1749062820013885e-6, 1.5669570573995842e-6,
    -2.671461536348421e-7, 3.504694662522362e-8, -3.4254013057015452e-9, 2.3519510846281124e-10,
    -1.013349353458844e-11, 2.0709142842575404e-13, -7.774428462051109e-17,
  ],
}; // prettier-ignore

/** The error function, 2/√π · ∫₀ˣ e^−t² dt. */
export function erf(x: Expr): Expr {
  const dtype = floatOf(x);
  const size = call("abs", x);
  const clipped = atMost(size, dtype === "f32" ? 4 : 6);
  const { power, p } = reduceExp(call("neg", mul(clipped, polynomial(clipped, logErfc[dtype]))));
  const large = sub(sub(same(x, 1), power), mul(power, p));
  const small = add(x, mul(x, polynomial(mul(x, x), nearZero[dtype])));
  return select(lt(size, same(x, 0.925)), small, call("copySign", large, x));
}
