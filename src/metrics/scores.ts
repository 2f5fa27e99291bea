// Accuracy, precision, recall and F1 of classes, as scikit-learn defines them.
import { DataError } from "#ir/errors.js";
import type { Feed } from "../feeds.js";
import type { ClassOptions } from "./class-ids.js";
import { type ConfusionMatrix, countPairs } from "./confusion-matrix.js";

/**
 * How the scores of classes become one number:
 * - `binary`: that of the class `positive`; there must be no other classes than 0 and 1
 * - `micro`: of all decisions counted together
 * - `macro`: the mean of all classes
 * - `weighted`: the mean weighed by how many examples each class has
 */
export type Average = "binary" | "micro" | "macro" | "weighted";

/** Options of precision, recall and F1. */
export interface ScoreOptions<A extends Average | "none" = Average | "none"> extends ClassOptions {
  /** `binary` where nothing is said; `none` gives a score for every class. */
  readonly average?: A;
  /** The class that `binary` is about; 1 where nothing is said. */
  readonly positive?: number;
  /** The score where it would be 0/0. Where nothing is said it is 0, and a warning says so. */
  readonly zeroDivision?: number;
}

/** The scores of one class. */
export interface ClassScores {
  readonly class: number;
  readonly name: string;
  /** The part of its predictions that are right. */
  readonly precision: number;
  /** The part of its examples that are found. */
  readonly recall: number;
  /** The harmonic mean of the two. */
  readonly f1: number;
  /** How many examples it has. */
  readonly support: number;
}

type Kind = "precision" | "recall" | "f1";

/** The part of examples whose class is predicted right. */
export function accuracy(predicted: Feed, labels: Feed, options: ClassOptions = {}): number {
  const matrix = countPairs("accuracy", predicted, labels, options);
  return matrix.right / matrix.total;
}

/** The part of the predictions of a class that are right: tp / (tp + fp). */
export function precision(
  predicted: Feed,
  labels: Feed,
  options: ScoreOptions<"none"> & { readonly average: "none" },
): number[];
export function precision(predicted: Feed, labels: Feed, options?: ScoreOptions<Average>): number;
export function precision(predicted: Feed, labels: Feed, options: ScoreOptions = {}): number | number[] {
  return score("precision", predicted, labels, options);
}

/** The part of the examples of a class that are found: tp / (tp + fn). */
export function recall(
  predicted: Feed,
  labels: Feed,
  options: ScoreOptions<"none"> & { readonly average: "none" },
): number[];
export function recall(predicted: Feed, labels: Feed, options?: ScoreOptions<Average>): number;
export function recall(predicted: Feed, labels: Feed, options: ScoreOptions = {}): number | number[] {
  return score("recall", predicted, labels, options);
}

/** The harmonic mean of precision and recall: 2·tp / (2·tp + fp + fn). */
export function f1(
  predicted: Feed,
  labels: Feed,
  options: ScoreOptions<"none"> & { readonly average: "none" },
): number[];
export function f1(predicted: Feed, labels: Feed, options?: ScoreOptions<Average>): number;
export function f1(predicted: Feed, labels: Feed, options: ScoreOptions = {}): number | number[] {
  return score("f1", predicted, labels, options);
}

function score(kind: Kind, predicted: Feed, labels: Feed, options: ScoreOptions): number | number[] {
  const { average = "binary", positive = 1, zeroDivision } = options;
  const matrix = countPairs(kind, predicted, labels, options);
  const fallback = zeroDivision ?? 0;
  const rows = scoresOf(matrix, fallback);
  const among = average === "binary" ? [binaryClass(kind, matrix, positive)] : matrix.classes.map((_, i) => i);
  if (zeroDivision === undefined && average !== "micro") {
    const names = undefinedIn(kind, matrix, among).map((i) => matrix.names[i] ?? String(positive));
    warn(kind, names);
  }
  if (average === "none") return rows.map((row) => row[kind]);
  if (average === "binary") return rows[among[0]!]?.[kind] ?? fallback;
  return averageOf(kind, matrix, rows, average);
}

/** The scores of every class; `zeroDivision` stands for 0/0. */
export function scoresOf(matrix: ConfusionMatrix, zeroDivision: number): readonly ClassScores[] {
  const [truth, guessed] = [matrix.labelTotals, matrix.predictedTotals];
  const part = (x: number, of: number): number => (of === 0 ? zeroDivision : x / of);
  return matrix.classes.map((id, i) => {
    const hits = matrix.at(i, i);
    return {
      class: id,
      name: matrix.names[i]!,
      precision: part(hits, guessed[i]!),
      recall: part(hits, truth[i]!),
      f1: part(2 * hits, guessed[i]! + truth[i]!),
      support: truth[i]!,
    };
  });
}

/** One number of the scores of all classes. */
export function averageOf(
  kind: Kind,
  matrix: ConfusionMatrix,
  rows: readonly ClassScores[],
  average: "micro" | "macro" | "weighted",
): number {
  // Every example has one class and one prediction, so all three are the part of right ones.
  if (average === "micro") return matrix.right / matrix.total;
  const weight = (row: ClassScores): number => (average === "macro" ? 1 / rows.length : row.support / matrix.total);
  return rows.reduce((sum, row) => sum + row[kind] * weight(row), 0);
}

/** The classes whose score would be 0/0: without predictions, without examples, or without either. */
export function undefinedIn(kind: Kind, matrix: ConfusionMatrix, among: readonly number[]): readonly number[] {
  const [truth, guessed] = [matrix.labelTotals, matrix.predictedTotals];
  const terms = { precision: guessed, recall: truth, f1: truth.map((x, i) => x + guessed[i]!) };
  return among.filter((i) => (terms[kind][i] ?? 0) === 0);
}

const lacks: Readonly<Record<Kind, string>> = {
  precision: "never predicted",
  recall: "without examples",
  f1: "neither predicted nor with examples",
};

/** `recall is set to 0 for class 2: without examples`. */
export function remarkOn(kind: Kind, names: readonly string[]): string {
  return `${kind} is set to 0 for ${names.length > 1 ? "classes" : "class"} ${names.join(", ")}: ${lacks[kind]}`;
}

function warn(kind: Kind, names: readonly string[]): void {
  if (names.length === 0) return;
  // eslint-disable-next-line no-console
  console.warn(`gradloom: metrics: ${remarkOn(kind, names)}; { zeroDivision: 0 } says so without this warning`);
}

/** Where the positive class stands; beyond the end where it does not occur. */
function binaryClass(kind: Kind, matrix: ConfusionMatrix, positive: number): number {
  const others = matrix.classes.filter((id) => id > 1);
  if (others.length > 0) {
    throw new DataError(`${kind}: class ${others[0]} occurs, but an average over two classes is asked for`, {
      help: `{ average: "macro" } is the mean of the classes; "micro", "weighted" and "none" (one for each) are others`,
    });
  }
  if (positive !== 0 && positive !== 1) throw new DataError(`${kind}: the positive class is ${positive}, not 0 or 1`);
  const at = matrix.classes.indexOf(positive);
  return at < 0 ? matrix.size : at;
}
