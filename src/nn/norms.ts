// Layers that normalise. All but batch norm do the same in training and in inference.
import type { DType } from "#ir/dtype.js";
import { size } from "#ir/ops/leaves.js";
import { elementCount } from "#ir/size.js";
import { ops } from "../ops.js";
import { type Parameter, parameter } from "../parameter.js";
import { updateState } from "../state-updates.js";
import { Tensor } from "../tensor.js";
import { nextName } from "./context.js";
import { type Call, defineLayer, type Layer } from "./layer.js";
import { requireBetween } from "./require-between.js";

/** What all normalising layers take. */
export interface NormOptions {
  /** Added to the variance; 1e-5 where nothing is said. */
  readonly epsilon?: number;
  /** Whether it scales and shifts by parameters (1 and 0 at the start); it does where nothing is said. */
  readonly affine?: boolean;
  readonly name?: string;
  readonly dtype?: DType;
}

/** What batch norm takes besides. */
export interface BatchNormOptions extends NormOptions {
  /** The share of a new batch in the running statistics; 0.1 where nothing is said, as in PyTorch. */
  readonly momentum?: number;
}

/** A layer with running statistics: parameters of the shape `[channels]` that no optimiser trains. */
export interface BatchNorm extends Layer {
  readonly runningMean: Parameter;
  readonly runningVariance: Parameter;
}

/**
 * Batch normalisation of x `[batch, channels, …]` (Ioffe and Szegedy, 2015). In training it normalises by the mean and the
 * biased variance of the batch, and notes `r ← r + momentum · (new − r)` for the running mean and for the running
 * variance, whose new value is the unbiased one, n/(n − 1) times the biased (of a single element: the biased one, 0). In
 * inference it normalises by the running statistics.
 */
export function batchNorm(channels: number, options: BatchNormOptions = {}): BatchNorm {
  const { momentum = 0.1, epsilon = 1e-5 } = options;
  const name = nextName("batchNorm", options.name);
  requireBetween(name, "momentum", momentum, 0, 1);
  requireBetween(name, "epsilon", epsilon, 0, Infinity);
  const vector = vectorsOf(name, [channels], options);
  const { scale, bias } = affineOf(vector, options);
  const runningMean = vector("runningMean", 0, false);
  const runningVariance = vector("runningVariance", 1, false);
  const parts = { ...(scale && bias ? { scale, bias } : {}), runningMean, runningVariance };
  const norm = normOf("batchNorm", name, parts, (x, { training }) => {
    if (!training) return ops.batchNormInference(x, runningMean, runningVariance, scale, bias, { epsilon });
    const [y, mean, variance] = ops.batchNorm(x, scale, bias, { epsilon }) as unknown as [Tensor, Tensor, Tensor];
    const towards = (goal: Tensor) => (before: Tensor) => before.add(goal.sub(before).mul(momentum));
    updateState(y, runningMean, towards(mean));
    updateState(y, runningVariance, towards(unbiased(variance, x)));
    return y;
  });
  return Object.assign(norm, { runningMean, runningVariance });
}

/** Mean 0 and variance 1 over the last axes, which have the sizes `shape`; a number is the last axis alone. */
export function layerNorm(shape: number | readonly number[], options: NormOptions = {}): Layer {
  const sizes = typeof shape === "number" ? [shape] : shape;
  const name = nextName("layerNorm", options.name);
  const { scale, bias, parts } = affineOf(vectorsOf(name, sizes, options), options);
  const attributes = { axis: -sizes.length, epsilon: options.epsilon ?? 1e-5 };
  return normOf("layerNorm", name, parts, (x) => ops.layerNorm(x, scale, bias, attributes));
}

/** A mean square of 1 over the last axes, which have the sizes `shape`; it scales, and does not shift. */
export function rmsNorm(shape: number | readonly number[], options: NormOptions = {}): Layer {
  const sizes = typeof shape === "number" ? [shape] : shape;
  const name = nextName("rmsNorm", options.name);
  const scale = options.affine === false ? undefined : vectorsOf(name, sizes, options)("scale", 1);
  const attributes = { axis: -sizes.length, epsilon: options.epsilon ?? 1e-5 };
  const parts: Parts = scale ? { scale } : {};
  return normOf("rmsNorm", name, parts, (x) => ops.rmsNorm(x, scale, attributes));
}

/** Group normalisation of x `[batch, channels, …]` (Wu and He, 2018): `groups` groups of neighbouring channels. */
export function groupNorm(groups: number, channels: number, options: NormOptions = {}): Layer {
  const name = nextName("groupNorm", options.name);
  const { scale, bias, parts } = affineOf(vectorsOf(name, [channels], options), options);
  const { epsilon = 1e-5 } = options;
  return normOf("groupNorm", name, parts, (x) => ops.groupNorm(x, groups, scale, bias, { epsilon }));
}

/** Instance normalisation of x `[batch, channels, …]`: every channel of every example by itself. */
export function instanceNorm(channels: number, options: NormOptions = {}): Layer {
  const name = nextName("instanceNorm", options.name);
  const { scale, bias, parts } = affineOf(vectorsOf(name, [channels], options), options);
  const { epsilon = 1e-5 } = options;
  return normOf("instanceNorm", name, parts, (x) => ops.instanceNorm(x, scale, bias, { epsilon }));
}

type Parts = Readonly<Record<string, Parameter>>;
type Vectors = (name: string, value: number, trainable?: boolean) => Parameter;

/** Makes parameters of one shape, named below the layer. */
function vectorsOf(layerName: string, shape: readonly number[], { dtype = "f32" }: NormOptions): Vectors {
  return (name, value, trainable = true) =>
    parameter(shape, value, { name: `${layerName}/${name}`, dtype, trainable }) as unknown as Parameter;
}

interface Affine {
  readonly scale?: Parameter;
  readonly bias?: Parameter;
  readonly parts: Parts;
}

function affineOf(vector: Vectors, { affine = true }: NormOptions): Affine {
  if (!affine) return { parts: {} };
  const [scale, bias] = [vector("scale", 1), vector("bias", 0)];
  return { scale, bias, parts: { scale, bias } };
}

function normOf(kind: string, name: string, parts: Parts, forward: (x: Tensor, call: Call) => Tensor): Layer {
  return defineLayer({ name, kind, parameters: Object.values(parts), layers: [], parts }, forward);
}

/** The unbiased variance of each channel of `x`, from the biased one. */
function unbiased(variance: Tensor, x: Tensor): Tensor {
  const n = elementCount(x.type.shape.filter((_, axis) => axis !== 1));
  if (typeof n === "number") return variance.mul(n / Math.max(n - 1, 1));
  const count = new Tensor(size(x.handle, n, x.dtype));
  return variance.mul(count.div(count.sub(1).maximum(1)));
}
