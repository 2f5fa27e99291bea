// How padding continues a tensor beyond its borders: by a number, by mirror images, by the outermost elements.
import { ShapeError } from "./errors.js";
import * as e from "./expr.js";
import type { Operand } from "./node.js";
import { add } from "./ops/arithmetic.js";
import { pad } from "./ops/padding.js";
import { sum } from "./ops/reductions.js";
import { reverse, slice } from "./ops/slicing.js";
import { provablyLess } from "./shape.js";
import { addSizes, printSize, type Size, subSizes } from "./size.js";

/**
 * - `constant`: a number.
 * - `reflect`: mirrored at the outermost element, which is not repeated: `c b a b c`.
 * - `symmetric`: mirrored at the border, the outermost element repeated: `b a a b c`.
 * - `edge`: the outermost element repeated: `a a a b c`.
 */
export type PadMode = "constant" | Border;
export type Border = (typeof borders)[number];
export const borders = ["reflect", "symmetric", "edge"] as const;

/** Throws ShapeError where an axis of `size` elements has too few to be continued by `width`. */
export function expectBorder(mode: Border, axis: number, size: Size, width: Size): void {
  if (width === 0) return;
  const most = mode === "reflect" ? subSizes(size, 1) : size;
  if (mode === "edge" ? size !== 0 : !provablyLess(subSizes(most, width), 0)) return;
  throw new ShapeError(
    `axis ${axis} has size ${printSize(size)}, too few for ${printSize(width)} elements of ${mode} padding`,
  );
}

/** The place in an axis of `size` elements that stands at `place`, which may lie beyond its borders. */
export function continued(mode: Border, place: e.Expr, size: number): e.Expr {
  const range = e.rangeOf(place);
  const last = e.literal(size - 1);
  const mirrored = (at: e.Expr, sum: number) => e.sub(e.literal(sum), at);
  let inside = place;
  if (!range || range[0] < 0) {
    const below = mode === "edge" ? e.literal(0) : mirrored(place, mode === "reflect" ? 0 : -1);
    inside = e.call("maximum", inside, below);
  }
  if (range && range[1] < size) return inside;
  const above = mode === "edge" ? last : mirrored(inside, mode === "reflect" ? 2 * size - 2 : 2 * size - 1);
  return e.call("minimum", inside, above);
}

/** The adjoint of padding one axis: what lies beyond the borders of `g` is added to the elements it repeats. */
export function folded(mode: Border, g: Operand, axis: number, size: Size, low: Size, high: Size): Operand {
  const part = (start: Size, length: Size) => {
    const starts = g.type.shape.map((_, a) => (a === axis ? start : 0));
    return slice(g, starts, g.type.shape.with(axis, length));
  };
  const placed = (x: Operand, before: Size) => {
    const after = subSizes(size, addSizes(before, x.type.shape[axis]!));
    const at = (width: Size) => g.type.shape.map((_, a) => (a === axis ? width : 0));
    return pad(x, at(before), at(after));
  };
  const gathered = (x: Operand) => (mode === "edge" ? sum(x, axis, { keepDims: true }) : reverse(x, axis));
  const skipped = mode === "reflect" ? 1 : 0;
  let total = part(low, size);
  if (low !== 0) total = add(total, placed(gathered(part(0, low)), skipped));
  if (high !== 0) {
    const right = gathered(part(addSizes(low, size), high));
    total = add(total, placed(right, subSizes(size, addSizes(right.type.shape[axis]!, skipped))));
  }
  return total;
}
