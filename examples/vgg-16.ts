// VGG-16 (Simonyan and Zisserman, 2014), configuration D: thirteen convolutions of 3×3, five poolings, three dense layers.
import { defineExperiment, nn } from "gradloom";
import { imageModel, randomImage, showLayers, timed } from "./networks/show.js";

/** Filters of the convolutions of each block. */
const blocks = [[64, 64], [128, 128], [256, 256, 256], [512, 512, 512], [512, 512, 512]]; // prettier-ignore

/** For square images whose side is a multiple of 32; `narrow` divides the numbers of filters and units, for tests. */
export function vgg16(side = 224, narrow = 1): nn.Layer {
  const init = nn.initializers.heUniform();
  let channels = 3;
  const features = blocks.flatMap((filters, i) => [
    ...filters.map((all, j) => {
      const from = channels;
      channels = all / narrow;
      return nn.conv2d(from, channels, 3, { activation: "relu", padding: 1, init, name: `conv${i + 1}-${j + 1}` });
    }),
    nn.maxPool2d(2, { name: `pool${i + 1}` }),
  ]);
  const [area, units] = [(side / 32) ** 2, 4096 / narrow];
  return nn.sequential(
    ...features,
    nn.flatten(),
    nn.dense(channels * area, units, { activation: "relu", init, name: "dense6" }),
    nn.dropout(0.5),
    nn.dense(units, units, { activation: "relu", init, name: "dense7" }),
    nn.dropout(0.5),
    nn.dense(units, 1000, { init, name: "dense8" }),
  );
}

export default defineExperiment({
  name: "vgg-16",
  doc: "VGG-16: the table of layers, a forward pass and a training step on a random image.",
  settings: { side: 224, narrow: 1, plan: true },
  run: ({ settings: { side, narrow, plan }, report, step, predict }) => {
    const image = [3, side, side] as const;
    const instance = imageModel(() => vgg16(side, narrow), image).create();
    showLayers({ report }, "VGG-16", instance, plan);
    const feeds = randomImage(image);
    const [ask, learn] = [predict(instance), step(instance)];
    const before = timed(() => ask(feeds).probability.data[3]!);
    const [loss, time] = timed(() => learn(feeds));
    const after = timed(() => ask(feeds).probability.data[3]!);
    report.line(
      `a forward pass takes ${after[1]} (the first, with weights drawn, ${before[1]}), the first training step ${time}`,
    );
    report.line(
      `the loss is ${loss.toFixed(4)}; the probability of the class goes from ${before[0].toExponential(2)} to ${after[0].toExponential(2)}`,
    );
    report.figures({ loss, before: before[0], after: after[0] });
  },
});
