// How users call convolutions and transposed convolutions, in any number of spatial axes, and what these are composed of.
import type { Call, Lowering } from "./op.js";
import { expectDType, expectSameDType } from "./elementwise.js";
import { ShapeError } from "./errors.js";
import { broadcastTo } from "./forms.js";
import type { Operand } from "./node.js";
import { add } from "./ops/arithmetic.js";
import { reshape } from "./ops/movement.js";
import { convolution, convolutionInput } from "./ops/window-products.js";
import { addSizes, floorDivSize, mulSizes, printSize, sameSize, type Size, subSizes } from "./size.js";
import { type TensorType, tensorType } from "./type.js";
import {
  expectSlide,
  type PerAxis,
  perAxis,
  reachOf,
  type Slide,
  type SlideOptions,
  slideOf,
  slideSizes,
} from "./window.js";

/** How a convolution slides, in how many groups, and what is added. */
export interface ConvOptions extends SlideOptions {
  /** Channels fall into groups of their own; each has its part of the outputs. */
  readonly groups?: number;
  /** `[out]`, added to every position. */
  readonly bias?: Operand | undefined;
}
export type ConvAttrs = Slide & { readonly groups: number };
export type ConvArgs = [x: Operand, w: Operand, options?: ConvOptions];

/** As PyTorch: `outputPadding` makes the result longer at its end, for inputs that a strided convolution shortened alike. */
export interface ConvTransposeOptions extends ConvOptions {
  readonly outputPadding?: PerAxis;
}
export type ConvTransposeAttrs = ConvAttrs & { readonly extra: readonly number[] };
export type ConvTransposeArgs = [x: Operand, w: Operand, options?: ConvTransposeOptions];

/** A call of `conv1d`, `conv2d` or `conv3d` in the op's own terms. Throws ShapeError. */
export function convCall(axes: number, [x, w, options = {}]: ConvArgs): Call<ConvAttrs> {
  expectRanks(axes, x.type, w.type);
  const { groups = 1, bias } = options;
  const slide = slideOf(x.type.shape.slice(2), w.type.shape.slice(2), options);
  return { operands: bias ? [x, w, bias] : [x, w], attrs: { ...slide, groups } };
}

/** The type of `conv…(x[n, c, i…], w[o, c / groups, t…], bias[o])`. Throws ShapeError and DTypeError. */
export function convType(op: string, axes: number, operands: readonly TensorType[], attrs: ConvAttrs): TensorType {
  const [x, w] = operands as [TensorType, TensorType];
  expectRanks(axes, x, w);
  expectSlide(attrs, axes);
  const { groups } = attrs;
  const [channels, outputs, own] = [x.shape[1]!, w.shape[0]!, w.shape[1]!];
  expectDivides(groups, channels, "x", "channels");
  expectDivides(groups, outputs, "w", "outputs");
  if (!sameSize(mulSizes(own, groups), channels)) {
    const share = groups === 1 ? "" : ` in ${groups} groups, ${printSize(floorDivSize(channels, groups))} each`;
    const notes = ["channels: axis 1", "channels: axis 1"];
    throw new ShapeError(`x has ${printSize(channels)} channels${share}, but w takes ${printSize(own)}`, { notes });
  }
  expectBias(op, x, operands.slice(1), outputs);
  const sizes = slideSizes(x.shape.slice(2), w.shape.slice(2), attrs);
  return tensorType(x.dtype, [x.shape[0]!, outputs, ...sizes]);
}

/** A convolution as reshapes around the one with an axis for groups. */
export const composedConv: Lowering<ConvAttrs> = {
  kind: "compose",
  expand([x, w, bias], attrs) {
    const [batch, channels, ...spatial] = x!.type.shape as [Size, Size, ...Size[]];
    const [outputs, own, ...window] = w!.type.shape as [Size, Size, ...Size[]];
    const { groups, stride, dilation, low } = attrs;
    const size = slideSizes(spatial, window, attrs);
    const y = convolution(
      reshape(x!, [batch, groups, floorDivSize(channels, groups), ...spatial]),
      reshape(w!, [groups, floorDivSize(outputs, groups), own, ...window]),
      { stride, dilation, low, size },
    );
    return [reshape(biased(y, bias), [batch, outputs, ...size])];
  },
};

/** A call of `convTranspose1d`, `2d` or `3d` in the op's own terms. Throws ShapeError. */
export function convTransposeCall(axes: number, [x, w, options = {}]: ConvTransposeArgs): Call<ConvTransposeAttrs> {
  expectRanks(axes, x.type, w.type);
  const { groups = 1, bias, padding, outputPadding = 0 } = options;
  const slide = slideOf(x.type.shape.slice(2), w.type.shape.slice(2), padding === "same" ? { ...options, padding: 0 } : options); // prettier-ignore
  const extra = perAxis("outputPadding", outputPadding, axes);
  const operands = bias ? [x, w, bias] : [x, w];
  if (padding !== "same") return { operands, attrs: { ...slide, groups, extra } };
  // "same" of a transposed convolution: `stride` times as many elements, as the gradient of the other "same".
  const over = slide.stride.map((stride, i) => {
    const room = subSizes(reachOf(w.type.shape[2 + i]!, slide.dilation[i]!), stride);
    if (typeof room === "number") return room;
    throw new ShapeError(`"same" needs a window whose size is a number`);
  });
  const low = over.map((n) => Math.floor(Math.max(0, n) / 2));
  const high = over.map((n, i) => Math.max(0, n) - low[i]!);
  return { operands, attrs: { ...slide, low, high, groups, extra: over.map((n) => Math.max(0, -n)) } };
}

/** The type of `convTranspose…(x[n, c, i…], w[c, o / groups, t…], bias[o])`. Throws ShapeError and DTypeError. */
export function convTransposeType(
  op: string,
  axes: number,
  operands: readonly TensorType[],
  attrs: ConvTransposeAttrs,
): TensorType {
  const [x, w] = operands as [TensorType, TensorType];
  expectRanks(axes, x, w);
  expectSlide(attrs, axes);
  const { groups, extra, stride, dilation } = attrs;
  const [channels, own] = [x.shape[1]!, w.shape[1]!];
  expectDivides(groups, channels, "x", "channels");
  if (!sameSize(w.shape[0]!, channels)) {
    throw new ShapeError(`x has ${printSize(channels)} channels, but w takes ${printSize(w.shape[0]!)}`, {
      notes: ["channels: axis 1", "channels: axis 0"],
    });
  }
  const outputs = mulSizes(own, groups);
  expectBias(op, x, operands.slice(1), outputs);
  extra.forEach((n, i) => {
    if (Number.isInteger(n) && n >= 0 && n < Math.max(stride[i]!, dilation[i]!)) return;
    throw new ShapeError(
      `the output padding is ${n}, not from 0 to below stride or dilation, ${stride[i]} and ${dilation[i]}`,
    );
  });
  const sizes = transposedSizes(x, w, attrs);
  const wrong = sizes.findIndex((size) => typeof size === "number" && size < 1);
  if (wrong < 0) return tensorType(x.dtype, [x.shape[0]!, outputs, ...sizes]);
  throw new ShapeError(`padding by ${attrs.low[wrong]} and ${attrs.high[wrong]} leaves nothing of axis ${2 + wrong}`);
}

/** A transposed convolution is the cotangent of the input of a convolution from its result's shape to its input's. */
export const composedConvTranspose: Lowering<ConvTransposeAttrs> = {
  kind: "compose",
  expand([x, w, bias], attrs) {
    const [batch, channels, ...spatial] = x!.type.shape as [Size, Size, ...Size[]];
    const [, own, ...window] = w!.type.shape as [Size, Size, ...Size[]];
    const { groups, stride, dilation, low } = attrs;
    const share = floorDivSize(channels, groups);
    const size = transposedSizes(x!.type, w!.type, attrs);
    const y = convolutionInput(
      reshape(x!, [batch, groups, share, ...spatial]),
      reshape(w!, [groups, share, own, ...window]),
      { stride, dilation, low, size },
    );
    return [reshape(biased(y, bias), [batch, mulSizes(own, groups), ...size])];
  },
};

function transposedSizes(x: TensorType, w: TensorType, attrs: ConvTransposeAttrs): readonly Size[] {
  return attrs.stride.map((stride, i) => {
    const apart = mulSizes(subSizes(x.shape[2 + i]!, 1), stride);
    const whole = addSizes(apart, reachOf(w.shape[2 + i]!, attrs.dilation[i]!), attrs.extra[i]!);
    return subSizes(whole, attrs.low[i]! + attrs.high[i]!);
  });
}

function expectRanks(axes: number, x: TensorType, w: TensorType): void {
  const spatial = ["length", "height", "width"].slice(axes === 1 ? 0 : 1, axes === 1 ? 1 : 3);
  const names = (axes === 3 ? ["depth", ...spatial] : spatial).join(", ");
  for (const [name, type, lead] of [
    ["x", x, "batch, channels"],
    ["w", w, "outputs, channels"],
  ] as const) {
    // prettier-ignore
    if (type.shape.length === axes + 2) continue;
    throw new ShapeError(`${name} has rank ${type.shape.length}, not the ${axes + 2} axes [${lead}, ${names}]`);
  }
}

function expectDivides(groups: number, size: Size, operand: string, what: string): void {
  if (!Number.isInteger(groups) || groups < 1) throw new ShapeError(`groups is ${groups}, not a positive integer`);
  if (sameSize(mulSizes(floorDivSize(size, groups), groups), size)) return;
  throw new ShapeError(`${operand} has ${printSize(size)} ${what}, which do not divide into ${groups} groups`);
}

/** Dtypes that agree, and a bias for each output. */
function expectBias(op: string, x: TensorType, others: readonly TensorType[], outputs: Size): void {
  expectDType(op, "x", x, "number");
  others.forEach((type, i) => expectSameDType("x", x, i === 0 ? "w" : "bias", type));
  const bias = others[1];
  if (!bias || (bias.shape.length === 1 && sameSize(bias.shape[0]!, outputs))) return;
  throw new ShapeError(
    `bias has shape [${bias.shape.map(printSize).join()}], but there are ${printSize(outputs)} outputs`,
  );
}

/** `y[n, g, o, …]` and a bias for each output of each group. */
function biased(y: Operand, bias: Operand | undefined): Operand {
  if (!bias) return y;
  const [, groups, outputs, ...size] = y.type.shape as [Size, Size, Size, ...Size[]];
  return add(y, broadcastTo(reshape(bias, [groups, outputs, ...size.map(() => 1)]), y.type.shape));
}
