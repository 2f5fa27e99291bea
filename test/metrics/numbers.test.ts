// Metrics of scores and of numbers.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { metrics, tensor } from "gradloom";

const shaped = (data: readonly number[], columns: number) => ({ data, shape: [data.length / columns, columns] });

describe("top k", () => {
  // scikit-learn's example of top_k_accuracy_score.
  const scores = shaped([0.5, 0.2, 0.2, 0.3, 0.4, 0.2, 0.2, 0.4, 0.3, 0.7, 0.2, 0.1], 3);
  test("scikit-learn's example: 0.75 of the labels are among the best two", () => {
    expect(metrics.topKAccuracy(scores, [0, 1, 2, 2], 2)).toBe(0.75);
  });
  test("the best one alone is accuracy, and all classes are always right", () => {
    const row = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(row, fc.integer({ min: 0, max: 3 })), { minLength: 1, maxLength: 9 }),
        (examples) => {
          const [data, labels] = [shaped(examples.flatMap(([r]) => r), 4), examples.map(([, l]) => l)]; // prettier-ignore
          expect(metrics.topKAccuracy(data, labels, 1)).toBe(metrics.accuracy(data, labels));
          expect(metrics.topKAccuracy(data, labels, 4)).toBe(1);
        },
      ),
    );
  });
  test("k must be a number of classes, labels must be classes", () => {
    expect(() => metrics.topKAccuracy(scores, [0, 1, 2, 2], 4)).toThrow("k must be a whole number from 1 to 3");
    expect(() => metrics.topKAccuracy(scores, [0, 1, 2, 3], 1)).toThrow(
      "label 3 is 3, but there are 3 classes, 0 to 2",
    );
    expect(() => metrics.topKAccuracy([1, 2, 3], [0], 1)).toThrow("3 scores are no rows for 1 labels");
  });
});

describe("perplexity", () => {
  test("equal logits of n classes have perplexity n", () => {
    expect(metrics.perplexity(tensor([[0, 0, 0, 0], [7, 7, 7, 7]]), [1, 3])).toBeCloseTo(4, 12); // prettier-ignore
    expect(metrics.perplexity(Math.log(50))).toBeCloseTo(50, 10);
  });
  test("large logits do not overflow", () => {
    expect(metrics.perplexity(shaped([1000, 0], 2), [0])).toBe(1);
    expect(metrics.perplexity(shaped([Math.log(3), 0], 2), [0])).toBeCloseTo(4 / 3, 12);
  });
});

describe("numbers", () => {
  const [targets, predicted] = [[3, -0.5, 2, 7], [2.5, 0, 2, 8]]; // prettier-ignore
  test("scikit-learn's example: R² 0.948…, squared error 0.375, absolute error 0.5", () => {
    expect(metrics.r2(predicted, targets)).toBeCloseTo(0.9486081370449679, 12);
    expect(metrics.mse(predicted, targets)).toBe(0.375);
    expect(metrics.rmse(predicted, targets)).toBeCloseTo(0.6123724356957945, 12);
    expect(metrics.mae(predicted, targets)).toBe(0.5);
  });
  test("of two columns R² is the mean: scikit-learn's example, 0.938…", () => {
    const truth = shaped([0.5, 1, -1, 1, 7, -6], 2);
    expect(metrics.r2(shaped([0, 2, -1, 2, 8, -5], 2), truth)).toBeCloseTo(
      (0.96543778801843316 + 0.90816326530612246) / 2,
      12,
    );
  });
  test("the mean predicts with R² 0; equal targets have 1 where they are met, else 0", () => {
    expect(metrics.r2([2, 2, 2], [1, 2, 3])).toBe(0);
    expect(metrics.r2([3, 2, 1], [1, 2, 3])).toBe(-3);
    expect(metrics.r2([5, 5], [5, 5])).toBe(1);
    expect(metrics.r2([5, 4], [5, 5])).toBe(0);
  });
  test("mistakes", () => {
    expect(() => metrics.r2([1], [1])).toThrow("r2: one row has no variance");
    expect(() => metrics.mse([1, 2], [1])).toThrow("mse: 2 predictions for 1 label");
    expect(() => metrics.mae([], [])).toThrow("mae: there are no examples");
  });
});
