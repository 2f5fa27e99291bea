// Sign, size and order of numbers: abs, sign, maximum, minimum, clip.
import { defineOp } from "../define-op.js";
import { isFloat } from "../dtype.js";
import { binary, edge, expectDType, reject, rule, sample, unary } from "../elementwise.js";
import { DTypeError, GraphError } from "../errors.js";
import * as e from "../expr.js";
import { madeBy, rangeOfValue } from "../facts.js";
import type { Operand } from "../node.js";
import { type Op, t } from "../op.js";
import { tensorType } from "../type.js";
import { mul, neg } from "./arithmetic.js";
import { equal, greater, greaterEqual, less, lessEqual } from "./comparison.js";
import { logicalAnd } from "./logic.js";
import { where } from "./selection.js";

export const abs: Op<"unary"> = unary("abs", {
  doc: "The magnitude: `y = |x|`; its derivative at 0 is 0.",
  accepts: "signed",
  at: (x) => e.call("abs", x),
  vjp: (g, x) => mul(g, sign(x)),
  simplify: [
    rule("|−x| → |x|", (x) => {
      const negated = madeBy(x!, neg);
      return negated ? abs(negated[0]!) : null;
    }),
    rule("|x| → x, x ≥ 0", (x) => (rangeOfValue(x!).low >= 0 ? x! : null)),
  ],
  onnx: "Abs",
  samples: [
    sample("f32", { x: [1.5, -2, 3] }, [1.5, 2, 3]),
    edge("f32", { x: [0, -0, -Infinity, NaN] }, [0, 0, Infinity, NaN]),
    sample("i32", { x: [-3, 4, -2147483648] }, [3, 4, -2147483648]),
  ],
  rejects: [reject([tensorType("bool", [2])], "DTypeError: abs: x is bool, but abs needs f32, f64 or i32")],
});

export const sign: Op<"unary"> = unary("sign", {
  doc: "−1, 0 or 1 by the sign: `y = x / |x|`, and 0 at 0; its gradient is zero everywhere.",
  accepts: "signed",
  at: (x) => e.call("sign", x),
  vjp: () => null,
  simplify: [rule("sign(sign(x)) → sign(x)", (x) => (madeBy(x!, sign) ? x! : null))],
  onnx: "Sign",
  samples: [
    sample("f32", { x: [1.5, -2, 30] }, [1, -1, 1]),
    edge("f32", { x: [0, Infinity, -Infinity, NaN] }, [0, 1, -1, NaN]),
    sample("i32", { x: [-3, 0, 7] }, [-1, 0, 1]),
  ],
  rejects: [reject([tensorType("u8", [2])], "DTypeError: sign: x is u8, but sign needs f32, f64 or i32")],
});

export const maximum: Op<"binary"> = binary("maximum", {
  doc: "The greater of two, element by element: `z = max(x, y)`, NaN where either is; a tie shares its gradient equally.",
  accepts: "number",
  at: (x, y) => e.call("maximum", x, y),
  vjp: (g, x, y) => shareByOrder(g, x, y, greater(x, y)),
  simplify: [
    rule("max(x, x) → x", (x, y) => (x === y ? x! : null)),
    rule("max(x, y) → x, x ≥ y", (x, y) => (neverBelow(x!, y!) ? x! : null)),
    rule("max(x, y) → y, y ≥ x", (x, y) => (neverBelow(y!, x!) ? y! : null)),
  ],
  onnx: "Max",
  samples: [
    sample("f32", { lhs: [1, -2, 3], rhs: [2, -3, 0] }, [2, -2, 3]),
    edge("f32", { lhs: [NaN, 1, Infinity, 1], rhs: [1, NaN, 5, 1] }, [NaN, NaN, Infinity, 1]),
    sample("i32", { lhs: [1, -5], rhs: [2, -6] }, [2, -5]),
  ],
  rejects: [reject([tensorType("f32", []), tensorType("i32", [])], "DTypeError: maximum: lhs is f32 but rhs is i32")],
});

export const minimum: Op<"binary"> = binary("minimum", {
  doc: "The lesser of two, element by element: `z = min(x, y)`, NaN where either is; a tie shares its gradient equally.",
  accepts: "number",
  at: (x, y) => e.call("minimum", x, y),
  vjp: (g, x, y) => shareByOrder(g, x, y, less(x, y)),
  simplify: [
    rule("min(x, x) → x", (x, y) => (x === y ? x! : null)),
    rule("min(x, y) → x, x ≤ y", (x, y) => (neverBelow(y!, x!) ? x! : null)),
    rule("min(x, y) → y, y ≤ x", (x, y) => (neverBelow(x!, y!) ? y! : null)),
  ],
  onnx: "Min",
  samples: [
    sample("f32", { lhs: [1, -2, 3], rhs: [2, -3, 0] }, [1, -3, 0]),
    edge("f32", { lhs: [NaN, 1, -Infinity, 1], rhs: [1, NaN, 5, 1] }, [NaN, NaN, -Infinity, 1]),
    sample("u8", { lhs: [1, 200], rhs: [2, 100] }, [1, 100]),
  ],
  rejects: [
    reject(
      [tensorType("f32", [2]), tensorType("f32", [])],
      "ShapeError: minimum: lhs has shape [2] but rhs has shape []",
    ),
  ],
});

/** The cotangents of the winner's side, the loser's side, and half for each where they tie. */
function shareByOrder(g: Operand, x: Operand, y: Operand, xWins: Operand): readonly [Operand, Operand] {
  const half = where(equal(x, y), mul(g, 0.5), 0);
  return [where(xWins, g, half), where(xWins, 0, where(equal(x, y), mul(g, 0.5), g))];
}

/** Whether `x ≥ y` for all elements, and a NaN of `y`, which the result would show, cannot be. */
function neverBelow(x: Operand, y: Operand): boolean {
  const [a, b] = [rangeOfValue(x as never), rangeOfValue(y as never)];
  return a.low >= b.high && !b.nan;
}

type ClipAttrs = { lo: number; hi: number };

export const clip: Op<"own", ClipAttrs, [x: Operand, lo: number, hi: number]> = defineOp("clip", {
  doc: "Keeps numbers within bounds: `y = min(max(x, lo), hi)`; its derivative is 1 at the bounds and between them.",
  operands: ["x"],
  form: "own",
  call: (x, lo, hi) => ({ operands: [x], attrs: { lo, hi } }),
  infer: ([x], { lo, hi }) => {
    expectDType("clip", "x", x!, "number");
    if (!(lo <= hi)) throw new GraphError(`the bounds ${lo} and ${hi} are not in ascending order`);
    const odd = isFloat(x!.dtype) ? undefined : [lo, hi].find((bound) => !Number.isInteger(bound));
    if (odd !== undefined) throw new DTypeError(`${odd} is not a number that ${x!.dtype} can hold`);
    return [x!];
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const { dtype } = k.operands[0]!;
      const raised = e.call("maximum", k.read(0, index), e.literal(k.attrs.lo, dtype));
      return e.call("minimum", raised, e.literal(k.attrs.hi, dtype));
    },
  },
  vjp: ({ g, operands: [x], attrs: { lo, hi } }) => {
    return [where(logicalAnd(greaterEqual(x!, lo), lessEqual(x!, hi)), g, 0)];
  },
  simplify: [
    {
      name: "clip(x) → x, x within the bounds",
      apply: ({ attrs }, [x]) => {
        const { low, high } = rangeOfValue(x!);
        return low >= (attrs.lo as number) && high <= (attrs.hi as number) ? x! : null;
      },
    },
  ],
  onnx: { type: "Clip", attrs: { lo: "min", hi: "max" } },
  samples: [
    {
      operands: [t("f32", [4], [-2, -0.5, 0.5, 7])],
      attrs: { lo: -1, hi: 1 },
      results: [t("f32", [4], [-1, -0.5, 0.5, 1])],
      from: "by hand",
    },
    {
      operands: [t("f32", [4], [-1, 1, -Infinity, NaN])],
      attrs: { lo: -1, hi: 1 },
      results: [t("f32", [4], [-1, 1, -1, NaN])],
      from: "by hand",
      smooth: false,
    },
    {
      operands: [t("i32", [3], [-5, 3, 12])],
      attrs: { lo: 0, hi: 9 },
      results: [t("i32", [3], [0, 3, 9])],
      from: "by hand",
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { lo: 2, hi: 1 },
      message: "GraphError: clip: the bounds 2 and 1 are not in ascending order",
    },
    {
      operands: [tensorType("i32", [2])],
      attrs: { lo: 0, hi: 0.5 },
      message: "DTypeError: clip: 0.5 is not a number that i32 can hold",
    },
  ],
});
