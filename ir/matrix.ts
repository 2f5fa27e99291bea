// Matrices as the contractions see them: vectors, matrices, batches of matrices.
import { ShapeError } from "./errors.js";
import type { Operand } from "./node.js";
import { reshape, transpose } from "./ops/movement.js";
import { mulSizes, printSize, sameSize, type Size } from "./size.js";
import type { TensorType } from "./type.js";

export function isVector(x: TensorType): boolean {
  return x.shape.length === 1;
}

/** The axes before the last two; none for vectors and matrices. */
export function batchOf(x: TensorType): readonly Size[] {
  return x.shape.slice(0, -2);
}

/** Throws ShapeError where the last axis of `lhs` and the rows of `rhs` are not provably equal, or one is a scalar. */
export function expectInner(lhs: TensorType, rhs: TensorType): void {
  if (lhs.shape.length === 0 || rhs.shape.length === 0) {
    throw new ShapeError(`${lhs.shape.length === 0 ? "lhs" : "rhs"} is a scalar: use mul`);
  }
  const [of, to] = [lhs.shape.at(-1)!, (isVector(rhs) ? rhs.shape[0] : rhs.shape.at(-2))!];
  if (sameSize(of, to)) return;
  const [columns, rows] = [isVector(lhs) ? "element" : "column", isVector(rhs) ? "element" : "row"];
  throw new ShapeError(`lhs has ${counted(of, columns)} but rhs has ${counted(to, rows)}`, {
    notes: [`${columns}s: axis ${lhs.shape.length - 1}`, `${rows}s: axis ${Math.max(0, rhs.shape.length - 2)}`],
    help: remedy(lhs.shape, rhs.shape),
  });
}

function counted(size: Size, what: string): string {
  return `${printSize(size)} ${what}${size === 1 ? "" : "s"}`;
}

/** The transposition that makes two matrices fit, where there is one. */
function remedy(lhs: readonly Size[], rhs: readonly Size[]): string | undefined {
  if (lhs.length !== 2 || rhs.length !== 2) return undefined;
  if (sameSize(lhs[1]!, rhs[1]!)) return "matmul(lhs, rhs.transpose()) has matching inner dimensions";
  return sameSize(lhs[0]!, rhs[0]!) ? "matmul(lhs.transpose(), rhs) has matching inner dimensions" : undefined;
}

/** Every matrix transposed: the last two axes change places. */
export function flip(x: Operand): Operand {
  const axes = x.type.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), ...axes.slice(-2).reverse()]);
}

/** The matrices of a batch as one matrix, one above the other: `[b, m, n] → [b·m, n]`. */
export function stacked(x: Operand): Operand {
  return reshape(x, [mulSizes(...x.type.shape.slice(0, -1)), x.type.shape.at(-1)!]);
}

/** The matrices of a batch as one matrix, side by side: `[b, m, n] → [m, b·n]`. */
export function sideBySide(x: Operand): Operand {
  const { shape } = x.type;
  const row = shape.length - 2;
  const rowsFirst = transpose(x, [row, ...shape.map((_, axis) => axis).filter((axis) => axis !== row)]);
  return reshape(rowsFirst, [shape[row]!, mulSizes(...shape.slice(0, row), shape.at(-1)!)]);
}
