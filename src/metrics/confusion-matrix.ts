// The confusion matrix: how often examples of one class are taken for those of another.
import type { Feed } from "../feeds.js";
import { type ClassOptions, classPairs } from "./class-ids.js";
import { textTable } from "./text-table.js";

/** Counts of examples by their true and their predicted class. */
export class ConfusionMatrix {
  constructor(
    /** The classes, ascending. */
    readonly classes: readonly number[],
    /** Their names; their numbers where they have none. */
    readonly names: readonly string[],
    /** Row by row: a row for each true class, in it a column for each predicted one. */
    readonly counts: Int32Array,
  ) {}

  /** How many classes there are. */
  get size(): number {
    return this.classes.length;
  }

  /** How many examples there are. */
  get total(): number {
    return this.counts.reduce((sum, x) => sum + x, 0);
  }

  /** How many are right. */
  get right(): number {
    return this.classes.reduce((sum, _, i) => sum + this.counts[i * this.size + i]!, 0);
  }

  /** The count of examples of row `label` that are taken for column `predicted`; both from 0 to `size` − 1. */
  at(label: number, predicted: number): number {
    return this.counts[label * this.size + predicted]!;
  }

  /** How many examples each class has. */
  get labelTotals(): readonly number[] {
    return this.classes.map((_, row) => this.classes.reduce((sum, _, column) => sum + this.at(row, column), 0));
  }

  /** How often each class is predicted. */
  get predictedTotals(): readonly number[] {
    return this.classes.map((_, column) => this.classes.reduce((sum, _, row) => sum + this.at(row, column), 0));
  }

  /** Rows of counts. */
  toArray(): readonly (readonly number[])[] {
    return this.classes.map((_, row) => this.classes.map((_, column) => this.at(row, column)));
  }

  /** Each count as part of the examples of its true class (rows add up to 1; those of classes without examples are 0). */
  normalized(): Float64Array {
    const totals = this.labelTotals;
    return Float64Array.from(this.counts, (count, i) => count / Math.max(1, totals[Math.floor(i / this.size)]!));
  }

  /** A table with a row for each true class. */
  toString(): string {
    const head = ["true \\ predicted", ...this.names];
    return textTable([head, ...this.toArray().map((row, i) => [this.names[i]!, ...row.map(String)])]);
  }
}

/**
 * Counts examples by true and predicted class. Predictions are classes, scores of shape […, classes] or, with a threshold,
 * probabilities. Throws a DataError where there are no examples, the numbers do not go together, or one is no class.
 */
export function confusionMatrix(predicted: Feed, labels: Feed, options: ClassOptions = {}): ConfusionMatrix {
  return countPairs("confusionMatrix", predicted, labels, options);
}

/** The same in the name of another metric. */
export function countPairs(who: string, predicted: Feed, labels: Feed, options: ClassOptions): ConfusionMatrix {
  const pairs = classPairs(who, predicted, labels, options);
  const places = new Map(pairs.classes.map((id, i) => [id, i]));
  const counts = new Int32Array(places.size ** 2);
  for (let i = 0; i < pairs.labels.length; i++) {
    const at = places.get(pairs.labels[i]!)! * places.size + places.get(pairs.predicted[i]!)!;
    counts[at] = counts[at]! + 1;
  }
  return new ConfusionMatrix(pairs.classes, pairs.names, counts);
}
