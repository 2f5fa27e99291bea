// Normalisation of rows: to mean 0 and variance 1, or to a mean square of 1.
import { defineOp } from "../define-op.js";
import { expectDType, expectSameDType } from "../elementwise.js";
import { GraphError, ShapeError } from "../errors.js";
import { normalizeAxis } from "../forms.js";
import { averaged, standardized, standardizedPullback } from "../moments.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { printShape, sameShape } from "../size.js";
import { type TensorType, tensorType } from "../type.js";
import { add, mul, sub } from "./arithmetic.js";
import { rsqrt } from "./powers.js";
import { sum } from "./reductions.js";

type RowNormAttrs = { axis: number; epsilon: number };
type RowNormOptions = { readonly axis?: number; readonly epsilon?: number };
type LayerNormArgs = [x: Operand, scale?: Operand, bias?: Operand, options?: RowNormOptions];

export const layerNorm: Op<"like", RowNormAttrs, LayerNormArgs> = defineOp("layerNorm", {
  doc: "Mean 0 and variance 1 over all axes from `axis` on, the last alone where nothing is said, then scaled and shifted: `y = (x − μ) / √(σ² + ε) · scale + bias`.",
  operands: ["x", "scale", "bias"],
  form: "like",
  call: (x, scale, bias, { axis = -1, epsilon = 1e-5 } = {}) => {
    if (bias && !scale) throw new GraphError("there is a bias but no scale");
    const operands = [x, scale, bias].filter((operand) => operand !== undefined);
    return { operands, attrs: { axis: normalizeAxis(axis, x.type), epsilon } };
  },
  infer: ([x, ...affine], attrs) => {
    expectRows("layerNorm", x!, affine, attrs);
    return [x!];
  },
  lower: {
    kind: "compose",
    expand: ([x, scale, bias], attrs) => {
      const { normal } = standardized(x!, innerAxes(x!, attrs), attrs.epsilon);
      const scaled = scale ? mul(normal, scale) : normal;
      return [bias ? add(scaled, bias) : scaled];
    },
  },
  vjp: ({ g, operands: [x, scale, bias], attrs }) => {
    const axes = innerAxes(x!, attrs);
    const rows = standardized(x!, axes, attrs.epsilon);
    const outer = outerAxes(attrs);
    return [
      standardizedPullback(scale ? mul(g, scale) : g, rows, axes),
      ...(scale ? [sum(mul(g, rows.normal), outer)] : []),
      ...(bias ? [sum(g, outer)] : []),
    ];
  },
  onnx: { type: "LayerNormalization", attrs: { axis: "axis", epsilon: "epsilon" } },
  samples: [
    byHand(
      [t("f32", [2, 4], [1, 2, 3, 6, 1, 1, -1, -1])],
      { axis: 1, epsilon: 1e-5 },
      t(
        "f32",
        [2, 4],
        [
          ...[-1.0690434404458735, -0.5345217202229368, 0, 1.6035651606688102],
          ...[0.9999950000374997, 0.9999950000374997, -0.9999950000374997, -0.9999950000374997],
        ],
      ),
    ),
    byHand(
      [t("f32", [1, 2], [-1, 1]), t("f32", [2], [2, 3]), t("f32", [2], [10, 20])],
      { axis: 1, epsilon: 0 },
      t("f32", [1, 2], [8, 23]),
    ),
    byHand(
      [t("f32", [1, 2, 2], [3, 3, -3, -3]), t("f32", [2, 2], [1, 2, 3, 4])],
      { axis: 1, epsilon: 0 },
      t("f32", [1, 2, 2], [1, 2, -3, -4]),
    ),
    byHand([t("f32", [1, 3], [5, 5, 5])], { axis: 1, epsilon: 1e-5 }, t("f32", [1, 3], [0, 0, 0])),
    byHand([t("f32", [2, 2], [3, 3, -3, -3])], { axis: 0, epsilon: 0 }, t("f32", [2, 2], [1, 1, -1, -1])),
    byHand([t("f32", [0, 2], []), t("f32", [2], [1, 1])], { axis: 1, epsilon: 1e-5 }, t("f32", [0, 2], [])),
  ],
  rejects: [
    {
      operands: [tensorType("i32", [2, 3])],
      attrs: { axis: 1, epsilon: 1e-5 },
      message: "DTypeError: layerNorm: x is i32, but layerNorm needs f32 or f64",
    },
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [2])],
      attrs: { axis: 1, epsilon: 1e-5 },
      message: "ShapeError: layerNorm: rows of x are [3] but scale is [2]",
    },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { axis: 2, epsilon: 1e-5 },
      message: "ShapeError: layerNorm: axis 2 is out of range: rank 2 has axes -2 to 1",
    },
  ],
  tolerance: 16,
});

type RmsNormArgs = [x: Operand, scale?: Operand, options?: RowNormOptions];

export const rmsNorm: Op<"like", RowNormAttrs, RmsNormArgs> = defineOp("rmsNorm", {
  doc: "A mean square of 1 over all axes from `axis` on, the last alone where nothing is said, then scaled: `y = x / √(mean x² + ε) · scale`.",
  operands: ["x", "scale"],
  form: "like",
  call: (x, scale, { axis = -1, epsilon = 1e-5 } = {}) => ({
    operands: scale ? [x, scale] : [x],
    attrs: { axis: normalizeAxis(axis, x.type), epsilon },
  }),
  infer: ([x, ...affine], attrs) => {
    expectRows("rmsNorm", x!, affine, attrs);
    return [x!];
  },
  lower: {
    kind: "compose",
    expand: ([x, scale], attrs) => {
      const { normal } = unitRows(x!, attrs);
      return [scale ? mul(normal, scale) : normal];
    },
  },
  vjp: ({ g, operands: [x, scale], attrs }) => {
    const { normal, reciprocal } = unitRows(x!, attrs);
    const h = scale ? mul(g, scale) : g;
    const alongNormal = mul(normal, averaged(mul(h, normal), innerAxes(x!, attrs)));
    const gx = mul(sub(h, alongNormal), reciprocal);
    return scale ? [gx, sum(mul(g, normal), outerAxes(attrs))] : [gx];
  },
  onnx: { type: "RMSNormalization", attrs: { axis: "axis", epsilon: "epsilon" } },
  samples: [
    byHand(
      [t("f32", [2, 2], [3, 4, -1, 7])],
      { axis: 1, epsilon: 0 },
      // √(25/2) and √25.
      t("f32", [2, 2], [0.848528137423857, 1.131370849898476, -0.2, 1.4]),
    ),
    byHand(
      [t("f32", [1, 2], [-1, 7]), t("f32", [2], [10, 20])],
      { axis: 1, epsilon: 11 },
      t("f32", [1, 2], [-10 / 6, 140 / 6]),
    ),
    byHand(
      [t("f32", [2, 2], [1, -1, 1, 1]), t("f32", [2, 2], [1, 2, 3, 4])],
      { axis: 0, epsilon: 0 },
      t("f32", [2, 2], [1, -2, 3, 4]),
    ),
    byHand([t("f32", [1, 3], [0, 0, 0])], { axis: 1, epsilon: 1e-5 }, t("f32", [1, 3], [0, 0, 0])),
  ],
  rejects: [
    {
      operands: [tensorType("bool", [2, 3])],
      attrs: { axis: 1, epsilon: 1e-5 },
      message: "DTypeError: rmsNorm: x is bool, but rmsNorm needs f32 or f64",
    },
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [2, 3])],
      attrs: { axis: 1, epsilon: 1e-5 },
      message: "ShapeError: rmsNorm: rows of x are [3] but scale is [2,3]",
    },
    {
      operands: [tensorType("f32", [])],
      attrs: { axis: 0, epsilon: 1e-5 },
      message: "ShapeError: rmsNorm: axis 0 is out of range: a scalar has none",
    },
  ],
  tolerance: 16,
});

function innerAxes(x: Operand, { axis }: RowNormAttrs): readonly number[] {
  return x.type.shape.map((_, i) => i).slice(axis);
}

function outerAxes({ axis }: RowNormAttrs): readonly number[] {
  return Array.from({ length: axis }, (_, i) => i);
}

/** `1 / √(mean x² + ε)` of every row, and the row times that. */
function unitRows(x: Operand, attrs: RowNormAttrs): { normal: Operand; reciprocal: Operand } {
  const reciprocal = rsqrt(add(averaged(mul(x, x), innerAxes(x, attrs)), attrs.epsilon));
  return { normal: mul(x, reciprocal), reciprocal };
}

function expectRows(op: string, x: TensorType, affine: readonly TensorType[], { axis }: RowNormAttrs): void {
  expectDType(op, "x", x, "float");
  const shape = x.shape.slice(normalizeAxis(axis, x));
  affine.forEach((type, i) => {
    const name = i === 0 ? "scale" : "bias";
    expectSameDType("x", x, name, type);
    if (sameShape(type.shape, shape)) return;
    throw new ShapeError(`rows of x are ${printShape(shape)} but ${name} is ${printShape(type.shape)}`);
  });
}
