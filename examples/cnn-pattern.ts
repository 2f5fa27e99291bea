// The pattern of basic convolutional networks, ([convolution]×N, pool?)×M, dense×K, from N, M and K. The course notes' picture
// has two blocks of one convolution each, of 3 and 5 filters, both with a pool, and two dense layers.
import { data, defineExperiment, defineModel, evaluate, fit, metrics, nn, optim } from "gradloom";

interface Pattern {
  /** Filters of the convolutions of each block. */
  readonly blocks: readonly (readonly number[])[];
  /** Units of the dense layers; the last one's are the classes. */
  readonly dense: readonly number[];
}

/** 3×3 convolutions with ReLU that keep the size, a max pool of 2 behind every block, dense layers. */
export function network({ blocks, dense }: Pattern, size: number): nn.Layer {
  const layers: nn.Layer[] = [];
  let [channels, side] = [1, size];
  for (const filters of blocks) {
    for (const count of filters) {
      layers.push(nn.conv2d(channels, count, 3, { padding: 1, activation: "relu" }));
      channels = count;
    }
    layers.push(nn.maxPool2d(2));
    side = Math.floor(side / 2);
  }
  layers.push(nn.flatten());
  let before = channels * side * side;
  dense.forEach((units, i) => {
    layers.push(nn.dense(before, units, i < dense.length - 1 ? { activation: "relu" } : {}));
    before = units;
  });
  return nn.sequential(...layers);
}

/** The same number of filters in every convolution of a block, twice as many in the next one. */
const regular = (n: number, m: number, k: number, filters: number): Pattern => ({
  blocks: Array.from({ length: m }, (_, block) => new Array<number>(n).fill(filters * 2 ** block)),
  dense: [...new Array<number>(k - 1).fill(64), 10],
});

const patterns: Readonly<Record<string, Pattern>> = {
  "the notes' picture": { blocks: [[3], [5]], dense: [32, 10] },
  "N 1, M 2, K 1": regular(1, 2, 1, 8),
  "N 2, M 2, K 2": regular(2, 2, 2, 8),
};

export const cnn = (pattern: Pattern) =>
  defineModel({
    name: "cnn-pattern",
    seed: 1,
    inputs: { x: ["batch", 784], y: { shape: ["batch"], dtype: "i32" } },
    model: () => network(pattern, 28),
    build: ({ x, y }, model) => {
      const logits = model(x.reshape([x.shape[0], 1, 28, 28]));
      return {
        loss: () => nn.softmaxCrossEntropy(logits, y as never).mean(),
        outputs: () => ({ digit: logits.argmax(1) }),
      };
    },
    optimizer: () => optim.adam({ lr: 0.002 }),
  });

export default defineExperiment({
  name: "cnn-pattern",
  doc: "([convolution]×N, pool)×M, dense×K: networks built from N, M and K, summarised and trained on MNIST.",
  settings: { epochs: 1, images: 60_000, tests: 10_000 },
  run: async ({ settings: { epochs, images, tests }, mode, report, from }) => {
    const { train, test } = await data.mnist(from);
    for (const [name, pattern] of Object.entries(patterns)) {
      const model = cnn(pattern).create();
      const summary = model.summary();
      summary.tell(report, name);
      const history = await fit(model, train.slice(0, images), { epochs, batchSize: 64, mode });
      const found = evaluate(model, test.slice(0, tests), {
        mode,
        metrics: { accuracy: ({ digit }, { y }) => metrics.accuracy(digit, y) },
      });
      report.line(`${name}: ${(100 * found.accuracy!).toFixed(2)} % of the test images after ${history.steps} steps`);
      report.figures({ [`${name}: parameters`]: summary.parameters, [`${name}: accuracy`]: found.accuracy! });
    }
  },
});
