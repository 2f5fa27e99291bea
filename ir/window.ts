// Windows that slide over the last axes of a tensor: how users describe them (stride, dilation, padding), how often they
// fit, and where their elements lie. Window position p covers the elements `p · stride + t · dilation − low`.
import { ShapeError } from "./errors.js";
import * as e from "./expr.js";
import { clamp, provablyLess } from "./shape.js";
import { addSizes, floorDivSize, mulSizes, printSize, type Size, subSizes } from "./size.js";
import { stridesOf } from "./type.js";

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];
/** As many zeros at both ends of every axis, or of each axis, or at each end of each; or what "same" and "valid" come to. */
export type Padding = number | readonly (number | readonly number[])[] | "same" | "valid";

/** How a window moves; nothing said is stride 1 (of pools: the window's size), no dilation, no padding. */
export interface SlideOptions {
  readonly stride?: PerAxis;
  readonly dilation?: PerAxis;
  readonly padding?: Padding;
}

/** The same worked out, one number per spatial axis; `low` and `high` are what is put before and after the elements. */
export type Slide = {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
};

/** One number per axis. Throws ShapeError where there are as many as no axis needs. */
export function perAxis(what: string, value: PerAxis, axes: number): readonly number[] {
  const list = typeof value === "number" ? new Array<number>(axes).fill(value) : value;
  if (list.length === axes) return list;
  throw new ShapeError(
    `${list.length} numbers are given as ${what}, for ${axes} spatial ${axes === 1 ? "axis" : "axes"}`,
  );
}

/**
 * Options worked out for windows of these sizes over axes of these sizes. "same" pads so that the result has
 * `ceil(size / stride)` elements, the odd one after the elements (ONNX: SAME_UPPER). Throws ShapeError.
 */
export function slideOf(
  spatial: readonly Size[],
  window: readonly Size[],
  { stride = 1, dilation = 1, padding = 0 }: SlideOptions,
): Slide {
  const axes = spatial.length;
  const [strides, dilations] = [perAxis("stride", stride, axes), perAxis("dilation", dilation, axes)];
  if (typeof padding === "string" && padding !== "valid" && padding !== "same") {
    throw new ShapeError(`the padding is "${String(padding)}", not a number, a list, "same" or "valid"`);
  }
  const ends = (i: number): readonly [number, number] => {
    if (padding === "valid") return [0, 0];
    if (padding === "same") return sameEnds(spatial[i]!, window[i]!, strides[i]!, dilations[i]!, i);
    const own = typeof padding === "number" ? padding : padding[i]!;
    if (typeof own === "number") return [own, own];
    const list: readonly unknown[] | null = Array.isArray(own) ? own : null;
    if (list?.length === 2) return list as readonly [number, number];
    const what = list ? `[${list.join()}], not` : "not";
    throw new ShapeError(`the padding of spatial axis ${i} is ${what} a number or [low, high]`);
  };
  if (Array.isArray(padding)) perAxis("padding", padding as readonly number[], axes);
  const both = spatial.map((_, i) => ends(i));
  return { stride: strides, dilation: dilations, low: both.map(([low]) => low), high: both.map(([, high]) => high) };
}

function sameEnds(size: Size, window: Size, stride: number, dilation: number, axis: number): readonly [number, number] {
  const reach = reachOf(window, dilation);
  if (typeof reach !== "number") throw new ShapeError(`"same" needs a window whose size is a number`);
  let total = reach - 1;
  if (stride !== 1) {
    if (typeof size !== "number") {
      const what = `"same" with stride ${stride} depends on the size ${printSize(size)} of spatial axis ${axis}`;
      throw new ShapeError(`${what}, which is not a number`);
    }
    total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
  }
  const low = Math.floor(total / 2);
  return [low, total - low];
}

/** Elements from the first to the last that a window covers. */
export function reachOf(window: Size, dilation: number): Size {
  return addSizes(mulSizes(subSizes(window, 1), dilation), 1);
}

/** Throws ShapeError unless strides and dilations are positive integers, and paddings integers that are not negative. */
export function expectSlide({ stride, dilation, low, high }: Slide, axes: number): void {
  const check = (what: string, list: readonly number[], least: number) => {
    perAxis(what, list, axes);
    const wrong = list.find((n) => !Number.isInteger(n) || n < least);
    if (wrong === undefined) return;
    throw new ShapeError(`the ${what} is ${wrong}, not ${least === 1 ? "a positive integer" : "an integer from 0 on"}`);
  };
  check("stride", stride, 1);
  check("dilation", dilation, 1);
  check("padding", low, 0);
  check("padding", high, 0);
}

/**
 * How often windows fit along each spatial axis, the first of which is axis `first` of the operand. With `ceil` a last
 * window may hang over the end, as long as it begins inside. Throws ShapeError where a window is larger than its axis.
 */
export function slideSizes(
  spatial: readonly Size[],
  window: readonly Size[],
  { stride, dilation, low, high }: Slide,
  first = 2,
  ceil = false,
): readonly Size[] {
  return spatial.map((size, i) => {
    const reach = reachOf(window[i]!, dilation[i]!);
    const padded = addSizes(size, low[i]!, high[i]!);
    const room = subSizes(padded, reach);
    if (provablyLess(subSizes(window[i]!, 1), 0)) throw new ShapeError(`the window has size ${printSize(window[i]!)}`);
    if (provablyLess(room, 0)) {
      const added = low[i]! + high[i]! > 0 ? `, ${printSize(padded)} with padding` : "";
      throw new ShapeError(
        `the window covers ${printSize(reach)} elements but axis ${first + i} has ${printSize(size)}${added}`,
      );
    }
    if (!ceil) return addSizes(floorDivSize(room, stride[i]!), 1);
    if (typeof room !== "number" || typeof size !== "number") {
      throw new ShapeError(`ceil needs the size of axis ${first + i} as a number, and it is ${printSize(size)}`);
    }
    const count = Math.ceil(room / stride[i]!) + 1;
    return (count - 1) * stride[i]! >= size + low[i]! ? count - 1 : count;
  });
}

/** The axis that holds tap `t` of window position `p`: `p · stride + t · dilation − low`. */
export function placeOf(p: e.Expr, t: e.Expr, stride: number, dilation: number, low: number): e.Expr {
  const place = e.add(e.mul(p, e.literal(stride)), e.mul(t, e.literal(dilation)));
  return e.sub(place, e.literal(low));
}

/** Whether every index lies inside its axis, and the indices forced inside, so that reads may happen either way. */
export function insideOf(
  places: readonly e.Expr[],
  sizes: readonly number[],
): { readonly inside: e.Expr; readonly clamped: readonly e.Expr[] } {
  const tests = places.flatMap((i, axis) => [e.ge(i, e.literal(0)), e.lt(i, e.literal(sizes[axis]!))]);
  return {
    inside: tests.reduce(e.and, e.literal(1, "bool")),
    clamped: places.map((i, axis) => clamp(i, sizes[axis]!)),
  };
}

/** The row-major position of an index among the elements of `sizes`. */
export function flatOf(index: readonly e.Expr[], sizes: readonly number[]): e.Expr {
  const strides = stridesOf(sizes);
  return index.map((i, axis) => e.mul(i, e.literal(strides[axis]!))).reduce(e.add, e.literal(0));
}

/** `body` of one reduction variable for each of the extents, the first outermost, in one nest of reductions by `reduce`. */
export function overWindow(
  extents: readonly number[],
  reduce: (extent: number, body: (i: e.Expr) => e.Expr) => e.Expr,
  body: (taps: readonly e.Expr[]) => e.Expr,
): e.Expr {
  const nest = (taps: readonly e.Expr[]): e.Expr =>
    taps.length === extents.length ? body(taps) : reduce(extents[taps.length]!, (t) => nest([...taps, t]));
  return nest([]);
}
