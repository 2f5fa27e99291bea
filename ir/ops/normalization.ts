// Normalisation of rows to mean 0 and variance 1.
import { defineOp } from "../define-op.js";
import { expectDType, expectSameDType } from "../elementwise.js";
import { GraphError, ShapeError } from "../errors.js";
import { normalizeAxis } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { printShape, sameShape } from "../size.js";
import { tensorType } from "../type.js";
import { add, mul, sub } from "./arithmetic.js";
import { rsqrt } from "./powers.js";
import { sum } from "./reductions.js";
import { mean } from "./statistics.js";

type LayerNormAttrs = { axis: number; epsilon: number };
type LayerNormArgs = [
  x: Operand,
  scale?: Operand,
  bias?: Operand,
  options?: { readonly axis?: number; readonly epsilon?: number },
];

export const layerNorm: Op<"own", LayerNormAttrs, LayerNormArgs> = defineOp("layerNorm", {
  doc: "Mean 0 and variance 1 over all axes from `axis` on, the last alone where nothing is said, then scaled and shifted: `y = (x − μ) / √(σ² + ε) · scale + bias`.",
  operands: ["x", "scale", "bias"],
  form: "own",
  call: (x, scale, bias, { axis = -1, epsilon = 1e-5 } = {}) => {
    if (bias && !scale) throw new GraphError("there is a bias but no scale");
    const operands = [x, scale, bias].filter((operand) => operand !== undefined);
    return { operands, attrs: { axis: normalizeAxis(axis, x.type), epsilon } };
  },
  infer: ([x, ...affine], { axis }) => {
    expectDType("layerNorm", "x", x!, "float");
    const shape = x!.shape.slice(normalizeAxis(axis, x!));
    affine.forEach((type, i) => {
      const name = i === 0 ? "scale" : "bias";
      expectSameDType("x", x!, name, type);
      if (!sameShape(type.shape, shape)) {
        throw new ShapeError(`rows of x are ${printShape(shape)} but ${name} is ${printShape(type.shape)}`);
      }
    });
    return [x!];
  },
  lower: {
    kind: "compose",
    expand: ([x, scale, bias], attrs) => {
      const { centred, reciprocal } = moments(x!, attrs);
      const normal = mul(centred, reciprocal);
      const scaled = scale ? mul(normal, scale) : normal;
      return [bias ? add(scaled, bias) : scaled];
    },
  },
  vjp: ({ g, operands: [x, scale, bias], attrs }) => {
    const { centred, reciprocal, axes } = moments(x!, attrs);
    const normal = mul(centred, reciprocal);
    const h = scale ? mul(g, scale) : g;
    const alongMean = mean(h, axes, { keepDims: true });
    const alongNormal = mul(normal, mean(mul(h, normal), axes, { keepDims: true }));
    const gx = mul(sub(sub(h, alongMean), alongNormal), reciprocal);
    const rows = Array.from({ length: attrs.axis }, (_, axis) => axis);
    return [gx, ...(scale ? [sum(mul(g, normal), rows)] : []), ...(bias ? [sum(g, rows)] : [])];
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
    byHand([t("f32", [1, 3], [5, 5, 5])], { axis: 1, epsilon: 1e-5 }, t("f32", [1, 3], [0, 0, 0])),
    byHand([t("f32", [2, 2], [3, 3, -3, -3])], { axis: 0, epsilon: 0 }, t("f32", [2, 2], [1, 1, -1, -1])),
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

/** `x − μ` and `1 / √(σ² + ε)` of every row, the variance from the differences to the mean, which cannot cancel. */
function moments(x: Operand, { axis, epsilon }: LayerNormAttrs) {
  const axes = x.type.shape.map((_, i) => i).slice(axis);
  const centred = sub(x, mean(x, axes, { keepDims: true }));
  const variance = mean(mul(centred, centred), axes, { keepDims: true });
  return { axes, centred, reciprocal: rsqrt(add(variance, epsilon)) };
}
