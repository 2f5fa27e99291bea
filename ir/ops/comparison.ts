// Comparisons, element by element, with a bool result. With NaN all are false but notEqual.
import { comparison, reject, rule, sample } from "../elementwise.js";
import * as e from "../expr.js";
import { isFloat } from "../dtype.js";
import { broadcastTo } from "../forms.js";
import type { Operand, Value } from "../node.js";
import type { Op, Rule } from "../op.js";
import { tensorType } from "../type.js";
import { constant } from "./leaves.js";

export const equal: Op<"compare"> = comparison("equal", {
  doc: "Whether two are equal: `z = (x = y)`; NaN equals nothing, −0 equals 0.",
  accepts: "any",
  at: (x, y) => e.call("eq", x, y),
  simplify: [ofItself("x = x → true, x not a float", 1, false)],
  onnx: "Equal",
  samples: [
    sample("f32", { lhs: [1, 2, 0, NaN], rhs: [1, 3, -0, NaN] }, [1, 0, 1, 0], "bool"),
    sample("i32", { lhs: [1, -2], rhs: [1, 2] }, [1, 0], "bool"),
    sample("bool", { lhs: [0, 1, 0], rhs: [0, 0, 1] }, [1, 0, 0], "bool"),
  ],
  rejects: [reject([tensorType("f32", [2]), tensorType("i32", [2])], "DTypeError: equal: lhs is f32 but rhs is i32")],
});

export const notEqual: Op<"compare"> = comparison("notEqual", {
  doc: "Whether two differ: `z = (x ≠ y)`; NaN differs from everything.",
  accepts: "any",
  at: (x, y) => e.call("ne", x, y),
  simplify: [ofItself("x ≠ x → false, x not a float", 0, false)],
  samples: [
    sample("f32", { lhs: [1, 2, 0, NaN], rhs: [1, 3, -0, NaN] }, [0, 1, 0, 1], "bool"),
    sample("u8", { lhs: [1, 255], rhs: [1, 2] }, [0, 1], "bool"),
  ],
  rejects: [
    reject(
      [tensorType("f32", [2]), tensorType("f32", [1])],
      "ShapeError: notEqual: lhs has shape [2] but rhs has shape [1]",
    ),
  ],
});

export const less: Op<"compare"> = comparison("less", {
  doc: "Whether one is less than the other: `z = (x < y)`.",
  accepts: "number",
  at: (x, y) => e.call("lt", x, y),
  simplify: [ofItself("x < x → false", 0, true)],
  onnx: "Less",
  samples: [
    sample("f32", { lhs: [1, 2, 2, NaN, -Infinity], rhs: [2, 1, 2, 1, 0] }, [1, 0, 0, 0, 1], "bool"),
    sample("i32", { lhs: [-1, 3], rhs: [1, 3] }, [1, 0], "bool"),
    sample("u8", { lhs: [200, 3], rhs: [100, 4] }, [0, 1], "bool"),
  ],
  rejects: [
    reject(
      [tensorType("bool", [2]), tensorType("bool", [2])],
      "DTypeError: less: lhs is bool, but less needs f32, f64, i32 or u8",
    ),
  ],
});

export const lessEqual: Op<"compare"> = comparison("lessEqual", {
  doc: "Whether one is at most the other: `z = (x ≤ y)`.",
  accepts: "number",
  at: (x, y) => e.call("le", x, y),
  simplify: [ofItself("x ≤ x → true, x not a float", 1, false)],
  onnx: "LessOrEqual",
  samples: [
    sample("f32", { lhs: [1, 2, 2, NaN], rhs: [2, 1, 2, NaN] }, [1, 0, 1, 0], "bool"),
    sample("i32", { lhs: [-1, 3, 4], rhs: [1, 3, 3] }, [1, 1, 0], "bool"),
  ],
  rejects: [
    reject([tensorType("f64", [2]), tensorType("f32", [2])], "DTypeError: lessEqual: lhs is f64 but rhs is f32"),
  ],
});

export const greater: Op<"compare"> = comparison("greater", {
  doc: "Whether one is greater than the other: `z = (x > y)`.",
  accepts: "number",
  at: (x, y) => e.call("gt", x, y),
  simplify: [ofItself("x > x → false", 0, true)],
  onnx: "Greater",
  samples: [
    sample("f32", { lhs: [1, 2, 2, NaN], rhs: [2, 1, 2, 1] }, [0, 1, 0, 0], "bool"),
    sample("i32", { lhs: [-1, 4], rhs: [1, 3] }, [0, 1], "bool"),
  ],
  rejects: [reject([tensorType("u8", [2]), tensorType("f32", [2])], "DTypeError: greater: lhs is u8 but rhs is f32")],
});

export const greaterEqual: Op<"compare"> = comparison("greaterEqual", {
  doc: "Whether one is at least the other: `z = (x ≥ y)`.",
  accepts: "number",
  at: (x, y) => e.call("ge", x, y),
  simplify: [ofItself("x ≥ x → true, x not a float", 1, false)],
  onnx: "GreaterOrEqual",
  samples: [
    sample("f32", { lhs: [1, 2, 2, NaN], rhs: [2, 1, 2, NaN] }, [0, 1, 1, 0], "bool"),
    sample("i32", { lhs: [-1, 3, 4], rhs: [1, 3, 3] }, [0, 1, 1], "bool"),
  ],
  rejects: [
    reject(
      [tensorType("f32", [2, 2]), tensorType("f32", [2])],
      "ShapeError: greaterEqual: lhs has shape [2,2] but rhs has shape [2]",
    ),
  ],
});

/** What a comparison of a value with itself gives; NaN is not equal to itself, so some hold only for integers and bools. */
function ofItself(name: string, answer: 0 | 1, alsoFloats: boolean): Rule {
  return rule(name, (x, y) => (x === y && (alsoFloats || !isFloat(x!.type.dtype)) ? boolLike(x!, answer) : null));
}

function boolLike(like: Value, answer: 0 | 1): Operand {
  return broadcastTo(constant(like, answer, "bool"), like.type.shape);
}
