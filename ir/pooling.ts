// How users call pooling over one, two or three spatial axes of `x[batch, channels, …]`, and what it is composed of.
import { expectDType } from "./elementwise.js";
import { ShapeError } from "./errors.js";
import { broadcastTo } from "./forms.js";
import type { Operand } from "./node.js";
import type { Call, Lowering } from "./op.js";
import { div } from "./ops/arithmetic.js";
import { constant } from "./ops/leaves.js";
import { reshape } from "./ops/movement.js";
import { windowMax } from "./ops/window-extremes.js";
import { binSum, windowCounts, windowSum } from "./ops/window-sums.js";
import { elementCount, mulSizes, printSize, type Size } from "./size.js";
import { type TensorType, tensorType } from "./type.js";
import { expectSlide, type PerAxis, perAxis, type Slide, type SlideOptions, slideOf, slideSizes } from "./window.js";

/** How a pooling window slides; nothing said is a stride of the window's size. */
export interface PoolOptions extends SlideOptions {
  /** Whether a last window may hang over the end, as long as it begins inside; it may not where nothing is said. */
  readonly ceil?: boolean;
}
export type PoolAttrs = Slide & { readonly window: readonly number[]; readonly ceil: boolean };
export type PoolArgs = [x: Operand, size: PerAxis, options?: PoolOptions];

export interface MeanPoolOptions extends PoolOptions {
  /** Whether padding counts as elements; it does where nothing is said, as in PyTorch. */
  readonly countIncludePad?: boolean;
}
export type MeanPoolAttrs = PoolAttrs & { readonly countIncludePad: boolean };
export type MeanPoolArgs = [x: Operand, size: PerAxis, options?: MeanPoolOptions];

/** A call of a pooling op in its own terms. Throws ShapeError. */
export function poolCall(axes: number, x: Operand, size: PerAxis, options: PoolOptions = {}): Call<PoolAttrs> {
  expectRank(axes, x.type);
  const window = perAxis("size", size, axes);
  const slide = slideOf(x.type.shape.slice(2), window, { ...options, stride: options.stride ?? window });
  return { operands: [x], attrs: { window, ...slide, ceil: options.ceil ?? false } };
}

/** The same of mean pooling. "same" never counts its padding, as in TensorFlow. */
export function meanPoolCall(
  axes: number,
  x: Operand,
  size: PerAxis,
  options: MeanPoolOptions = {},
): Call<MeanPoolAttrs> {
  const { operands, attrs } = poolCall(axes, x, size, options);
  const countIncludePad = options.countIncludePad ?? options.padding !== "same";
  return { operands, attrs: { ...attrs, countIncludePad } };
}

/** The type of a pooling's result. Throws ShapeError and DTypeError. */
export function poolType(op: string, axes: number, x: TensorType, attrs: PoolAttrs): TensorType {
  expectDType(op, "x", x, op.startsWith("mean") ? "float" : "number");
  expectRank(axes, x);
  const { window, low, high, dilation } = attrs;
  const wrong = perAxis("size", window, axes).find((n) => !Number.isInteger(n) || n < 1);
  if (wrong !== undefined) throw new ShapeError(`the size is ${wrong}, not a positive integer`);
  expectSlide(attrs, axes);
  window.forEach((n, i) => {
    const [most, reach] = [Math.max(low[i]!, high[i]!), (n - 1) * dilation[i]! + 1];
    if (most < reach) return;
    throw new ShapeError(`a padding of ${most} leaves windows that cover ${reach} elements with nothing but padding`);
  });
  const sizes = sizesOf(x, attrs);
  sizes.forEach((count, i) => expectNoGap(x.shape[2 + i]!, count, i, attrs));
  return tensorType(x.dtype, [...x.shape.slice(0, 2), ...sizes]);
}

/** Throws ShapeError where the elements of a short axis all lie between the taps of a dilated window. */
function expectNoGap(size: Size, count: Size, axis: number, { window, stride, dilation, low }: PoolAttrs): void {
  if (dilation[axis] === 1 || typeof size !== "number" || typeof count !== "number") return;
  for (let p = 0; p < count; p++) {
    const start = p * stride[axis]! - low[axis]!;
    const first = Math.max(0, Math.ceil(-start / dilation[axis]!));
    if (first < window[axis]! && start + first * dilation[axis]! < size) continue;
    throw new ShapeError(`window ${p} along axis ${2 + axis}, of size ${size}, holds nothing but padding`);
  }
}

function sizesOf(x: TensorType, attrs: PoolAttrs): readonly Size[] {
  return slideSizes(x.shape.slice(2), attrs.window, attrs, 2, attrs.ceil);
}

export const composedMaxPool: Lowering<PoolAttrs> = {
  kind: "compose",
  expand([x], attrs) {
    const { window, stride, dilation, low } = attrs;
    return [windowMax(x!, { window, stride, dilation, low, size: sizesOf(x!.type, attrs) })];
  },
};

export const composedMeanPool: Lowering<MeanPoolAttrs> = {
  kind: "compose",
  expand([x], attrs) {
    const { window, stride, dilation, low, high, ceil, countIncludePad } = attrs;
    const size = sizesOf(x!.type, attrs);
    const total = windowSum(x!, { window, stride, dilation, low, size });
    const whole = !ceil && (countIncludePad || [...low, ...high].every((n) => n === 0));
    if (whole) return [div(total, elementCount(window))];
    const { dtype, shape } = total.type;
    const spatial = x!.type.shape.slice(2);
    const limits = { window, stride, dilation, low, high: countIncludePad ? high : null };
    return [div(total, windowCounts(x!, { ...limits, spatial, shape, dtype }))];
  },
};

/** Whether a global pooling keeps its spatial axes, with size 1; it does not where nothing is said. */
export type GlobalAttrs = { readonly keepDims: boolean };
export type GlobalArgs = [x: Operand, options?: { readonly keepDims?: boolean }];

/** `[batch, channels]` of `x[batch, channels, …]`, or with axes of size 1. Throws ShapeError. */
export function globalType(x: TensorType, { keepDims }: GlobalAttrs): TensorType {
  expectSpatial(x);
  return tensorType(x.dtype, [...x.shape.slice(0, 2), ...(keepDims ? x.shape.slice(2).map(() => 1) : [])]);
}

/** The largest element over all spatial axes as one window. */
export const composedGlobalMax: Lowering<GlobalAttrs> = {
  kind: "compose",
  expand([x], attrs) {
    const [batch, channels, ...spatial] = x!.type.shape as [Size, Size, ...Size[]];
    const count = mulSizes(...spatial);
    const flat = reshape(x!, [batch, channels, count]);
    const y = windowMax(flat, { window: [count], stride: [count], dilation: [1], low: [0], size: [1] });
    return [reshape(y, globalType(x!.type, attrs).shape)];
  },
};

export type AdaptiveAttrs = { readonly size: readonly number[] };
export type AdaptiveArgs = [x: Operand, size: PerAxis];

/** The type of `adaptiveMeanPool`. Throws ShapeError and DTypeError. */
export function adaptiveType(x: TensorType, { size }: AdaptiveAttrs): TensorType {
  expectDType("adaptiveMeanPool", "x", x, "float");
  expectSpatial(x);
  perAxis("size", size, x.shape.length - 2);
  const wrong = size.find((n) => !Number.isInteger(n) || n < 1);
  if (wrong !== undefined) throw new ShapeError(`the size is ${wrong}, not a positive integer`);
  const axis = x.shape.findIndex((n, i) => i >= 2 && typeof n !== "number");
  if (axis < 0) return tensorType(x.dtype, [...x.shape.slice(0, 2), ...size]);
  throw new ShapeError(`axis ${axis} has the size ${printSize(x.shape[axis]!)}, but bins need a number`);
}

/** Sums of bins by their lengths, which are known. */
export const composedAdaptive: Lowering<AdaptiveAttrs> = {
  kind: "compose",
  expand([x], { size }) {
    const spatial = x!.type.shape.slice(2) as readonly number[];
    const counts = size.map((bins, i) =>
      Array.from({ length: bins }, (_, p) => {
        const n = spatial[i]!;
        return Math.max(1, Math.ceil(((p + 1) * n) / bins) - Math.floor((p * n) / bins));
      }),
    );
    const flat = counts.reduce((all, own) => all.flatMap((a) => own.map((b) => a * b)), [1]);
    const total = binSum(x!, size);
    const { dtype } = total.type;
    const even = flat.every((n) => n === flat[0]);
    if (even) return [div(total, flat[0]!)];
    const data = dtype === "f64" ? Float64Array.from(flat) : Float32Array.from(flat);
    return [div(total, broadcastTo(constant(x!, data, dtype, size), total.type.shape))];
  },
};

function expectRank(axes: number, x: TensorType): void {
  if (x.shape.length === axes + 2) return;
  const names = [["length"], ["height", "width"], ["depth", "height", "width"]][axes - 1]!.join(", ");
  throw new ShapeError(`x has rank ${x.shape.length}, not the ${axes + 2} axes [batch, channels, ${names}]`);
}

function expectSpatial(x: TensorType): void {
  if (x.shape.length > 2) {
    const empty = x.shape.findIndex((n, i) => i >= 2 && n === 0);
    if (empty < 0) return;
    throw new ShapeError(`axis ${empty} is empty, and nothing has no mean or largest element`);
  }
  throw new ShapeError(`x has rank ${x.shape.length}: there are no axes after [batch, channels]`);
}
