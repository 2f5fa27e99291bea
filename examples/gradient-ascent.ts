// Gradient ascent: up a hill, with the path; and up the scores of a net, where what is changed is the image: what each digit
// looks like to it.
import { data, defineExperiment, defineModel, nn, ops, optim, parameter, plots } from "gradloom";

const [hidden, batchSize] = [64, 64];
const hill = { top: [1, -0.5], start: [-1.5, 1.5], rate: 0.1 } as const;

/** 4 − (x − 1)² − 2(y + ½)². */
export const climb = defineModel({
  name: "hill",
  inputs: { top: [2] },
  model: () => ({ x: parameter([], hill.start[0], { name: "x" }), y: parameter([], hill.start[1], { name: "y" }) }),
  build: ({ top }, { x, y }) => {
    const [dx, dy] = [
      x
        .sub(top.slice([0], [1]))
        .pow(2)
        .sum(),
      y
        .sub(top.slice([1], [1]))
        .pow(2)
        .sum(),
    ];
    const height = ops.sub(4, dx).sub(dy.mul(2));
    return { loss: height, updates: () => optim.sgd({ lr: hill.rate }).maximize(height, [x, y]) };
  },
  data: () => ({ batches: () => [{ top: hill.top }] }),
});

export const digits = defineModel({
  name: "digits",
  seed: 1,
  inputs: { x: ["batch", 784], y: { shape: ["batch"], dtype: "i32" } },
  model: () => nn.sequential(nn.dense(784, hidden, { activation: "relu" }), nn.dense(hidden, 10)),
  build: ({ x, y }, net) => {
    const scores = net(x);
    return {
      loss: () => nn.softmaxCrossEntropy(scores, y).mean(),
      outputs: () => ({ probability: scores.softmax(), digit: scores.argmax(1) }),
    };
  },
  optimizer: () => optim.adam({ lr: 0.002 }),
  data: () => ({ batches: () => [] }),
});

/**
 * Ten images for ten digits. Each goes up its own score less a penalty: one for bright pixels, without which scores grow without
 * end, and one for neighbours that differ, without which there is more noise than digit.
 */
export const images = (net: nn.Layer) =>
  defineModel({
    name: "images",
    // Which score is an image's own: 1 for that, 0 for the others.
    inputs: { own: [10, 10] },
    model: () => parameter([10, 784], 0, { name: "images" }),
    build: ({ own }, image) => {
      const liked = net(image).mul(own).sum();
      const square = image.reshape([10, 28, 28]);
      const down = square.slice([0, 1, 0], [10, 27, 28]).sub(square.slice([0, 0, 0], [10, 27, 28]));
      const across = square.slice([0, 0, 1], [10, 28, 27]).sub(square.slice([0, 0, 0], [10, 28, 27]));
      const rough = down.pow(2).sum().add(across.pow(2).sum());
      const score = liked.sub(image.pow(2).sum().mul(0.05)).sub(rough.mul(0.5));
      return {
        loss: score,

        updates: () => optim.sgd({ lr: 0.1 }).maximize(score, [image]),
      };
    },
    data: () => ({ batches: () => [{ own }] }),
  });

const own = Array.from({ length: 100 }, (_, i) => Number(i % 11 === 0));

export default defineExperiment({
  name: "gradient-ascent",
  doc: "Up a hill, with the path; and the images that a net of digits likes best.",
  settings: { steps: 25, batches: 300, ascent: 200 },
  run: async ({ settings, report, step, predict, from }) => {
    const walker = climb.create();
    const up = step(walker);
    const path = Array.from({ length: settings.steps + 1 }, () => {
      const at = [walker.model.x.item(), walker.model.y.item()] as const;
      return [...at, up({ top: hill.top })] as const;
    });
    report.line(`up 4 − (x − 1)² − 2(y + ½)² at a rate of ${hill.rate}:`);
    const shown = path.map(([x, y, height], i) => [i, x.toFixed(6), y.toFixed(6), height.toFixed(6)] as const);
    report.table(["step", "x", "y", "height"], shown.filter(([i]) => i % 5 === 0)); // prettier-ignore
    const [x, y, height] = path.at(-1)!;
    report.figures({ x, y, height });
    const way = { name: "path", x: path.map((p) => p[0]), y: path.map((p) => p[1]) };
    const top = { name: "top", x: [hill.top[0]], y: [hill.top[1]], dots: true };
    await report.picture("path", plots.lines([way, { ...way, name: "steps", dots: true }, top], { title: "The way up", x: "x", y: "y" })); // prettier-ignore

    const { train, test } = await data.mnist(from);
    const instance = digits.create();
    const [learn, ask] = [step(instance), predict(instance)];
    let count = 0;
    for (const feeds of train.batches(batchSize, { shuffle: 1 })) if (count++ < settings.batches) learn(feeds);
    let right = 0;
    for (const { x: pixels, y: labels } of test.batches(1000)) {
      ask({ x: pixels }).digit.data.forEach((digit: number, i: number) => (right += Number(digit === labels.data[i])));
    }
    report.line(
      `the net, after ${settings.batches} batches of ${batchSize}: ${((100 * right) / 10_000).toFixed(1)} % of the test images`,
    );
    const liked = images(instance.model).create();
    const better = step(liked);
    let score = 0;
    for (let i = 0; i < settings.ascent; i++) score = better({ own });
    const pixels = liked.model.data();
    const found = ask({ x: pixels });
    const rows = Array.from({ length: 10 }, (_, digit) => [
      digit,
      found.digit.data[digit]!,
      found.probability.data[11 * digit]!.toFixed(4),
    ]);
    report.line(`the images after ${settings.ascent} steps up: what the net takes them for`);
    report.table(["digit", "taken for", "probability of the digit"], rows);
    report.figures({
      "test accuracy": right / 10_000,
      score,
      "images taken for their digit": rows.filter(([a, b]) => a === b).length,
    });
    const ten = Array.from({ length: 10 }, (_, digit) => ({
      name: String(digit),
      pixels: pixels.slice(784 * digit, 784 * (digit + 1)),
    }));
    await report.picture("images", plots.images(ten, { title: "What the net likes best", width: 28 }));
  },
});
