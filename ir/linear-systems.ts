// Systems of linear equations a·x = b as the routines see them: batches of square matrices, right-hand sides as vectors or
// as columns of matrices, and elimination.
import { expectDType, expectSameDType } from "./elementwise.js";
import { ShapeError } from "./errors.js";
import * as e from "./expr.js";
import { broadcastShape, broadcastTo, gather } from "./forms.js";
import type { Stmt } from "./kernel.js";
import { batchOf, flip, isVector } from "./matrix.js";
import type { Attrs, Operand } from "./node.js";
import type { AnyOp, Index, OperandReader, RoutineReader } from "./op.js";
import { neg } from "./ops/arithmetic.js";
import { matmul } from "./ops/contractions.js";
import { expandDims } from "./ops/unit-axes.js";
import { printShape, printSize, sameShape, sameSize } from "./size.js";
import { boundedLoop, get, lanes, loop, put, set, variable, when } from "./statements.js";
import type { TensorType } from "./type.js";

/** Throws DTypeError but for floats, ShapeError where the last two axes are not provably equal. */
export function expectSquare(op: string, operand: string, x: TensorType): void {
  expectDType(op, operand, x, "float");
  const { shape } = x;
  if (shape.length > 1 && sameSize(shape.at(-1)!, shape.at(-2)!)) return;
  throw new ShapeError(`${operand} has shape ${printShape(shape)}, which is no square matrix`);
}

/** Both operands with one batch: a vector `b` of a batch of matrices, and batches that broadcast. */
export function systemOperands(a: Operand, b: Operand): readonly Operand[] {
  if (a.type.shape.length < 2 || b.type.shape.length < 1) return [a, b];
  const own = isVector(b.type) ? b.type.shape : b.type.shape.slice(-2);
  const batch = broadcastShape([batchOf(a.type), batchOf(b.type)]);
  return [broadcastTo(a, [...batch, ...a.type.shape.slice(-2)]), broadcastTo(b, [...batch, ...own])];
}

/** The type of x in a·x = b, that of `b`. Throws ShapeError and DTypeError. */
export function solutionType(op: string, a: TensorType, b: TensorType): TensorType {
  expectSquare(op, "a", a);
  expectSameDType("a", a, "b", b);
  const rows = b.shape[a.shape.length - 2];
  if (rows === undefined || b.shape.length > a.shape.length) {
    throw new ShapeError(`a has shape ${printShape(a.shape)} and b has shape ${printShape(b.shape)}, neither vectors nor matrices for it`); // prettier-ignore
  }
  if (!sameSize(rows, a.shape.at(-1)!)) {
    throw new ShapeError(`a has ${printSize(a.shape.at(-1)!)} columns but b has ${printSize(rows)} rows`);
  }
  const batch = a.shape.length - 2;
  if (!sameShape(a.shape.slice(0, batch), b.shape.slice(0, batch))) {
    throw new ShapeError(`a has shape ${printShape(a.shape)} but b has shape ${printShape(b.shape)}: their batches differ`); // prettier-ignore
  }
  return b;
}

/** What reaches `a` in a·x = b, given what reaches `b`: `−b̄·xᵀ`. */
export function matrixCotangent(reaching: Operand, x: Operand, a: Operand): Operand {
  if (x.type.shape.length === a.type.shape.length) return neg(matmul(reaching, flip(x)));
  return neg(matmul(expandDims(reaching, -1), expandDims(x, -2)));
}

/** Another system with right-hand sides like those of the first: a call would take a batch of vectors for a matrix. */
export function solvedAgain(op: AnyOp, a: Operand, b: Operand, attrs: Attrs): Operand {
  const operands = gather([a, b]);
  return operands[0]!.owner.apply(op, operands, attrs)[0]!;
}

/** The right-hand sides of one matrix: `count` columns of `rows` elements, and where they stand in `b` and `x`. */
export interface Sides {
  readonly rows: number;
  readonly count: number;
  readonly at: (i: e.Expr, column: e.Expr) => Index;
}

/** The sides of a node that solves a·x = b, for one matrix of its batch. */
export function sidesOf(row: Index, { operands: [a, b] }: OperandReader<Attrs>): Sides {
  const rows = a!.shape.at(-1)!;
  if (b!.shape.length < a!.shape.length) return { rows, count: 1, at: (i) => [...row, i] };
  return { rows, count: b!.shape.at(-1)!, at: (i, column) => [...row, i, column] };
}

/** `value(column)` stored in a row of the result. */
export function storeRow(
  k: RoutineReader<Attrs>,
  { count, at }: Sides,
  i: e.Expr,
  value: (column: e.Expr) => e.Expr,
): Stmt {
  return lanes(k, e.literal(count), count, (column) => [k.store(at(i, column), value(column))]);
}

/** Row `i` of the result less `factor` times row `j`. */
export function subtractRow(k: RoutineReader<Attrs>, sides: Sides, i: e.Expr, factor: e.Expr, j: e.Expr): Stmt {
  const element = (row: e.Expr, column: e.Expr): e.Expr => k.stored(sides.at(row, column));
  return storeRow(k, sides, i, (column) => e.sub(element(i, column), e.mul(factor, element(j, column))));
}

/** Row `i` of the result divided by a number. */
export function divideRow(k: RoutineReader<Attrs>, sides: Sides, i: e.Expr, by: e.Expr): Stmt {
  return storeRow(k, sides, i, (column) => e.div(k.stored(sides.at(i, column)), by));
}

/**
 * Gaussian elimination with partial pivoting: the result becomes x with a·x = b. Golub and Van Loan, Matrix Computations,
 * 3.4. A column without any pivot but zeros fails a check; like LAPACK's, it does not judge nearly singular matrices.
 */
export function eliminate(
  k: RoutineReader<Attrs>,
  sides: Sides,
  a: (i: e.Expr, j: e.Expr) => e.Expr,
  b: (i: e.Expr, column: e.Expr) => e.Expr,
): readonly Stmt[] {
  const n = sides.rows;
  const { dtype } = k.results[0]!;
  const matrix = k.scratch(dtype, n * n);
  const zero = e.literal(0, dtype);
  const place = (i: e.Expr, j: e.Expr): e.Expr => e.add(e.mul(i, e.literal(n)), j);
  const element = (i: e.Expr, j: e.Expr): e.Expr => get(matrix.name, place(i, j), dtype);
  const below = (c: e.Expr): e.Expr => e.sub(e.literal(n - 1), c);
  const after = (c: e.Expr, i: e.Expr): e.Expr => e.add(e.add(c, e.literal(1)), i);

  const column = (c: e.Expr): readonly Stmt[] => {
    const best = variable(k, "best", e.call("abs", element(c, c)));
    const at = variable(k, "row", c);
    const search = boundedLoop(k, below(c), n - 1, (i) => {
      const size = variable(k, "size", e.call("abs", element(after(c, i), c)));
      return [size.declare, when(e.call("gt", size.local, best.local), [set(best.local, size.local), set(at.local, after(c, i))])]; // prettier-ignore
    });
    const pivot = variable(k, "pivot", element(c, c));
    const subtract = boundedLoop(k, below(c), n - 1, (below1) => {
      const i = after(c, below1);
      const factor = variable(k, "factor", e.div(element(i, c), pivot.local));
      return [
        factor.declare,
        lanes(k, below(c), n - 1, (j) => {
          const to = after(c, j);
          return [put(matrix.name, place(i, to), e.sub(element(i, to), e.mul(factor.local, element(c, to))))];
        }),
        subtractRow(k, sides, i, factor.local, c),
      ];
    });
    return [
      best.declare,
      at.declare,
      search,
      when(e.call("ne", at.local, c), [
        lanes(k, e.literal(n), n, (j) =>
          exchange(k, element(c, j), element(at.local, j), [
            (value) => put(matrix.name, place(c, j), value),
            (value) => put(matrix.name, place(at.local, j), value),
          ]),
        ),
        lanes(k, e.literal(sides.count), sides.count, (j) =>
          exchange(k, k.stored(sides.at(c, j)), k.stored(sides.at(at.local, j)), [
            (value) => k.store(sides.at(c, j), value),
            (value) => k.store(sides.at(at.local, j), value),
          ]),
        ),
      ]),
      pivot.declare,
      k.check(e.call("ne", pivot.local, zero), c, "the matrix is singular: it has no pivot in column {value}"),
      subtract,
    ];
  };

  return [
    matrix.declare,
    loop(k, n, (i) => [
      lanes(k, e.literal(n), n, (j) => [put(matrix.name, place(i, j), a(i, j))]),
      storeRow(k, sides, i, (j) => b(i, j)),
    ]),
    loop(k, n, column),
    loop(k, n, (done) => {
      const i = e.sub(e.literal(n - 1), done);
      return [
        boundedLoop(k, done, n - 1, (j) => {
          const factor = variable(k, "factor", element(i, after(i, j)));
          return [factor.declare, subtractRow(k, sides, i, factor.local, after(i, j))];
        }),
        divideRow(k, sides, i, element(i, i)),
      ];
    }),
  ];
}

function exchange(
  k: RoutineReader<Attrs>,
  x: e.Expr,
  y: e.Expr,
  [putX, putY]: readonly [(value: e.Expr) => Stmt, (value: e.Expr) => Stmt],
): readonly Stmt[] {
  const [one, other] = [variable(k, "one", x), variable(k, "other", y)];
  return [one.declare, other.declare, putX(other.local), putY(one.local)];
}
