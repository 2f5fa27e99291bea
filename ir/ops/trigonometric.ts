// Sine, cosine and tangent of angles in radians.
import { edge, reject, rule, sample, unary } from "../elementwise.js";
import * as e from "../expr.js";
import { madeBy } from "../facts.js";
import type { Op } from "../op.js";
import { tensorType } from "../type.js";
import { add, mul, neg } from "./arithmetic.js";

export const sin: Op<"unary"> = unary("sin", {
  doc: "The sine: `y = sin x`, NaN at the infinities.",
  accepts: "float",
  at: (x) => e.call("sin", x),
  vjp: (g, x) => mul(g, cos(x)),
  onnx: "Sin",
  samples: [
    sample("f32", { x: [0, 1, -1, 2.5] }, [0, 0.8414709848078965, -0.8414709848078965, 0.5984721441039564]),
    sample("f64", { x: [10, 0.5] }, [-0.5440211108893698, 0.479425538604203]),
    edge("f32", { x: [-0, Infinity, NaN] }, [-0, NaN, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: sin: x is i32, but sin needs f32 or f64")],
});

export const cos: Op<"unary"> = unary("cos", {
  doc: "The cosine: `y = cos x`, NaN at the infinities.",
  accepts: "float",
  at: (x) => e.call("cos", x),
  vjp: (g, x) => neg(mul(g, sin(x))),
  simplify: [
    rule("cos(−x) → cos(x)", (x) => {
      const negated = madeBy(x!, neg);
      return negated ? cos(negated[0]!) : null;
    }),
  ],
  onnx: "Cos",
  samples: [
    sample("f32", { x: [0, 1, -1, 2.5] }, [1, 0.5403023058681398, 0.5403023058681398, -0.8011436155469337]),
    sample("f64", { x: [10, 0.5] }, [-0.8390715290764524, 0.8775825618903728]),
    edge("f32", { x: [-Infinity, NaN] }, [NaN, NaN]),
  ],
  rejects: [reject([tensorType("bool", [3])], "DTypeError: cos: x is bool, but cos needs f32 or f64")],
});

export const tan: Op<"unary"> = unary("tan", {
  doc: "The tangent: `y = sin x / cos x`.",
  accepts: "float",
  at: (x) => e.call("tan", x),
  vjp: (g, _, y) => mul(g, add(mul(y, y), 1)),
  onnx: "Tan",
  samples: [
    sample("f32", { x: [0, 1, -1, 0.5] }, [0, 1.5574077246549023, -1.5574077246549023, 0.5463024898437905]),
    sample("f64", { x: [2] }, [-2.185039863261519]),
    edge("f32", { x: [-0, Infinity, NaN] }, [-0, NaN, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: tan: x is i32, but tan needs f32 or f64")],
});
