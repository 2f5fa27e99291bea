// Batches of a data set's rows, in order or shuffled with a seed.
import type { arrayType, TypedArray } from "#ir/dtype.js";
import { DataError } from "#ir/errors.js";
import { elementCount } from "#ir/size.js";
import { seeded } from "../random.js";
import type { Column, Columns, Dataset } from "./dataset.js";

export interface BatchOptions {
  /** A seed: the rows come in a random order that follows from it. Without it they come as they are. */
  readonly shuffle?: number;
  /** Another order of the same seed for every epoch; 0 where nothing is said. */
  readonly epoch?: number;
  /** Leaves a last batch out that is short. */
  readonly dropLast?: boolean;
  /** Writes every batch into the same arrays: use one before taking the next. */
  readonly reuse?: boolean;
}

/** One batch: a feed for every column. */
export type Batch<C extends Columns = Columns> = { readonly [K in keyof C]: C[K] };

/** The rows of `set` in batches of `size`. Throws a DataError where `size` is not a positive integer. */
export function* batches<C extends Columns>(set: Dataset<C>, size: number, options: BatchOptions): Generator<Batch<C>> {
  requireBatchSize(size);
  const order = options.shuffle === undefined ? null : shuffledRows(set.length, options.shuffle, options.epoch ?? 0);
  const columns = Object.entries<Column>(set.columns);
  const reused = options.reuse ? columns.map(([, column]) => batchArray(column, size)) : null;
  for (let from = 0; from < set.length; from += size) {
    const rows = Math.min(size, set.length - from);
    if (rows < size && options.dropLast) return;
    const feeds = columns.map(([name, column], i) => {
      const whole = reused?.[i] ?? batchArray(column, rows);
      const data = rows < size && reused ? whole.subarray(0, (whole.length / size) * rows) : whole;
      fill(data, column, from, rows, order);
      return [name, { data, shape: [rows, ...column.shape.slice(1)] }];
    });
    yield Object.fromEntries(feeds) as Batch<C>;
  }
}

function shuffledRows(length: number, seed: number, epoch: number): Int32Array {
  return seeded(seed, epoch).shuffle(Int32Array.from({ length }, (_, i) => i));
}

/** The rows of a column in an order, in an array of their own. */
export function pickRows(column: Column, order: Int32Array): Column {
  const data = batchArray(column, order.length);
  fill(data, column, 0, order.length, order);
  return { data, shape: [order.length, ...column.shape.slice(1)] };
}

function batchArray({ data, shape }: Column, rows: number): TypedArray {
  const Class = data.constructor as ReturnType<typeof arrayType>;
  return new Class(rows * elementCount(shape.slice(1)));
}

/** Copies `rows` rows into `out`: from `from` on, in this order. */
function fill(out: TypedArray, column: Column, from: number, rows: number, order: Int32Array | null): void {
  const { data } = column;
  const row = elementCount(column.shape.slice(1));
  if (order === null) out.set(data.subarray(from * row, (from + rows) * row));
  else if (row === 1) for (let i = 0; i < rows; i++) out[i] = data[order[from + i]!]!;
  else {
    for (let i = 0; i < rows; i++) {
      const at = order[from + i]! * row;
      out.set(data.subarray(at, at + row), i * row);
    }
  }
}

/** Throws a DataError where `size` is not a positive integer. */
export function requireBatchSize(size: number): void {
  if (Number.isInteger(size) && size > 0) return;
  throw new DataError(`batches: the size must be a positive integer, not ${size}`);
}
