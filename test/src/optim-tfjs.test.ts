// Optimisers against TensorFlow.js on its plain cpu backend, with the same gradients for 20 steps.
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { beforeAll, expect, test } from "vitest";
import { tensor } from "#src/creation.js";
import * as optim from "#src/optim/index.js";
import { parameter } from "#src/parameter.js";

beforeAll(async () => {
  // Otherwise it advertises itself on every run.
  tf.env().set("IS_TEST", true);
  await tf.setBackend("cpu");
});

const start = [1, -2, 0.5];
/** Of both signs and several magnitudes; never near zero, where the places of ε differ. */
const gradientAt = (t: number) => [Math.sin(t + 0.5) + 2, -3 * Math.cos(t / 7) - 1, 0.01 * (2 + (t % 3))];

const eps = 1e-7;
const pairs: readonly [string, () => optim.Optimizer, () => tf.Optimizer][] = [
  ["sgd", () => optim.sgd({ lr: 0.05 }), () => tf.train.sgd(0.05)],
  ["momentum", () => optim.sgd({ lr: 0.05, momentum: 0.9 }), () => tf.train.momentum(0.05, 0.9)],
  [
    "Nesterov's momentum",
    () => optim.sgd({ lr: 0.05, momentum: 0.9, nesterov: true }),
    () => tf.train.momentum(0.05, 0.9, true),
  ],
  ["adagrad", () => optim.adagrad({ lr: 0.1, initial: 0.1 }), () => tf.train.adagrad(0.1, 0.1)],
  ["adam", () => optim.adam({ lr: 0.05, eps }), () => tf.train.adam(0.05, 0.9, 0.999, eps)],
  ["adamax", () => optim.adamax({ lr: 0.05, eps }), () => tf.train.adamax(0.05, 0.9, 0.999, eps)],
  // Its ε stands under the root: without one both are the same.
  ["rmsprop", () => optim.rmsprop({ lr: 0.02, rho: 0.9, eps: 0 }), () => tf.train.rmsprop(0.02, 0.9, 0, 0)],
  [
    "rmsprop, centered, with momentum",
    () => optim.rmsprop({ lr: 0.002, rho: 0.9, eps: 0, momentum: 0.5, centered: true }),
    () => tf.train.rmsprop(0.002, 0.9, 0.5, 0, true),
  ],
];

test.each(pairs)("%s takes the steps that TensorFlow.js takes", (name, ours, theirs) => {
  const w = parameter([3], start, { name: "w" });
  const v = tf.variable(tf.tensor(start), true, `variable of ${name}`);
  const [optimizer, other] = [ours(), theirs()];
  for (let t = 0; t < 20; t++) {
    const g = gradientAt(t);
    optimizer.apply([[w, tensor(g)] as never]);
    other.applyGradients([{ name: v.name, tensor: tf.tensor(g) }]);
  }
  const want = v.dataSync();
  w.data().forEach((x, i) => expect(Math.abs(x - want[i]!), `element ${i}`).toBeLessThan(2e-5));
});

test("TensorFlow.js's Adadelta divides by the mean square of the gradients before this one; the paper's includes it", () => {
  const v = tf.variable(tf.tensor(1), true, "variable of adadelta");
  const theirs = tf.train.adadelta(1, 0.9, 1e-6);
  let [w, squares, steps] = [1, 0, 0];
  for (let t = 0; t < 20; t++) {
    const g = 0.01 * (2 + (t % 3));
    theirs.applyGradients([{ name: v.name, tensor: tf.scalar(g) }]);
    const step = (Math.sqrt(steps + 1e-6) / Math.sqrt(squares + 1e-6)) * g;
    squares = 0.9 * squares + 0.1 * g * g;
    steps = 0.9 * steps + 0.1 * step * step;
    w -= step;
  }
  expect(v.dataSync()[0]! / w).toBeCloseTo(1, 4);
});
