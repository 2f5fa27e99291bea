// XOR by a network with two hidden units: the smallest problem that one layer cannot solve.
import { defineModel, nn, optim } from "gradloom";

const table = { x: [0, 0, 0, 1, 1, 0, 1, 1], y: [0, 1, 1, 0] };
const init = nn.initializers.normal();

export default defineModel({
  name: "xor",
  doc: "A 2-2-1 network of sigmoids learns XOR by full-batch gradient descent.",
  seed: 1,
  inputs: { x: ["batch", 2], y: ["batch", 1] },
  model: () =>
    nn.sequential(nn.dense(2, 2, { activation: "sigmoid", init }), nn.dense(2, 1, { activation: "sigmoid", init })),
  build: ({ x, y }, model) => {
    const probability = model(x);
    return {
      loss: () => nn.binaryCrossEntropy(probability, y).mean(),
      outputs: () => ({ probability }),
    };
  },
  optimizer: () => optim.sgd({ lr: 0.1 }),
  data: () => ({ batches: () => [table], batchesPerEpoch: 1 }),
  epochs: 5000,
  logEvery: 500,
  evaluate: (predict) => {
    const probability = predict({ x: table.x }).probability.data;
    const right = table.y.filter((y, row) => y === Number(probability[row]! > 0.5)).length;
    const rows = table.y.map((_, row) => [`${table.x[2 * row]} xor ${table.x[2 * row + 1]}`, probability[row]!]);
    return { ...(Object.fromEntries(rows) as Record<string, number>), accuracy: right / table.y.length };
  },
});
