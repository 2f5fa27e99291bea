// ResNet-18 (He et al., 2015): eight blocks of two convolutions, whose input is added to their output. Where a block halves the
// image, its input passes a convolution of 1×1 on the way.
import { defineExperiment, nn, type Tensor } from "gradloom";
import { imageModel, randomImage, showLayers, timed } from "./networks/show.js";

const init = nn.initializers.heUniform();
const relu = (x: Tensor): Tensor => x.relu();

/** A convolution without bias, and batch norm, which has one. */
const convolution = (from: number, to: number, size: number, stride: number, name: string) =>
  nn.sequential(
    nn.conv2d(from, to, size, { stride, padding: (size - 1) / 2, bias: false, init, name }),
    nn.batchNorm(to, { name: `${name}/norm` }),
  );

function block(from: number, to: number, stride: number, name: string): nn.Layer {
  const inner = nn.sequential(
    convolution(from, to, 3, stride, `${name}/conv1`),
    relu,
    convolution(to, to, 3, 1, `${name}/conv2`),
  );
  if (from === to) return nn.sequential(nn.residual(inner), relu);
  return nn.sequential(nn.residual(inner, { shortcut: convolution(from, to, 1, stride, `${name}/shortcut`) }), relu);
}

/** For images of any size; `narrow` divides the numbers of filters, for tests. */
export function resnet18(narrow = 1): nn.Layer {
  const widths = [64, 128, 256, 512].map((width) => width / narrow);
  const first = widths[0]!;
  return nn.sequential(
    convolution(3, first, 7, 2, "conv1"),
    relu,
    nn.maxPool2d(3, { stride: 2, padding: 1, name: "pool1" }),
    ...widths.flatMap((width, i) => [
      block(widths[i - 1] ?? first, width, i === 0 ? 1 : 2, `block${i + 2}-1`),
      block(width, width, 1, `block${i + 2}-2`),
    ]),
    nn.globalMeanPool(),
    nn.dense(widths.at(-1)!, 1000, { init, name: "dense" }),
  );
}

export default defineExperiment({
  name: "resnet-18",
  doc: "ResNet-18: the table of layers, a forward pass and a training step on a random image.",
  settings: { side: 224, narrow: 1, plan: true },
  run: ({ settings: { side, narrow, plan }, report, step, predict }) => {
    const image = [3, side, side] as const;
    const instance = imageModel(() => resnet18(narrow), image).create();
    showLayers({ report }, "ResNet-18", instance, plan);
    const feeds = randomImage(image);
    const [ask, learn] = [predict(instance), step(instance)];
    const [, first] = timed(() => ask(feeds));
    const [loss, time] = timed(() => learn(feeds));
    const [next, later] = timed(() => learn(feeds));
    const [, again] = timed(() => ask(feeds));
    report.line(
      `a forward pass takes ${again} (the first, with weights drawn, ${first}), a training step ${later} (the first ${time})`,
    );
    report.line(`the loss is ${loss.toFixed(4)}, and after the first step ${next.toFixed(4)}`);
    report.figures({ loss, "loss after a step": next });
  },
});
