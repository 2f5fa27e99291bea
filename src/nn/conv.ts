// Convolution layers of one, two and three spatial axes, and transposed ones, on `[batch, channels, …]`.
import type { DType } from "#ir/dtype.js";
import { GraphError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import type { Padding, PerAxis } from "#ir/window.js";
import { ops } from "../ops.js";
import { type Parameter, parameter } from "../parameter.js";
import type { Tensor } from "../tensor.js";
import { type Activation, applyActivation } from "./activation.js";
import { nextName, nextSource } from "./context.js";
import { type Initializer, initialize, xavierUniform, zeros } from "./initializers.js";
import { defineLayer, type Layer } from "./layer.js";

/** How a convolution layer slides, and what it starts from. */
export interface ConvLayerOptions {
  /** One number for all spatial axes, or one for each; 1 where nothing is said. */
  readonly stride?: PerAxis;
  /** Zeros around the input: a number, one per axis, `[before, after]` per axis, "same" or "valid"; none where nothing is said. */
  readonly padding?: Padding;
  /** How far apart the taps of a window are; 1 where nothing is said. */
  readonly dilation?: PerAxis;
  /** Channels and outputs fall into so many groups that see nothing of each other; 1 where nothing is said. */
  readonly groups?: number;
  /** An elementwise op applied at the end; none where nothing is said. */
  readonly activation?: Activation;
  /** Whether it adds a bias; it does where nothing is said. */
  readonly bias?: boolean;
  /** Initial weights; Xavier uniform where nothing is said. */
  readonly init?: Initializer;
  /** Initial bias; zeros where nothing is said. */
  readonly biasInit?: Initializer;
  readonly name?: string;
  /** For the initial values; every layer has its own where nothing is said. */
  readonly seed?: number;
  readonly dtype?: DType;
}

/** Options of a transposed convolution; `outputPadding` lengthens the result at its end. */
export interface ConvTransposeLayerOptions extends ConvLayerOptions {
  readonly outputPadding?: PerAxis;
}

/** A convolution layer, with its parameters. */
export interface ConvLayer extends Layer {
  /** `[out, in / groups, …window]`; of a transposed convolution `[in, out / groups, …window]`. */
  readonly weight: Parameter;
  /** `[out]`; null without bias. */
  readonly bias: Parameter | null;
}

/** A layer of `inputs` and `outputs` channels whose window has one size for all spatial axes, or one for each. */
type MakeConv<O> = (inputs: number, outputs: number, window: PerAxis, options?: O) => ConvLayer;
type ConvOp = (x: Tensor, w: Tensor, options: object) => Tensor;

function convLayers(kind: string, op: ConvOp, axes: number, transposed: boolean): MakeConv<ConvTransposeLayerOptions> {
  return (inputs, outputs, window, options = {}) => {
    const { activation, dtype = "f32", seed, groups = 1, stride, padding, dilation, outputPadding } = options;
    const name = nextName(kind, options.name);
    atUserLine(() => expectGroups(name, groups, inputs, outputs));
    const sizes = typeof window === "number" ? new Array<number>(axes).fill(window) : window;
    const shape = transposed ? [inputs, outputs / groups, ...sizes] : [outputs, inputs / groups, ...sizes];
    const source = seed === undefined ? nextSource() : { seed, stream: 0 };
    const weight = parameter(shape, initialize(options.init ?? xavierUniform(), source, 0), {
      name: `${name}/weight`,
      dtype,
    });
    const bias =
      options.bias === false
        ? null
        : parameter([outputs], initialize(options.biasInit ?? zeros(), source, 1), { name: `${name}/bias`, dtype });
    const slide = { stride, padding, dilation, groups, ...(transposed ? { outputPadding } : {}) };
    const given = Object.fromEntries(Object.entries(slide).filter(([, value]) => value !== undefined));
    const parameters: readonly Parameter[] = bias ? [weight, bias] : [weight];
    const layer = defineLayer({ name, kind, parameters, layers: [] }, (x) => {
      const sum = op(x, weight, bias ? { ...given, bias } : given);
      return activation ? applyActivation(activation, sum) : sum;
    });
    return Object.assign(layer, { weight, bias });
  };
}

function expectGroups(name: string, groups: number, inputs: number, outputs: number): void {
  const wrong = [inputs, outputs].find((channels) => channels % groups !== 0);
  if (wrong === undefined) return;
  throw new GraphError(`${name}: ${wrong} channels do not divide into ${groups} groups`);
}

/** A convolution along one axis of `[batch, in, length]`. Throws a GraphError where the groups do not divide. */
export const conv1d: MakeConv<ConvLayerOptions> = convLayers("conv1d", ops.conv1d as ConvOp, 1, false);
/** A convolution over two axes of `[batch, in, height, width]`. Throws a GraphError where the groups do not divide. */
export const conv2d: MakeConv<ConvLayerOptions> = convLayers("conv2d", ops.conv2d as ConvOp, 2, false);
/** A convolution over three axes of `[batch, in, depth, height, width]`. Throws a GraphError where the groups do not divide. */
export const conv3d: MakeConv<ConvLayerOptions> = convLayers("conv3d", ops.conv3d as ConvOp, 3, false);
/** The transposed convolution along one axis: with a stride the result is longer than the input. */
export const convTranspose1d: MakeConv<ConvTransposeLayerOptions> = convLayers("convTranspose1d", ops.convTranspose1d as ConvOp, 1, true); // prettier-ignore
/** The transposed convolution over two axes: with a stride the result is larger than the input. */
export const convTranspose2d: MakeConv<ConvTransposeLayerOptions> = convLayers("convTranspose2d", ops.convTranspose2d as ConvOp, 2, true); // prettier-ignore
/** The transposed convolution over three axes: with a stride the result is larger than the input. */
export const convTranspose3d: MakeConv<ConvTransposeLayerOptions> = convLayers("convTranspose3d", ops.convTranspose3d as ConvOp, 3, true); // prettier-ignore
