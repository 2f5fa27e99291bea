// Batch normalisation in inference beside TensorFlow.js, whose channels come last.
import * as tf from "@tensorflow/tfjs-core";
import * as ops from "#ir/ops/index.js";
import { shapeOf, type Trials } from "./trial.js";

export const normalization: Trials = {
  batchNormInference: (next) => {
    const shape = shapeOf(next, 4);
    const channels = [shape[1]!];
    return {
      // Theirs has no gradient without a scale.
      shapes: [shape, channels, channels, channels, channels],
      ours: (x, mean, variance, scale, bias) =>
        ops.batchNormInference(x!, mean!, ops.abs(variance!), scale, bias, { epsilon: 0.01 }),
      theirs: (x, mean, variance, scale, bias) => {
        const last = tf.transpose(x!, [0, 2, 3, 1]) as tf.Tensor4D;
        const [m, v] = [mean as tf.Tensor1D, tf.abs(variance as tf.Tensor1D)];
        const y = tf.batchNorm(last, m, v, bias as tf.Tensor1D, scale as tf.Tensor1D, 0.01);
        return tf.transpose(y, [0, 3, 1, 2]);
      },
      k: 64,
    };
  },
};
