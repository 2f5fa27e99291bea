// What the functions of this folder share: floating dtypes, literals and polynomials.
import type { DType } from "../dtype.js";
import { InternalError } from "../errors.js";
import { add, call, type Expr, literal, mul, select, sub } from "../expr.js";

/** Dtypes for which transcendental functions are defined. */
export type Float = "f32" | "f64";

/** The dtype of a float expression. Throws InternalError for any other: `infer` must have refused it. */
export function floatOf(x: Expr): Float {
  if (x.dtype !== "f32" && x.dtype !== "f64") throw new InternalError(`functions: ${x.dtype} is not a float`);
  return x.dtype;
}

/** A number as a literal of the dtype of `like`. */
export function same(like: Expr, value: number): Expr {
  return literal(value, like.dtype as DType);
}

/** `c₀ + c₁·x + c₂·x² + …` by Horner's rule. */
export function polynomial(x: Expr, coefficients: readonly number[]): Expr {
  let sum = same(x, coefficients[coefficients.length - 1]!);
  for (let i = coefficients.length - 2; i >= 0; i--) sum = add(mul(sum, x), same(x, coefficients[i]!));
  return sum;
}

/** As `polynomial`, by pairs of terms and powers of `square`, which is x²: half as long a chain of operations. */
export function polynomialByPairs(x: Expr, square: Expr, coefficients: readonly number[]): Expr {
  const pairs: Expr[] = [];
  for (let i = 0; i < coefficients.length; i += 2) {
    const [even, odd] = [same(x, coefficients[i]!), coefficients[i + 1]];
    pairs.push(odd === undefined ? even : add(mul(x, same(x, odd)), even));
  }
  return pairs.reduceRight((sum, pair) => add(pair, mul(sum, square)));
}

/** A number rounded to an integer by adding 1.5·2²³ (or 1.5·2⁵²) and `bias`, which leaves k + bias in the lowest bits. */
interface Rounded {
  readonly sum: Expr;
  readonly k: Expr;
}

/** `x` rounded to an integer; |x| < 2²² (2⁵¹). */
export function rounded(x: Expr, bias: number): Rounded {
  const magic = same(x, magicOf(x) + bias);
  const sum = add(x, magic);
  return { sum, k: sub(sum, magic) };
}

/** 2^(k + by), where k was rounded with the dtype's exponent bias plus `by`: backends find the exponent in its lowest bits. */
export function powerOf({ sum }: Rounded): Expr {
  return call("exp2i", sub(sum, same(sum, magicOf(sum) + exponentBias[floatOf(sum)])));
}

/** What is added to the exponent of a float in its bits. */
export const exponentBias: { readonly [D in Float]: number } = { f32: 127, f64: 1023 };

const magicOf = (x: Expr): number => (floatOf(x) === "f32" ? 1.5 * 2 ** 23 : 1.5 * 2 ** 52);

/** `x`, or `limit` where x is greater; NaN stays. Backends know this select as one instruction (pmin). */
export function atMost(x: Expr, limit: number): Expr {
  return select(call("lt", same(x, limit), x), same(x, limit), x);
}

/** `x`, or `limit` where x is less; NaN stays. Backends know this select as one instruction (pmax). */
export function atLeast(x: Expr, limit: number): Expr {
  return select(call("lt", x, same(x, limit)), same(x, limit), x);
}

/** The upper half of the bits of `x`, rounded (Veltkamp); `x` minus it is exact. */
export function upperHalf(x: Expr): Expr {
  const scaled = mul(x, same(x, floatOf(x) === "f32" ? 2 ** 12 + 1 : 2 ** 27 + 1));
  return sub(scaled, sub(scaled, x));
}
