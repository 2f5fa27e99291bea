// Rounding to integers that stay floats: floor, ceil, round, whose gradients are zero everywhere, also at the jumps; the
// remainder that rounding leaves: mod; and rounding of what is next to nothing: flush.
import { isFloat } from "../dtype.js";
import { binary, edge, reject, rule, sample, unary } from "../elementwise.js";
import * as e from "../expr.js";
import { madeBy } from "../facts.js";
import type { Op, Rule } from "../op.js";
import { tensorType } from "../type.js";
import { div, mul, neg } from "./arithmetic.js";

export const floor: Op<"unary"> = unary("floor", {
  doc: "The greatest integer that is not above: `y = ⌊x⌋`; its gradient is zero.",
  accepts: "float",
  at: (x) => e.call("floor", x),
  vjp: () => null,
  simplify: [ofInteger("floor")],
  onnx: "Floor",
  samples: [
    sample("f32", { x: [1.5, -1.5, 0.25] }, [1, -2, 0]),
    edge("f32", { x: [2, -0, Infinity, NaN] }, [2, -0, Infinity, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: floor: x is i32, but floor needs f32 or f64")],
});

export const flush: Op<"unary"> = unary("flush", {
  doc: "0 in the place of what is next to nothing: `y = x if |x| ≥ 2⁻¹⁰⁰ else 0`; its gradient is that of `x`. What decays from step to step comes to an end with it, and not among the denormal numbers, with which machines compute many times slower.",
  accepts: "float",
  at: (x, dtype) => e.select(e.call("lt", e.call("abs", x), e.literal(2 ** -100, dtype)), e.literal(0, dtype), x),
  vjp: (g) => g,
  samples: [
    sample("f32", { x: [1.5, -1e-20, 2] }, [1.5, -1e-20, 2]),
    edge("f32", { x: [0, 1e-31, -1e-40, -Infinity, NaN] }, [0, 0, 0, -Infinity, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: flush: x is i32, but flush needs f32 or f64")],
});

export const ceil: Op<"unary"> = unary("ceil", {
  doc: "The least integer that is not below: `y = ⌈x⌉`; its gradient is zero.",
  accepts: "float",
  at: (x) => e.call("ceil", x),
  vjp: () => null,
  simplify: [ofInteger("ceil")],
  onnx: "Ceil",
  samples: [
    sample("f32", { x: [1.5, -1.5, 0.25] }, [2, -1, 1]),
    edge("f32", { x: [2, -0, -0.5, -Infinity, NaN] }, [2, -0, -0, -Infinity, NaN]),
  ],
  rejects: [reject([tensorType("i32", [3])], "DTypeError: ceil: x is i32, but ceil needs f32 or f64")],
});

export const round: Op<"unary"> = unary("round", {
  doc: "The nearest integer, the even one at halves: `y = ⌊x + ½⌋` but there; its gradient is zero.",
  accepts: "float",
  at: (x) => e.call("round", x),
  vjp: () => null,
  simplify: [ofInteger("round")],
  onnx: "Round",
  samples: [
    sample("f32", { x: [1.75, -1.25, 0.25] }, [2, -1, 0]),
    edge("f32", { x: [0.5, 1.5, 2.5, -0.5, -1.5, NaN] }, [0, 2, 2, -0, -2, NaN]),
  ],
  rejects: [reject([tensorType("bool", [3])], "DTypeError: round: x is bool, but round needs f32 or f64")],
});

export const mod: Op<"binary"> = binary("mod", {
  doc: "The remainder with the sign of the divisor: `z = x − y · floor(x / y)`; of integers 0 where y = 0.",
  accepts: "number",
  at: (x, y, dtype) => e.call(isFloat(dtype) ? "mod" : "floorMod", x, y),
  vjp: (g, x, y) => [g, neg(mul(g, floor(div(x, y))))],
  onnx: "Mod",
  samples: [
    sample("f32", { lhs: [7.5, -7.5, 7.5, -7.5], rhs: [2, 2, -2, -2] }, [1.5, 0.5, -0.5, -1.5]),
    edge("f32", { lhs: [1, Infinity, 6], rhs: [0, 2, 3] }, [NaN, NaN, 0]),
    sample("i32", { lhs: [7, -7, 7, 5], rhs: [3, 3, -3, 0] }, [1, 2, -2, 0]),
  ],
  rejects: [reject([tensorType("i32", [2]), tensorType("u8", [2])], "DTypeError: mod: lhs is i32 but rhs is u8")],
});

/** What is rounded already does not change. */
function ofInteger(name: string): Rule {
  return rule(`${name}(x) → x, x rounded`, (x) => (madeBy(x!, floor, ceil, round) ? x! : null));
}
