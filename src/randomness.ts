// The namespace `random`: random tensors in both modes, the seed, and the step.
import type { DType } from "#ir/dtype.js";
import { atUserLine } from "#ir/origin.js";
import { zeros } from "./creation.js";
import { reseed } from "./nn/context.js";
import { ops } from "./ops.js";
import { Parameter } from "./parameter.js";
import { currentRandom, RandomState, setRandom } from "./random-state.js";
import type { Dim, Mutable, Shape } from "./shapes.js";
import { Tensor } from "./tensor.js";

/** Whose random numbers: those of the graph of `like`; eager ones, at once, where nothing is said. */
export interface Beside {
  readonly like?: Tensor;
}
/** Without `dtype` it is f32. */
export interface UniformOptions<D extends DType> extends Beside {
  /** 0 where nothing is said. */
  readonly low?: number;
  /** Beyond the largest number; 1 where nothing is said. */
  readonly high?: number;
  readonly dtype?: D;
}
/** Without `dtype` it is f32. */
export interface NormalOptions<D extends DType> extends Beside {
  /** 0 where nothing is said. */
  readonly mean?: number;
  /** The standard deviation; 1 where nothing is said. */
  readonly deviation?: number;
  readonly dtype?: D;
}

type Made<S extends readonly Dim[], D extends DType> = Tensor<Mutable<S>, D>;
type Float = "f32" | "f64";

/** What tells an op the owner: `like`, or some eager tensor. */
function owner({ like }: Beside): Tensor {
  return like ?? (zeros([]) as unknown as Tensor);
}

/** Uniform in `low ≤ y < high`. */
export function uniform<const S extends readonly Dim[], D extends Float = "f32">(
  shape: S,
  options: UniformOptions<D> = {},
): Made<S, D> {
  return ops.randomUniform(owner(options), shape, withoutLike(options)) as unknown as Made<S, D>;
}

/** Normal with a mean and a standard deviation. */
export function normal<const S extends readonly Dim[], D extends Float = "f32">(
  shape: S,
  options: NormalOptions<D> = {},
): Made<S, D> {
  return ops.randomNormal(owner(options), shape, withoutLike(options)) as unknown as Made<S, D>;
}

/** Whole numbers in `low ≤ y < high`, i32. */
export function integers<const S extends readonly Dim[]>(
  low: number,
  high: number,
  shape: S,
  options: Beside = {},
): Made<S, "i32"> {
  return ops.randomInteger(owner(options), shape, low, high) as unknown as Made<S, "i32">;
}

/** Words of 32 random bits, i32. */
export function bits<const S extends readonly Dim[]>(shape: S, options: Beside = {}): Made<S, "i32"> {
  return ops.randomBits(owner(options), shape) as unknown as Made<S, "i32">;
}

/** True with a probability: bools of a shape for a number, of the shape of a tensor of probabilities. */
export function bernoulli<const S extends readonly Dim[]>(
  probability: number,
  shape: S,
  options?: Beside,
): Made<S, "bool">;
export function bernoulli<P extends Tensor>(probability: P): Tensor<P["shape"], "bool">;
export function bernoulli(probability: number | Tensor, shape: readonly Dim[] = [], options: Beside = {}): Tensor {
  if (probability instanceof Tensor) return ops.bernoulli(probability);
  return ops.randomMask(owner(options), shape, probability);
}

/** Indices along an axis of logits, the last where none is given, drawn by their softmax. */
export function categorical(logits: Tensor, axis = -1): Tensor<Shape, "i32"> {
  return ops.categorical(logits, axis) as Tensor<Shape, "i32">;
}

/** The numbers from 0 to n − 1 in a random order, i32. */
export function permutation<const N extends Dim>(n: N, options: Beside = {}): Tensor<[N], "i32"> {
  return ops.permutation(owner(options), n) as unknown as Tensor<[N], "i32">;
}

/** `uniform` of the shape and dtype of x, drawn by the graph of x. */
export function uniformLike<A extends Tensor>(
  x: A,
  options: Omit<UniformOptions<never>, "like" | "dtype"> = {},
): Tensor<A["shape"], A["dtype"]> {
  return uniform(x.shape, { ...options, like: x, dtype: x.dtype as Float }) as unknown as Tensor<
    A["shape"],
    A["dtype"]
  >;
}

/** `normal` of the shape and dtype of x, drawn by the graph of x. */
export function normalLike<A extends Tensor>(
  x: A,
  options: Omit<NormalOptions<never>, "like" | "dtype"> = {},
): Tensor<A["shape"], A["dtype"]> {
  return normal(x.shape, { ...options, like: x, dtype: x.dtype as Float }) as unknown as Tensor<A["shape"], A["dtype"]>;
}

function withoutLike<O extends Beside>({ like: _, ...options }: O): Omit<O, "like"> {
  return options;
}

/**
 * Starts from a seed, a whole number from 0: the layers, graphs and eager random numbers made from now on. Throws a
 * GraphError where it is none.
 */
export function seed(of: number): void {
  atUserLine(() => setRandom(new RandomState(of)), "random.seed");
  reseed(of);
}

/** The number of the run, as the parameter in which it is saved and restored. */
export function counter(): Parameter<[], "i32"> {
  return Parameter.of(currentRandom().counter) as unknown as Parameter<[], "i32">;
}

/**
 * Ends an eager step, as optimisers do: what is drawn afterwards is what the next run of an executable would draw. Does
 * nothing where nothing was drawn.
 */
export function nextStep(): void {
  const { eager } = currentRandom();
  if (!eager.used) return;
  eager.restart();
  const runs = counter();
  runs.assign((runs.item() + 1) | 0);
}
