// Reductions composed of others: mean, logSumExp, argmax, argmin.
import { isFloat } from "../dtype.js";
import { defineOp } from "../define-op.js";
import { expectDType } from "../elementwise.js";
import { broadcastTo } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { expectElements, type ReductionAttrs, reducedType, spread } from "../reduction.js";
import { mulSizes } from "../size.js";
import { tensorType, type TensorType } from "../type.js";
import { add, div, mul, sub } from "./arithmetic.js";
import { equal, less, notEqual } from "./comparison.js";
import { exp, log } from "./exponential.js";
import { constant, iota, size } from "./leaves.js";
import { logicalOr } from "./logic.js";
import { abs } from "./magnitude.js";
import { max, min, sum } from "./reductions.js";
import { where } from "./selection.js";

export const mean: Op<"reduction", ReductionAttrs> = defineOp("mean", {
  doc: "The mean over some axes, all where none are given: `y = 1/n · Σ x`; of nothing it is NaN.",
  operands: ["x"],
  form: "reduction",
  infer: ([x], attrs) => {
    expectDType("mean", "x", x!, "float");
    return [reducedType(x!, attrs)];
  },
  lower: {
    kind: "compose",
    expand: ([x], { axes, keepDims }) => {
      const { shape, dtype } = x!.type;
      const total = sum(x!, axes, { keepDims });
      const n = mulSizes(...axes.map((axis) => shape[axis]!));
      const share = typeof n === "number" ? constant(x!, 1 / n, dtype) : div(1, size(x!, n, dtype));
      return [mul(total, broadcastTo(share, total.type.shape))];
    },
  },
  onnx: { type: "ReduceMean", attrs: { axes: "axes", keepDims: "keepdims" } },
  samples: [
    byHand([t("f32", [2, 2], [1, 2, 3, 6])], { axes: [1], keepDims: false }, t("f32", [2], [1.5, 4.5])),
    byHand([t("f32", [2, 2], [1, 2, 3, 6])], { axes: [0, 1], keepDims: true }, t("f32", [1, 1], [3])),
  ],
  rejects: [
    {
      operands: [tensorType("i32", [2])],
      attrs: { axes: [0], keepDims: false },
      message: "DTypeError: mean: x is i32, but mean needs f32 or f64",
    },
  ],
});

export const logSumExp: Op<"reduction", ReductionAttrs> = defineOp("logSumExp", {
  doc: "The logarithm of a sum of exponentials over some axes, all where none are given, without overflow: `y = log Σ exp x`.",
  operands: ["x"],
  form: "reduction",
  infer: ([x], attrs) => {
    expectDType("logSumExp", "x", x!, "float");
    const type = reducedType(x!, attrs);
    expectElements(x!, attrs.axes);
    return [type];
  },
  lower: {
    kind: "compose",
    expand: ([x], { axes, keepDims }) => {
      const { shift, total } = shiftedSum(x!, { axes, keepDims });
      return [add(log(total), shift)];
    },
  },
  // Not g · exp(x − y): y is rounded, which large x would show.
  vjp: ({ g, operands: [x], attrs }) => {
    const { terms, total } = shiftedSum(x!, attrs);
    return [mul(spread(g, x!, attrs), div(terms, spread(total, x!, attrs)))];
  },
  onnx: { type: "ReduceLogSumExp", attrs: { axes: "axes", keepDims: "keepdims" } },
  samples: [
    byHand(
      [t("f32", [2, 2], [0, 0, 1000, 1000])],
      { axes: [1], keepDims: false },
      t("f32", [2], [Math.LN2, 1000 + Math.LN2]),
    ),
    byHand([t("f32", [3], [0, Math.log(2), Math.log(5)])], { axes: [0], keepDims: true }, t("f32", [1], [Math.log(8)])),
    {
      operands: [t("f32", [2, 2], [-Infinity, -Infinity, Infinity, 0])],
      attrs: { axes: [1], keepDims: false },
      results: [t("f32", [2], [-Infinity, Infinity])],
      from: "by hand",
      smooth: false,
    },
  ],
  rejects: [
    {
      operands: [tensorType("i32", [2])],
      attrs: { axes: [0], keepDims: false },
      message: "DTypeError: logSumExp: x is i32, but logSumExp needs f32 or f64",
    },
    {
      operands: [tensorType("f32", [2, 0])],
      attrs: { axes: [1], keepDims: false },
      message: "ShapeError: logSumExp: axis 1 of [2,0] is empty, and nothing has no largest or smallest element",
    },
  ],
});

/** `terms = exp(x − shift)` and their sum, the shift being the largest element where that is finite. */
function shiftedSum(x: Operand, attrs: ReductionAttrs): { shift: Operand; terms: Operand; total: Operand } {
  const { axes, keepDims } = attrs;
  const largest = max(x, axes, { keepDims });
  const shift = where(less(abs(largest), Infinity), largest, 0);
  const terms = exp(sub(x, spread(shift, x, attrs)));
  return { shift, terms, total: sum(terms, axes, { keepDims }) };
}

type ArgAttrs = { axis: number; keepDims: boolean };

export const argmax: Op<"argReduction", ArgAttrs> = defineOp("argmax", {
  doc: "Where the largest element along an axis stands, the first of equals, as i32; the first NaN where there is one.",
  operands: ["x"],
  form: "argReduction",
  infer: ([x], attrs) => [placeType(x!, attrs)],
  lower: { kind: "compose", expand: ([x], attrs) => [firstPlace(x!, max, attrs)] },
  vjp: () => [null],
  onnx: { type: "ArgMax", attrs: { axis: "axis", keepDims: "keepdims" } },
  samples: [
    byHand(
      [t("f32", [3, 3], [1, 7, 7, 2, NaN, 9, -3, -2, -1])],
      { axis: 1, keepDims: false },
      t("i32", [3], [1, 1, 2]),
    ),
    byHand([t("i32", [2, 2], [4, 1, 3, 1])], { axis: 0, keepDims: true }, t("i32", [1, 2], [0, 0])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { axis: 1, keepDims: false },
      message: "ShapeError: argmax: axis 1 is out of range: rank 1 has axes -1 to 0",
    },
    {
      operands: [tensorType("f32", [2, 0])],
      attrs: { axis: 1, keepDims: false },
      message: "ShapeError: argmax: axis 1 of [2,0] is empty, and nothing has no largest or smallest element",
    },
  ],
});

export const argmin: Op<"argReduction", ArgAttrs> = defineOp("argmin", {
  doc: "Where the smallest element along an axis stands, the first of equals, as i32; the first NaN where there is one.",
  operands: ["x"],
  form: "argReduction",
  infer: ([x], attrs) => [placeType(x!, attrs)],
  lower: { kind: "compose", expand: ([x], attrs) => [firstPlace(x!, min, attrs)] },
  vjp: () => [null],
  onnx: { type: "ArgMin", attrs: { axis: "axis", keepDims: "keepdims" } },
  samples: [
    byHand([t("f32", [2, 3], [1, -7, -7, NaN, 5, NaN])], { axis: 1, keepDims: true }, t("i32", [2, 1], [1, 0])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [0])],
      attrs: { axis: 0, keepDims: false },
      message: "ShapeError: argmin: axis 0 of [0] is empty, and nothing has no largest or smallest element",
    },
  ],
});

function placeType(x: TensorType, { axis, keepDims }: ArgAttrs): TensorType {
  const type = reducedType(x, { axes: [axis], keepDims }, "i32");
  expectElements(x, [axis]);
  return type;
}

/** The least index along the axis whose element is the extreme one, or NaN. */
function firstPlace(x: Operand, extreme: Op<"reduction", ReductionAttrs>, { axis, keepDims }: ArgAttrs): Operand {
  const found = equal(x, extreme(x, axis, { keepDims: true }));
  const here = isFloat(x.type.dtype) ? logicalOr(found, notEqual(x, x)) : found;
  const places = iota(x, x.type.shape, axis, "i32");
  return min(where(here, places, 2 ** 31 - 1), axis, { keepDims });
}
