// Handwritten digits by sigmoids, with weights held small: the loss has λ/2m · ΣW² beside the cross entropy, m the batch size.
// The course notes sum the gradients of the biases and average those of the weights: a bug; here both are averaged.
import { data, defineModel, metrics, nn, optim } from "gradloom";

const [batchSize, lambda] = [32, 0.7];
const init = nn.initializers.normal({ std: 0.01 });

export default defineModel({
  name: "mnist-sigmoid",
  doc: "A 784-128-10 network of sigmoids with an L2 penalty learns the 60 000 digits of MNIST.",
  seed: 1,
  inputs: { x: ["batch", 784], y: { shape: ["batch"], dtype: "i32" } },
  model: () => {
    const hidden = nn.dense(784, 128, { activation: "sigmoid", init });
    return { hidden, output: nn.dense(128, 10, { init }) };
  },
  build: ({ x, y }, { hidden, output }) => {
    const logits = output(hidden(x));
    const squares = [hidden, output].map(({ weight }) => weight.mul(weight).sum());
    const penalty = () => squares[0]!.add(squares[1]!).mul(lambda / (2 * batchSize));
    return {
      loss: () => nn.softmaxCrossEntropy(logits, y).mean().add(penalty()),
      outputs: () => ({ digit: logits.argmax(1) }),
    };
  },
  optimizer: () => optim.sgd({ lr: 0.01 }),
  data: data.mnistBatches(batchSize),
  epochs: 10,
  metrics: { accuracy: ({ digit }, { y }) => metrics.accuracy(digit, y) },
});
