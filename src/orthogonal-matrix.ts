// Random matrices with orthonormal rows or columns.
import { elementCount } from "#ir/size.js";
import type { Random } from "./random.js";

/**
 * A matrix of `shape`, all axes but the last as one, with orthonormal rows, or columns where those are fewer: normal numbers
 * made orthogonal one vector after the other (Gram and Schmidt), which finds every such matrix equally likely.
 */
export function orthogonalMatrix(shape: readonly number[], random: Random): Float64Array {
  const columns = shape.at(-1) ?? 1;
  const rows = elementCount(shape.slice(0, -1));
  const [count, length] = rows <= columns ? [rows, columns] : [columns, rows];
  const vectors: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const vector = Float64Array.from({ length }, () => random.normal());
    // The second time removes what rounding left of the first.
    for (let time = 0; time < 2; time++) for (const other of vectors) addMultiple(vector, other, -dot(vector, other));
    const norm = Math.sqrt(dot(vector, vector));
    vectors.push(vector.map((x) => x / norm));
  }
  const at = (row: number, column: number) => (rows <= columns ? vectors[row]![column]! : vectors[column]![row]!);
  return Float64Array.from({ length: rows * columns }, (_, i) => at(Math.floor(i / columns), i % columns));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addMultiple(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i]! += factor * b[i]!;
}
