// Values that cannot be above 0 by the way they are made: `x − max x` and `−|x|`. Their exponential takes fewer steps.
import type { Expr } from "#ir/expr.js";
import { madeBy } from "#ir/facts.js";
import type { Node, Value } from "#ir/node.js";
import { neg, sub } from "#ir/ops/arithmetic.js";
import { abs } from "#ir/ops/magnitude.js";
import { broadcast } from "#ir/ops/movement.js";
import { max } from "#ir/ops/reductions.js";

/** The element of `node`: an exponential of what is never positive is a decay. */
export function asDecay(element: Expr, node: Node): Expr {
  const fits = element.kind === "call" && element.fn === "exp" && isNeverPositive(node.operands[0]!);
  return fits ? { ...element, fn: "decay" } : element;
}

/** Whether no element of `x` is above 0, rounding errors aside. Conservative: false where nothing is known. */
function isNeverPositive(x: Value): boolean {
  const negated = madeBy(x, neg);
  if (negated) return madeBy(negated[0]!, abs) !== null;
  const difference = madeBy(x, sub);
  const repeated = difference && madeBy(difference[1]!, broadcast);
  const from = repeated && madeBy(repeated[0]!, max);
  if (!difference || !repeated || !from || from[0] !== difference[0]) return false;
  // Every row meets its own maximum: no axis is dropped, and none moves.
  const axes = difference[1]!.node.attrs.axes as readonly number[];
  return axes.length === x.type.shape.length && axes.every((axis, i) => axis === i);
}
