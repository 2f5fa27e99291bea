// How far back gradients reach in four recurrent layers, and how many parameters each has: who forgets.
import { data, defineModel, nn, optim, type Tensor } from "gradloom";

const [examples, time, units] = [16, 200, 32];
const kinds = ["tanh", "relu", "lstm", "gru"] as const;

/** Random signals; wanted is the mean of the first ten steps, known at the last one. */
function signals(seed: number) {
  const random = data.seeded(seed);
  const x = Float32Array.from({ length: examples * time }, () => random.normal());
  const mean = (row: number) => x.subarray(row * time, row * time + 10).reduce((sum, v) => sum + v / 10, 0);
  return { x, y: Float32Array.from({ length: examples }, (_, row) => mean(row)) };
}

const last = { returns: "last" } as const;
const make = () => ({
  tanh: { layer: nn.rnn(1, units, last), head: nn.dense(units, 1) },
  relu: { layer: nn.rnn(1, units, { ...last, activation: "relu" }), head: nn.dense(units, 1) },
  lstm: { layer: nn.lstm(1, units, last), head: nn.dense(units, 1) },
  gru: { layer: nn.gru(1, units, last), head: nn.dense(units, 1) },
});

export default defineModel({
  name: "gradient-reach",
  doc: "The norm of the gradient by the state of each of 200 steps, for a tanh RNN, a ReLU RNN, an LSTM and a GRU.",
  seed: 1,
  inputs: { x: ["batch", time, 1], y: ["batch", 1] },
  model: make,
  build: ({ x, y }, model) => {
    const lossOf = (kind: (typeof kinds)[number], call = {}): Tensor => {
      const { layer, head } = model[kind] as unknown as { readonly layer: nn.Layer; readonly head: nn.Layer };
      return nn.mse(head(layer(x, call)), y).mean();
    };
    const norms = (kind: (typeof kinds)[number]): Tensor => {
      const nudge = model[kind].layer.nudges(x as unknown as Tensor);
      return nn.stateGradientNorms(lossOf(kind, { nudge }), nudge);
    };
    return {
      loss: () => kinds.map((kind) => lossOf(kind)).reduce((sum: Tensor, loss): Tensor => sum.add(loss)),
      outputs: () => Object.fromEntries(kinds.map((kind) => [kind, norms(kind)])),
    };
  },
  optimizer: () => optim.adam({ lr: 0.003, clip: { globalNorm: 1 } }),
  data: () => ({ batches: (epoch) => [signals(epoch + 1)], batchesPerEpoch: 1 }),
  epochs: 100,
  logEvery: 20,
  evaluate: (predict) => {
    const found = predict(signals(1_000_000));
    const rows = kinds.flatMap((kind) => {
      const norms = found[kind]!.data;
      return [0, 100, 199].map((t) => [`${kind}: gradient norm at step ${t + 1}`, norms[t]!] as const);
    });
    const layers = make();
    const sizes = kinds.map((kind) => {
      const { parameters } = layers[kind].layer;
      return [`${kind}: parameters`, parameters.reduce((sum, p): number => sum + p.count, 0)] as const;
    });
    return Object.fromEntries([...rows, ...sizes]);
  },
});
