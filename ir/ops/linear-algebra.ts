// Linear algebra of small matrices by elimination: solve and inverse. Leading axes are batches. A singular matrix ends the
// run with a RunError.
import { defineOp } from "../define-op.js";
import * as e from "../expr.js";
import {
  eliminate, expectSquare, matrixCotangent, sidesOf, solutionType, solvedAgain, systemOperands,
} from "../linear-systems.js"; // prettier-ignore
import { flip } from "../matrix.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { tensorType } from "../type.js";
import { neg } from "./arithmetic.js";
import { matmul } from "./contractions.js";

type NoAttrs = Record<never, never>;

export const solve: Op<"own", NoAttrs, [a: Operand, b: Operand]> = defineOp("solve", {
  doc: "The x with `a · x = b`, by elimination with partial pivoting. b is a vector, or a matrix of which every column is solved for; batches broadcast.",
  operands: ["a", "b"],
  form: "own",
  call: (a, b) => ({ operands: systemOperands(a, b), attrs: {} }),
  infer: ([a, b]) => [solutionType("solve", a!, b!)],
  lower: {
    kind: "routine",
    over: ({ operands: [a] }) => a!.shape.slice(0, -2),
    body: (row, k) => {
      const sides = sidesOf(row, k);
      return eliminate(
        k,
        sides,
        (i, j) => k.read(0, [...row, i, j]),
        (i, column) => k.read(1, sides.at(i, column)),
      );
    },
  },
  vjp: ({ g, operands: [a], results: [x] }) => {
    const reaching = solvedAgain(solve, flip(a!), g, {});
    return [matrixCotangent(reaching, x!, a!), reaching];
  },
  samples: [
    byHand([t("f32", [2, 2], [3, 1, 1, 2]), t("f32", [2], [9, 8])], {}, t("f32", [2], [2, 3])),
    byHand([t("f32", [2, 2], [0, 1, 1, 0]), t("f32", [2, 2], [5, 6, 7, 8])], {}, t("f32", [2, 2], [7, 8, 5, 6])),
    byHand(
      [t("f32", [2, 3, 3], [2, 1, 1, 4, 3, 3, 8, 7, 9, 1, 0, 0, 0, 2, 0, 0, 0, 4]), t("f32", [2, 3, 1], [4, 10, 24, 1, 2, 4])],
      {},
      t("f32", [2, 3, 1], [1, 1, 1, 1, 1, 1]),
    ),
    byHand([t("f32", [1, 1], [4]), t("f32", [1, 3], [4, 8, -2])], {}, t("f32", [1, 3], [1, 2, -0.5])),
    byHand([t("f32", [0, 0], []), t("f32", [0], [])], {}, t("f32", [0], [])),
  ], // prettier-ignore
  rejects: [
    {
      operands: [tensorType("f32", [3, 3]), tensorType("f32", [2])],
      attrs: {},
      message: "ShapeError: solve: a has 3 columns but b has 2 rows",
    },
    {
      operands: [tensorType("f32", [2, 3, 3]), tensorType("f32", [4, 3, 1])],
      attrs: {},
      message: "ShapeError: solve: a has shape [2,3,3] but b has shape [4,3,1]: their batches differ",
    },
    {
      operands: [tensorType("f32", [3, 2]), tensorType("f32", [3])],
      attrs: {},
      message: "ShapeError: solve: a has shape [3,2], which is no square matrix",
    },
    {
      operands: [tensorType("f32", [3, 3]), tensorType("f32", [])],
      attrs: {},
      message: "ShapeError: solve: a has shape [3,3] and b has shape [], neither vectors nor matrices for it",
    },
  ],
});

export const inverse: Op<"unary", NoAttrs> = defineOp("inverse", {
  doc: "The matrix y with `x · y = y · x = 1`, by elimination with partial pivoting; `solve(a, b)` is more exact than `inverse(a) · b`, and faster.",
  operands: ["x"],
  form: "unary",
  infer: ([x]) => {
    expectSquare("inverse", "x", x!);
    return [x!];
  },
  lower: {
    kind: "routine",
    over: ({ operands: [x] }) => x!.shape.slice(0, -2),
    body: (row, k) => {
      const { shape, dtype } = k.results[0]!;
      const [rows, count] = [shape.at(-1)!, shape.at(-1)!];
      const at = (i: e.Expr, j: e.Expr) => [...row, i, j];
      const one = (i: e.Expr, j: e.Expr): e.Expr => e.cast(e.call("eq", i, j), dtype);
      return eliminate(k, { rows, count, at }, (i, j) => k.read(0, at(i, j)), one);
    },
  },
  vjp: ({ g, results: [y] }) => {
    const turned = flip(y!);
    return [neg(matmul(matmul(turned, g), turned))];
  },
  samples: [
    byHand([t("f32", [2, 2], [1, 2, 3, 4])], {}, t("f32", [2, 2], [-2, 1, 1.5, -0.5])),
    byHand([t("f32", [2, 2, 2], [0, 2, 1, 0, 4, 0, 0, 8])], {}, t("f32", [2, 2, 2], [0, 1, 0.5, 0, 0.25, 0, 0, 0.125])),
    byHand([t("f32", [3, 3], [2, 0, 0, 1, 1, 0, 0, 0, 4])], {}, t("f32", [3, 3], [0.5, 0, 0, -0.5, 1, 0, 0, 0, 0.25])),
    byHand([t("f32", [1, 1], [-4])], {}, t("f32", [1, 1], [-0.25])),
    byHand([t("f32", [3, 0, 0], [])], {}, t("f32", [3, 0, 0], [])),
  ], // prettier-ignore
  rejects: [
    {
      operands: [tensorType("f32", [3])],
      attrs: {},
      message: "ShapeError: inverse: x has shape [3], which is no square matrix",
    },
    {
      operands: [tensorType("bool", [2, 2])],
      attrs: {},
      message: "DTypeError: inverse: x is bool, but inverse needs f32 or f64",
    },
  ],
});
