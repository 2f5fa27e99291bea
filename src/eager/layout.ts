// Layouts: how an eager tensor lies in memory. Equal layouts are one object with one number, so that cache keys are short.
import { itemSize, type DType } from "#ir/dtype.js";
import { elementCount } from "#ir/size.js";
import { stridesOf, type ConcreteType } from "#ir/type.js";

/** A concrete type and the strides of its axes, counted in elements; 0 for a broadcast axis, never negative. */
export interface Layout {
  /** Equal for equal layouts while the table lasts; never used twice. */
  readonly id: number;
  readonly type: ConcreteType;
  readonly strides: readonly number[];
  /** Whether the elements lie one after the other in row-major order. */
  readonly contiguous: boolean;
  /** Elements of the tensor; a broadcast layout touches fewer. */
  readonly count: number;
  /** Bytes of the tensor when it is contiguous. */
  readonly bytes: number;
  /** Elements from the first to the last touched, both included; 0 for an empty tensor. */
  readonly reach: number;
}

// Programs make few layouts, and forgetting them costs only a second compilation.
const tableLimit = 1 << 14;
const table = new Map<string, Layout>();
let nextId = 0;

/** The layout with these strides; those of axes of size 1, which do not matter, become row-major ones. */
export function layoutOf(
  dtype: DType,
  shape: readonly number[],
  strides: readonly number[] = stridesOf(shape),
): Layout {
  const rowMajor = stridesOf(shape);
  const count = elementCount(shape);
  const kept = count === 0 ? rowMajor : strides.map((stride, axis) => (shape[axis] === 1 ? rowMajor[axis]! : stride));
  const key = `${dtype}[${shape.join()}]${kept.join()}`;
  const known = table.get(key);
  if (known) return known;
  if (table.size >= tableLimit) table.clear();
  const layout: Layout = {
    id: nextId++,
    type: { dtype, shape },
    strides: kept,
    contiguous: kept.every((stride, axis) => stride === rowMajor[axis]),
    count,
    bytes: count * itemSize(dtype),
    reach: count === 0 ? 0 : kept.reduce((last, stride, axis) => last + stride * (shape[axis]! - 1), 1),
  };
  table.set(key, layout);
  return layout;
}
