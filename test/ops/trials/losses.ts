// Losses beside TensorFlow.js. Theirs are means over all elements or rows; ours are per element or row, but for mse and mae.
import * as tf from "@tensorflow/tfjs-core";
import * as ops from "#ir/ops/index.js";
import { integer } from "../../random.js";
import { type Ours, shapeOf, type Theirs, type Trials } from "./trial.js";

/** Two operands of one shape: predictions and what labels are made of. */
const pairs =
  (ours: Ours, theirs: Theirs, settings: object = {}) =>
  (next: () => number) => {
    const shape = shapeOf(next, 2);
    return { shapes: [shape, shape], ours, theirs, k: 64, ...settings };
  };

export const losses: Trials = {
  mae: pairs((x, y) => ops.mae(x!, y!), (x, y) => tf.losses.absoluteDifference(y!, x!)), // prettier-ignore
  huber: pairs(
    (x, y) => ops.mean(ops.huber(x!, y!, { delta: 0.75 })),
    (x, y) => tf.losses.huberLoss(y!, x!, undefined, 0.75),
  ),
  // Theirs takes labels 0 and 1; the gradient of its labels is not ours.
  hinge: (next) => {
    const shape = shapeOf(next, 2);
    const labels = Float32Array.from({ length: shape[0]! * shape[1]! }, () => integer(next, 0, 1));
    const signs = labels.map((y) => 2 * y - 1);
    return {
      shapes: [shape],
      ours: (x) => ops.mean(ops.hinge(x!, ops.constant(x!, signs, "f32", shape))),
      theirs: (x) => tf.losses.hingeLoss(tf.tensor(labels, shape as [number, number]), x!),
      k: 64,
    };
  },
  binaryCrossEntropyWithLogits: pairs(
    (x, y) => ops.mean(ops.binaryCrossEntropyWithLogits(x!, ops.sigmoid(y!))),
    (x, y) => tf.losses.sigmoidCrossEntropy(tf.sigmoid(y!), x!),
  ),
  // Theirs adds an epsilon to the probabilities.
  binaryCrossEntropy: pairs(
    (x, y) => ops.mean(ops.binaryCrossEntropy(ops.sigmoid(x!), ops.sigmoid(y!))),
    (x, y) => tf.losses.logLoss(tf.sigmoid(y!), tf.sigmoid(x!), undefined, 1e-10),
    { k: 512 },
  ),
  softmaxCrossEntropy: pairs(
    (x, y) => ops.mean(ops.softmaxCrossEntropy(x!, ops.softmax(y!))),
    (x, y) => tf.losses.softmaxCrossEntropy(tf.softmax(y!), x!),
    // Theirs says that its backend leaks where it is differentiated.
    { gradient: false },
  ),
  "softmaxCrossEntropy, written with logSoftmax there": pairs(
    (x, y) => ops.mean(ops.softmaxCrossEntropy(x!, ops.softmax(y!))),
    (x, y) => tf.neg(tf.mean(tf.sum(tf.mul(tf.softmax(y!), tf.logSoftmax(x!)), -1))),
  ),
  "softmaxCrossEntropy with label smoothing": pairs(
    (x, y) => ops.mean(ops.softmaxCrossEntropy(x!, ops.softmax(y!), { labelSmoothing: 0.2 })),
    (x, y) => tf.losses.softmaxCrossEntropy(tf.softmax(y!), x!, undefined, 0.2),
    { gradient: false },
  ),
  // Theirs weighs rows: a row of one class weighs as its class does.
  "softmaxCrossEntropy with weights": (next) => {
    const [rows, classes] = [integer(next, 1, 4), integer(next, 2, 5)];
    const labels = Int32Array.from({ length: rows }, () => integer(next, 0, classes - 1));
    const weights = Float32Array.from({ length: classes }, () => 0.5 + next());
    return {
      shapes: [[rows, classes]],
      ours: (x) =>
        ops.mean(
          ops.softmaxCrossEntropy(x!, ops.constant(x!, labels, "i32"), { weights: ops.constant(x!, weights, "f32") }),
        ),
      theirs: (x) => {
        const hot = tf.cast(tf.oneHot(tf.tensor1d(labels, "int32"), classes), "float32");
        const own = tf.tensor1d(Float32Array.from(labels, (label) => weights[label]!));
        return tf.losses.softmaxCrossEntropy(hot, x!, own);
      },
      k: 64,
      gradient: false,
    };
  },
};
