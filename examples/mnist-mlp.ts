// Handwritten digits: 784 pixels, 128 ReLU units, 10 classes; softmax cross entropy and plain gradient descent.
import { data, defineModel, metrics, nn, optim } from "gradloom";

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
  data: data.mnistBatches(batchSize),
  epochs: 10,
  metrics: { accuracy: ({ digit }, { y }) => metrics.accuracy(digit, y) },
});
