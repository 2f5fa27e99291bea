// Distributions over a row: softmax and its logarithm, both safe for any finite logits.
import { defineOp } from "../define-op.js";
import { expectDType } from "../elementwise.js";
import { normalizeAxis } from "../forms.js";
import { byHand, type Op, t } from "../op.js";
import { expectElements } from "../reduction.js";
import { shiftedRows } from "../rows.js";
import { type TensorType, tensorType } from "../type.js";
import { div, mul, sub } from "./arithmetic.js";
import { exp, log } from "./exponential.js";
import { sum } from "./reductions.js";

type RowAttrs = { axis: number };

export const softmax: Op<"row", RowAttrs> = defineOp("softmax", {
  doc: "Exponentials along an axis, divided by their sum: `yᵢ = e^(xᵢ − max x) / Σⱼ e^(xⱼ − max x)`.",
  operands: ["x"],
  form: "row",
  infer: ([x], { axis }) => [expectRows("softmax", x!, axis)],
  lower: {
    kind: "compose",
    expand: ([x], { axis }) => {
      const { terms, total } = shiftedRows(x!, axis);
      // The total is at least 1: its reciprocal is safe, and one division does for the row.
      return [mul(terms, div(1, total))];
    },
  },
  vjp: ({ g, results: [y], attrs: { axis } }) => [mul(y!, sub(g, sum(mul(g, y!), axis, { keepDims: true })))],
  onnx: { type: "Softmax", attrs: { axis: "axis" } },
  samples: [
    byHand(
      [t("f32", [2, 3], [1, 2, 3, 0, 0, 0])],
      { axis: 1 },
      t("f32", [2, 3], [0.09003057317038046, 0.24472847105479764, 0.6652409557748218, 1 / 3, 1 / 3, 1 / 3]),
    ),
    byHand(
      [t("f32", [2, 2], [-1, 2, 0.5, 1])],
      { axis: 0 },
      t("f32", [2, 2], [0.18242552380635632, 0.7310585786300049, 0.8175744761936437, 0.2689414213699951]),
    ),
    byHand([t("f32", [2, 2], [1e4, -1e4, 5, -Infinity])], { axis: 1 }, t("f32", [2, 2], [1, 0, 1, 0])),
  ].map((sample, i) => ({ ...sample, smooth: i < 2 })),
  rejects: rejectsOf("softmax"),
  tolerance: 8,
});

export const logSoftmax: Op<"row", RowAttrs> = defineOp("logSoftmax", {
  doc: "The logarithm of softmax, without its underflow: `yᵢ = xᵢ − max x − ln Σⱼ e^(xⱼ − max x)`.",
  operands: ["x"],
  form: "row",
  infer: ([x], { axis }) => [expectRows("logSoftmax", x!, axis)],
  lower: {
    kind: "compose",
    expand: ([x], { axis }) => {
      const { shifted, total } = shiftedRows(x!, axis);
      return [sub(shifted, log(total))];
    },
  },
  vjp: ({ g, results: [y], attrs: { axis } }) => [sub(g, mul(exp(y!), sum(g, axis, { keepDims: true })))],
  onnx: { type: "LogSoftmax", attrs: { axis: "axis" } },
  samples: [
    byHand(
      [t("f32", [2, 3], [1, 2, 3, 0, 0, 0])],
      { axis: 1 },
      t(
        "f32",
        [2, 3],
        [-2.40760596444438, -1.4076059644443804, -0.40760596444438046, -Math.log(3), -Math.log(3), -Math.log(3)],
      ),
    ),
    byHand([t("f32", [1, 2], [1e4, -1e4])], { axis: 1 }, t("f32", [1, 2], [0, -2e4])),
    byHand([t("f32", [1, 2], [5, -Infinity])], { axis: 1 }, t("f32", [1, 2], [0, -Infinity])),
  ].map((sample, i) => ({ ...sample, smooth: i < 2 })),
  rejects: rejectsOf("logSoftmax"),
  tolerance: 8,
});

function expectRows(op: string, x: TensorType, axis: number): TensorType {
  expectDType(op, "x", x, "float");
  expectElements(x, [normalizeAxis(axis, x)]);
  return x;
}

function rejectsOf(op: string) {
  return [
    {
      operands: [tensorType("i32", [2, 3])],
      attrs: { axis: 1 },
      message: `DTypeError: ${op}: x is i32, but ${op} needs f32 or f64`,
    },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { axis: 2 },
      message: `ShapeError: ${op}: axis 2 is out of range: rank 2 has axes -2 to 1`,
    },
  ];
}
