// What the functions of this folder share: floating dtypes, literals and polynomials.
import type { DType } from "../dtype.js";
import { InternalError } from "../errors.js";
import { add, call, type Expr, literal, mul, select } from "../expr.js";

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

/** `x`, or `limit` where x is greater; NaN stays. Backends know this select as one instruction (pmin). */
export function atMost(x: Expr, limit: number): Expr {
  return select(call("lt", same(x, limit), x), same(x, limit), x);
}

/** `x`, or `limit` where x is less; NaN stays. Backends know this select as one instruction (pmax). */
export function atLeast(x: Expr, limit: number): Expr {
  return select(call("lt", x, same(x, limit)), same(x, limit), x);
}
