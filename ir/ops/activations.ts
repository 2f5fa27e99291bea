// Smooth activations besides tanh and sigmoid, and relu: relu, softplus, silu, gelu, mish, softsign. Those with a slope on
// the left are in rectifiers.ts, those of straight lines in hard-activations.ts.
import { defineOp } from "../define-op.js";
import { edge, expectDType, reject, rule, sample, unary } from "../elementwise.js";
import * as e from "../expr.js";
import { rangeOfValue } from "../facts.js";
import type { Attrs } from "../node.js";
import type { Op } from "../op.js";
import { tensorType, type TensorType } from "../type.js";
import { add, div, mul, neg } from "./arithmetic.js";
import { greater } from "./comparison.js";
import { exp, log1p } from "./exponential.js";
import { abs } from "./magnitude.js";
import { where } from "./selection.js";
import { erf, sigmoid, tanh } from "./sigmoidal.js";

export const relu: Op<"unary"> = unary("relu", {
  doc: "The positive part: `y = max(x, 0)`; its derivative at 0 is 0. The gradient needs only the result.",
  accepts: "signed",
  at: (x, dtype) => e.call("maximum", x, e.literal(0, dtype)),
  vjp: (g, _, y) => where(greater(y, 0), g, 0),
  simplify: [rule("relu(x) → x, x ≥ 0", (x) => (rangeOfValue(x!).low >= 0 ? x! : null))],
  onnx: "Relu",
  samples: [
    sample("f32", { x: [1.5, -2, 0.25] }, [1.5, 0, 0.25]),
    edge("f32", { x: [0, -0, Infinity, -Infinity, NaN] }, [0, 0, Infinity, 0, NaN]),
    sample("i32", { x: [-3, 4] }, [0, 4]),
  ],
  rejects: [reject([tensorType("bool", [3])], "DTypeError: relu: x is bool, but relu needs f32, f64 or i32")],
});

export const softplus: Op<"unary"> = defineOp<"unary", Attrs>("softplus", {
  doc: "A smooth relu: `y = ln(1 + eˣ)`, computed as `max(x, 0) + ln(1 + e^−|x|)` so that it never overflows.",
  operands: ["x"],
  form: "unary",
  infer: ([x]) => floatOf("softplus", x!),
  lower: { kind: "compose", expand: ([x]) => [add(relu(x!), log1p(exp(neg(abs(x!)))))] },
  // Through |x| and relu, the derivative at 0 would come out as 0.
  vjp: ({ g, operands: [x] }) => [mul(g, sigmoid(x!))],
  onnx: { type: "Softplus" },
  samples: [
    sample("f32", { x: [0, 1, -1, 3] }, [Math.LN2, 1.3132616875182228, 0.31326168751822286, 3.048587351573742]),
    edge("f32", { x: [1e4, -1e4, Infinity, -Infinity, NaN] }, [1e4, 0, Infinity, 0, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: softplus: x is i32, but softplus needs f32 or f64")],
  tolerance: 8,
});

export const silu: Op<"unary"> = defineOp<"unary", Attrs>("silu", {
  doc: "The sigmoid linear unit, or swish: `y = x · sigmoid(x)`.",
  operands: ["x"],
  form: "unary",
  infer: ([x]) => floatOf("silu", x!),
  lower: { kind: "compose", expand: ([x]) => [mul(x!, sigmoid(x!))] },
  samples: [
    sample("f32", { x: [0, 1, -1, 3] }, [0, 0.7310585786300049, -0.2689414213699951, 2.8577223804673]),
    edge("f32", { x: [Infinity, -1e4, NaN] }, [Infinity, -0, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: silu: x is i32, but silu needs f32 or f64")],
  tolerance: 8,
});

export const gelu: Op<"unary"> = defineOp<"unary", Attrs>("gelu", {
  doc: "The Gaussian error linear unit, exact: `y = x · ½ (1 + erf(x / √2))`.",
  operands: ["x"],
  form: "unary",
  infer: ([x]) => floatOf("gelu", x!),
  lower: { kind: "compose", expand: ([x]) => [mul(mul(x!, 0.5), add(erf(mul(x!, Math.SQRT1_2)), 1))] },
  onnx: { type: "Gelu" },
  samples: [
    sample(
      "f32",
      { x: [0, 1, -1, 3, 0.5] },
      [0, 0.8413447460685429, -0.15865525393145707, 2.99595030590511, 0.34573123063700656],
    ),
    edge("f32", { x: [Infinity, -1e4, NaN] }, [Infinity, -0, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: gelu: x is i32, but gelu needs f32 or f64")],
  tolerance: 8,
});

export const mish: Op<"unary"> = defineOp<"unary", Attrs>("mish", {
  doc: "Mish (Misra 2019): `y = x · tanh(ln(1 + eˣ))`.",
  operands: ["x"],
  form: "unary",
  infer: ([x]) => floatOf("mish", x!),
  lower: { kind: "compose", expand: ([x]) => [mul(x!, tanh(softplus(x!)))] },
  onnx: { type: "Mish" },
  samples: [
    sample("f32", { x: [0, 1, -1, 3] }, [0, 0.8650983882673103, -0.3034014613741089, 2.9865350049679575]),
    edge("f32", { x: [1e4, -1e4, Infinity, NaN] }, [1e4, -0, Infinity, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: mish: x is i32, but mish needs f32 or f64")],
  tolerance: 16,
});

export const softsign: Op<"unary"> = defineOp<"unary", Attrs>("softsign", {
  doc: "A bounded slope: `y = x / (1 + |x|)`.",
  operands: ["x"],
  form: "unary",
  infer: ([x]) => floatOf("softsign", x!),
  lower: { kind: "compose", expand: ([x]) => [div(x!, add(abs(x!), 1))] },
  vjp: ({ g, operands: [x] }) => {
    const scale = add(abs(x!), 1);
    return [div(div(g, scale), scale)];
  },
  onnx: { type: "Softsign" },
  samples: [
    sample("f32", { x: [1, -1, 3, -0.25] }, [0.5, -0.5, 0.75, -0.2]),
    edge("f32", { x: [0, -0, 1e30, NaN] }, [0, -0, 1, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: softsign: x is i32, but softsign needs f32 or f64")],
});

function floatOf(op: string, x: TensorType): readonly TensorType[] {
  expectDType(op, "x", x, "float");
  return [x];
}
