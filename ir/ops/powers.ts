// Powers and roots: pow, sqrt, rsqrt.
import { binary, edge, reject, rule, sample, unary } from "../elementwise.js";
import * as e from "../expr.js";
import { constantValue, rangeOfValue } from "../facts.js";
import { constantLike } from "../forms.js";
import type { Operand } from "../node.js";
import type { Op } from "../op.js";
import { tensorType } from "../type.js";
import { div, mul, sub } from "./arithmetic.js";
import { equal, greater } from "./comparison.js";
import { log } from "./exponential.js";
import { logicalAnd } from "./logic.js";
import { where } from "./selection.js";

export const pow: Op<"binary"> = binary("pow", {
  doc: "A power: `z = x^y`, with x⁰ = 1 for every x. The derivative in y is taken as 0 where x ≤ 0.",
  accepts: "float",
  at: (x, y) => e.call("pow", x, y),
  vjp: (g, x, y, z) => [slopeInBase(g, x, y), slopeInExponent(g, x, z)],
  simplify: [
    rule("x^0 → 1", (x, y) => (constantValue(y!) === 0 ? constantLike(x!, 1) : null)),
    rule("x^1 → x", (x, y) => (constantValue(y!) === 1 ? x! : null)),
    rule("x^2 → x · x", (x, y) => (constantValue(y!) === 2 ? mul(x!, x!) : null)),
    rule("x^3 → x · x · x", (x, y) => (constantValue(y!) === 3 ? mul(mul(x!, x!), x!) : null)),
    rule("x^−1 → 1 / x", (x, y) => (constantValue(y!) === -1 ? div(1, x!) : null)),
    rule("x^0.5 → sqrt(x), x not −∞", (x, y) =>
      constantValue(y!) === 0.5 && rangeOfValue(x!).low > -Infinity ? sqrt(x!) : null,
    ),
    rule("x^−0.5 → rsqrt(x), x > 0", (x, y) =>
      constantValue(y!) === -0.5 && rangeOfValue(x!).low > 0 ? rsqrt(x!) : null,
    ),
    rule("1^y → 1", (x) => (constantValue(x!) === 1 ? x! : null)),
  ],
  onnx: "Pow",
  samples: [
    sample("f32", { lhs: [2, 4, 9, 2, 1.5], rhs: [3, 0.5, -0.5, 0, 2] }, [8, 2, 1 / 3, 1, 2.25]),
    sample("f64", { lhs: [2, 10], rhs: [0.5, -2] }, [Math.SQRT2, 0.01]),
    edge("f32", { lhs: [-2, -2, 0, 0, -8], rhs: [3, 2, 2, 0, 1 / 3] }, [-8, 4, 0, 1, NaN]),
    edge("f32", { lhs: [0, -0, Infinity, NaN, 1, 0.5], rhs: [-1, -3, -1, 0, NaN, Infinity] }, [
      Infinity,
      -Infinity,
      0,
      1,
      1,
      0,
    ]),
  ],
  rejects: [
    reject([tensorType("i32", [2]), tensorType("i32", [2])], "DTypeError: pow: lhs is i32, but pow needs f32 or f64"),
    reject(
      [tensorType("f32", [2]), tensorType("f32", [3])],
      "ShapeError: pow: lhs has shape [2] but rhs has shape [3]",
    ),
  ],
});

/** `g · y · x^(y−1)`, and 0 at 0⁰, where `0 · 0^−1` would be NaN. Elsewhere no mask, so that ∂²z/∂x∂y is right at y = 0. */
function slopeInBase(g: Operand, x: Operand, y: Operand): Operand | null {
  const c = constantValue(y);
  if (c === 0) return null;
  if (c === 1) return g;
  if (c === 2) return mul(g, mul(x, 2));
  if (c !== null) return mul(g, mul(pow(x, c - 1), c));
  const flat = logicalAnd(equal(x, 0), equal(y, 0));
  return where(flat, 0, mul(g, mul(y, pow(x, where(flat, 1, sub(y, 1))))));
}

/** `g · x^y · ln x` where x > 0, else 0; the logarithm never sees what is not chosen. */
function slopeInExponent(g: Operand, x: Operand, z: Operand): Operand {
  const positive = greater(x, 0);
  return where(positive, mul(g, mul(z, log(where(positive, x, 1)))), 0);
}

export const sqrt: Op<"unary"> = unary("sqrt", {
  doc: "The square root: `y = √x`, NaN where x < 0.",
  accepts: "float",
  at: (x) => e.call("sqrt", x),
  vjp: (g, _, y) => div(mul(g, 0.5), y),
  onnx: "Sqrt",
  samples: [
    sample("f32", { x: [4, 2.25, 1e-20] }, [2, 1.5, 1e-10]),
    sample("f64", { x: [2] }, [Math.SQRT2]),
    edge("f32", { x: [0, -0, Infinity, -1, NaN] }, [0, -0, Infinity, NaN, NaN]),
  ],
  rejects: [reject([tensorType("i32", [2])], "DTypeError: sqrt: x is i32, but sqrt needs f32 or f64")],
});

export const rsqrt: Op<"unary"> = unary("rsqrt", {
  doc: "The reciprocal of the square root: `y = 1 / √x`.",
  accepts: "float",
  at: (x, dtype) => e.div(e.literal(1, dtype), e.call("sqrt", x)),
  vjp: (g, _, y) => mul(mul(g, -0.5), mul(y, mul(y, y))),
  samples: [
    sample("f32", { x: [4, 0.25, 100] }, [0.5, 2, 0.1]),
    edge("f32", { x: [0, -0, Infinity, -1, NaN] }, [Infinity, -Infinity, 0, NaN, NaN]),
  ],
  rejects: [reject([tensorType("u8", [2])], "DTypeError: rsqrt: x is u8, but rsqrt needs f32 or f64")],
});
