// Reductions that the Kernel IR has: sum, prod, max, min. What is composed of them is in statistics.ts.
import { defineOp } from "../define-op.js";
import { expectDType } from "../elementwise.js";
import type { FormArgs } from "../forms.js";
import type { Node, Operand, Value } from "../node.js";
import { byHand, type Op, type OpRecord, t } from "../op.js";
import { expectElements, keptAxes, nestedRule, type ReductionAttrs, reducedType, reducing, singleRule, spread } from "../reduction.js"; // prettier-ignore
import { inversePermutation } from "../shape.js";
import { elementCount } from "../size.js";
import { tensorType } from "../type.js";
import { madeBy } from "../facts.js";
import { sideBySide, stacked } from "../matrix.js";
import { div, mul } from "./arithmetic.js";
import { equal } from "./comparison.js";
import { matmul } from "./contractions.js";
import { iota } from "./leaves.js";
import { broadcast, reshape, transpose } from "./movement.js";
import { cast, where } from "./selection.js";

export const sum: Op<"reduction", ReductionAttrs> = defineOp("sum", {
  doc: "The sum over some axes, all where none are given; of nothing it is 0: `y = Σ x`.",
  operands: ["x"],
  form: "reduction",
  infer: ([x], attrs) => {
    expectDType("sum", "x", x!, "number");
    return [reducedType(x!, attrs)];
  },
  lower: reducing(() => "sum"),
  vjp: ({ g, operands: [x], attrs }) => [spread(g, x!, attrs)],
  simplify: [
    singleRule("sum"),
    nestedRule("sum"),
    { name: "sum (broadcast x) over the repeats → n · x", apply: (node, [x]) => timesRepeats(node, x!) },
    { name: "sum (x @ y) over the batch → one product of longer rows", apply: (node, [x]) => overBatch(node, x!) },
  ],
  onnx: { type: "ReduceSum", attrs: { keepDims: "keepdims" } },
  samples: [
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { axes: [1], keepDims: false }, t("f32", [2], [6, 15])),
    byHand(
      [t("f32", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
      { axes: [0, 2], keepDims: true },
      t("f32", [1, 2, 1], [14, 22]),
    ),
    byHand([t("i32", [2], [2147483647, 1])], { axes: [0], keepDims: false }, t("i32", [], [-2147483648])),
    byHand([t("f32", [2, 0], [])], { axes: [1], keepDims: false }, t("f32", [2], [0, 0])),
    byHand([t("f32", [2], [1, 2])], { axes: [], keepDims: false }, t("f32", [2], [1, 2])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { axes: [2], keepDims: false },
      message: "ShapeError: sum: axis 2 is out of range: rank 2 has axes -2 to 1",
    },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { axes: [1, 0], keepDims: false },
      message: "ShapeError: sum: the axes [1,0] do not ascend",
    },
    {
      operands: [tensorType("bool", [2])],
      attrs: { axes: [0], keepDims: false },
      message: "DTypeError: sum: x is bool, but sum needs f32, f64, i32 or u8",
    },
  ],
});

export const prod: Op<"reduction", ReductionAttrs> = defineOp("prod", {
  doc: "The product over some axes, all where none are given; of nothing it is 1: `y = Π x`.",
  operands: ["x"],
  form: "reduction",
  infer: ([x], attrs) => {
    expectDType("prod", "x", x!, "number");
    return [reducedType(x!, attrs)];
  },
  lower: reducing(() => "prod"),
  vjp: ({ g, operands: [x], attrs }) => [mul(spread(g, x!, attrs), productOfOthers(x!, attrs))],
  simplify: [singleRule("prod"), nestedRule("prod")],
  onnx: { type: "ReduceProd", attrs: { axes: "axes", keepDims: "keepdims" } },
  samples: [
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { axes: [0], keepDims: false }, t("f32", [3], [4, 10, 18])),
    byHand([t("f32", [2, 3], [2, 0, 3, 0, 5, 0])], { axes: [1], keepDims: true }, t("f32", [2, 1], [0, 0])),
    byHand([t("i32", [0], [])], { axes: [0], keepDims: false }, t("i32", [], [1])),
  ],
  rejects: [
    {
      operands: [tensorType("bool", [2])],
      attrs: { axes: [0], keepDims: false },
      message: "DTypeError: prod: x is bool, but prod needs f32, f64, i32 or u8",
    },
  ],
});

export const max: Op<"reduction", ReductionAttrs> = defineOp("max", {
  doc: "The largest element over some axes, all where none are given; NaN where one is NaN. Its gradient is shared equally among ties.",
  ...extreme("max", "any"),
  onnx: { type: "ReduceMax", attrs: { axes: "axes", keepDims: "keepdims" } },
  samples: [
    byHand([t("f32", [2, 3], [1, 5, 2, -4, -9, -3])], { axes: [1], keepDims: false }, t("f32", [2], [5, -3])),
    {
      operands: [t("f32", [2, 2], [1, NaN, -Infinity, -Infinity])],
      attrs: { axes: [1], keepDims: true },
      results: [t("f32", [2, 1], [NaN, -Infinity])],
      from: "by hand",
      smooth: false,
    },
    byHand([t("bool", [3], [0, 1, 0])], { axes: [0], keepDims: false }, t("bool", [], [1])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 0])],
      attrs: { axes: [1], keepDims: false },
      message: "ShapeError: max: axis 1 of [2,0] is empty, and nothing has no largest or smallest element",
    },
    {
      operands: [tensorType("f32", [])],
      attrs: { axes: [0], keepDims: false },
      message: "ShapeError: max: axis 0 is out of range: a scalar has none",
    },
  ],
});

export const min: Op<"reduction", ReductionAttrs> = defineOp("min", {
  doc: "The smallest element over some axes, all where none are given; NaN where one is NaN. Its gradient is shared equally among ties.",
  ...extreme("min", "all"),
  onnx: { type: "ReduceMin", attrs: { axes: "axes", keepDims: "keepdims" } },
  samples: [
    byHand([t("f32", [2, 3], [1, 5, 2, -4, -9, -3])], { axes: [0], keepDims: false }, t("f32", [3], [-4, -9, -3])),
    byHand([t("i32", [3], [3, -7, 3])], { axes: [0], keepDims: true }, t("i32", [1], [-7])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [0])],
      attrs: { axes: [0], keepDims: false },
      message: "ShapeError: min: axis 0 of [0] is empty, and nothing has no largest or smallest element",
    },
  ],
});

/** What max and min have in common; `ofBools` is the same of bools. */
function extreme(fn: "max" | "min", ofBools: "any" | "all") {
  return {
    operands: ["x"],
    form: "reduction",
    infer: ([x], attrs) => {
      const type = reducedType(x!, attrs);
      expectElements(x!, attrs.axes);
      return [type];
    },
    lower: reducing((dtype) => (dtype === "bool" ? ofBools : fn)),
    vjp: ({ g, operands: [x], results: [y], attrs }) => [sharedAmongTies(g, x!, y!, attrs)],
    simplify: [singleRule(fn), nestedRule(fn)],
  } satisfies Partial<OpRecord<"reduction", ReductionAttrs, FormArgs["reduction"]>>;
}

/** A sum of products of matrices as one product, whose inner axis runs through the whole batch. */
function overBatch({ attrs }: Node, x: Value): Operand | null {
  const { axes, keepDims } = attrs as ReductionAttrs;
  const factors = madeBy(x, matmul);
  if (!factors || keepDims) return null;
  const batch = x.type.shape.length - 2;
  const both = factors.every((y) => y.type.shape.length === x.type.shape.length);
  if (!both || batch < 1 || axes.length !== batch || axes.some((axis) => axis >= batch)) return null;
  return matmul(sideBySide(factors[0]!), stacked(factors[1]!));
}

/** A sum over nothing but repeats of `source`: the number of repeats times `source`. */
function timesRepeats(node: Node, x: Value): Operand | null {
  if (x.node.op !== broadcast) return null;
  const { axes, keepDims } = node.attrs as ReductionAttrs;
  const from = (x.node.attrs as { axes: readonly number[] }).axes;
  const source = x.node.operands[0]!;
  const isRepeat = (axis: number) => !from.includes(axis) || source.type.shape[from.indexOf(axis)] === 1;
  const n = elementCount(axes.map((axis) => x.type.shape[axis]!));
  if (!axes.every(isRepeat) || typeof n !== "number" || n < 1) return null;
  const once = from.filter((axis) => !axes.includes(axis));
  const left = reshape(
    source,
    once.map((axis) => source.type.shape[from.indexOf(axis)]!),
  );
  const { kept } = keptAxes(x.type, axes);
  return broadcast(
    mul(left, n),
    node.results[0]!.type.shape,
    once.map((axis) => (keepDims ? axis : kept.indexOf(axis))),
  );
}

/** The cotangent of a maximum or minimum `y`: the elements equal to it share `g`. */
function sharedAmongTies(g: Operand, x: Operand, y: Operand, attrs: ReductionAttrs): Operand {
  const hits = cast(equal(x, spread(y, x, attrs)), g.type.dtype);
  return mul(hits, spread(div(g, sum(hits, attrs.axes, attrs)), x, attrs));
}

/**
 * For every element of `x`, the product of the others that are reduced with it, right with any number of zeros: a
 * product over a square whose diagonal is 1.
 */
function productOfOthers(x: Operand, { axes }: ReductionAttrs): Operand {
  const { kept, sizes } = keptAxes(x.type, axes);
  const perm = [...kept, ...axes];
  const last = transpose(x, perm);
  const n = elementCount(axes.map((axis) => x.type.shape[axis]!));
  const rank = kept.length;
  const square = [...sizes, n, n];
  const rows = broadcast(reshape(last, [...sizes, n]), square, [...kept.map((_, i) => i), rank + 1]);
  const diagonal = equal(iota(x, square, rank, "i32"), iota(x, square, rank + 1, "i32"));
  const others = prod(where(diagonal, 1, rows), rank + 1);
  return transpose(reshape(others, last.type.shape), inversePermutation(perm));
}
