// Reductions of truth values: any, all.
import { defineOp } from "../define-op.js";
import { expectDType } from "../elementwise.js";
import type { FormArgs } from "../forms.js";
import { byHand, type Op, type OpRecord, t } from "../op.js";
import { nestedRule, reducedType, reducing, type ReductionAttrs, singleRule } from "../reduction.js";
import { tensorType } from "../type.js";

export const any: Op<"reduction", ReductionAttrs> = defineOp("any", {
  doc: "Whether an element is true over some axes, all where none are given; of nothing it is false: `y = x₀ ∨ x₁ ∨ …`.",
  ...quantifier("any"),
  samples: [
    byHand([t("bool", [2, 3], [0, 1, 0, 0, 0, 0])], { axes: [1], keepDims: false }, t("bool", [2], [1, 0])),
    byHand([t("bool", [2, 2], [0, 1, 0, 0])], { axes: [0, 1], keepDims: true }, t("bool", [1, 1], [1])),
    byHand([t("bool", [2, 0], [])], { axes: [1], keepDims: false }, t("bool", [2], [0, 0])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { axes: [0], keepDims: false },
      message: "DTypeError: any: x is f32, but any needs bool",
    },
  ],
});

export const all: Op<"reduction", ReductionAttrs> = defineOp("all", {
  doc: "Whether all elements are true over some axes, all where none are given; of nothing it is true: `y = x₀ ∧ x₁ ∧ …`.",
  ...quantifier("all"),
  samples: [
    byHand([t("bool", [2, 3], [1, 1, 1, 1, 0, 1])], { axes: [1], keepDims: false }, t("bool", [2], [1, 0])),
    byHand([t("bool", [2, 2], [0, 1, 1, 1])], { axes: [0], keepDims: true }, t("bool", [1, 2], [0, 1])),
    byHand([t("bool", [0], [])], { axes: [0], keepDims: false }, t("bool", [], [1])),
  ],
  rejects: [
    {
      operands: [tensorType("bool", [2])],
      attrs: { axes: [1], keepDims: false },
      message: "ShapeError: all: axis 1 is out of range: rank 1 has axes -1 to 0",
    },
    {
      operands: [tensorType("i32", [2])],
      attrs: { axes: [0], keepDims: false },
      message: "DTypeError: all: x is i32, but all needs bool",
    },
  ],
});

/** What the two have in common. */
function quantifier(fn: "any" | "all") {
  return {
    operands: ["x"],
    form: "reduction",
    infer: ([x], attrs) => {
      expectDType(fn, "x", x!, "bool");
      return [reducedType(x!, attrs)];
    },
    lower: reducing(() => fn),
    simplify: [singleRule(fn), nestedRule(fn)],
  } satisfies Partial<OpRecord<"reduction", ReductionAttrs, FormArgs["reduction"]>>;
}
