// Sums and products: add, sub, neg, mul, div. Integers wrap; integer division rounds towards −∞ and gives 0 by zero.
import { isFloat } from "../dtype.js";
import { binary, edge, reject, rule, sample, unary } from "../elementwise.js";
import * as e from "../expr.js";
import { constantValue, madeBy, provablyFinite, provablyNonZero } from "../facts.js";
import { constantLike } from "../forms.js";
import type { Op } from "../op.js";
import { tensorType } from "../type.js";
import { rsqrt, sqrt } from "./powers.js";

export const add: Op<"binary"> = binary("add", {
  doc: "The sum, element by element: `z = x + y`.",
  accepts: "number",
  at: (x, y) => e.add(x, y),
  vjp: (g) => [g, g],
  simplify: [
    rule("x + 0 → x", (x, y) => (constantValue(y!) === 0 ? x! : null)),
    rule("x + −y → x − y", (x, y) => {
      const negated = madeBy(y!, neg);
      return negated ? sub(x!, negated[0]!) : null;
    }),
    rule("−x + y → y − x", (x, y) => {
      const negated = madeBy(x!, neg);
      return negated ? sub(y!, negated[0]!) : null;
    }),
  ],
  onnx: "Add",
  samples: [
    sample("f32", { lhs: [1, 2.5, -3], rhs: [0.5, -2.5, -4] }, [1.5, 0, -7]),
    edge("f32", { lhs: [Infinity, Infinity, NaN, -0], rhs: [1, -Infinity, 1, -0] }, [Infinity, NaN, NaN, -0]),
    sample("i32", { lhs: [1, 2147483647, -5], rhs: [2, 1, 3] }, [3, -2147483648, -2]),
    sample("u8", { lhs: [1, 250], rhs: [2, 10] }, [3, 4]),
  ],
  rejects: [
    reject([tensorType("f32", [3]), tensorType("i32", [3])], "DTypeError: add: lhs is f32 but rhs is i32"),
    reject(
      [tensorType("bool", [3]), tensorType("bool", [3])],
      "DTypeError: add: lhs is bool, but add needs f32, f64, i32 or u8",
    ),
    reject(
      [tensorType("f32", [2, 3]), tensorType("f32", [3, 2])],
      "ShapeError: add: lhs has shape [2,3] but rhs has shape [3,2]",
    ),
  ],
});

export const sub: Op<"binary"> = binary("sub", {
  doc: "The difference, element by element: `z = x − y`.",
  accepts: "number",
  at: (x, y) => e.sub(x, y),
  vjp: (g) => [g, neg(g)],
  simplify: [
    rule("x − 0 → x", (x, y) => (constantValue(y!) === 0 ? x! : null)),
    rule("0 − x → −x", (x, y) => (constantValue(x!) === 0 && y!.type.dtype !== "u8" ? neg(y!) : null)),
    rule("x − x → 0, x finite", (x, y) => (x === y && provablyFinite(x!) ? constantLike(x!, 0) : null)),
    rule("x − −y → x + y", (x, y) => {
      const negated = madeBy(y!, neg);
      return negated ? add(x!, negated[0]!) : null;
    }),
  ],
  onnx: "Sub",
  samples: [
    sample("f32", { lhs: [1, 2.5, -3], rhs: [0.5, -2.5, -4] }, [0.5, 5, 1]),
    edge("f32", { lhs: [Infinity, 0, NaN], rhs: [Infinity, 0, 1] }, [NaN, 0, NaN]),
    sample("i32", { lhs: [1, -2147483648], rhs: [3, 1] }, [-2, 2147483647]),
  ],
  rejects: [reject([tensorType("i32", []), tensorType("f64", [])], "DTypeError: sub: lhs is i32 but rhs is f64")],
});

export const neg: Op<"unary"> = unary("neg", {
  doc: "The negative: `y = −x`.",
  accepts: "signed",
  at: (x) => e.call("neg", x),
  vjp: (g) => neg(g),
  simplify: [
    rule("−−x → x", (x) => madeBy(x!, neg)?.[0] ?? null),
    rule("−(x − y) → y − x", (x) => {
      const difference = madeBy(x!, sub);
      return difference ? sub(difference[1]!, difference[0]!) : null;
    }),
    rule("−(x · c) → x · −c", (x) => {
      const factors = madeBy(x!, mul);
      const c = factors && constantValue(factors[1]!);
      return factors && c !== null ? mul(factors[0]!, -c) : null;
    }),
  ],
  onnx: "Neg",
  samples: [
    sample("f32", { x: [1, -2.5] }, [-1, 2.5]),
    edge("f32", { x: [Infinity, -Infinity] }, [-Infinity, Infinity]),
    edge("f32", { x: [0, -0, NaN] }, [-0, 0, NaN]),
    sample("i32", { x: [3, -2147483648] }, [-3, -2147483648]),
  ],
  rejects: [reject([tensorType("u8", [2])], "DTypeError: neg: x is u8, but neg needs f32, f64 or i32")],
});

export const mul: Op<"binary"> = binary("mul", {
  doc: "The product, element by element: `z = x · y`.",
  accepts: "number",
  at: (x, y) => e.mul(x, y),
  vjp: (g, x, y) => [mul(g, y), mul(g, x)],
  simplify: [
    rule("x · 1 → x", (x, y) => (constantValue(y!) === 1 ? x! : null)),
    rule("x · 0 → 0, x finite", (x, y) => (constantValue(y!) === 0 && provablyFinite(x!) ? y! : null)),
    rule("x · −1 → −x", (x, y) => (constantValue(y!) === -1 && x!.type.dtype !== "u8" ? neg(x!) : null)),
    rule("−x · −y → x · y", (x, y) => {
      const [a, b] = [madeBy(x!, neg), madeBy(y!, neg)];
      return a && b ? mul(a[0]!, b[0]!) : null;
    }),
    rule("−x · c → x · −c", (x, y) => {
      const [negated, c] = [madeBy(x!, neg), constantValue(y!)];
      return negated && c !== null ? mul(negated[0]!, -c) : null;
    }),
  ],
  onnx: "Mul",
  samples: [
    sample("f32", { lhs: [1, 2.5, -3], rhs: [0.5, -2, -4] }, [0.5, -5, 12]),
    edge("f32", { lhs: [Infinity, NaN, -1], rhs: [0, 0, 0] }, [NaN, NaN, -0]),
    sample("i32", { lhs: [3, 65536, -7], rhs: [4, 65536, 2] }, [12, 0, -14]),
    sample("u8", { lhs: [3, 16], rhs: [4, 17] }, [12, 16]),
  ],
  rejects: [
    reject([tensorType("bool", [2]), tensorType("f32", [2])], "DTypeError: mul: lhs is bool but rhs is f32"),
    reject(
      [tensorType("f32", [2]), tensorType("f32", [3])],
      "ShapeError: mul: lhs has shape [2] but rhs has shape [3]",
    ),
  ],
});

export const div: Op<"binary"> = binary("div", {
  doc: "The quotient, element by element: `z = x / y`; of integers `z = floor(x / y)`, and 0 where y = 0.",
  accepts: "number",
  at: (x, y, dtype) => e.call(isFloat(dtype) ? "div" : "floorDiv", x, y),
  vjp: (g, _, y, z) => [div(g, y), neg(div(mul(g, z), y))],
  simplify: [
    rule("x / 1 → x", (x, y) => (constantValue(y!) === 1 ? x! : null)),
    rule("x / c → x · (1 / c), c a power of two", (x, y) => {
      const c = constantValue(y!);
      return c !== null && isFloat(x!.type.dtype) && isPowerOfTwo(c) ? mul(x!, 1 / c) : null;
    }),
    rule("x / x → 1, x finite and not 0", (x, y) =>
      x === y && provablyFinite(x!) && provablyNonZero(x!) ? constantLike(x!, 1) : null,
    ),
    rule("−x / −y → x / y", (x, y) => {
      const [a, b] = [madeBy(x!, neg), madeBy(y!, neg)];
      return a && b && isFloat(x!.type.dtype) ? div(a[0]!, b[0]!) : null;
    }),
    rule("1 / sqrt(x) → rsqrt(x)", (x, y) => {
      const root = madeBy(y!, sqrt);
      return root && constantValue(x!) === 1 ? rsqrt(root[0]!) : null;
    }),
  ],
  onnx: "Div",
  samples: [
    sample("f32", { lhs: [1, 3, -3], rhs: [4, -2, -4] }, [0.25, -1.5, 0.75]),
    edge("f32", { lhs: [1, -1, 0, 1, 1], rhs: [0, 0, 0, -0, Infinity] }, [Infinity, -Infinity, NaN, -Infinity, 0]),
    sample("i32", { lhs: [7, -7, 7, 5, -2147483648], rhs: [2, 2, -2, 0, -1] }, [3, -4, -4, 0, -2147483648]),
    sample("u8", { lhs: [255, 9], rhs: [2, 0] }, [127, 0]),
  ],
  rejects: [reject([tensorType("f32", [2]), tensorType("f64", [2])], "DTypeError: div: lhs is f32 but rhs is f64")],
});

/** ±2ⁿ, far enough from the limits of f32 that its reciprocal is exact. */
function isPowerOfTwo(c: number): boolean {
  const exponent = Math.log2(Math.abs(c));
  return Number.isInteger(exponent) && Math.abs(exponent) <= 120 && 2 ** exponent === Math.abs(c);
}
