// Training steps of dense networks.
import type { Layer, Network } from "../task.js";

/** Dense layers of these sizes with relu between them. */
const denseLayers = (sizes: readonly number[]): readonly Layer[] =>
  sizes.slice(1).map((out, i) => {
    const last = i === sizes.length - 2;
    return { kind: "dense", in: sizes[i]!, out, ...(last ? {} : { activation: "relu" }) };
  });

/** Softmax cross entropy, SGD. */
export const mlp = (batch: number, sizes: readonly number[] = [784, 128, 10]): Network => ({
  kind: "network",
  input: [batch, sizes[0]!],
  layers: denseLayers(sizes),
  training: { target: "labels", optimizer: { kind: "sgd", lr: 0.01 } },
});

/** Softmax cross entropy, Adam. */
export const deep: Network = {
  ...mlp(64, [784, 100, 100, 100, 10]),
  training: { target: "labels", optimizer: { kind: "adam", lr: 0.001 } },
};

/** embedding(10000, 64), LSTM(128), its last state to dense 10, softmax cross entropy, Adam. */
export const recurrent: Network = {
  kind: "network",
  input: [32, 32],
  layers: [
    { kind: "embedding", count: 10_000, width: 64 },
    { kind: "lstm", in: 64, units: 128 },
    { kind: "dense", in: 128, out: 10 },
  ],
  training: { target: "labels", optimizer: { kind: "adam", lr: 0.001 } },
};

/** The four points of exclusive or. */
export const xor: Network = {
  kind: "network",
  input: [4, 2],
  layers: [
    { kind: "dense", in: 2, out: 4, activation: "sigmoid" },
    { kind: "dense", in: 4, out: 1, activation: "sigmoid" },
  ],
  training: { target: "numbers", optimizer: { kind: "sgd", lr: 0.5 } },
  feeds: { x: new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]), y: new Float32Array([0, 1, 1, 0]) },
};
