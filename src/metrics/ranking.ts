// Metrics of scores: whether the label is among the best, and how surprised a model is.
import { DataError } from "#ir/errors.js";
import type { Feed } from "../feeds.js";
import { checkPairs, listOf, scoreRows } from "./class-ids.js";

/**
 * The part of examples whose label is among the `k` largest scores of its row; `scores` has shape […, classes]. Of equal
 * scores that of the smaller class counts as larger. Throws a DataError where the numbers do not go together.
 */
export function topKAccuracy(scores: Feed, labels: Feed, k: number): number {
  const who = "topKAccuracy";
  const { data, width, truth } = scoresAndLabels(who, scores, labels);
  if (!Number.isInteger(k) || k < 1 || k > width)
    throw new DataError(`${who}: k must be a whole number from 1 to ${width}, the number of classes, not ${k}`);
  let found = 0;
  for (let row = 0; row < truth.length; row++) {
    const label = truth[row]!;
    const own = data[row * width + label]!;
    let before = 0;
    for (let i = 0; i < width; i++) {
      const other = data[row * width + i]!;
      if (Number.isNaN(other)) throw new DataError(`${who}: the score of class ${i} in row ${row} is NaN`);
      if (other > own || (other === own && i < label)) before++;
    }
    if (before < k) found++;
  }
  return found / truth.length;
}

/**
 * Perplexity, the exponential of the mean surprise: of a mean loss in nats (a number, such as the mean of softmax cross
 * entropies), or of logits of shape […, classes] and labels. A model that guesses among n words has n.
 */
export function perplexity(meanLoss: number): number;
export function perplexity(logits: Feed, labels: Feed): number;
export function perplexity(first: Feed, labels?: Feed): number {
  if (labels === undefined) {
    if (typeof first === "number") return Math.exp(first);
    throw new DataError("perplexity: logits need labels", { help: "of a mean loss: perplexity(0.7)" });
  }
  const { data, width, truth } = scoresAndLabels("perplexity", first, labels);
  let sum = 0;
  for (let row = 0; row < truth.length; row++) {
    let most = -Infinity;
    for (let i = 0; i < width; i++) most = Math.max(most, data[row * width + i]!);
    let all = 0;
    for (let i = 0; i < width; i++) all += Math.exp(data[row * width + i]! - most);
    sum += Math.log(all) + most - data[row * width + truth[row]!]!;
  }
  return Math.exp(sum / truth.length);
}

function scoresAndLabels(who: string, scores: Feed, labels: Feed) {
  const truth = listOf(labels);
  const rows = scoreRows(scores, truth.length);
  if (!rows) {
    const help = "scores need their shape, such as { data, shape: [rows, classes] }, and a label for each row";
    if (truth.length === 0) checkPairs(who, 0, 0);
    throw new DataError(`${who}: ${listOf(scores).length} scores are no rows for ${truth.length} labels`, { help });
  }
  for (let i = 0; i < truth.length; i++) {
    const label = truth[i]!;
    if (Number.isInteger(label) && label >= 0 && label < rows.width) continue;
    throw new DataError(`${who}: label ${i} is ${label}, but there are ${rows.width} classes, 0 to ${rows.width - 1}`);
  }
  return { ...rows, truth };
}
