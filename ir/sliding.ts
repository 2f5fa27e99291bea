// Windows that slide over the last axes of a tensor, whatever axes stand before: what the ops that combine a window's
// elements, and those that give something back to them, have in common.
import { ShapeError } from "./errors.js";
import * as e from "./expr.js";
import type { Index, Reader } from "./op.js";
import { numbersOf } from "./shape.js";
import { printShape, sameShape, type Size } from "./size.js";
import { type TensorType, tensorType } from "./type.js";
import { flatOf, insideOf, overWindow, placeOf } from "./window.js";

/** Window position p covers elements `p · stride + t · dilation − low`, `0 ≤ t < window`; `size` are sizes of the result. */
export type SlidingAttrs = {
  readonly window: readonly Size[];
  readonly stride: readonly Size[];
  readonly dilation: readonly number[];
  readonly low: readonly number[];
  readonly size: readonly Size[];
};

/** The type with `size` in place of the last axes. Throws ShapeError where there are too few. */
export function slidType(x: TensorType, { window, size }: SlidingAttrs): TensorType {
  if (x.shape.length < window.length) {
    throw new ShapeError(
      `x has rank ${x.shape.length}, too few for windows of ${window.length} ${window.length === 1 ? "axis" : "axes"}`,
    );
  }
  return tensorType(x.dtype, [...x.shape.slice(0, x.shape.length - window.length), ...size]);
}

/** Throws ShapeError unless two operands that belong to the same windows have the same shape. */
export function expectSamePlaces(a: string, x: TensorType, b: string, y: TensorType): void {
  if (sameShape(x.shape, y.shape)) return;
  throw new ShapeError(`${a} has shape ${printShape(x.shape)} but ${b} has ${printShape(y.shape)}`);
}

/** The attributes as numbers, and the spatial part of an index. */
function numbered(index: Index, { window, stride, dilation, low }: SlidingAttrs) {
  const lead = index.length - window.length;
  return {
    lead: index.slice(0, lead),
    place: index.slice(lead),
    window: numbersOf(window),
    stride: numbersOf(stride),
    dilation,
    low,
  };
}

/**
 * `fn` over the elements of the window at `index`: `element` gets an element's index in operand 0 and its row-major place
 * among the spatial elements; `otherwise` stands for what lies outside.
 */
export function overElements(
  fn: "sum" | "max" | "min",
  index: Index,
  k: Reader<SlidingAttrs>,
  element: (at: Index, flat: e.Expr) => e.Expr,
  otherwise: e.Expr,
): e.Expr {
  const { lead, place, window, stride, dilation, low } = numbered(index, k.attrs);
  const sizes = k.operands[0]!.shape.slice(lead.length);
  const reduce = (extent: number, body: (i: e.Expr) => e.Expr) => k.reduce(fn, extent, body);
  return overWindow(window, reduce, (taps) => {
    if (sizes.includes(0)) return otherwise;
    const places = taps.map((tap, i) => placeOf(place[i]!, tap, stride[i]!, dilation[i]!, low[i]!));
    const { inside, clamped } = insideOf(places, sizes);
    return e.select(inside, element([...lead, ...clamped], flatOf(places, sizes)), otherwise);
  });
}

/**
 * The sum over all windows that may cover the element at `index`: `term` gets a window's index in operand 0, whether an
 * element of the window lies there, and the element's row-major place. With i + low = s · q + r the windows are q, q − 1, …,
 * as many as fit into the window's reach.
 */
export function overWindows(
  index: Index,
  k: Reader<SlidingAttrs>,
  term: (at: Index, covers: e.Expr, flat: e.Expr) => e.Expr,
): e.Expr {
  const { lead, place, window, stride, dilation, low } = numbered(index, k.attrs);
  const positions = k.operands[0]!.shape.slice(lead.length);
  const zero = e.literal(0, k.results[0]!.dtype);
  const counts = window.map((n, i) => Math.floor(((n - 1) * dilation[i]!) / stride[i]!) + 1);
  const reduce = (extent: number, body: (i: e.Expr) => e.Expr) => k.reduce("sum", extent, body);
  const flat = flatOf(place, k.results[0]!.shape.slice(lead.length));
  return overWindow(counts, reduce, (back) => {
    if (positions.includes(0)) return zero;
    const from = place.map((p, i) => e.add(p, e.literal(low[i]!)));
    const windows = back.map((j, i) => e.sub(e.floorDiv(from[i]!, stride[i]!), j));
    const { inside, clamped } = insideOf(windows, positions);
    const offsets = back.map((j, i) => e.add(e.floorMod(from[i]!, stride[i]!), e.mul(j, e.literal(stride[i]!))));
    const isTap = (offset: e.Expr, i: number): e.Expr => {
      const reach = (window[i]! - 1) * dilation[i]! + 1;
      return e.and(e.lt(offset, e.literal(reach)), e.eq(e.floorMod(offset, dilation[i]!), e.literal(0)));
    };
    const covers = offsets.map(isTap).reduce(e.and, e.literal(1, "bool"));
    return e.select(inside, term([...lead, ...clamped], covers, flat), zero);
  });
}
