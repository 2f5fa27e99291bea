// What losses share: pairs of equal type, class labels, and where a label points.
import { expectDType, expectSameDType, expectSameShape } from "./elementwise.js";
import { DTypeError, ShapeError } from "./errors.js";
import { broadcastTo, constantLike, type Scalar } from "./forms.js";
import type { Operand } from "./node.js";
import { add, div, mul } from "./ops/arithmetic.js";
import { checkedIndex } from "./ops/checks.js";
import { equal } from "./ops/comparison.js";
import { iota, size } from "./ops/leaves.js";
import { broadcast } from "./ops/movement.js";
import { cast, where } from "./ops/selection.js";
import { alongRows } from "./rows.js";
import { printShape, sameShape, type Size } from "./size.js";
import type { TensorType } from "./type.js";

/** A prediction and a target, or a number that every element of the target is. */
export type PairArgs = [prediction: Operand, target: Scalar];

/** Both as operands. */
export function pair(prediction: Operand, target: Scalar): readonly [Operand, Operand] {
  return [prediction, typeof target === "number" ? constantLike(prediction, target) : target];
}

/** Throws unless both are floats of one dtype and shape; gives that type. */
export function expectPairOfFloats(op: string, xName: string, x: TensorType, yName: string, y: TensorType): TensorType {
  expectDType(op, xName, x, "float");
  expectSameDType(xName, x, yName, y);
  expectSameShape(xName, x, yName, y);
  return x;
}

/** A shape without one of its axes. */
export function without(shape: readonly Size[], axis: number): readonly Size[] {
  return shape.filter((_, i) => i !== axis);
}

/** Throws unless `weights` has one number per class along `axis` of `x`, which is called `name`. */
export function expectClassWeights(name: string, x: TensorType, axis: number, weights: TensorType | undefined): void {
  if (!weights) return;
  expectSameDType(name, x, "weights", weights);
  if (sameShape(weights.shape, [x.shape[axis]!])) return;
  throw new ShapeError(`weights are ${printShape(weights.shape)}, not ${printShape([x.shape[axis]!])}: one per class`);
}

/** Throws unless `labels` are class indices, one per row of `x`. */
export function expectClasses(name: string, x: TensorType, axis: number, labels: TensorType): void {
  if (labels.dtype !== "i32") {
    throw new DTypeError(`labels are ${labels.dtype}, but classes are i32`, { help: 'labels.cast("i32")' });
  }
  const rows = without(x.shape, axis);
  if (sameShape(labels.shape, rows)) return;
  const [own, found] = [printShape(rows), printShape(labels.shape)];
  throw new ShapeError(`${name} are ${printShape(x.shape)}, so labels are ${own}, not ${found}`);
}

/** Where class labels point, and which rows do not count. */
export interface Labelled {
  /** The shape of `x`: true at the class that the row's label names; nowhere in a row that is ignored. */
  readonly hot: Operand;
  /** One per row, false where the label is the one to ignore; null where all count. */
  readonly counts: Operand | null;
}

/** Points labels out. A label out of range stops the run with a message that names `op`; `ignored` need not be in range. */
export function labelled(op: string, x: Operand, labels: Operand, axis: number, ignored?: number): Labelled {
  const { shape } = x.type;
  const classes = iota(x, shape, axis, "i32");
  const skipped = ignored === undefined ? null : equal(labels, ignored);
  const named = checkedIndex(skipped ? where(skipped, 0, labels) : labels, shape[axis]!, `${op}: label`);
  if (!skipped) return { hot: equal(classes, alongRows(named, x, axis)), counts: null };
  const shown = where(skipped, -1, named);
  return { hot: equal(classes, alongRows(shown, x, axis)), counts: equal(shown, named) };
}

/**
 * How much each class of each row counts, in the shape of `x`: labels, as indices or as shares already, with a part of them
 * spread over all classes.
 */
export function classTargets(
  op: string,
  x: Operand,
  labels: Operand,
  options: { readonly axis: number; readonly labelSmoothing?: number; readonly ignoreIndex?: number },
): Operand {
  const { axis, labelSmoothing: smoothing = 0, ignoreIndex } = options;
  const { dtype, shape } = x.type;
  const classes = shape[axis]!;
  const spread =
    typeof classes === "number"
      ? constantLike(x, smoothing / classes)
      : broadcastTo(div(smoothing, size(x, classes, dtype)), shape);
  const smooth = (y: Operand) => (smoothing === 0 ? y : add(mul(y, 1 - smoothing), spread));
  if (labels.type.dtype !== "i32") return smooth(labels);
  const { hot, counts } = labelled(op, x, labels, axis, ignoreIndex);
  const targets = smooth(cast(hot, dtype));
  return counts ? where(alongRows(counts, x, axis), targets, 0) : targets;
}

/** One number per class, repeated to the shape of `x`. */
export function alongClasses(perClass: Operand, x: Operand, axis: number): Operand {
  return broadcast(perClass, x.type.shape, [axis]);
}
