// AlexNet (Krizhevsky et al., 2012) on images of 227×227, in both forms: one tower, and two towers that see nothing of each other
// in three layers, as it was trained on two GPUs.
//
// The course notes mix the two, and miscount three layers. Three differ between the forms, conv2, conv4 and conv5: their filters
// see all channels in one tower (256·5²·96 weights in conv2) and half of them in two (256·5²·48).
import { defineExperiment, nn, ops, type Tensor } from "gradloom";
import { imageModel, randomImage, showLayers, timed } from "./networks/show.js";

/** How AlexNet normalises: by 5 neighbouring channels, x / (2 + 10⁻⁴ Σx²)^0.75. */
export function neighbours(x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const squares = x.pow(2).pad([0, 2, 0, 0], [0, 2, 0, 0]);
  const five = [0, 1, 2, 3, 4].map((from) => squares.slice([0, from, 0, 0], [batch, channels, height, width]));
  const sum = five.reduce<Tensor>((all, one) => all.add(one), ops.mul(x, 0));
  return x.div(sum.mul(1e-4).add(2).pow(0.75));
}

/** The network in one or two towers; `narrow` divides the numbers of filters and units, for tests, as `side` is that of the images. */
export function alexnet(towers: 1 | 2, narrow = 1, side = 227): nn.Layer {
  const of = (filters: number) => filters / narrow;
  const pooled = (size: number) => Math.floor((size - 3) / 2) + 1;
  const last = pooled(pooled(pooled(Math.floor((side - 11) / 4) + 1)));
  const init = nn.initializers.heUniform();
  const relu = { activation: "relu", init } as const;
  return nn.sequential(
    nn.conv2d(3, of(96), 11, { ...relu, stride: 4, name: "conv1" }),
    neighbours,
    nn.maxPool2d(3, { stride: 2, name: "pool1" }),
    nn.conv2d(of(96), of(256), 5, { ...relu, padding: 2, groups: towers, name: "conv2" }),
    neighbours,
    nn.maxPool2d(3, { stride: 2, name: "pool2" }),
    nn.conv2d(of(256), of(384), 3, { ...relu, padding: 1, name: "conv3" }),
    nn.conv2d(of(384), of(384), 3, { ...relu, padding: 1, groups: towers, name: "conv4" }),
    nn.conv2d(of(384), of(256), 3, { ...relu, padding: 1, groups: towers, name: "conv5" }),
    nn.maxPool2d(3, { stride: 2, name: "pool5" }),
    nn.flatten(),
    nn.dropout(0.5),
    nn.dense(of(256) * last ** 2, of(4096), { ...relu, name: "dense6" }),
    nn.dropout(0.5),
    nn.dense(of(4096), of(4096), { ...relu, name: "dense7" }),
    nn.dense(of(4096), 1000, { init, name: "dense8" }),
  );
}

const image = [3, 227, 227] as const;
const forms = { "one tower": 1, "two towers": 2 } as const;

export default defineExperiment({
  name: "alexnet",
  doc: "AlexNet's parameters layer by layer, in one tower and in two, and a forward pass of each.",
  settings: { narrow: 1, plan: true },
  run: ({ settings: { narrow, plan }, report, predict }) => {
    for (const [name, towers] of Object.entries(forms)) {
      const model = imageModel(() => alexnet(towers, narrow), image);
      const instance = model.create();
      showLayers({ report }, name, instance, plan);
      const ask = predict(instance);
      const { x } = randomImage(image);
      const [, first] = timed(() => ask({ x }));
      const [{ probability }, again] = timed(() => ask({ x }));
      const sum = Array.from(probability.data).reduce((all, p) => all + p, 0);
      report.line(
        `${name}: a forward pass of one random image takes ${again} (the first, with weights drawn, ${first});`,
      );
      report.line(`the ${probability.data.length} probabilities sum to ${sum.toFixed(5)}`);
      report.figures({ [`${name}: sum of probabilities`]: sum });
    }
  },
});
