// The classification report: precision, recall and F1 of every class and their averages, laid out as by scikit-learn.
import type { Feed } from "../feeds.js";
import type { ClassOptions } from "./class-ids.js";
import { countPairs, type ConfusionMatrix } from "./confusion-matrix.js";
import { averageOf, type ClassScores, remarkOn, scoresOf, undefinedIn } from "./scores.js";

/** Averages over classes. */
export type AverageScores = Pick<ClassScores, "precision" | "recall" | "f1" | "support">;

/** Options of a report. */
export interface ReportOptions extends ClassOptions {
  /** Digits behind the point; 2 where nothing is said. */
  readonly digits?: number;
}

/** Scores by class; as text a table. */
export class ClassificationReport {
  readonly classes: readonly ClassScores[];
  readonly accuracy: number;
  /** The mean of the classes. */
  readonly macro: AverageScores;
  /** The mean weighed by how many examples each class has. */
  readonly weighted: AverageScores;
  /** A sentence for each score that would be 0/0 and is set to 0. */
  readonly remarks: readonly string[];

  constructor(
    readonly matrix: ConfusionMatrix,
    private readonly digits: number,
  ) {
    this.classes = scoresOf(matrix, 0);
    this.accuracy = matrix.right / matrix.total;
    const averaged = (average: "macro" | "weighted"): AverageScores => ({
      precision: averageOf("precision", matrix, this.classes, average),
      recall: averageOf("recall", matrix, this.classes, average),
      f1: averageOf("f1", matrix, this.classes, average),
      support: matrix.total,
    });
    [this.macro, this.weighted] = [averaged("macro"), averaged("weighted")];
    const all = matrix.classes.map((_, i) => i);
    this.remarks = (["precision", "recall", "f1"] as const).flatMap((kind) => {
      const names = undefinedIn(kind, matrix, all).map((i) => matrix.names[i]!);
      return names.length > 0 ? [remarkOn(kind, names)] : [];
    });
  }

  /** The table, and under it the remarks. */
  toString(): string {
    const averages: readonly (readonly [string, AverageScores])[] = [["macro avg", this.macro], ["weighted avg", this.weighted]]; // prettier-ignore
    const width = Math.max("weighted avg".length, this.digits, ...this.classes.map(({ name }) => name.length));
    const line = (name: string, ...cells: readonly string[]): string =>
      `${name.padStart(width)} ${cells.map((cell) => ` ${cell.padStart(9)}`).join("")}`;
    const row = (name: string, x: AverageScores): string =>
      line(name, ...[x.precision, x.recall, x.f1].map((n) => n.toFixed(this.digits)), String(x.support));
    return [
      line("", "precision", "recall", "f1-score", "support"),
      "",
      ...this.classes.map((scores) => row(scores.name, scores)),
      "",
      line("accuracy", "", "", this.accuracy.toFixed(this.digits), String(this.matrix.total)),
      ...averages.map(([name, x]) => row(name, x)),
      ...(this.remarks.length > 0 ? ["", ...this.remarks] : []),
    ].join("\n");
  }
}

/**
 * Precision, recall, F1 and number of examples of every class, with their averages. Throws a DataError where there are no
 * examples, the numbers do not go together, or one is no class.
 */
export function classificationReport(predicted: Feed, labels: Feed, options: ReportOptions = {}): ClassificationReport {
  const { digits = 2, ...rest } = options;
  return new ClassificationReport(countPairs("classificationReport", predicted, labels, rest), digits);
}
