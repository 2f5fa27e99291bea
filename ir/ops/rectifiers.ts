// Relatives of relu that let something through on the left: leakyRelu, elu, selu, celu. At 0 all take the derivative from
// the left, as PyTorch does.
import { defineOp } from "../define-op.js";
import { edge, expectDType, reject, sample } from "../elementwise.js";
import { GraphError } from "../errors.js";
import type { Attrs, Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { tensorType } from "../type.js";
import { div, mul } from "./arithmetic.js";
import { greater } from "./comparison.js";
import { expm1 } from "./exponential.js";
import { where } from "./selection.js";

export const leakyRelu: Op<"like", { slope: number }, [x: Operand, slope?: number]> = defineOp("leakyRelu", {
  doc: "Leaky relu: `y = x` where x > 0, else `slope · x`, with slope 0.01 where nothing is said; its derivative at 0 is the slope.",
  operands: ["x"],
  form: "like",
  call: (x, slope = 0.01) => ({ operands: [x], attrs: { slope } }),
  infer: ([x]) => {
    expectDType("leakyRelu", "x", x!, "float");
    return [x!];
  },
  lower: { kind: "compose", expand: ([x], { slope }) => [where(greater(x!, 0), x!, mul(x!, slope))] },
  onnx: { type: "LeakyRelu", attrs: { slope: "alpha" } },
  samples: [
    byHand([t("f32", [3], [2, -2, 0.5])], { slope: 0.25 }, t("f32", [3], [2, -0.5, 0.5])),
    { ...byHand([t("f32", [4], [0, Infinity, -Infinity, NaN])], { slope: 0.01 }, t("f32", [4], [0, Infinity, -Infinity, NaN])), smooth: false }, // prettier-ignore
  ],
  rejects: [
    {
      operands: [tensorType("i32", [3])],
      attrs: { slope: 0.01 },
      message: "DTypeError: leakyRelu: x is i32, but leakyRelu needs f32 or f64",
    },
  ],
});

type AlphaAttrs = { alpha: number };

export const elu: Op<"like", AlphaAttrs, [x: Operand, alpha?: number]> = defineOp("elu", {
  doc: "The exponential linear unit (Clevert et al. 2016): `y = x` where x > 0, else `alpha · (eˣ − 1)`, with alpha 1 where nothing is said; its derivative at 0 is alpha.",
  operands: ["x"],
  form: "like",
  call: (x, alpha = 1) => ({ operands: [x], attrs: { alpha } }),
  infer: ([x]) => {
    expectDType("elu", "x", x!, "float");
    return [x!];
  },
  lower: { kind: "compose", expand: ([x], { alpha }) => [rectified(x!, 1, alpha)] },
  onnx: { type: "Elu", attrs: { alpha: "alpha" } },
  samples: [
    byHand([t("f32", [3], [2, -1, -3])], { alpha: 1 }, t("f32", [3], [2, Math.expm1(-1), Math.expm1(-3)])),
    byHand([t("f32", [2], [0.5, -1])], { alpha: 0.5 }, t("f32", [2], [0.5, 0.5 * Math.expm1(-1)])),
    { ...byHand([t("f32", [6], [0, -0, Infinity, -Infinity, -1e4, NaN])], { alpha: 1 }, t("f32", [6], [0, -0, Infinity, -1, -1, NaN])), smooth: false }, // prettier-ignore
  ],
  rejects: [
    {
      operands: [tensorType("i32", [3])],
      attrs: { alpha: 1 },
      message: "DTypeError: elu: x is i32, but elu needs f32 or f64",
    },
  ],
  tolerance: 8,
});

/** Klambauer et al. 2017: the fixed point of mean 0 and variance 1. */
const selfNormalizing = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

export const selu: Op<"unary"> = defineOp<"unary", Attrs>("selu", {
  doc: "The scaled exponential linear unit (Klambauer et al. 2017): `y = λ · elu(x, α)` with α ≈ 1.67326 and λ ≈ 1.05070; its derivative at 0 is λ · α.",
  operands: ["x"],
  form: "unary",
  infer: ([x]) => {
    expectDType("selu", "x", x!, "float");
    return [x!];
  },
  lower: {
    kind: "compose",
    expand: ([x]) => {
      const { alpha, scale } = selfNormalizing;
      return [rectified(x!, scale, scale * alpha)];
    },
  },
  onnx: { type: "Selu" },
  samples: [
    sample("f32", { x: [1, -1, 3, -2] }, [1.0507009873554805, -1.1113307378125625, 3.1521029620664414, -1.5201664685956945]), // prettier-ignore
    edge("f32", { x: [0, Infinity, -Infinity, NaN] }, [0, Infinity, -1.7580993408473766, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: selu: x is i32, but selu needs f32 or f64")],
  tolerance: 8,
});

export const celu: Op<"like", AlphaAttrs, [x: Operand, alpha?: number]> = defineOp("celu", {
  doc: "The exponential linear unit whose slope is continuous for every alpha (Barron 2017): `y = x` where x > 0, else `alpha · (e^(x / alpha) − 1)`, with alpha 1 where nothing is said.",
  operands: ["x"],
  form: "like",
  call: (x, alpha = 1) => ({ operands: [x], attrs: { alpha } }),
  infer: ([x], { alpha }) => {
    expectDType("celu", "x", x!, "float");
    if (!(alpha > 0)) throw new GraphError(`alpha is ${alpha}, not a positive number`);
    return [x!];
  },
  lower: {
    kind: "compose",
    expand: ([x], { alpha }) => {
      const right = greater(x!, 0);
      const left = where(right, 0, x!);
      return [where(right, x!, mul(expm1(div(left, alpha)), alpha))];
    },
  },
  onnx: { type: "Celu", attrs: { alpha: "alpha" } },
  samples: [
    byHand([t("f32", [3], [2, -1, -3])], { alpha: 2 }, t("f32", [3], [2, 2 * Math.expm1(-0.5), 2 * Math.expm1(-1.5)])),
    { ...byHand([t("f32", [4], [0, -Infinity, -1e4, NaN])], { alpha: 0.5 }, t("f32", [4], [0, -0.5, -0.5, NaN])), smooth: false }, // prettier-ignore
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3])],
      attrs: { alpha: 0 },
      message: "GraphError: celu: alpha is 0, not a positive number",
    },
    {
      operands: [tensorType("u8", [3])],
      attrs: { alpha: 1 },
      message: "DTypeError: celu: x is u8, but celu needs f32 or f64",
    },
  ],
  tolerance: 8,
});

/** `slope · x` where x > 0, else `scale · (eˣ − 1)`; the exponential never sees what is not chosen. */
function rectified(x: Operand, slope: number, scale: number): Operand {
  const right = greater(x, 0);
  const left = mul(expm1(where(right, 0, x)), scale);
  return where(right, slope === 1 ? x : mul(x, slope), left);
}
