// AlexNet, VGG-16 and ResNet-18: parameters and products by hand, and narrow forms in both modes. Losses: image-losses.test.ts.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { data, nn, tensor } from "gradloom";
import alexnetExperiment, { alexnet, neighbours } from "../../examples/alexnet.js";
import { resnet18 } from "../../examples/resnet-18.js";
import vggExperiment, { vgg16 } from "../../examples/vgg-16.js";
import { prepareTensorFlow } from "../ops/tensorflow.js";
import { Told } from "./told.js";

beforeAll(prepareTensorFlow, 60_000);

const modes = ["compiled", "eager"] as const;

function sizesOf(net: nn.Layer, image: readonly number[]) {
  const { rows, parameters, multiplyAdds } = nn.summarize(net, [1, ...image]);
  const counts = Object.fromEntries(rows.filter((row) => row.parameters > 0).map((row) => [row.name, row.parameters]));
  const outputs = Object.fromEntries(rows.map((row) => [row.name, row.output]));
  return { counts, outputs, total: parameters, multiplyAdds };
}

test("AlexNet: weights and biases of every layer in both forms, and the totals", () => {
  const dense = { dense6: 9216 * 4096 + 4096, dense7: 4096 * 4096 + 4096, dense8: 4096 * 1000 + 1000 };
  const one = sizesOf(alexnet(1), [3, 227, 227]);
  expect(one.counts).toEqual({
    conv1: 96 * 3 * 11 * 11 + 96,
    conv2: 256 * 96 * 5 * 5 + 256,
    conv3: 384 * 256 * 3 * 3 + 384,
    conv4: 384 * 384 * 3 * 3 + 384,
    conv5: 256 * 384 * 3 * 3 + 256,
    ...dense,
  });
  const two = sizesOf(alexnet(2), [3, 227, 227]);
  expect(two.counts).toEqual({
    conv1: 96 * 3 * 11 * 11 + 96,
    conv2: 256 * 48 * 5 * 5 + 256,
    conv3: 384 * 256 * 3 * 3 + 384,
    conv4: 384 * 192 * 3 * 3 + 384,
    conv5: 256 * 192 * 3 * 3 + 256,
    ...dense,
  });
  expect([one.total, two.total]).toEqual([62_378_344, 60_965_224]);
  expect(["conv1", "pool1", "conv2", "pool2", "pool5"].map((name) => one.outputs[name])).toEqual([
    "f32[1,96,55,55]",
    "f32[1,96,27,27]",
    "f32[1,256,27,27]",
    "f32[1,256,13,13]",
    "f32[1,256,6,6]",
  ]);
});

test("AlexNet's normalisation is TensorFlow's", () => {
  const random = data.seeded(1);
  const numbers = Float32Array.from({ length: 8 * 3 * 2 }, () => 20 * random.normal());
  const have = neighbours(tensor(numbers, { shape: [1, 8, 3, 2] })).data();
  const x = tf.transpose(tf.tensor4d(numbers, [1, 8, 3, 2]), [0, 2, 3, 1]);
  const want = tf.transpose(tf.localResponseNormalization(x as tf.Tensor4D, 2, 2, 1e-4, 0.75), [0, 3, 1, 2]).dataSync();
  want.forEach((v, i) => expect(have[i]).toBeCloseTo(v, 4));
});

test("VGG-16 and ResNet-18 have the parameters and the products of their papers' models, and end at 7×7", () => {
  const vgg = sizesOf(vgg16(), [3, 224, 224]);
  expect(vgg.total).toBe(138_357_544);
  expect(vgg.multiplyAdds / 1e9).toBeCloseTo(15.5, 1);
  const layers = [[3, 64, 224], [64, 64, 224], [64, 128, 112], [128, 128, 112], [128, 256, 56], [256, 256, 56], [256, 256, 56], [256, 512, 28], [512, 512, 28], [512, 512, 28], [512, 512, 14], [512, 512, 14], [512, 512, 14]]; // prettier-ignore
  const products = layers.map(([from, to, side]) => 9 * from! * to! * side! ** 2).reduce((sum, n) => sum + n);
  expect(vgg.multiplyAdds).toBe(products + 25_088 * 4096 + 4096 ** 2 + 4096 * 1000);
  expect(vgg.outputs.pool5).toBe("f32[1,512,7,7]");
  const resnet = sizesOf(resnet18(), [3, 224, 224]);
  expect(resnet.total).toBe(11_689_512);
  expect(resnet.multiplyAdds / 1e9).toBeCloseTo(1.8, 1);
  // Of a stage that halves the image: a 3×3 convolution from half the channels, three more, and the shortcut of 1×1.
  const stages = [[128, 28], [256, 14], [512, 7]].map(([w, side]) => (9 / 2 + 27 + 1 / 2) * w! ** 2 * side! ** 2); // prettier-ignore
  const inStages = stages.reduce((sum, n) => sum + n, 4 * 9 * 64 ** 2 * 56 ** 2);
  expect(resnet.multiplyAdds).toBe(3 * 64 * 49 * 112 ** 2 + inStages + 512 * 1000);
  expect(resnet.outputs["block5-2/conv2"]).toBe("f32[1,512,7,7]");
});

test.each(modes)("narrow AlexNet and VGG-16 run, %s: the same numbers as in the other mode", async (mode) => {
  const report = new Told();
  await alexnetExperiment.run({ report, mode, settings: { narrow: 16, plan: false } });
  expect(report.found["one tower: sum of probabilities"]).toBeCloseTo(1, 4);
  expect(report.found["two towers: sum of probabilities"]).toBeCloseTo(1, 4);
  await vggExperiment.run({ report, mode, settings: { narrow: 32, side: 32, plan: false } });
  const other = new Told();
  const against = mode === "eager" ? "compiled" : "eager";
  await vggExperiment.run({ report: other, mode: against, settings: { narrow: 32, side: 32, plan: false } });
  for (const name of ["loss", "before", "after"])
    expect(report.found[name]! / other.found[name]! - 1).toBeCloseTo(0, 4);
  expect(report.found.after).toBeGreaterThan(report.found.before!);
});
