// Offsets as sums of multiples, straight from their expressions: an address is built from the terms, and the sums on the way
// to them would only be thrown away.
import type { Expr } from "#ir/expr.js";
import { linear, linearConstant, scaled, sum } from "./address.js";
import type { Expressions } from "./expressions.js";
import type { Linear } from "./ssa.js";

/** What `linear` says of the i32 `x`, in a vector loop of its value in the given lane. */
export function linearOffset(expressions: Expressions, x: Expr, lane: number): Linear {
  if (x.kind === "literal") return linearConstant(x.value);
  if (x.kind === "local") {
    const { vector } = expressions;
    if (vector?.variation.isCounter(x.name)) return sum(linear(vector.base), linearConstant(lane), 1);
    const inlined = vector?.variation.indexOf(x.name);
    if (inlined && expressions.varies(x)) return linearOffset(expressions, inlined, lane);
  } else if (x.kind === "call") {
    const [a, b] = x.args as readonly [Expr, Expr];
    if (x.fn === "add" || x.fn === "sub") {
      const left = linearOffset(expressions, a, lane);
      return sum(left, linearOffset(expressions, b, lane), x.fn === "add" ? 1 : -1);
    }
    if (x.fn === "mul" && b.kind === "literal") return scaled(linearOffset(expressions, a, lane), b.value);
  }
  return linear(expressions.scalar(x, lane));
}
