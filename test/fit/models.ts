// Small models to train, with everything that a checkpoint must hold.
import { data, defineModel, nn, optim } from "gradloom";

/** Rows of two classes: points around (1, 1) and (−1, −1). */
export function twoClouds(rows: number, seed = 0) {
  const random = data.seeded(seed);
  const y = Int32Array.from({ length: rows }, (_, i) => i % 2);
  const x = Float32Array.from({ length: 2 * rows }, (_, i) => (y[i >> 1]! ? 1 : -1) + random.normal());
  return data.dataset({ x: { data: x, shape: [rows, 2] }, y });
}

/** Dropout draws random numbers, batch norm keeps statistics, Adam moments and a count of steps for its schedule. */
export const classifier = defineModel({
  name: "classifier",
  seed: 3,
  inputs: { x: ["batch", 2], y: { shape: ["batch"], dtype: "i32" } },
  model: () => nn.sequential(nn.dense(2, 8, { activation: "tanh" }), nn.batchNorm(8), nn.dropout(0.3), nn.dense(8, 2)),
  build: ({ x, y }, model, call) => {
    const logits = model(x, call);
    return { loss: () => nn.softmaxCrossEntropy(logits, y).mean(), outputs: () => ({ logits }) };
  },
  optimizer: () => optim.adam({ lr: optim.schedules.cosine({ lr: 0.02, steps: 200 }) }),
});

/** w·x: its gradient is simple enough to follow by hand. */
export const line = (lr: number) =>
  defineModel({
    name: "line",
    inputs: { x: ["batch", 1], y: ["batch", 1] },
    model: () => nn.dense(1, 1, { bias: false, init: nn.initializers.zeros() }),
    build: ({ x, y }, model) => {
      const prediction = model(x);
      return { loss: () => nn.mse(prediction, y).mean(), outputs: () => ({ prediction }) };
    },
    optimizer: () => optim.sgd({ lr }),
  });
