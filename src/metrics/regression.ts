// Metrics of numbers: how far predictions are from what was measured.
import { DataError } from "#ir/errors.js";
import { type Feed, shapeIn } from "../feeds.js";
import { checkPairs, listOf } from "./class-ids.js";

/** The mean of (prediction − target)². */
export function mse(predicted: Feed, targets: Feed): number {
  return meanOf("mse", predicted, targets, (error) => error * error);
}

/** The square root of `mse`. */
export function rmse(predicted: Feed, targets: Feed): number {
  return Math.sqrt(meanOf("rmse", predicted, targets, (error) => error * error));
}

/** The mean of |prediction − target|. */
export function mae(predicted: Feed, targets: Feed): number {
  return meanOf("mae", predicted, targets, Math.abs);
}

/**
 * R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)²: 1 is perfect, 0 no better than the mean. Of targets of shape [rows, n] it is the mean of the
 * R² of the columns. Where all targets of a column are equal it is 1 for perfect predictions and 0 for others, as in
 * scikit-learn. Throws a DataError where there are fewer than two rows.
 */
export function r2(predicted: Feed, targets: Feed): number {
  const [guess, truth] = pairs("r2", predicted, targets);
  const shape = shapeIn(targets) ?? [truth.length];
  const columns = shape.slice(1).reduce((product, size) => product * size, 1);
  const rows = truth.length / columns;
  if (rows < 2) throw new DataError("r2: one row has no variance: it needs at least two");
  let sum = 0;
  for (let column = 0; column < columns; column++) {
    let mean = 0;
    for (let i = column; i < truth.length; i += columns) mean += truth[i]! / rows;
    let [residual, total, equal] = [0, 0, true];
    for (let i = column; i < truth.length; i += columns) {
      residual += (truth[i]! - guess[i]!) ** 2;
      total += (truth[i]! - mean) ** 2;
      equal &&= truth[i] === truth[column];
    }
    sum += equal ? (residual === 0 ? 1 : 0) : 1 - residual / total;
  }
  return sum / columns;
}

function meanOf(who: string, predicted: Feed, targets: Feed, of: (error: number) => number): number {
  const [guess, truth] = pairs(who, predicted, targets);
  let sum = 0;
  for (let i = 0; i < truth.length; i++) sum += of(guess[i]! - truth[i]!);
  return sum / truth.length;
}

function pairs(who: string, predicted: Feed, targets: Feed): readonly [ArrayLike<number>, ArrayLike<number>] {
  const [guess, truth] = [listOf(predicted), listOf(targets)];
  checkPairs(who, guess.length, truth.length);
  return [guess, truth];
}
