// Exponentials and logarithms: exp, expm1, log, log1p.
import { edge, reject, sample, unary } from "../elementwise.js";
import * as e from "../expr.js";
import type { Op } from "../op.js";
import { tensorType } from "../type.js";
import { add, div, mul } from "./arithmetic.js";

export const exp: Op<"unary"> = unary("exp", {
  doc: "The exponential: `y = eˣ`.",
  accepts: "float",
  at: (x) => e.call("exp", x),
  vjp: (g, _, y) => mul(g, y),
  onnx: "Exp",
  samples: [
    sample("f32", { x: [0, 1, -1, 10] }, [1, Math.E, 0.36787944117144233, 22026.465794806718]),
    sample("f64", { x: [0.5, -20] }, [1.6487212707001282, 2.061153622438558e-9]),
    edge("f32", { x: [Infinity, -Infinity, NaN, 89, -200] }, [Infinity, 0, NaN, Infinity, 0]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: exp: x is i32, but exp needs f32 or f64")],
});

export const expm1: Op<"unary"> = unary("expm1", {
  doc: "The exponential less one, exact for small x: `y = eˣ − 1`.",
  accepts: "float",
  at: (x) => e.call("expm1", x),
  vjp: (g, _, y) => mul(g, add(y, 1)),
  samples: [
    sample("f32", { x: [0, 1, -1, 1e-6] }, [0, 1.718281828459045, -0.6321205588285577, 1.0000005000001667e-6]),
    sample("f64", { x: [1e-10] }, [1.00000000005e-10]),
    edge("f32", { x: [-0, Infinity, -Infinity, NaN] }, [-0, Infinity, -1, NaN]),
  ],
  rejects: [reject([tensorType("bool", [3])], "DTypeError: expm1: x is bool, but expm1 needs f32 or f64")],
});

export const log: Op<"unary"> = unary("log", {
  doc: "The natural logarithm: `y = ln x`, NaN where x < 0.",
  accepts: "float",
  at: (x) => e.call("log", x),
  vjp: (g, x) => div(g, x),
  onnx: "Log",
  samples: [
    sample("f32", { x: [1, 2, 10, 0.5] }, [0, Math.LN2, Math.LN10, -Math.LN2]),
    sample("f64", { x: [3, 1e-300] }, [1.0986122886681098, -690.7755278982137]),
    edge("f32", { x: [0, -0, Infinity, -1, NaN] }, [-Infinity, -Infinity, Infinity, NaN, NaN]),
  ],
  rejects: [reject([tensorType("i32", [])], "DTypeError: log: x is i32, but log needs f32 or f64")],
});

export const log1p: Op<"unary"> = unary("log1p", {
  doc: "The logarithm of one more, exact for small x: `y = ln(1 + x)`.",
  accepts: "float",
  at: (x) => e.call("log1p", x),
  vjp: (g, x) => div(g, add(x, 1)),
  samples: [
    sample("f32", { x: [0, 1, -0.5, 1e-6] }, [0, Math.LN2, -Math.LN2, 9.999995000003333e-7]),
    sample("f64", { x: [1e-10] }, [9.9999999995e-11]),
    edge("f32", { x: [-0, -1, Infinity, -2, NaN] }, [-0, -Infinity, Infinity, NaN, NaN]),
  ],
  rejects: [reject([tensorType("u8", [3])], "DTypeError: log1p: x is u8, but log1p needs f32 or f64")],
});
