// What ops with indices as data share: the type of what indices take, and the parts of a taken element's index.
import { DTypeError, ShapeError } from "./errors.js";
import { normalizeAxis } from "./forms.js";
import type { Index } from "./op.js";
import { printShape, sameShape } from "./size.js";
import { type TensorType, tensorType } from "./type.js";

/** Throws DTypeError unless the indices are i32. */
export function expectIndices(indices: TensorType): void {
  if (indices.dtype === "i32") return;
  throw new DTypeError(`indices are ${indices.dtype}, not i32`, { help: 'indices.cast("i32")' });
}

/** The type of the slices of `x` that `indices` take along an axis. Throws ShapeError or DTypeError. */
export function takenType(x: TensorType, indices: TensorType, axis: number): TensorType {
  normalizeAxis(axis, x);
  expectIndices(indices);
  return tensorType(x.dtype, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
}

/**
 * The type of the elements of `x` that `indices` of the same rank take, one index per element. Throws ShapeError unless
 * the two agree in all but the axis, DTypeError unless the indices are i32.
 */
export function takenAlongType(x: TensorType, indices: TensorType, axis: number): TensorType {
  normalizeAxis(axis, x);
  expectIndices(indices);
  if (x.shape.length !== indices.shape.length) {
    throw new ShapeError(`x has rank ${x.shape.length} but indices have rank ${indices.shape.length}`);
  }
  if (!sameShape(x.shape.with(axis, 1), indices.shape.with(axis, 1))) {
    throw new ShapeError(
      `x has shape ${printShape(x.shape)} and indices have shape ${printShape(indices.shape)}: they differ in more than axis ${axis}`,
    );
  }
  return tensorType(x.dtype, indices.shape);
}

/** The index of a taken element: what stands before the axis, where its index is found, what stands after. */
export function splitIndex(index: Index, axis: number, rank: number): { before: Index; at: Index; after: Index } {
  return { before: index.slice(0, axis), at: index.slice(axis, axis + rank), after: index.slice(axis + rank) };
}
