// The transcendental functions as expressions over primitives: every step rounded in the argument's dtype, so that all backends agree to
// the bit; free of branches, but that backends may jump over a call of a function that is rarely needed (`rare` in scalar.ts).
import type { Expr } from "../expr.js";
import type { Transcendental } from "../scalar.js";
import { erf } from "./error-function.js";
import { decay, exp, expm1 } from "./exponential.js";
import { sigmoid, tanh } from "./hyperbolic.js";
import { log, log1p } from "./logarithm.js";
import { pow } from "./power.js";
import { cos, cosOfHuge, cosOfOrdinary, sin, sinOfHuge, tan, tanOfHuge } from "./trigonometric.js";

type Expansion = (...args: Expr[]) => Expr;
const expansions: { readonly [F in Transcendental]: Expansion } = {
  exp, decay, expm1, log, log1p, sin, cos, tan, tanh, sigmoid, erf, pow: pow as Expansion, cosOfOrdinary,
  sinOfHuge, cosOfHuge, tanOfHuge,
}; // prettier-ignore

/** `fn(args)` written with primitives only; a DAG, so shared parts are one object. */
export function expand(fn: Transcendental, args: readonly Expr[]): Expr {
  return expansions[fn](...args);
}
