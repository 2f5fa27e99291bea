// Handwritten digits again, by a small convolutional network: two convolutions with max pooling, dropout, Adam.
import { data, defineModel, metrics, nn, optim } from "gradloom";

const batchSize = 64;

export default defineModel({
  name: "mnist-cnn",
  doc: "Two 3×3 convolutions with max pooling, dropout and a dense layer learn the 60 000 digits of MNIST.",
  seed: 1,
  inputs: { x: ["batch", 784], y: { shape: ["batch"], dtype: "i32" } },
  model: () =>
    nn.sequential(
      nn.conv2d(1, 8, 3, { activation: "relu" }),
      nn.maxPool2d(2),
      nn.conv2d(8, 16, 3, { activation: "relu" }),
      nn.maxPool2d(2),
      nn.flatten(),
      nn.dropout(0.25),
      nn.dense(16 * 5 * 5, 10),
    ),
  build: ({ x, y }, model, call) => {
    const logits = model(x.reshape([x.shape[0], 1, 28, 28]), call);
    return {
      loss: () => nn.softmaxCrossEntropy(logits, y).mean(),
      outputs: () => ({ digit: logits.argmax(1) }),
    };
  },
  optimizer: () => optim.adam({ lr: 0.002 }),
  data: data.mnistBatches(batchSize, { shuffle: true }),
  epochs: 2,
  metrics: { accuracy: ({ digit }, { y }) => metrics.accuracy(digit, y) },
});
