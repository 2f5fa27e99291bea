// The plain recurrent layer: s = tanh(Ux + Ws), o = Vs, trained through time. Two states remember what is asked for later.
import { data, defineModel, nn, optim } from "gradloom";

const [examples, time] = [64, 8];

/** Three random signals; wanted is the first one, one step late. */
function signals() {
  const random = data.seeded(1);
  const x = Float32Array.from({ length: examples * time * 3 }, () => 2 * random.uniform() - 1);
  const y = Float32Array.from({ length: examples * time }, (_, i) => (i % time < 1 ? 0 : x[3 * (i - 1)]!));
  return { x, y };
}

export default defineModel({
  name: "recurrent",
  doc: "A recurrent layer of two states learns to repeat one of three signals, one step late.",
  seed: 1,
  inputs: { x: ["batch", time, 3], y: ["batch", time] },
  model: () => nn.sequential(nn.rnn(3, 2, { bias: false }), nn.dense(2, 1, { bias: false })),
  build: ({ x, y }, model) => {
    const o = model(x).reshape(y.shape);
    return {
      loss: () => nn.mse(o, y).mean(),
      outputs: () => ({ o }),
    };
  },
  optimizer: () => optim.adam({ lr: 0.02 }),
  data: () => ({ batches: () => [signals()], batchesPerEpoch: 1 }),
  epochs: 1500,
  logEvery: 150,
  evaluate: (predict) => {
    const { x, y } = signals();
    const o = predict({ x }).o.data;
    const error = y.reduce((sum, wanted, i) => sum + (o[i]! - wanted) ** 2, 0) / y.length;
    const nothing = y.reduce((sum, wanted) => sum + wanted ** 2, 0) / y.length;
    return { "mean squared error": error, "of always 0": nothing };
  },
});
