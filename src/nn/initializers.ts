// What parameters start with: zeros, constant, uniform, normal, Xavier, He; all from a seed.
import { arrayType, type TypedArray } from "#ir/dtype.js";
import { elementCount } from "#ir/size.js";
import type { ConcreteType } from "#ir/type.js";
import { Random } from "../random.js";
import { orthogonalMatrix } from "../orthogonal-matrix.js";
import type { RandomSource } from "./context.js";

/** Makes the next number; `shape` is that of the parameter. */
export type Initializer = (shape: readonly number[]) => (random: Random) => number;

/** All zero. */
export function zeros(): Initializer {
  return constant(0);
}

/** All `value`. */
export function constant(value: number): Initializer {
  return () => () => value;
}

/** Uniform in `low ≤ x < high`; ±0.05 where nothing is said. */
export function uniform(low = -0.05, high = 0.05): Initializer {
  return () => (random) => low + (high - low) * random.uniform();
}

/** Normal with a mean and a standard deviation; N(0, 1) where nothing is said. */
export function normal(options: { readonly mean?: number; readonly std?: number } = {}): Initializer {
  const { mean = 0, std = 1 } = options;
  return () => (random) => mean + std * random.normal();
}

/** Uniform in ±√(6/(fan-in + fan-out)) (Glorot and Bengio, 2010). */
export function xavierUniform(): Initializer {
  return (shape) => {
    const { fanIn, fanOut } = fansOf(shape);
    const limit = Math.sqrt(6 / (fanIn + fanOut));
    return uniform(-limit, limit)(shape);
  };
}

/** Normal with variance 2/(fan-in + fan-out) (Glorot and Bengio, 2010). */
export function xavierNormal(): Initializer {
  return (shape) => {
    const { fanIn, fanOut } = fansOf(shape);
    return normal({ std: Math.sqrt(2 / (fanIn + fanOut)) })(shape);
  };
}

/** Uniform in ±√(6/fan-in), for ReLU (He et al., 2015). */
export function heUniform(): Initializer {
  return (shape) => {
    const limit = Math.sqrt(6 / fansOf(shape).fanIn);
    return uniform(-limit, limit)(shape);
  };
}

/** Normal with variance 2/fan-in, for ReLU (He et al., 2015). */
export function heNormal(): Initializer {
  return (shape) => normal({ std: Math.sqrt(2 / fansOf(shape).fanIn) })(shape);
}

/** Uniform in ±1/√fan-in: PyTorch's start for linear layers. */
export function fanInUniform(): Initializer {
  return (shape) => {
    const limit = 1 / Math.sqrt(fansOf(shape).fanIn);
    return uniform(-limit, limit)(shape);
  };
}

/** A matrix whose rows, or columns where they are fewer, are orthogonal and `gain` long (Saxe et al., 2013); 1 where nothing is said. */
export function orthogonal(gain = 1): Initializer {
  return (shape) => {
    let matrix: Float64Array | null = null;
    let next = 0;
    return (random) => (matrix ??= orthogonalMatrix(shape, random))[next++]! * gain;
  };
}

/**
 * How many numbers go into and come out of one unit: of a matrix `[in, out]` its sizes; of a convolution's weights
 * `[out, in, …window]` the channels times the window.
 */
export function fansOf(shape: readonly number[]): { readonly fanIn: number; readonly fanOut: number } {
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const [first, second, ...rest] = shape as [number, number, ...number[]];
  const window = elementCount(rest);
  return rest.length === 0 ? { fanIn: first, fanOut: second } : { fanIn: second * window, fanOut: first * window };
}

/** The initial value for `parameter`: the numbers of a stream, `nth` beyond that of `source`. */
export function initialize(
  initializer: Initializer,
  source: RandomSource,
  nth = 0,
): (type: ConcreteType) => TypedArray {
  return ({ dtype, shape }) => {
    const random = new Random(source.seed, source.stream + nth);
    const next = initializer(shape);
    const array = new (arrayType(dtype))(elementCount(shape));
    for (let i = 0; i < array.length; i++) array[i] = next(random);
    return array;
  };
}
