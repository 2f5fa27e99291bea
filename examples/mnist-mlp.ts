// Handwritten digits: 784 pixels, 128 ReLU units, 10 classes; softmax cross entropy and plain gradient descent.
import { data, defineModel, nn, optim } from "gradloom";

const batchSize = 32;
const init = nn.initializers.normal({ std: 0.01 });

export default defineModel({
  name: "mnist-mlp",
  doc: "A 784-128-10 network learns the 60 000 digits of MNIST.",
  seed: 1,
  inputs: { x: ["batch", 784], y: { shape: ["batch"], dtype: "i32" } },
  model: () => nn.sequential(nn.dense(784, 128, { activation: "relu", init }), nn.dense(128, 10, { init })),
  build: ({ x, y }, model) => {
    const logits = model(x);
    return {
      loss: () => nn.softmaxCrossEntropy(logits, y).mean(),
      outputs: () => ({ digit: logits.argmax(1) }),
    };
  },
  optimizer: () => optim.sgd({ lr: 0.01 }),
  data: async (from) => {
    const { train, test } = await data.mnist(from);
    return {
      batches: () => train.batches(batchSize, { reuse: true }),
      batchesPerEpoch: train.batchCount(batchSize),
      test: () => test.batches(1000),
    };
  },
  epochs: 10,
  evaluate: (predict, { test }) => {
    let [right, all] = [0, 0];
    for (const { x, y } of test!()) {
      const digits = predict({ x: x! }).digit.data;
      const labels = (y as data.Column).data;
      digits.forEach((digit, i) => (right += Number(digit === labels[i])));
      all += digits.length;
    }
    return { "test accuracy": right / all };
  },
});
