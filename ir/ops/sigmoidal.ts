// S-shaped functions: tanh, sigmoid, erf. The first two have gradients in terms of their result, so the operand need not
// be kept.
import { edge, reject, sample, unary } from "../elementwise.js";
import * as e from "../expr.js";
import type { Op } from "../op.js";
import { tensorType } from "../type.js";
import { mul, neg, sub } from "./arithmetic.js";
import { exp } from "./exponential.js";

export const tanh: Op<"unary"> = unary("tanh", {
  doc: "The hyperbolic tangent: `y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)`.",
  accepts: "float",
  at: (x) => e.call("tanh", x),
  vjp: (g, _, y) => mul(g, sub(1, mul(y, y))),
  onnx: "Tanh",
  samples: [
    sample("f32", { x: [0, 1, -1, 0.25] }, [0, 0.7615941559557649, -0.7615941559557649, 0.24491866240370913]),
    sample("f64", { x: [3, 1e-5] }, [0.9950547536867305, 9.999999999666667e-6]),
    edge("f32", { x: [-0, Infinity, -Infinity, NaN, 100] }, [-0, 1, -1, NaN, 1]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: tanh: x is i32, but tanh needs f32 or f64")],
});

export const sigmoid: Op<"unary"> = unary("sigmoid", {
  doc: "The logistic function: `y = 1 / (1 + e⁻ˣ)`.",
  accepts: "float",
  at: (x) => e.call("sigmoid", x),
  vjp: (g, _, y) => mul(g, mul(y, sub(1, y))),
  onnx: "Sigmoid",
  samples: [
    sample("f32", { x: [0, 1, -1, 4] }, [0.5, 0.7310585786300049, 0.2689414213699951, 0.9820137900379085]),
    sample("f64", { x: [-20] }, [2.0611536181902037e-9]),
    edge("f32", { x: [Infinity, -Infinity, NaN, 200] }, [1, 0, NaN, 1]),
  ],
  rejects: [reject([tensorType("bool", [3])], "DTypeError: sigmoid: x is bool, but sigmoid needs f32 or f64")],
});

export const erf: Op<"unary"> = unary("erf", {
  doc: "The error function: `y = 2/√π · ∫₀ˣ e^(−t²) dt`.",
  accepts: "float",
  at: (x) => e.call("erf", x),
  vjp: (g, x) => mul(g, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))),
  onnx: "Erf",
  samples: [
    sample("f32", { x: [0, 1, -1, 0.5] }, [0, 0.8427007929497149, -0.8427007929497149, 0.5204998778130465]),
    sample("f64", { x: [2] }, [0.9953222650189527]),
    edge("f32", { x: [-0, Infinity, -Infinity, NaN, 10] }, [-0, 1, -1, NaN, 1]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: erf: x is i32, but erf needs f32 or f64")],
});
