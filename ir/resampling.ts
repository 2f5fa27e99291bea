// Where the elements of a resized axis come from. Places are quotients of integers, so that weights are exact to one
// rounding and no element falls on the wrong side of its neighbour.
import type { DType } from "./dtype.js";
import * as e from "./expr.js";
import { clamp } from "./shape.js";

export type ResizeMode = "nearest" | "bilinear";

/** An axis of `from` elements resized to `to`. */
export interface Resampling {
  readonly from: number;
  readonly to: number;
  readonly mode: ResizeMode;
  /** Whether the outermost elements stay in place; else pixels are areas, and the outer borders stay (half-pixel). */
  readonly alignCorners: boolean;
}

/** An element of the result: `Σ weight · x[place]`, with one term, without a weight, for the nearest. */
export interface Term {
  readonly place: e.Expr;
  readonly weight: e.Expr | null;
}

/** The place of element i in the source is `(step · i + start) / unit`, before it is clamped to the first element. */
function line({ from, to, alignCorners }: Resampling): { step: number; start: number; unit: number } {
  if (alignCorners) return { step: from - 1, start: 0, unit: Math.max(1, to - 1) };
  const common = greatestCommonDivisor(from, to);
  return { step: (2 * from) / common, start: (from - to) / common, unit: (2 * to) / common };
}

/** What element `i` of the result is made of; weights are floats of `dtype`. */
export function termsOf(axis: Resampling, i: e.Expr, dtype: DType): readonly Term[] {
  const { step, start, unit } = line(axis);
  const at = e.add(e.mul(i, e.literal(step)), e.literal(start));
  if (axis.mode === "nearest") {
    // Rounded half up; with areas, the half that rounding adds is the half that the line took off.
    const doubled = e.add(e.mul(at, e.literal(2)), e.literal(unit));
    return [{ place: clamp(e.floorDiv(doubled, 2 * unit), axis.from), weight: null }];
  }
  const range = e.rangeOf(at);
  const inside = range && range[0] >= 0 ? at : e.call("maximum", at, e.literal(0));
  const left = clamp(e.floorDiv(inside, unit), axis.from);
  const share = e.div(e.cast(e.floorMod(inside, unit), dtype), e.literal(unit, dtype));
  return [
    { place: left, weight: e.sub(e.literal(1, dtype), share) },
    { place: clamp(e.add(left, e.literal(1)), axis.from), weight: share },
  ];
}

/** The elements of the result that may read element `j` of the source: `count` of them from `first` on, some outside. */
export function readersOf(axis: Resampling, j: e.Expr): { readonly first: e.Expr; readonly count: number } {
  const { step, start, unit } = line(axis);
  const count = step === 0 ? axis.to : Math.ceil((2 * unit) / step) + 2;
  if (count >= axis.to) return { first: e.literal(0), count: axis.to };
  // (step · i + start) / unit > j − 1
  const first = e.floorDiv(e.add(e.mul(j, e.literal(unit)), e.literal(-unit - start)), step);
  return { first, count };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
