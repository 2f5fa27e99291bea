// Logic on bools, element by element.
import { binary, reject, rule, sample, unary } from "../elementwise.js";
import * as e from "../expr.js";
import { constantValue, madeBy } from "../facts.js";
import { constantLike } from "../forms.js";
import type { Op } from "../op.js";
import { tensorType } from "../type.js";
import { equal, notEqual } from "./comparison.js";

export const logicalAnd: Op<"binary"> = binary("logicalAnd", {
  doc: "Whether both hold: `z = x ∧ y`.",
  accepts: "bool",
  at: (x, y) => e.and(x, y),
  simplify: [
    rule("x ∧ x → x", (x, y) => (x === y ? x! : null)),
    rule("x ∧ true → x", (x, y) => (constantValue(y!) === 1 ? x! : null)),
    rule("true ∧ x → x", (x, y) => (constantValue(x!) === 1 ? y! : null)),
    rule("x ∧ false → false", (x, y) => (constantValue(y!) === 0 ? y! : null)),
    rule("false ∧ x → false", (x) => (constantValue(x!) === 0 ? x! : null)),
  ],
  onnx: "And",
  samples: [sample("bool", { lhs: [0, 0, 1, 1], rhs: [0, 1, 0, 1] }, [0, 0, 0, 1])],
  rejects: [
    reject(
      [tensorType("i32", [2]), tensorType("bool", [2])],
      "DTypeError: logicalAnd: lhs is i32, but logicalAnd needs bool",
    ),
  ],
});

export const logicalOr: Op<"binary"> = binary("logicalOr", {
  doc: "Whether one or both hold: `z = x ∨ y`.",
  accepts: "bool",
  at: (x, y) => e.call("or", x, y),
  simplify: [
    rule("x ∨ x → x", (x, y) => (x === y ? x! : null)),
    rule("x ∨ false → x", (x, y) => (constantValue(y!) === 0 ? x! : null)),
    rule("false ∨ x → x", (x, y) => (constantValue(x!) === 0 ? y! : null)),
    rule("x ∨ true → true", (x, y) => (constantValue(y!) === 1 ? y! : null)),
    rule("true ∨ x → true", (x) => (constantValue(x!) === 1 ? x! : null)),
  ],
  onnx: "Or",
  samples: [sample("bool", { lhs: [0, 0, 1, 1], rhs: [0, 1, 0, 1] }, [0, 1, 1, 1])],
  rejects: [
    reject(
      [tensorType("bool", [2]), tensorType("f32", [2])],
      "DTypeError: logicalOr: rhs is f32, but logicalOr needs bool",
    ),
  ],
});

export const logicalXor: Op<"binary"> = binary("logicalXor", {
  doc: "Whether exactly one holds: `z = x ⊕ y`.",
  accepts: "bool",
  at: (x, y) => e.call("ne", x, y),
  simplify: [
    rule("x ⊕ x → false", (x, y) => (x === y ? constantLike(x!, 0) : null)),
    rule("x ⊕ false → x", (x, y) => (constantValue(y!) === 0 ? x! : null)),
    rule("x ⊕ true → ¬x", (x, y) => (constantValue(y!) === 1 ? logicalNot(x!) : null)),
  ],
  onnx: "Xor",
  samples: [sample("bool", { lhs: [0, 0, 1, 1], rhs: [0, 1, 0, 1] }, [0, 1, 1, 0])],
  rejects: [
    reject(
      [tensorType("bool", [2]), tensorType("bool", [3])],
      "ShapeError: logicalXor: lhs has shape [2] but rhs has shape [3]",
    ),
  ],
});

export const logicalNot: Op<"unary"> = unary("logicalNot", {
  doc: "Whether it does not hold: `y = ¬x`.",
  accepts: "bool",
  at: (x) => e.call("not", x),
  simplify: [
    rule("¬¬x → x", (x) => madeBy(x!, logicalNot)?.[0] ?? null),
    rule("¬(x = y) → x ≠ y", (x) => {
      const pair = madeBy(x!, equal);
      return pair ? notEqual(pair[0]!, pair[1]!) : null;
    }),
    rule("¬(x ≠ y) → x = y", (x) => {
      const pair = madeBy(x!, notEqual);
      return pair ? equal(pair[0]!, pair[1]!) : null;
    }),
  ],
  onnx: "Not",
  samples: [sample("bool", { x: [0, 1] }, [1, 0])],
  rejects: [reject([tensorType("f32", [2])], "DTypeError: logicalNot: x is f32, but logicalNot needs bool")],
});
