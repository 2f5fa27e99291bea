// Experiments on the digits, reduced: deep networks of ReLU beside TensorFlow.js, reports, patterns of convolutions.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { SilentReport } from "gradloom";
import patterns, { cnn } from "../../examples/cnn-pattern.js";
import deep, { deepRelu } from "../../examples/deep-relu.js";
import reports from "../../examples/metrics-report.js";
import { prepareTensorFlow } from "../ops/tensorflow.js";
import { expectNear } from "./plain-code.js";

beforeAll(prepareTensorFlow, 240_000);

const four = [785, 100, 100, 100, 10];
const x = Float32Array.from({ length: 6 * 785 }, (_, i) => ((i * 37) % 101) / 101);
const y = Int32Array.from([3, 1, 4, 1, 5, 9]);

test.each([
  ["two layers", { sizes: [785, 100, 10] }],
  ["four layers", { sizes: four }],
  ["four layers, He", { sizes: four, he: true }],
  ["four layers, He, residual", { sizes: four, he: true, residual: true }],
  ["four layers, He, half the rate", { sizes: four, he: true, rate: 5e-6 }],
])("%s: the losses of 20 steps, compiled and eager, are those of TensorFlow.js", (_, form) => {
  const [compiled, eager] = [deepRelu(form).create(), deepRelu(form).create()];
  let weights = compiled.model.map((w) => tf.tensor(w.data().slice(), [...w.shape]));
  const [images, labels] = [tf.tensor(x, [6, 785]), tf.oneHot(tf.tensor1d(y, "int32"), 10)];
  const loss = (...ws: tf.Tensor[]): tf.Scalar => {
    let h: tf.Tensor = images;
    ws.forEach((w, i) => {
      const sums = tf.matMul(h as tf.Tensor2D, w as tf.Tensor2D);
      if (i === ws.length - 1) h = sums;
      else h = "residual" in form && i > 0 ? tf.add(h, tf.relu(sums)) : tf.relu(sums);
    });
    return tf.neg(tf.sum(tf.mul(labels, tf.logSoftmax(h)))) as tf.Scalar;
  };
  const want = Array.from({ length: 20 }, () => {
    const { value, grads } = tf.valueAndGrads(loss)(weights);
    weights = weights.map((w, i) => tf.sub(w, tf.mul(grads[i]!, "rate" in form ? form.rate : 1e-5)));
    return value.dataSync()[0]!;
  });
  // Weights of N(0,1) and four layers come to a loss of exactly 0 on six images, and stay there.
  const end = want.indexOf(0) < 0 ? want.length : want.indexOf(0);
  expect(end).toBeGreaterThan(10);
  want.length = end;
  const step = compiled.train();
  expectNear(want.map(() => step.run({ x, y }).loss.data[0]!), want); // prettier-ignore
  expectNear(want.map(() => eager.eagerStep({ x, y })), want); // prettier-ignore
});

test.each(["compiled", "eager"] as const)("deep networks tell norms, dead units and accuracies, %s", async (mode) => {
  const report = new SilentReport();
  await deep.run({ settings: { steps: 2, every: 2, images: 200 }, mode, report });
  expect(Object.keys(report.found)).toHaveLength(6);
  for (const accuracy of Object.values(report.found)) expect(accuracy).toBeGreaterThan(0.02);
});

test("the report's averages are those of its definitions, and folds are as good as the rest", async () => {
  const report = new SilentReport();
  await reports.run({ settings: { hidden: 8, images: 300, epochs: 2, folds: 3, tests: 200 }, report });
  const { accuracy, "F1, micro": micro, "right among the first three": three } = report.found;
  expect(micro).toBeCloseTo(accuracy!, 12);
  expect(three).toBeGreaterThan(accuracy!);
  expect(report.found["accuracy of the folds"]).toBeGreaterThan(0.15);
});

test("patterns of convolutions have the parameters that one counts by hand", async () => {
  const report = new SilentReport();
  await patterns.run({ settings: { images: 64, tests: 64 }, report });
  // 3·9 + 3, 5·3·9 + 5, 245·32 + 32, 32·10 + 10.
  expect(report.found["the notes' picture: parameters"]).toBe(30 + 140 + 7872 + 330);
  expect(report.found["N 1, M 2, K 1: parameters"]).toBe(80 + 1168 + 7850);
  expect(report.found["N 2, M 2, K 2: parameters"]).toBe(80 + 584 + 1168 + 2320 + 50240 + 650);
});

test("the notes' pattern: the losses of 20 steps are those of TensorFlow.js, in both modes", () => {
  const pattern = { blocks: [[3], [5]], dense: [32, 10] };
  const [compiled, eager] = [cnn(pattern).create(), cnn(pattern).create()];
  const feeds = { x: Float32Array.from({ length: 2 * 784 }, (_, i) => ((i * 37) % 101) / 101), y: [3, 8] };
  let parameters: tf.Tensor[] = compiled.parameters.map((p) => tf.tensor(p.data().slice(), p.shape as number[]));
  const images = tf.reshape(tf.tensor(feeds.x), [2, 28, 28, 1]);
  const labels = tf.oneHot(tf.tensor1d(feeds.y, "int32"), 10);
  const block = (h: tf.Tensor, w: tf.Tensor, b: tf.Tensor) =>
    tf.maxPool(tf.relu(tf.add(tf.conv2d(h as tf.Tensor4D, tf.transpose(w, [2, 3, 1, 0]) as tf.Tensor4D, 1, "same"), b)) as tf.Tensor4D, 2, 2, "valid"); // prettier-ignore
  const loss = (...[k1, c1, k2, c2, w1, b1, w2, b2]: tf.Tensor[]): tf.Scalar => {
    const maps = tf.transpose(block(block(images, k1!, c1!), k2!, c2!), [0, 3, 1, 2]);
    const hidden = tf.relu(tf.add(tf.matMul(tf.reshape(maps, [2, 245]) as tf.Tensor2D, w1 as tf.Tensor2D), b1!));
    const logits = tf.add(tf.matMul(hidden as tf.Tensor2D, w2 as tf.Tensor2D), b2!);
    return tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), 1))) as tf.Scalar;
  };
  let [means, squares]: [tf.Tensor[], tf.Tensor[]] = [parameters.map(tf.zerosLike), parameters.map(tf.zerosLike)];
  const want = Array.from({ length: 20 }, (_, step) => {
    const { value, grads } = tf.valueAndGrads(loss)(parameters);
    means = means.map((m, i) => tf.add(tf.mul(m, 0.9), tf.mul(grads[i]!, 0.1)));
    squares = squares.map((v, i) => tf.add(tf.mul(v, 0.999), tf.mul(tf.square(grads[i]!), 0.001)));
    parameters = parameters.map((p, i) => {
      const size = tf.add(tf.sqrt(tf.div(squares[i]!, 1 - 0.999 ** (step + 1))), 1e-8);
      return tf.sub(p, tf.mul(tf.div(tf.div(means[i]!, 1 - 0.9 ** (step + 1)), size), 0.002));
    });
    return value.dataSync()[0]!;
  });
  const train = compiled.train();
  expectNear(want.map(() => train.run(feeds).loss.data[0]!), want); // prettier-ignore
  expectNear(want.map(() => eager.eagerStep(feeds)), want); // prettier-ignore
});
