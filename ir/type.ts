// Types of tensors: a dtype and a shape.
import { type DType, dtypes } from "./dtype.js";
import { DTypeError, ShapeError } from "./errors.js";
import { printShape, sameShape, type Size } from "./size.js";

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

/** The type of something that users declare. Throws DTypeError and ShapeError where there is no such type. */
export function declaredType(dtype: DType, shape: readonly Size[]): TensorType {
  if (!dtypes.includes(dtype)) throw new DTypeError(`there is no dtype "${dtype}", only ${dtypes.join(", ")}`);
  const wrong = shape.find((size) => typeof size === "number" && (!Number.isInteger(size) || size < 0));
  if (wrong === undefined) return { dtype, shape };
  throw new ShapeError(`the shape ${printShape(shape)} has the size ${wrong}: sizes are whole numbers from 0`);
}

/** `declaredType` where every size must be a number. */
export function concreteType(dtype: DType, shape: readonly number[]): ConcreteType {
  const wrong = shape.find((size) => typeof (size as unknown) !== "number");
  if (wrong === undefined) return declaredType(dtype, shape) as ConcreteType;
  throw new ShapeError(`the shape [${shape.join()}] has the size ${JSON.stringify(wrong)}: its sizes are numbers`);
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
  const { shape } = type;
  for (let axis = 0; axis < shape.length; axis++) if (typeof shape[axis] !== "number") return false;
  return true;
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
