// Shapes as the ops that move elements work on them: a −1 worked out, orders of axes turned round.
import { ShapeError } from "./errors.js";
import * as e from "./expr.js";
import {
  elementCount,
  evaluateSize,
  floorDivSize,
  mulSizes,
  printShape,
  printSize,
  sameSize,
  type Size,
} from "./size.js";

/** `shape` with its one −1 replaced so that it has as many elements as `from`. Throws ShapeError where none fits, or where it is no list. */
export function resolveShape(from: readonly Size[], shape: readonly Size[]): readonly Size[] {
  if (!Array.isArray(shape)) {
    throw new ShapeError(`the shape is ${String(shape)}, not a list of sizes`, { help: `[${String(shape)}]` });
  }
  const free = shape.filter((size) => size === -1).length;
  if (free === 0) return shape;
  if (free > 1) throw new ShapeError(`only one size can be −1, the shape ${printShape(shape)} has ${free}`);
  const [have, known] = [elementCount(from), elementCount(shape.filter((size) => size !== -1))];
  const size = known === 0 ? 0 : floorDivSize(have, known);
  if (known === 0 || !sameSize(mulSizes(size, known), have)) {
    throw new ShapeError(`no size in place of −1 makes ${printShape(shape)} hold ${printSize(have)} elements`);
  }
  return shape.map((s) => (s === -1 ? size : s));
}

/** The order of axes that undoes `perm`. */
export function inversePermutation(perm: readonly number[]): readonly number[] {
  const inverse: number[] = [];
  perm.forEach((axis, i) => (inverse[axis] = i));
  return inverse;
}

/** The sizes as numbers, in a graph that is specialised. Throws GraphError where a named size is left. */
export function numbersOf(sizes: readonly Size[]): readonly number[] {
  return sizes.map((size) => evaluateSize(size, {}));
}

/** Whether a size is known to be less than `limit`; false where a named size leaves it open. */
export function provablyLess(size: Size, limit: number): boolean {
  return typeof size === "number" && size < limit;
}

/** An index forced into `0 ≤ index < size`; untouched where its range already lies there. */
export function clamp(index: e.Expr, size: number): e.Expr {
  const range = e.rangeOf(index);
  const above = range && range[0] >= 0 ? index : e.call("maximum", index, e.literal(0));
  return range && range[1] < size ? above : e.call("minimum", above, e.literal(size - 1));
}
