// Networks on images.
import type { Network } from "../task.js";

/** conv32 3×3, pool 2, conv64 3×3, pool 2, conv64 3×3, dense 64, dense 10, no padding, Adam, batch 32. */
export const mnistNetwork: Network = {
  kind: "network",
  input: [32, 1, 28, 28],
  layers: [
    { kind: "conv", in: 1, out: 32, window: 3, activation: "relu" },
    { kind: "maxPool", window: 2 },
    { kind: "conv", in: 32, out: 64, window: 3, activation: "relu" },
    { kind: "maxPool", window: 2 },
    { kind: "conv", in: 64, out: 64, window: 3, activation: "relu" },
    { kind: "flatten" },
    { kind: "dense", in: 576, out: 64, activation: "relu" },
    { kind: "dense", in: 64, out: 10 },
  ],
  training: { target: "labels", optimizer: { kind: "adam", lr: 0.001 } },
};

/** conv 6 5×5 padded, pool 2, conv 16 5×5, pool 2, 120-84-10, tanh. */
export const lenet = (batch: number): Network => ({
  kind: "network",
  input: [batch, 1, 28, 28],
  layers: [
    { kind: "conv", in: 1, out: 6, window: 5, padding: 2, activation: "tanh" },
    { kind: "meanPool", window: 2 },
    { kind: "conv", in: 6, out: 16, window: 5, activation: "tanh" },
    { kind: "meanPool", window: 2 },
    { kind: "flatten" },
    { kind: "dense", in: 400, out: 120, activation: "tanh" },
    { kind: "dense", in: 120, out: 84, activation: "tanh" },
    { kind: "dense", in: 84, out: 10 },
  ],
});

/** One convolution of 3×32×32 images with 16 5×5 filters, stride 2; trained with a dense layer behind it. */
export const convolution = (batch: number, training = false): Network => ({
  kind: "network",
  input: [batch, 3, 32, 32],
  layers: [
    { kind: "conv", in: 3, out: 16, window: 5, stride: 2, activation: "relu" },
    ...(training ? ([{ kind: "flatten" }, { kind: "dense", in: 16 * 14 * 14, out: 10 }] as const) : []),
  ],
  ...(training && { training: { target: "labels", optimizer: { kind: "sgd", lr: 0.01 } } as const }),
});
