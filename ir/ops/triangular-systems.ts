// Triangular matrices: the cholesky decomposition, and the systems that it leaves. Leading axes are batches. A matrix that
// is singular, or not positive definite, ends the run with a RunError.
import { defineOp } from "../define-op.js";
import * as e from "../expr.js";
import {
  divideRow, expectSquare, matrixCotangent, sidesOf, solutionType, solvedAgain, storeRow, subtractRow, systemOperands,
} from "../linear-systems.js"; // prettier-ignore
import { flip } from "../matrix.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { accumulate, boundedLoop, lanes, loop, variable } from "../statements.js";
import { tensorType } from "../type.js";
import { add, mul } from "./arithmetic.js";
import { matmul } from "./contractions.js";
import { tril } from "./triangles.js";

type NoAttrs = Record<never, never>;

export const cholesky: Op<"unary", NoAttrs> = defineOp("cholesky", {
  doc: "The lower triangular y with `y · yᵀ = x` of symmetric positive definite matrices. Only the lower triangle of x is read. The gradient is that of Murray, Differentiation of the Cholesky decomposition (2016).",
  operands: ["x"],
  form: "unary",
  infer: ([x]) => {
    expectSquare("cholesky", "x", x!);
    return [x!];
  },
  lower: {
    kind: "routine",
    over: ({ operands: [x] }) => x!.shape.slice(0, -2),
    body: (row, k) => {
      const { shape, dtype } = k.results[0]!;
      const n = shape.at(-1)!;
      const zero = e.literal(0, dtype);
      const x = (i: e.Expr, j: e.Expr): e.Expr => k.read(0, [...row, i, j]);
      const y = (i: e.Expr, j: e.Expr): e.Expr => k.stored([...row, i, j]);
      /** The product of rows i and j as far as column j. */
      const product = (i: e.Expr, j: e.Expr) => {
        const sum = variable(k, "sum", zero);
        const add = lanes(k, j, n - 1, (c) => [accumulate(sum.local, "sum", e.mul(y(i, c), y(j, c)))]);
        return { sum: sum.local, make: [sum.declare, add] };
      };
      return [
        loop(k, n, (i) => {
          const own = product(i, i);
          const pivot = variable(k, "pivot", e.sub(x(i, i), own.sum));
          const order = e.add(i, e.literal(1));
          return [
            boundedLoop(k, i, n - 1, (j) => {
              const { sum, make } = product(i, j);
              return [...make, k.store([...row, i, j], e.div(e.sub(x(i, j), sum), y(j, j)))];
            }),
            ...own.make,
            pivot.declare,
            k.check(e.call("gt", pivot.local, zero), order, "the matrix is not positive definite: its leading minor of order {value} is not positive"), // prettier-ignore
            k.store([...row, i, i], e.call("sqrt", pivot.local)),
            lanes(k, e.sub(e.literal(n - 1), i), n - 1, (j) => [k.store([...row, i, e.add(order, j)], zero)]),
          ];
        }),
      ];
    },
  },
  vjp: ({ g, results: [y] }) => {
    const inner = halved(matmul(flip(y!), g));
    const left = triangularSolve(y!, inner, { transpose: true });
    const both = triangularSolve(y!, flip(left), { transpose: true });
    return [halved(add(both, flip(both)))];
  },
  samples: [
    byHand(
      [t("f32", [3, 3], [4, 12, -16, 12, 37, -43, -16, -43, 98])],
      {},
      t("f32", [3, 3], [2, 0, 0, 6, 1, 0, -8, 5, 3]),
    ),
    byHand([t("f32", [2, 2, 2], [4, 99, 2, 5, 1, 99, 0, 9])], {}, t("f32", [2, 2, 2], [2, 0, 1, 2, 1, 0, 0, 3])),
    byHand([t("f32", [1, 1], [9])], {}, t("f32", [1, 1], [3])),
    byHand([t("f32", [0, 0], [])], {}, t("f32", [0, 0], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: {},
      message: "ShapeError: cholesky: x has shape [2,3], which is no square matrix",
    },
    {
      operands: [tensorType("i32", [2, 2])],
      attrs: {},
      message: "DTypeError: cholesky: x is i32, but cholesky needs f32 or f64",
    },
  ],
});

/** The lower triangle, half of it on the diagonal. */
function halved(x: Operand): Operand {
  return mul(add(tril(x), tril(x, -1)), 0.5);
}

type TriangleAttrs = { upper: boolean; transpose: boolean };
type TriangleArgs = [a: Operand, b: Operand, options?: { readonly upper?: boolean; readonly transpose?: boolean }];

export const triangularSolve: Op<"own", TriangleAttrs, TriangleArgs> = defineOp("triangularSolve", {
  doc: "The x with `a · x = b`, or `aᵀ · x = b` where `transpose`, of triangular matrices: only the lower triangle of `a` is read, or the upper. b is a vector, or a matrix of which every column is solved for; batches broadcast.",
  operands: ["a", "b"],
  form: "own",
  call: (a, b, { upper = false, transpose = false } = {}) => ({
    operands: systemOperands(a, b),
    attrs: { upper, transpose },
  }),
  infer: ([a, b]) => [solutionType("triangularSolve", a!, b!)],
  lower: {
    kind: "routine",
    over: ({ operands: [a] }) => a!.shape.slice(0, -2),
    body: (row, k) => {
      const { upper, transpose } = k.attrs;
      const sides = sidesOf(row, k);
      const n = sides.rows;
      const place = (step: e.Expr): e.Expr => (upper === transpose ? step : e.sub(e.literal(n - 1), step));
      const a = (i: e.Expr, j: e.Expr): e.Expr => k.read(0, transpose ? [...row, j, i] : [...row, i, j]);
      return [
        loop(k, n, (step) => {
          const i = place(step);
          const pivot = variable(k, "pivot", a(i, i));
          return [
            pivot.declare,
            k.check(e.call("ne", pivot.local, e.literal(0, pivot.local.dtype)), i, "the matrix is singular: element {value} of its diagonal is 0"), // prettier-ignore
            storeRow(k, sides, i, (column) => k.read(1, sides.at(i, column))),
            boundedLoop(k, step, n - 1, (earlier) => {
              const factor = variable(k, "factor", a(i, place(earlier)));
              return [factor.declare, subtractRow(k, sides, i, factor.local, place(earlier))];
            }),
            divideRow(k, sides, i, pivot.local),
          ];
        }),
      ];
    },
  },
  vjp: ({ g, operands: [a], results: [x], attrs: { upper, transpose } }) => {
    const reaching = solvedAgain(triangularSolve, a!, g, { upper, transpose: !transpose });
    const whole = matrixCotangent(reaching, x!, a!);
    const own = transpose ? flip(whole) : whole;
    return [upper ? flip(tril(flip(own))) : tril(own), reaching];
  },
  samples: [
    byHand(
      [t("f32", [2, 2], [2, 99, 1, 4]), t("f32", [2, 1], [2, 9])],
      { upper: false, transpose: false },
      t("f32", [2, 1], [1, 2]),
    ),
    byHand(
      [t("f32", [2, 2], [2, 99, 1, 4]), t("f32", [2], [4, 8])],
      { upper: false, transpose: true },
      t("f32", [2], [1, 2]),
    ),
    byHand(
      [t("f32", [2, 2], [2, 1, 99, 4]), t("f32", [2, 2], [4, 3, 8, 4])],
      { upper: true, transpose: false },
      t("f32", [2, 2], [1, 1, 2, 1]),
    ),
    byHand(
      [t("f32", [2, 2, 2], [2, 1, 99, 4, 1, 0, 99, 1]), t("f32", [2, 2], [2, 9, 3, 4])],
      { upper: true, transpose: true },
      t("f32", [2, 2], [1, 2, 3, 4]),
    ),
    byHand([t("f32", [0, 0], []), t("f32", [0, 2], [])], { upper: false, transpose: false }, t("f32", [0, 2], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 2]), tensorType("f32", [3, 2])],
      attrs: { upper: false, transpose: false },
      message: "ShapeError: triangularSolve: a has 2 columns but b has 3 rows",
    },
    {
      operands: [tensorType("f32", [2, 2]), tensorType("f64", [2, 2])],
      attrs: { upper: false, transpose: false },
      message: "DTypeError: triangularSolve: a is f32 but b is f64",
    },
  ],
});
