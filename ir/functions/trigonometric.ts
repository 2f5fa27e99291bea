// sin, cos and tan over the whole range: minimax polynomials in r² of what is left of an angle once its quarter turns are taken
// away. Huge angles are left to functions of their own, as they are rare.
//
//   largest error found, ulp    f32     f64
//   sin                         1.55    0.79
//   cos                         1.50    0.90
//   tan                         0.58    1.23
import { add, call, cast, div, eq, type Expr, lt, mul, select, sub } from "../expr.js";
import { type Rare } from "../scalar.js";
import { type Float, floatOf, polynomialByPairs, same } from "./polynomial.js";
import { largestOrdinary, type Turn, turnOf, turnOfHuge } from "./quarter-turns.js";

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

/** (tan(r) / r − 1) / r² as a polynomial in r²: an error of 2^-56.3 (by Chebyshev's points). */
const tanSeries = [
  0.3333333333333333, 0.13333333333333, 0.05396825396865706, 0.021869488517003433, 0.008863236005122508,
  0.003592120958031404, 0.0014559029392749935, 0.000589574402205428, 0.00024123138382144209, 8.99704365502508e-5,
  5.561819028687371e-5, -1.1056338713721452e-5, 3.6555446778724285e-5, -1.833655326882604e-5, 8.488454265319124e-6,
]; // prettier-ignore

/** A number as a sum of a rounded one and the little that is missing. */
interface Parts {
  readonly main: Expr;
  readonly little: Expr;
}

/** sin(r + low): r and the rest of the series. */
function sineParts(r: Expr, low: Expr | null, dtype: Float): Parts {
  const z = mul(r, r);
  const series = mul(r, mul(z, polynomialByPairs(z, mul(z, z), sinSeries[dtype])));
  return { main: r, little: low ? add(low, series) : series };
}

/** cos(r + low): 1 − r²/2, and its rounding error with the rest of the series. */
function cosineParts(r: Expr, low: Expr | null, dtype: Float): Parts {
  const z = mul(r, r);
  const half = mul(z, same(z, 0.5));
  const main = sub(same(z, 1), half);
  const lost = sub(sub(same(z, 1), main), half);
  const square = mul(z, z);
  const little = add(lost, mul(square, polynomialByPairs(z, square, cosSeries[dtype])));
  return { main, little: low ? sub(little, mul(r, low)) : little };
}

const sumOf = ({ main, little }: Parts): Expr => add(main, little);
const selectParts = (test: Expr, a: Parts, b: Parts): Parts => ({
  main: select(test, a.main, b.main),
  little: select(test, a.little, b.little),
});
const isOdd = (turn: Expr): Expr => call("or", eq(turn, same(turn, 0.25)), eq(turn, same(turn, 0.75)));

/** `finish` of the angle's turn; of huge angles what the function `ofHuge` says. */
function throughTurns(x: Expr, ofHuge: Rare, finish: (turn: Turn) => Expr): Expr {
  const isHuge = lt(same(x, largestOrdinary), call("abs", x));
  return select(isHuge, call(ofHuge, x), throughOrdinaryTurns(x, finish));
}

/** The functions of other angles: `finish` as above. */
function throughOrdinaryTurns(x: Expr, finish: (turn: Turn) => Expr): Expr {
  return finish(turnOf(cast(x, "f64"), floatOf(x)));
}

/** The functions of huge angles: `finish` as above. */
function throughHugeTurns(x: Expr, finish: (turn: Turn) => Expr): Expr {
  return finish(turnOfHuge(cast(x, "f64"), floatOf(x)));
}

/** The sine. */
export function sin(x: Expr): Expr {
  const y = throughTurns(x, "sinOfHuge", sineIn(floatOf(x)));
  return select(eq(x, same(x, 0)), x, y); // −0 stays −0
}

/** The cosine. */
export function cos(x: Expr): Expr {
  return throughTurns(x, "cosOfHuge", cosineIn(floatOf(x)));
}

/** The cosine of an angle that is not huge. */
export function cosOfOrdinary(x: Expr): Expr {
  return throughOrdinaryTurns(x, cosineIn(floatOf(x)));
}

/** The tangent. */
export function tan(x: Expr): Expr {
  const y = throughTurns(x, "tanOfHuge", floatOf(x) === "f32" ? shortTangent : tangent);
  return select(eq(x, same(x, 0)), x, y);
}

/** The sine of a huge angle. */
export function sinOfHuge(x: Expr): Expr {
  return throughHugeTurns(x, sineIn(floatOf(x)));
}

/** The cosine of a huge angle. */
export function cosOfHuge(x: Expr): Expr {
  return throughHugeTurns(x, cosineIn(floatOf(x)));
}

/** The tangent of a huge angle. */
export function tanOfHuge(x: Expr): Expr {
  return throughHugeTurns(x, floatOf(x) === "f32" ? shortTangent : tangent);
}

function sineIn(dtype: Float): (turn: Turn) => Expr {
  return (wide) => {
    const { turn, sin, cos } = bothIn(dtype, wide);
    const y = sumOf(selectParts(isOdd(turn), cos, sin));
    return select(lt(turn, same(turn, 0.5)), y, call("neg", y));
  };
}

function cosineIn(dtype: Float): (turn: Turn) => Expr {
  return (wide) => {
    const { turn, sin, cos } = bothIn(dtype, wide);
    const y = sumOf(selectParts(isOdd(turn), sin, cos));
    const isNegative = call("or", eq(turn, same(turn, 0.25)), eq(turn, same(turn, 0.5)));
    return select(isNegative, call("neg", y), y);
  };
}

function bothIn(dtype: Float, { turn, rest, low }: Turn): { turn: Expr; sin: Parts; cos: Parts } {
  const r = cast(rest, dtype);
  return { turn: cast(turn, dtype), sin: sineParts(r, low, dtype), cos: cosineParts(r, low, dtype) };
}

/** The tangent in f32: sine over cosine, or the negative of its reciprocal, in f64 with the short series. */
function shortTangent({ turn, rest }: Turn): Expr {
  const [sin, cos] = [sumOf(sineParts(rest, null, "f32")), sumOf(cosineParts(rest, null, "f32"))];
  const odd = isOdd(turn);
  return cast(div(select(odd, call("neg", cos), sin), select(odd, sin, cos)), "f32");
}

/** The tangent in f64, as a sum of two numbers, or the negative of its inverse. */
function tangent({ turn, rest, low }: Turn): Expr {
  const z = mul(rest, rest);
  const series = mul(rest, mul(z, polynomialByPairs(z, mul(z, z), tanSeries)));
  const little = add(low!, series);
  const sum = add(rest, little);
  // d tan(r) = (1 + tan(r)²)·dr, of which `little` has the first term.
  const missing = add(add(sub(rest, sum), little), mul(low!, mul(sum, sum)));
  const inverse = div(same(sum, -1), sum);
  return select(isOdd(turn), add(inverse, mul(mul(inverse, inverse), missing)), add(sum, missing));
}
