// Copies a strided view into a row-major array, on the processor.
import type { TypedArray } from "#ir/dtype.js";

/** `out`, in row-major order of `shape`, becomes the elements of `from` that lie `strides` apart, from the first on. */
export function copyStrided(
  from: TypedArray,
  strides: readonly number[],
  shape: readonly number[],
  out: TypedArray,
): void {
  if (out.length === 0) return;
  const last = shape.length - 1;
  const [run, step] = last < 0 ? [1, 0] : [shape[last]!, strides[last]!];
  const counters = shape.map(() => 0);
  for (let to = 0, row = 0; ;) {
    for (let i = 0, at = row; i < run; i++, at += step) out[to++] = from[at]!;
    let axis = last - 1;
    for (; axis >= 0; axis--) {
      row += strides[axis]!;
      if (++counters[axis]! < shape[axis]!) break;
      row -= strides[axis]! * shape[axis]!;
      counters[axis] = 0;
    }
    if (axis < 0) return;
  }
}
