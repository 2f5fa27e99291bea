// LeNet-5 (LeCun, Bottou, Bengio and Haffner, 1998) on digits that are moved about: like the paper's, which came to 0.8 % with
// distorted copies of the training images. ReLU and maxima in place of tanh and means; every map of the third layer sees all
// six maps before it, and the last layer is a softmax.
import { data, defineModel, metrics, nn, optim, plots } from "gradloom";

const [batchSize, epochs, most] = [64, 20, 2];
const stepsPerEpoch = Math.ceil(60_000 / batchSize);

/** Images moved by up to two pixels in both directions, each anew in every epoch. */
function moved(pixels: Float32Array, epoch: number, batch: number): Float32Array {
  const random = data.seeded(epoch * stepsPerEpoch + batch + 1);
  const result = new Float32Array(pixels.length);
  for (let image = 0; image < pixels.length; image += 784) {
    const [down, right] = [random.int(2 * most + 1) - most, random.int(2 * most + 1) - most];
    for (let row = Math.max(0, down); row < Math.min(28, 28 + down); row++) {
      const from = image + (row - down) * 28 + Math.max(0, -right);
      const line = pixels.subarray(from, from + 28 - Math.abs(right));
      result.set(line, image + row * 28 + Math.max(0, right));
    }
  }
  return result;
}

export default defineModel({
  name: "lenet5",
  doc: "LeNet-5 learns the digits of MNIST, moved by up to two pixels, in 20 epochs.",
  seed: 1,
  inputs: { x: ["batch", 784], y: { shape: ["batch"], dtype: "i32" } },
  model: () =>
    nn.sequential(
      nn.conv2d(1, 6, 5, { padding: 2, activation: "relu" }),
      nn.maxPool2d(2),
      nn.conv2d(6, 16, 5, { activation: "relu" }),
      nn.maxPool2d(2),
      nn.flatten(),
      nn.dense(400, 120, { activation: "relu" }),
      nn.dense(120, 84, { activation: "relu" }),
      nn.dense(84, 10),
    ),
  build: ({ x, y }, model) => {
    const logits = model(x.reshape([x.shape[0], 1, 28, 28]));
    return {
      loss: () => nn.softmaxCrossEntropy(logits, y).mean(),
      outputs: () => ({ digit: logits.argmax(1) }),
    };
  },
  optimizer: () => optim.adam({ lr: optim.schedules.cosine({ lr: 0.002, steps: epochs * stepsPerEpoch }) }),
  data: async (from) => {
    const { train, test } = await data.mnist(from);
    return {
      batches: function* (epoch) {
        let number = 0;
        for (const { x, y } of train.batches(batchSize, { shuffle: epoch + 1, reuse: true }))
          yield { x: { data: moved(x.data, epoch, number++), shape: x.shape }, y };
      },
      batchesPerEpoch: train.batchCount(batchSize),
      test: () => test.batches(1000),
    };
  },
  epochs,
  metrics: { accuracy: ({ digit }, { y }) => metrics.accuracy(digit, y) },
  evaluate: (predict, { test }, report) => {
    const wrong: { name: string; pixels: Float32Array }[] = [];
    let all = 0;
    for (const { x, y } of test!()) {
      const { data: found } = predict({ x: x! }).digit;
      const { data: pixels } = x as data.Column<Float32Array>;
      (y as data.Column<Int32Array>).data.forEach((label, i) => {
        all++;
        if (found[i] === label) return;
        const image = pixels.slice(i * 784, (i + 1) * 784);
        wrong.push({ name: `${label} as ${found[i]!}`, pixels: image });
      });
    }
    void report.picture(
      "misclassified",
      plots.images(wrong.slice(0, 60), { title: "Digits taken for others", width: 28 }),
    );
    return { "test error, %": (100 * wrong.length) / all };
  },
});
