// The convolutional network of the Keras tutorials: three 3×3 convolutions without padding, two poolings, two dense layers.
import { data, defineModel, metrics, nn, optim, plots } from "gradloom";

const batchSize = 64;

export default defineModel({
  name: "mnist-convolutions",
  doc: "Convolutions of 32, 64 and 64 filters, two dense layers and Adam: the 60 000 digits of MNIST in 5 epochs.",
  seed: 1,
  inputs: { x: ["batch", 784], y: { shape: ["batch"], dtype: "i32" } },
  model: () =>
    nn.sequential(
      nn.conv2d(1, 32, 3, { activation: "relu" }),
      nn.maxPool2d(2),
      nn.conv2d(32, 64, 3, { activation: "relu" }),
      nn.maxPool2d(2),
      nn.conv2d(64, 64, 3, { activation: "relu" }),
      nn.flatten(),
      nn.dense(64 * 3 * 3, 64, { activation: "relu" }),
      nn.dense(64, 10),
    ),
  build: ({ x, y }, model) => {
    const logits = model(x.reshape([x.shape[0], 1, 28, 28]));
    return {
      loss: () => nn.softmaxCrossEntropy(logits, y).mean(),
      outputs: () => ({ digit: logits.argmax(1) }),
    };
  },
  optimizer: () => optim.adam({ lr: 0.001 }),
  data: data.mnistBatches(batchSize, { shuffle: true }),
  epochs: 5,
  metrics: { accuracy: ({ digit }, { y }) => metrics.accuracy(digit, y) },
  evaluate: (predict, { test }, report) => {
    const [found, labels]: [number[], number[]] = [[], []];
    for (const { x, y } of test!()) {
      found.push(...predict({ x: x! }).digit.data);
      labels.push(...(y as data.Column<Int32Array>).data);
    }
    const matrix = metrics.confusionMatrix(found, labels);
    void report.picture("confusion", plots.confusion(matrix, { title: "Test images by true and predicted digit" }));
    return { "wrong test images": matrix.total - matrix.right };
  },
});
