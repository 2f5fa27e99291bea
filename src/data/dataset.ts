// Data sets in memory: named columns with the same number of rows, handed out in batches.
import type { TypedArray } from "#ir/dtype.js";
import { DataError } from "#ir/errors.js";
import { elementCount, printShape } from "#ir/size.js";
import { type Batch, batches, type BatchOptions, pickRows, requireBatchSize } from "./batches.js";

/** One column: rows are counted by the first size. */
export interface Column<A extends TypedArray = TypedArray> {
  readonly data: A;
  readonly shape: readonly number[];
}
/** Columns by name; the names are those of the inputs they feed. */
export type Columns = Readonly<Record<string, Column>>;

/** Named columns with the same number of rows. */
export class Dataset<C extends Columns = Columns> {
  /** Rows. */
  readonly length: number;

  /** Throws a DataError where a column's data do not fill its shape, or columns differ in their number of rows. */
  constructor(readonly columns: C) {
    const all = Object.entries<Column>(columns);
    if (all.length === 0) throw new DataError("dataset: there are no columns");
    for (const [name, { data, shape }] of all) {
      if (shape.length > 0 && data.length === elementCount(shape)) continue;
      throw new DataError(`dataset: column "${name}" has ${data.length} numbers, its shape is ${printShape(shape)}`);
    }
    const [[firstName, first], ...others] = all as [[string, Column], ...[string, Column][]];
    this.length = first.shape[0]!;
    for (const [name, { shape }] of others) {
      if (shape[0] === this.length) continue;
      throw new DataError(`dataset: column "${firstName}" has ${this.length} rows but "${name}" has ${shape[0]}`);
    }
  }

  /** The rows in batches of `size`, each a feed per column; the last batch may be short. */
  batches(size: number, options: BatchOptions = {}): Iterable<Batch<C>> {
    return batches(this, size, options);
  }

  /** How many batches of `size` there are. Throws a DataError where that is not a positive integer. */
  batchCount(size: number, options: Pick<BatchOptions, "dropLast"> = {}): number {
    requireBatchSize(size);
    return options.dropLast ? Math.floor(this.length / size) : Math.ceil(this.length / size);
  }

  /** The rows from `from` up to, not including, `to`; the data are shared. */
  slice(from: number, to: number = this.length): Dataset<C> {
    const [begin, end] = [Math.min(from, this.length), Math.min(to, this.length)];
    const cut = Object.entries<Column>(this.columns).map(([name, { data, shape }]) => {
      const row = elementCount(shape.slice(1));
      const rows = Math.max(end - begin, 0);
      return [name, { data: data.subarray(begin * row, (begin + rows) * row), shape: [rows, ...shape.slice(1)] }];
    });
    return new Dataset(Object.fromEntries(cut) as C);
  }

  /** Some rows, counted from 0, in the order given; the data are copied. Throws a DataError where there is no such row. */
  rows(indices: ArrayLike<number>): Dataset<C> {
    const order = Int32Array.from(indices);
    const wrong = order.findIndex((row, i) => row !== indices[i] || row < 0 || row >= this.length);
    if (wrong >= 0) throw new DataError(`dataset: there is no row ${indices[wrong]} among ${this.length}`);
    const picked = Object.entries<Column>(this.columns).map(([name, column]) => [name, pickRows(column, order)]);
    return new Dataset(Object.fromEntries(picked) as C);
  }
}

/** What `dataset` takes: columns, where a flat array is one number per row. */
export type ColumnSource = TypedArray | Column;

/** The column that a source becomes. */
type ColumnOf<S extends ColumnSource> = S extends TypedArray
  ? Column<S>
  : S extends Column<infer A>
    ? Column<A>
    : Column;

/** A data set of arrays. Throws a DataError where they do not have the same number of rows. */
export function dataset<S extends Readonly<Record<string, ColumnSource>>>(
  columns: S,
): Dataset<{ readonly [K in keyof S]: ColumnOf<S[K]> }> {
  const whole = Object.entries<ColumnSource>(columns).map(([name, column]) => [
    name,
    "data" in column ? column : { data: column, shape: [column.length] },
  ]);
  return new Dataset(Object.fromEntries(whole) as { readonly [K in keyof S]: ColumnOf<S[K]> });
}
