// Parts of a data set: training and test rows, folds for cross validation. All random choices follow from a seed.
import { DataError } from "#ir/errors.js";
import { elementCount } from "#ir/size.js";
import { seeded } from "../random.js";
import type { Column, Columns, Dataset } from "./dataset.js";

/** The rows that a model learns from, and those that it is judged by. */
export interface Split<C extends Columns = Columns> {
  readonly train: Dataset<C>;
  readonly test: Dataset<C>;
}

/** One round of cross validation. */
export interface Fold<C extends Columns = Columns> extends Split<C> {
  /** From 0. */
  readonly fold: number;
  /** The rows of the whole set, counted from 0, that are in `test`. */
  readonly testRows: Int32Array;
}

/** Options of `trainTestSplit`. */
export interface SplitOptions<C extends Columns = Columns> {
  /** A part between 0 and 1 (rounded up to rows), or a number of rows; a quarter where nothing is said. */
  readonly test?: number;
  /** A seed, 0 where nothing is said; false takes the last rows as they are. */
  readonly shuffle?: number | false;
  /** A column of classes, of which both parts get the same share. */
  readonly stratify?: keyof C & string;
}

/** Options of cross validation. */
export interface FoldOptions {
  /** A seed: rows are assigned to folds at random. Without it folds are runs of neighbouring rows. */
  readonly shuffle?: number;
}

/** Splits the rows in two. Throws a DataError where a part would be empty, or has no row of a class to be stratified. */
export function trainTestSplit<C extends Columns>(set: Dataset<C>, options: SplitOptions<C> = {}): Split<C> {
  const { test = 0.25, shuffle = 0, stratify } = options;
  const who = "trainTestSplit";
  const count = test > 0 && test < 1 ? Math.ceil(set.length * test) : test;
  if (!Number.isInteger(count) || count < 1 || count >= set.length) {
    throw new DataError(`${who}: test is ${test}: of ${set.length} rows, at least one must be left for each part`, {
      help: "a part such as 0.25, or a number of rows",
    });
  }
  if (shuffle === false && stratify !== undefined)
    throw new DataError(`${who}: stratified rows are drawn at random: shuffle must be a seed`);
  const order = Int32Array.from({ length: set.length }, (_, i) => i);
  if (shuffle !== false) seeded(shuffle).shuffle(order);
  const chosen = new Uint8Array(set.length);
  if (stratify === undefined) for (const row of order.subarray(set.length - count)) chosen[row] = 1;
  else {
    const groups = classesOf(who, set, stratify);
    const shares = sharesOf(who, [...groups.values()].map((rows) => rows.length), count, stratify); // prettier-ignore
    const left = new Map([...groups.keys()].map((id, i) => [id, shares[i]!]));
    const { data } = set.columns[stratify] as Column;
    for (const row of order) {
      const wanted = left.get(data[row]!)!;
      if (wanted > 0) left.set(data[row]!, wanted - (chosen[row] = 1));
    }
  }
  return { train: set.rows(order.filter((row) => !chosen[row])), test: set.rows(order.filter((row) => chosen[row])) };
}

/** The rounds of k-fold cross validation: every row is a test row once. The first folds get the rows that are left over. */
export function kFold<C extends Columns>(set: Dataset<C>, k: number, options: FoldOptions = {}): readonly Fold<C>[] {
  checkFolds("kFold", k, set.length, "rows");
  const order = Int32Array.from({ length: set.length }, (_, i) => i);
  if (options.shuffle !== undefined) seeded(options.shuffle).shuffle(order);
  const foldOf = new Int32Array(set.length);
  order.forEach((row, i) => (foldOf[row] = foldAt(i, set.length, k)));
  return foldsOf(set, k, foldOf);
}

/**
 * As `kFold`, but every fold gets its share of each class in the column `by`. Throws a DataError where a class has fewer
 * than k rows.
 */
export function stratifiedKFold<C extends Columns>(
  set: Dataset<C>,
  k: number,
  options: FoldOptions & { readonly by: keyof C & string },
): readonly Fold<C>[] {
  const who = "stratifiedKFold";
  checkFolds(who, k, set.length, "rows");
  const groups = [...classesOf(who, set, options.by)];
  const foldOf = new Int32Array(set.length);
  // Rows in the order of their classes are dealt out to the folds in turn, so no fold has two rows more than another.
  let dealt = 0;
  groups.forEach(([id, rows], group) => {
    checkFolds(who, k, rows.length, `rows of class ${id} in column "${options.by}"`);
    const sizes = new Int32Array(k);
    for (let i = 0; i < rows.length; i++) sizes[dealt++ % k]!++;
    const folds = Int32Array.from([...sizes].flatMap((size, fold) => new Array<number>(size).fill(fold)));
    if (options.shuffle !== undefined) seeded(options.shuffle, group).shuffle(folds);
    rows.forEach((row, i) => (foldOf[row] = folds[i]!));
  });
  return foldsOf(set, k, foldOf);
}

function foldsOf<C extends Columns>(set: Dataset<C>, k: number, foldOf: Int32Array): readonly Fold<C>[] {
  const rows = Int32Array.from(foldOf, (_, row) => row);
  return Array.from({ length: k }, (_, fold) => {
    const testRows = rows.filter((row) => foldOf[row] === fold);
    return { fold, testRows, train: set.rows(rows.filter((row) => foldOf[row] !== fold)), test: set.rows(testRows) };
  });
}

/** The fold of the i-th of n rows where the first n mod k folds have one row more. */
function foldAt(i: number, n: number, k: number): number {
  const [small, more] = [Math.floor(n / k), n % k];
  const large = more * (small + 1);
  return i < large ? Math.floor(i / (small + 1)) : more + Math.floor((i - large) / small);
}

function checkFolds(who: string, k: number, rows: number, what: string): void {
  if (!Number.isInteger(k) || k < 2)
    throw new DataError(`${who}: the number of folds must be a whole number from 2, not ${k}`);
  if (rows < k) throw new DataError(`${who}: ${rows} ${what} cannot be in ${k} folds`);
}

/** The rows of every class, in the order in which the classes first occur. */
function classesOf<C extends Columns>(
  who: string,
  set: Dataset<C>,
  name: keyof C & string,
): ReadonlyMap<number, number[]> {
  const column: Column | undefined = set.columns[name];
  if (!column) throw new DataError(`${who}: there is no column "${name}", only ${Object.keys(set.columns).join(", ")}`);
  if (elementCount(column.shape.slice(1)) !== 1)
    throw new DataError(`${who}: column "${name}" has more than one number a row, and no classes`);
  const groups = new Map<number, number[]>();
  column.data.forEach((id: number, row: number) => {
    const known = groups.get(id);
    if (known) known.push(row);
    else groups.set(id, [row]);
  });
  return groups;
}

/** How many test rows each class gets: its share rounded down, and the rows left over by the largest remainders. */
function sharesOf(who: string, sizes: readonly number[], count: number, name: string): readonly number[] {
  const all = sizes.reduce((sum, x) => sum + x, 0);
  const exact = sizes.map((size) => (size * count) / all);
  const shares = exact.map(Math.floor);
  const byRemainder = exact.map((x, i) => i).sort((i, j) => exact[j]! - shares[j]! - (exact[i]! - shares[i]!) || i - j);
  let left = count - shares.reduce((sum, x) => sum + x, 0);
  for (const i of byRemainder) if (left-- > 0) shares[i]!++;
  if (sizes.some((size) => size < 2))
    throw new DataError(`${who}: a class of column "${name}" has a single row, which cannot be in both parts`);
  if (Math.min(count, all - count) < sizes.length)
    throw new DataError(
      `${who}: ${Math.min(count, all - count)} rows cannot have one of each of ${sizes.length} classes`,
    );
  return shares;
}
