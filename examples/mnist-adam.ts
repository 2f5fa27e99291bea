// The shallow network that every introduction to Keras begins with: flatten, 128 ReLU units, softmax, Adam.
import { data, defineModel, metrics, nn, optim } from "gradloom";

const batchSize = 32;

export default defineModel({
  name: "mnist-adam",
  doc: "Flatten, dense 128 with ReLU, dense 10 with softmax, and Adam: the 60 000 digits of MNIST in 10 epochs.",
  seed: 1,
  inputs: { x: ["batch", 784], y: { shape: ["batch"], dtype: "i32" } },
  model: () => nn.sequential(nn.flatten(), nn.dense(784, 128, { activation: "relu" }), nn.dense(128, 10)),
  build: ({ x, y }, model) => {
    const logits = model(x.reshape([x.shape[0], 28, 28]));
    return {
      loss: () => nn.softmaxCrossEntropy(logits, y).mean(),
      outputs: () => ({ digit: logits.argmax(1) }),
    };
  },
  optimizer: () => optim.adam({ lr: 0.001 }),
  data: data.mnistBatches(batchSize, { shuffle: true }),
  epochs: 10,
  metrics: { accuracy: ({ digit }, { y }) => metrics.accuracy(digit, y) },
});
