// Metrics of classes against numbers known from scikit-learn's documentation, and against their definitions.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { metrics, tensor } from "gradloom";
import { plainScores } from "./plain-metrics.js";

const warnings: string[] = [];
beforeEach(() => {
  warnings.length = 0;
  vi.spyOn(console, "warn").mockImplementation((text: string) => void warnings.push(text));
});
afterEach(() => void vi.restoreAllMocks());

const few = fc.integer({ min: 0, max: 4 });
const pairs = fc.array(fc.tuple(few, few), { minLength: 1, maxLength: 30 });

describe("scikit-learn's own examples", () => {
  const [labels, predicted] = [
    [0, 1, 2, 0, 1, 2],
    [0, 2, 1, 0, 0, 1],
  ];
  test("precision_score: 0.22 macro, 0.33 micro, 0.22 weighted, [0.66, 0, 0]", () => {
    expect(metrics.precision(predicted, labels, { average: "macro" })).toBeCloseTo(2 / 9, 12);
    expect(metrics.precision(predicted, labels, { average: "micro" })).toBeCloseTo(1 / 3, 12);
    expect(metrics.precision(predicted, labels, { average: "weighted" })).toBeCloseTo(2 / 9, 12);
    expect(metrics.precision(predicted, labels, { average: "none" })).toEqual([2 / 3, 0, 0]);
  });
  test("recall_score: 0.33 macro, 0.33 micro, 0.33 weighted, [1, 0, 0]", () => {
    for (const average of ["macro", "micro", "weighted"] as const)
      expect(metrics.recall(predicted, labels, { average })).toBeCloseTo(1 / 3, 12);
    expect(metrics.recall(predicted, labels, { average: "none" })).toEqual([1, 0, 0]);
  });
  test("f1_score: 0.266 macro, 0.33 micro, 0.266 weighted, [0.8, 0, 0]", () => {
    expect(metrics.f1(predicted, labels, { average: "macro" })).toBeCloseTo(0.8 / 3, 12);
    expect(metrics.f1(predicted, labels, { average: "micro" })).toBeCloseTo(1 / 3, 12);
    expect(metrics.f1(predicted, labels, { average: "weighted" })).toBeCloseTo(0.8 / 3, 12);
    expect(metrics.f1(predicted, labels, { average: "none" })).toEqual([0.8, 0, 0]);
  });
  test("confusion_matrix: rows are what is true", () => {
    const matrix = metrics.confusionMatrix([0, 0, 2, 2, 0, 2], [2, 0, 2, 2, 0, 1]);
    expect(matrix.toArray()).toEqual([
      [2, 0, 0],
      [0, 0, 1],
      [1, 0, 2],
    ]);
    expect([matrix.total, matrix.right, matrix.labelTotals, matrix.predictedTotals]).toEqual([
      6,
      4,
      [2, 1, 3],
      [3, 0, 3],
    ]);
  });
  test("classification_report, to the character", () => {
    const report = metrics.classificationReport([0, 0, 2, 2, 1], [0, 1, 2, 2, 2], {
      classes: ["class 0", "class 1", "class 2"],
    });
    expect(report.toString()).toBe(
      [
        "              precision    recall  f1-score   support",
        "",
        "     class 0       0.50      1.00      0.67         1",
        "     class 1       0.00      0.00      0.00         1",
        "     class 2       1.00      0.67      0.80         3",
        "",
        "    accuracy                           0.60         5",
        "   macro avg       0.50      0.56      0.49         5",
        "weighted avg       0.70      0.60      0.61         5",
      ].join("\n"),
    );
  });
});

test("every score of every class, and every average, is that of the definition", () => {
  fc.assert(
    fc.property(pairs, (examples) => {
      const [predicted, labels] = [examples.map(([p]) => p), examples.map(([, l]) => l)];
      const ids = [...new Set([...predicted, ...labels])].sort((a, b) => a - b);
      const want = ids.map((id) => plainScores(predicted, labels, id));
      for (const kind of ["precision", "recall", "f1"] as const) {
        const of = metrics[kind];
        const each = of(predicted, labels, { average: "none", zeroDivision: 0 });
        each.forEach((x, i) => expect(x).toBeCloseTo(want[i]![kind], 12));
        const macro = want.reduce((sum, x) => sum + x[kind], 0) / ids.length;
        expect(of(predicted, labels, { average: "macro", zeroDivision: 0 })).toBeCloseTo(macro, 12);
        const weighted = want.reduce((sum, x) => sum + x[kind] * x.support, 0) / labels.length;
        expect(of(predicted, labels, { average: "weighted", zeroDivision: 0 })).toBeCloseTo(weighted, 12);
        const right = labels.filter((label, i) => label === predicted[i]).length / labels.length;
        expect(of(predicted, labels, { average: "micro" })).toBeCloseTo(right, 12);
        expect(metrics.accuracy(predicted, labels)).toBeCloseTo(right, 12);
      }
    }),
  );
});

describe("what is given", () => {
  test("scores with a shape, tensors, results and typed arrays are all taken; the largest score counts, the first of equals", () => {
    const labels = Int32Array.of(1, 0, 1);
    const scores = { data: Float32Array.of(0.1, 0.9, 0.5, 0.5, 0.7, 0.3), shape: [3, 2] };
    expect(metrics.accuracy(scores, labels)).toBe(2 / 3);
    const logits = tensor([[1, 2], [3, 3], [2, 1]]); // prettier-ignore
    expect(metrics.accuracy(logits, labels)).toBe(2 / 3);
    expect(metrics.accuracy(logits.argmax(1), tensor([1, 0, 1], { dtype: "i32" }))).toBe(2 / 3);
    expect(metrics.accuracy({ data: Int32Array.of(1, 0, 0), shape: [3] }, labels)).toBe(2 / 3);
  });
  test("a step of a sequence is an example: scores [2, 2, 3] beside labels [2, 2]", () => {
    const scores = { data: [0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1], shape: [2, 2, 3] };
    expect(metrics.accuracy(scores, { data: [2, 0, 1, 1], shape: [2, 2] })).toBe(0.75);
  });
  test("probabilities of class 1 count from the threshold on", () => {
    expect(metrics.confusionMatrix([0.5, 0.49, 0.9, 0.1], [1, 1, 1, 0], { threshold: 0.5 }).toArray()).toEqual([
      [1, 0],
      [1, 2],
    ]);
    const shaped = { data: Float32Array.of(0.2, 0.8), shape: [2, 1] };
    expect(metrics.accuracy(shaped, [0, 1], { threshold: 0.5 })).toBe(1);
  });
  test("classes that do not occur count where it is said how many there are", () => {
    expect(metrics.recall([0, 1], [0, 1], { average: "macro" })).toBe(1);
    expect(metrics.recall([0, 1], [0, 1], { average: "macro", classes: 4, zeroDivision: 0 })).toBe(0.5);
    expect(metrics.confusionMatrix([0, 1], [0, 1], { classes: 3 }).size).toBe(3);
  });
  test("binary scores are about class 1, or the positive one", () => {
    const [predicted, labels] = [[1, 1, 0, 0, 0], [1, 0, 1, 1, 0]]; // prettier-ignore
    expect([metrics.precision(predicted, labels), metrics.recall(predicted, labels)]).toEqual([1 / 2, 1 / 3]);
    expect(metrics.precision(predicted, labels, { positive: 0 })).toBe(1 / 3);
  });
});

describe("0/0", () => {
  test("a class that is never predicted has precision 0, and a warning says so", () => {
    expect(metrics.precision([0, 0, 0], [0, 1, 0])).toBe(0);
    expect(warnings).toEqual([
      "gradloom: metrics: precision is set to 0 for class 1: never predicted; { zeroDivision: 0 } says so without this warning",
    ]);
  });
  test("said beforehand, it is what is said, without a warning", () => {
    expect(metrics.precision([0, 0], [0, 1], { zeroDivision: 1 })).toBe(1);
    expect(metrics.precision([0, 0], [0, 1], { zeroDivision: NaN })).toBeNaN();
    expect(warnings).toEqual([]);
  });
  test("a positive class that does not occur at all has the score 0", () => {
    expect(metrics.f1([0, 0], [0, 0])).toBe(0);
    expect(warnings[0]).toContain("f1 is set to 0 for class 1: neither predicted nor with examples");
  });
  test("a report says so under its table", () => {
    const report = metrics.classificationReport([0, 0], [0, 1], { classes: ["cat", "dog", "cow"] });
    expect(report.remarks).toEqual([
      "precision is set to 0 for classes dog, cow: never predicted",
      "recall is set to 0 for class cow: without examples",
      "f1 is set to 0 for class cow: neither predicted nor with examples",
    ]);
    expect(report.toString()).toContain("for classes dog, cow");
    expect(warnings).toEqual([]);
  });
});

test("a confusion matrix prints as a table", () => {
  const matrix = metrics.confusionMatrix([0, 1, 1], [0, 1, 0], { classes: ["no", "yes"] });
  expect(matrix.toString()).toBe(
    ["true \\ predicted  no  yes", "              no   1    1", "             yes   0    1"].join("\n"),
  );
  expect([...matrix.normalized()]).toEqual([0.5, 0.5, 0, 1]);
});

describe("mistakes", () => {
  test.each<[string, () => unknown, string]>([
    ["unequal lengths", () => metrics.accuracy([1, 0], [1]), "accuracy: 2 predictions for 1 label"],
    ["nothing", () => metrics.f1([], []), "f1: there are no examples"],
    [
      "a label out of range",
      () => metrics.confusionMatrix([0, 1], [0, 3], { classes: 3 }),
      "label 1 is 3, but there are 3 classes, 0 to 2",
    ],
    ["a negative label", () => metrics.accuracy([0], [-1]), "label 0 is -1, which is no class"],
    ["probabilities", () => metrics.accuracy([0.3, 0.6], [0, 1]), "prediction 0 is 0.3, which is no class"],
    [
      "many classes for a binary score",
      () => metrics.precision([0, 1], [2, 1]),
      "class 2 occurs, but an average over two classes",
    ],
    [
      "a score that is NaN",
      () => metrics.accuracy({ data: [1, NaN], shape: [1, 2] }, [0]),
      "the score of class 1 in row 0 is NaN",
    ],
    ["a probability that is NaN", () => metrics.accuracy([NaN], [0], { threshold: 0.5 }), "prediction 0 is NaN"],
    ["no classes", () => metrics.accuracy([0], [0], { classes: [] }), "classes is empty"],
  ])("%s", (_, run, message) => expect(run).toThrow(message));
});
