// Lengths of vectors: norm, euclideanNorm.
import { defineOp } from "../define-op.js";
import { expectDType } from "../elementwise.js";
import { GraphError } from "../errors.js";
import { type Axes, type KeepDims, normalizeAxes } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { reducedType, type ReductionAttrs, spread } from "../reduction.js";
import { tensorType } from "../type.js";
import { div, mul } from "./arithmetic.js";
import { equal, greater, less } from "./comparison.js";
import { logicalAnd } from "./logic.js";
import { abs } from "./magnitude.js";
import { sqrt } from "./powers.js";
import { max, sum } from "./reductions.js";
import { where } from "./selection.js";

export const euclideanNorm: Op<"reduction", ReductionAttrs> = defineOp("euclideanNorm", {
  doc: "The length over some axes, all where none are given: `y = √Σ x²`, computed with x over its largest magnitude, so that squares neither overflow nor vanish. Its gradient at 0 is 0.",
  operands: ["x"],
  form: "reduction",
  infer: ([x], attrs) => {
    expectDType("euclideanNorm", "x", x!, "float");
    return [reducedType(x!, attrs)];
  },
  lower: {
    kind: "compose",
    expand: ([x], attrs) => {
      const { axes, keepDims } = attrs;
      if (axes.some((axis) => x!.type.shape[axis] === 0)) return [sum(x!, axes, { keepDims })];
      const largest = max(abs(x!), axes, { keepDims });
      const scale = where(logicalAnd(greater(largest, 0), less(largest, Infinity)), largest, 1);
      const part = div(x!, spread(scale, x!, attrs));
      return [mul(scale, sqrt(sum(mul(part, part), axes, { keepDims })))];
    },
  },
  vjp: ({ g, operands: [x], results: [y], attrs }) => {
    const zero = equal(y!, 0);
    const length = spread(where(zero, 1, y!), x!, attrs);
    return [mul(spread(where(zero, 0, g), x!, attrs), div(x!, length))];
  },
  onnx: { type: "ReduceL2", attrs: { keepDims: "keepdims" } },
  samples: [
    byHand([t("f32", [2, 2], [3, 4, -5, 12])], { axes: [1], keepDims: false }, t("f32", [2], [5, 13])),
    byHand([t("f32", [2, 2], [1, 1, 1, -1])], { axes: [0, 1], keepDims: true }, t("f32", [1, 1], [2])),
    { ...byHand([t("f32", [2, 2], [3e30, 4e30, 3e-30, 4e-30])], { axes: [1], keepDims: false }, t("f32", [2], [5e30, 5e-30])), smooth: false }, // prettier-ignore
    { ...byHand([t("f32", [3, 2], [0, 0, -Infinity, 1, NaN, 1])], { axes: [1], keepDims: false }, t("f32", [3], [0, Infinity, NaN])), smooth: false }, // prettier-ignore
    byHand([t("f32", [2, 0], [])], { axes: [1], keepDims: false }, t("f32", [2], [0, 0])),
  ],
  rejects: [
    {
      operands: [tensorType("i32", [2])],
      attrs: { axes: [0], keepDims: false },
      message: "DTypeError: euclideanNorm: x is i32, but euclideanNorm needs f32 or f64",
    },
  ],
  tolerance: 8,
});

type NormAttrs = ReductionAttrs & { order: number };
type NormArgs = [x: Operand, axes?: Axes, options?: KeepDims & { readonly order?: number }];

export const norm: Op<"reduction", NormAttrs, NormArgs> = defineOp("norm", {
  doc: "The norm of order 1, 2 or Infinity over some axes, all where none are given; 2 where nothing is said: `y = Σ |x|`, `√Σ x²` or `max |x|`. Gradients at 0 are 0, and those of `max` are shared equally among ties.",
  operands: ["x"],
  form: "reduction",
  call: (x, axes, { keepDims = false, order = 2 } = {}) => ({
    operands: [x],
    attrs: { axes: normalizeAxes(axes, x.type), keepDims, order },
  }),
  infer: ([x], attrs) => {
    expectDType("norm", "x", x!, "float");
    if (![1, 2, Infinity].includes(attrs.order)) throw new GraphError(`order is ${attrs.order}, not 1, 2 or Infinity`);
    return [reducedType(x!, attrs)];
  },
  lower: {
    kind: "compose",
    expand: ([x], { axes, keepDims, order }) => {
      if (order === 2) return [euclideanNorm(x!, axes, { keepDims })];
      const empty = axes.some((axis) => x!.type.shape[axis] === 0);
      return [(order === 1 || empty ? sum : max)(abs(x!), axes, { keepDims })];
    },
  },
  samples: [
    byHand([t("f32", [2, 2], [3, 4, -5, 12])], { axes: [1], keepDims: false, order: 2 }, t("f32", [2], [5, 13])),
    byHand([t("f32", [2, 2], [3, 4, -5, 12])], { axes: [0], keepDims: true, order: 1 }, t("f32", [1, 2], [8, 16])),
    byHand([t("f32", [2, 2], [3, -4, -5, 1])], { axes: [0, 1], keepDims: false, order: Infinity }, t("f32", [], [5])),
    byHand([t("f32", [0], [])], { axes: [0], keepDims: false, order: Infinity }, t("f32", [], [0])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { axes: [0], keepDims: false, order: 3 },
      message: "GraphError: norm: order is 3, not 1, 2 or Infinity",
    },
    {
      operands: [tensorType("i32", [2])],
      attrs: { axes: [0], keepDims: false, order: 2 },
      message: "DTypeError: norm: x is i32, but norm needs f32 or f64",
    },
  ],
  tolerance: 8,
});
