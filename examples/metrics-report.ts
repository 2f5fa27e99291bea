// How good is a classifier? Accuracy, precision, recall and F1, the confusion matrix, and k-fold cross validation.
import { data, defineExperiment, defineModel, fit, metrics, nn, optim, plots } from "gradloom";

/** A shallow network for digits. */
const network = (hidden: number) =>
  defineModel({
    name: "metrics-report",
    seed: 1,
    inputs: { x: ["batch", 784], y: { shape: ["batch"], dtype: "i32" } },
    model: () => nn.sequential(nn.dense(784, hidden, { activation: "relu" }), nn.dense(hidden, 10)),
    build: ({ x, y }, model) => {
      const logits = model(x);
      return {
        loss: () => nn.softmaxCrossEntropy(logits, y).mean(),
        outputs: () => ({ probability: logits.softmax(1) }),
      };
    },
    optimizer: () => optim.adam({ lr: 0.002 }),
  });

export default defineExperiment({
  name: "metrics-report",
  doc: "A classifier's report: precision, recall and F1 by class, averages, the confusion matrix, cross validation.",
  settings: { hidden: 32, images: 10_000, epochs: 3, folds: 5, tests: 10_000 },
  run: async ({ settings: { hidden, images, epochs, folds, tests }, mode, report, from, predict }) => {
    const { train, test } = await data.mnist(from);
    const [some, held] = [train.slice(0, images), test.slice(0, tests)];
    const model = network(hidden).create();
    await fit(model, some, { epochs, batchSize: 64, mode });
    const { probability } = predict(model)({ x: held.columns.x });
    const { y } = held.columns;
    report.line(metrics.classificationReport(probability, y).toString());
    const matrix = metrics.confusionMatrix(probability, y);
    await report.picture("confusion", plots.confusion(matrix, { title: "Test images by true and predicted digit" }));
    const of = (average: "micro" | "macro" | "weighted") => metrics.f1(probability, y, { average });
    report.figures({
      accuracy: metrics.accuracy(probability, y),
      "F1, micro": of("micro"),
      "F1, macro": of("macro"),
      "F1, weighted": of("weighted"),
      "right among the first three": metrics.topKAccuracy(probability, y, 3),
    });
    const found: number[] = [];
    for (const fold of data.stratifiedKFold(some, folds, { by: "y" })) {
      const fresh = network(hidden).create();
      await fit(fresh, fold.train, { epochs, batchSize: 64, mode });
      const { probability: scores } = predict(fresh)({ x: fold.test.columns.x });
      found.push(metrics.accuracy(scores, fold.test.columns.y));
    }
    const mean = found.reduce((a, b) => a + b, 0) / found.length;
    const deviation = Math.sqrt(found.reduce((sum, a) => sum + (a - mean) ** 2, 0) / found.length);
    report.table(["fold", "accuracy"], found.map((a, i) => [i + 1, a.toFixed(4)])); // prettier-ignore
    report.line(`${folds} folds: accuracy ${mean.toFixed(4)} ± ${deviation.toFixed(4)}`);
    report.figures({ "accuracy of the folds": mean });
  },
});
