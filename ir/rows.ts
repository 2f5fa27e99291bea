// What softmax, log-softmax and cross entropy share: the exponentials of a row, shifted so that the largest is 1.
import type { Operand } from "./node.js";
import { sub } from "./ops/arithmetic.js";
import { exp } from "./ops/exponential.js";
import { broadcast } from "./ops/movement.js";
import { max, sum } from "./ops/reductions.js";

/** Along `axis`: `shifted = x − max x`, `terms = exp(shifted)` and `total = Σ terms`, the last with size 1 there. */
export function shiftedRows(x: Operand, axis: number): { shifted: Operand; terms: Operand; total: Operand } {
  const shifted = sub(x, max(x, axis, { keepDims: true }));
  const terms = exp(shifted);
  return { shifted, terms, total: sum(terms, axis, { keepDims: true }) };
}

/** What has one element per row, repeated along `axis` so that it has the shape of `x`. */
export function alongRows(perRow: Operand, x: Operand, axis: number): Operand {
  const others = x.type.shape.map((_, i) => i).filter((i) => i !== axis);
  return broadcast(perRow, x.type.shape, others);
}
