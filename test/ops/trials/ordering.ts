// Running sums and products, sorting, the largest elements, beside TensorFlow.js.
import * as tf from "@tensorflow/tfjs-core";
import * as ops from "#ir/ops/index.js";
import { integer } from "../../random.js";
import { shapeOf, type Trials } from "./trial.js";

export const ordering: Trials = {
  cumsum: (next) => {
    const [axis, exclusive, reverse] = [integer(next, 0, 2), next() < 0.5, next() < 0.5];
    return {
      shapes: [shapeOf(next, 3, 6)],
      ours: (x) => ops.cumsum(x!, axis, { exclusive, reverse }),
      theirs: (x) => tf.cumsum(x!, axis, exclusive, reverse),
      // Theirs gives the gradient with its axes in another order where the axis is not the last.
      gradient: axis === 2,
    };
  },
  cumprod: (next) => {
    const [axis, exclusive, reverse] = [integer(next, 0, 2), next() < 0.5, next() < 0.5];
    return {
      shapes: [shapeOf(next, 3, 6)],
      ours: (x) => ops.cumprod(x!, axis, { exclusive, reverse }),
      theirs: (x) => tf.cumprod(x!, axis, exclusive, reverse),
      // Theirs has no gradient.
      gradient: false,
    };
  },
  topK: (next) => {
    const shape = shapeOf(next, 2, 7);
    const k = integer(next, 1, shape[1]!);
    return {
      shapes: [shape],
      ours: (x) => ops.topK(x!, k)[0],
      theirs: (x) => tf.topk(x!, k).values,
      // Theirs has no gradient.
      gradient: false,
    };
  },
  "topK, the places": (next) => {
    const shape = shapeOf(next, 2, 7);
    const k = integer(next, 1, shape[1]!);
    return {
      shapes: [shape],
      ours: (x) => ops.topK(x!, k)[1],
      theirs: (x) => tf.topk(x!, k).indices,
      gradient: false,
    };
  },
  "argsort, descending": (next) => {
    const shape = shapeOf(next, 2, 9);
    return {
      shapes: [shape],
      ours: (x) => ops.argsort(x!, 1, { descending: true }),
      theirs: (x) => tf.topk(x!, shape[1]!).indices,
      gradient: false,
    };
  },
};
