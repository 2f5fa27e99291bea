// What classification metrics are computed from: the predicted and the true class of every example, checked.
import { DataError } from "#ir/errors.js";
import { type Feed, numbersIn, plural, shapeIn } from "../feeds.js";

/** Options of all metrics of classes. */
export interface ClassOptions {
  /**
   * How many classes there are, from 0 on, or their names. The classes that occur, in ascending order, where nothing is said:
   * averages over classes are then averages over these.
   */
  readonly classes?: number | readonly string[];
  /** Predictions are probabilities of class 1, which is predicted from this one on. */
  readonly threshold?: number;
}

/** Examples as pairs of classes. */
export interface ClassPairs {
  readonly predicted: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
  /** The classes, ascending. */
  readonly classes: readonly number[];
  /** Names of the classes; their numbers where they have none. */
  readonly names: readonly string[];
}

/**
 * The predicted and true classes. Predictions are classes, or scores: one for each class along a last axis, of which the
 * largest counts. Throws a DataError where there are no examples, the numbers do not go together, or one is no class.
 */
export function classPairs(who: string, predicted: Feed, labels: Feed, options: ClassOptions): ClassPairs {
  const truth = listOf(labels);
  const guess = predictedClasses(who, predicted, truth.length, options.threshold);
  checkPairs(who, guess.length, truth.length);
  const count = countOf(who, options.classes);
  checkClasses(who, "prediction", guess, count);
  checkClasses(who, "label", truth, count);
  const classes = count === null ? present(guess, truth) : Array.from({ length: count }, (_, i) => i);
  const given = options.classes;
  return { predicted: guess, labels: truth, classes, names: typeof given === "object" ? given : classes.map(String) };
}

/** The numbers of a feed as a list. */
export function listOf(feed: Feed): ArrayLike<number> {
  const numbers = numbersIn(feed);
  return typeof numbers === "number" ? [numbers] : numbers;
}

/** Throws a DataError where there are no examples or not as many predictions as labels. */
export function checkPairs(who: string, predicted: number, labels: number): void {
  if (predicted !== labels)
    throw new DataError(`${who}: ${plural(predicted, "prediction")} for ${plural(labels, "label")}`);
  if (labels === 0) throw new DataError(`${who}: there are no examples`);
}

/** Scores row by row, as many rows as there are labels; null where the numbers are no rows of scores. */
export function scoreRows(
  predicted: Feed,
  rows: number,
): { readonly data: ArrayLike<number>; readonly width: number } | null {
  const data = listOf(predicted);
  const width = shapeIn(predicted)?.at(-1) ?? 1;
  return width > 1 && data.length === rows * width ? { data, width } : null;
}

function predictedClasses(
  who: string,
  predicted: Feed,
  rows: number,
  threshold: number | undefined,
): ArrayLike<number> {
  if (threshold !== undefined) {
    if (!Number.isFinite(threshold)) throw new DataError(`${who}: the threshold is ${threshold}, not a finite number`);
    return Int32Array.from(listOf(predicted), (p, i) => {
      if (Number.isNaN(p)) throw new DataError(`${who}: prediction ${i} is NaN`);
      return p >= threshold ? 1 : 0;
    });
  }
  const scores = scoreRows(predicted, rows);
  if (!scores) return listOf(predicted);
  return Int32Array.from({ length: rows }, (_, row) => largestIn(who, scores.data, row, scores.width));
}

function largestIn(who: string, data: ArrayLike<number>, row: number, width: number): number {
  let best = 0;
  for (let i = 0; i < width; i++) {
    const score = data[row * width + i]!;
    if (Number.isNaN(score)) throw new DataError(`${who}: the score of class ${i} in row ${row} is NaN`);
    if (score > data[row * width + best]!) best = i;
  }
  return best;
}

function countOf(who: string, classes: ClassOptions["classes"]): number | null {
  if (classes === undefined) return null;
  const count = typeof classes === "number" ? classes : classes.length;
  if (Number.isInteger(count) && count > 0) return count;
  throw new DataError(
    `${who}: classes is ${count === 0 ? "empty" : String(classes)}: say how many there are, or their names`,
  );
}

function checkClasses(who: string, what: string, ids: ArrayLike<number>, count: number | null): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (!Number.isInteger(id) || id < 0) {
      const help =
        what === "prediction"
          ? "probabilities of class 1 need { threshold: 0.5 }, scores of many classes their shape [rows, classes]"
          : "rows with a single 1 become classes by argmax(1)";
      throw new DataError(`${who}: ${what} ${i} is ${id}, which is no class: classes are whole numbers from 0`, {
        help,
      });
    }
    if (count !== null && id >= count)
      throw new DataError(`${who}: ${what} ${i} is ${id}, but there are ${count} classes, 0 to ${count - 1}`);
  }
}

function present(a: ArrayLike<number>, b: ArrayLike<number>): readonly number[] {
  const seen = new Set<number>();
  for (let i = 0; i < a.length; i++) seen.add(a[i]!).add(b[i]!);
  return [...seen].sort((x, y) => x - y);
}
