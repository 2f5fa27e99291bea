// A deep recurrent network in both directions: what is asked at a step lies before it and behind it.
import { data, defineModel, nn, optim } from "gradloom";

const [examples, time] = [256, 12];

/** Random signs. Wanted at every step: whether more of those before it are positive than of those behind it. */
function signs(seed: number) {
  const random = data.seeded(seed);
  const x = Float32Array.from({ length: examples * time }, () => 2 * random.int(2) - 1);
  const y = x.map((_, i) => {
    const [t, row] = [i % time, x.subarray(i - (i % time), i - (i % time) + time)];
    const total = (part: Float32Array) => part.reduce((sum, sign) => sum + sign, 0);
    return Number(total(row.subarray(0, t)) > total(row.subarray(t + 1)));
  });
  return { x, y };
}

/** U, W and V for each direction: outputs Vs + V′s′ are a dense layer of both states side by side. */
const bothWays = (inputs: number) => nn.bidirectional(nn.rnn(inputs, 16), nn.rnn(inputs, 16));

export default defineModel({
  name: "bidirectional",
  doc: "Two bidirectional recurrent layers compare what came before each step with what comes after it.",
  seed: 1,
  inputs: { x: ["batch", time, 1], y: ["batch", time, 1] },
  model: () => nn.sequential(nn.stacked([bothWays(1), bothWays(32)], { dropout: 0.1 }), nn.dense(32, 1)),
  build: ({ x, y }, model, call) => {
    const logits = model(x, call);
    return {
      loss: () => nn.binaryCrossEntropyWithLogits(logits, y).mean(),
      outputs: () => ({ more: logits.greater(0) }),
    };
  },
  optimizer: () => optim.adam({ lr: 0.005 }),
  data: () => ({ batches: (epoch) => [signs(epoch + 1)], batchesPerEpoch: 1, test: () => [signs(1_000_000)] }),
  epochs: 200,
  logEvery: 50,
  evaluate: (predict) => {
    const { x, y } = signs(1_000_000);
    const more = predict({ x }).more.data;
    const share = (right: (i: number) => boolean) => y.filter((_, i) => right(i)).length / y.length;
    return { "test accuracy": share((i) => more[i] === y[i]), "of always no": share((i) => y[i] === 0) };
  },
});
