// Types of tensors: a dtype and a shape.
import type { DType } from "./dtype.js";
import { evaluateSize, printShape, sameShape, type Size, type SizeBinding } from "./size.js";

/** What is known of a tensor before it is computed. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: readonly Size[];
}

/** A type whose sizes are all numbers, as after `specialize`. */
export interface ConcreteType {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export function tensorType(dtype: DType, shape: readonly Size[]): TensorType {
  return { dtype, shape };
}

/** Provable equality of dtype and every size. */
export function sameType(a: TensorType, b: TensorType): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}

/** `f32[batch,784]`. */
export function printType(type: TensorType): string {
  return type.dtype + printShape(type.shape);
}

export function isConcrete(type: TensorType): type is ConcreteType {
  return type.shape.every((size) => typeof size === "number");
}

/** The type with every named size replaced by its number. */
export function concrete(type: TensorType, binding: SizeBinding): ConcreteType {
  return { dtype: type.dtype, shape: type.shape.map((size) => evaluateSize(size, binding)) };
}

/** Row-major strides, counted in elements. */
export function stridesOf(shape: readonly number[]): readonly number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}
