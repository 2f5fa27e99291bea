// Metrics of classes by their definitions, example by example, without a confusion matrix.

/** Counts of one class against all others. */
export function countsOf(predicted: readonly number[], labels: readonly number[], id: number) {
  let [tp, fp, fn] = [0, 0, 0];
  labels.forEach((label, i) => {
    if (predicted[i] === id && label === id) tp++;
    else if (predicted[i] === id) fp++;
    else if (label === id) fn++;
  });
  return { tp, fp, fn };
}

/** Precision, recall, F1 as the harmonic mean of the two, and support; 0 for 0/0. */
export function plainScores(predicted: readonly number[], labels: readonly number[], id: number) {
  const { tp, fp, fn } = countsOf(predicted, labels, id);
  const precision = tp + fp === 0 ? 0 : tp / (tp + fp);
  const recall = tp + fn === 0 ? 0 : tp / (tp + fn);
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall);
  return { precision, recall, f1, support: tp + fn };
}
