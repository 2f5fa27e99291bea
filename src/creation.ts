// Eager tensors from JavaScript numbers: tensor, zeros, ones, full, eye, arange, linspace.
import { arrayOf, arrayType, type DType, type TypedArray } from "#ir/dtype.js";
import { GraphError, ShapeError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import { elementCount, printShape } from "#ir/size.js";
import { concreteType } from "#ir/type.js";
import { eagerFrom } from "./eager/eager.js";
import { filled } from "./filled.js";
import type { Mutable, NestedShape, Shape } from "./shapes.js";
import { type Nested, Tensor } from "./tensor.js";

type NestedBooleans = boolean | readonly NestedBooleans[];
type Content = TypedArray | Nested | NestedBooleans;
/** The dtype that numbers get where none is said: a typed array's own, bool for booleans, else f32. */
type Natural<T> = T extends Float64Array
  ? "f64"
  : T extends Int32Array
    ? "i32"
    : T extends Uint8Array
      ? "u8"
      : T extends Float32Array
        ? "f32"
        : T extends boolean | readonly boolean[]
          ? "bool"
          : "f32";
type FlatShape<T> = T extends TypedArray ? [number] : NestedShape<T>;

/**
 * An eager tensor of numbers, nested arrays or a typed array (copied). The shape is that of the nesting, or the one
 * given. Throws a ShapeError where rows differ in length or the numbers do not fill the shape.
 */
export function tensor<
  const T extends Content,
  const D extends DType = Natural<T>,
  const S extends readonly number[] = FlatShape<T> extends infer F extends readonly number[] ? F : readonly number[],
>(data: T, options: { readonly dtype?: D; readonly shape?: S } = {}): Tensor<Mutable<S>, D> {
  return atUserLine(() => ofContent(data, options), "tensor") as unknown as Tensor<Mutable<S>, D>;
}

function ofContent(data: Content, options: { readonly dtype?: DType; readonly shape?: readonly number[] }): Tensor {
  if (Array.isArray(options)) {
    throw new ShapeError(`the options are the list ${printShape(options)}, not a record`, {
      help: `tensor(data, { shape: ${printShape(options)} })`,
    });
  }
  const flat: (number | boolean)[] = [];
  const typed = ArrayBuffer.isView(data);
  const found = typed ? [(data as TypedArray).length] : measure(data as Nested, flat, 0);
  const dtype = options.dtype ?? naturalDType(data, flat);
  const { shape } = concreteType(dtype, options.shape ?? found);
  const values = typed ? convert(data as TypedArray, dtype) : arrayOf(dtype, flat);
  if (elementCount(shape) !== values.length) {
    throw new ShapeError(`${values.length} numbers do not fill the shape ${printShape(shape)}`);
  }
  return eager(values, shape, dtype);
}

/** All elements 0. */
export function zeros<const S extends readonly number[], D extends DType = "f32">(
  shape: S,
  dtype?: D,
): Tensor<Mutable<S>, D> {
  return full(shape, 0, dtype);
}

/** All elements 1. */
export function ones<const S extends readonly number[], D extends DType = "f32">(
  shape: S,
  dtype?: D,
): Tensor<Mutable<S>, D> {
  return full(shape, 1, dtype);
}

/** All elements `value`. */
export function full<const S extends readonly number[], D extends DType = "f32">(
  shape: S,
  value: number,
  dtype: D = "f32" as D,
): Tensor<Mutable<S>, D> {
  const array = atUserLine(() => filled(concreteType(dtype, shape), value), "full");
  return eager(array, shape, dtype) as unknown as Tensor<Mutable<S>, D>;
}

/** The n × n identity matrix. */
export function eye<const N extends number, D extends DType = "f32">(n: N, dtype: D = "f32" as D): Tensor<[N, N], D> {
  const array = new (arrayType(dtype))(n * n);
  for (let i = 0; i < n; i++) array[i * (n + 1)] = 1;
  return eager(array, [n, n], dtype) as unknown as Tensor<[N, N], D>;
}

/** `start, start + step, …` below `stop`; from 0 where only `stop` is given. */
export function arange<D extends DType = "f32">(
  start: number,
  stop?: number,
  step = 1,
  dtype: D = "f32" as D,
): Tensor<[number], D> {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const length = Math.max(0, Math.ceil((to - from) / step));
  return eager(
    arrayOf(
      dtype,
      Array.from({ length }, (_, i) => from + i * step),
    ),
    [length],
    dtype,
  ) as Tensor<[number], D>;
}

/** `count` numbers at equal distances from `start` to `stop`, both included. */
export function linspace<const N extends number, D extends DType = "f32">(
  start: number,
  stop: number,
  count: N,
  dtype: D = "f32" as D,
): Tensor<[N], D> {
  const step = count > 1 ? (stop - start) / (count - 1) : 0;
  const values = Array.from({ length: count }, (_, i) => (i === count - 1 && i > 0 ? stop : start + i * step));
  return eager(arrayOf(dtype, values), [count], dtype) as Tensor<[N], D>;
}

function eager(data: TypedArray, shape: readonly number[], dtype: DType): Tensor {
  return new Tensor<Shape, DType>(eagerFrom(data, shape, dtype));
}

/** Flattens nested arrays in row-major order and gives their shape. */
function measure(data: Nested | NestedBooleans, flat: (number | boolean)[], depth: number): number[] {
  if (!Array.isArray(data)) {
    if (typeof data !== "number" && typeof data !== "boolean") throw new GraphError(`${String(data)} is not a number`);
    flat.push(data);
    return [];
  }
  const rows = data as readonly Nested[];
  let inner: readonly number[] | null = null;
  for (const row of rows) {
    const shape = measure(row, flat, depth + 1);
    inner ??= shape;
    if (shape.join() !== inner.join()) {
      throw new ShapeError(`rows of shape ${printShape(inner)} and ${printShape(shape)} at depth ${depth + 1}`);
    }
  }
  return [rows.length, ...(inner ?? [])];
}

function naturalDType(data: Content, flat: readonly (number | boolean)[]): DType {
  if (data instanceof Float64Array) return "f64";
  if (data instanceof Int32Array) return "i32";
  if (data instanceof Uint8Array) return "u8";
  return flat.length > 0 && flat.every((x) => typeof x === "boolean") ? "bool" : "f32";
}

function convert(data: TypedArray, dtype: DType): TypedArray {
  return data instanceof arrayType(dtype) && dtype !== "bool" ? data.slice() : arrayOf(dtype, data);
}
