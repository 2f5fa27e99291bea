// AlexNet, VGG-16 and ResNet-18: parameters by hand, and narrow forms against TensorFlow.js and in both modes.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { data, nn, tensor } from "gradloom";
import alexnetExperiment, { alexnet, neighbours } from "../../examples/alexnet.js";
import { imageModel, randomImage } from "../../examples/networks/show.js";
import { resnet18 } from "../../examples/resnet-18.js";
import vggExperiment, { vgg16 } from "../../examples/vgg-16.js";
import { prepareTensorFlow } from "../ops/tensorflow.js";
import { expectNear } from "./plain-code.js";
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

test.each(modes)("narrow ResNet-18: %s, the losses of training steps are TensorFlow's", (mode) => {
  const image = [3, 64, 64] as const;
  const instance = imageModel(() => resnet18(16), image, 0.001).create();
  const values = new Map(instance.parameters.map((p) => [p.name, tf.tensor(p.data(), [...p.type.shape])]));
  const { x, y } = randomImage(image);
  const want = theirs(values, x, y[0]!, 3);
  const train = mode === "compiled" ? instance.train() : null;
  const have = want.map(() => (train ? train.run({ x, y }).loss.data[0]! : instance.eagerStep({ x, y })));
  expectNear(have, want);
});

/** Losses of ResNet-18 trained by gradient descent at 0.001 in TensorFlow.js, from the same weights. */
function theirs(values: Map<string, tf.Tensor>, pixels: Float32Array, label: number, steps: number): number[] {
  const names = [...values.keys()];
  const x = tf.transpose(tf.tensor4d(pixels, [1, 3, 64, 64]), [0, 2, 3, 1]) as tf.Tensor4D; // prettier-ignore
  const forward = (all: readonly tf.Tensor[]): tf.Tensor => {
    const of = (name: string) => all[names.indexOf(name)]!;
    const padded = (a: tf.Tensor, by: number) => tf.pad(a, [[0, 0], [by, by], [by, by], [0, 0]]) as tf.Tensor4D; // prettier-ignore
    const conv = (a: tf.Tensor, name: string, stride: number, by: number): tf.Tensor => {
      const w = tf.transpose(of(`${name}/weight`), [2, 3, 1, 0]) as tf.Tensor4D;
      const z = tf.conv2d(padded(a, by), w, stride, "valid");
      const mean = tf.mean(z, [0, 1, 2], true);
      const centered = tf.sub(z, mean);
      const variance = tf.mean(tf.square(centered), [0, 1, 2], true);
      const scaled = tf.mul(tf.div(centered, tf.sqrt(tf.add(variance, 1e-5))), of(`${name}/norm/scale`));
      return tf.add(scaled, of(`${name}/norm/bias`));
    };
    let a: tf.Tensor = tf.maxPool(padded(tf.relu(conv(x, "conv1", 2, 3)), 1), 3, 2, "valid");
    for (let stage = 2; stage <= 5; stage++) {
      for (const block of [1, 2]) {
        const name = `block${stage}-${block}`;
        const stride = stage > 2 && block === 1 ? 2 : 1;
        const inner = conv(tf.relu(conv(a, `${name}/conv1`, stride, 1)), `${name}/conv2`, 1, 1);
        a = tf.relu(tf.add(inner, stride === 2 ? conv(a, `${name}/shortcut`, 2, 0) : a));
      }
    }
    const scores = tf.add(
      tf.matMul(tf.mean(a, [1, 2]) as tf.Tensor2D, of("dense/weight") as tf.Tensor2D),
      of("dense/bias"),
    );
    return tf.neg(tf.sum(tf.mul(tf.logSoftmax(scores), tf.oneHot(tf.tensor1d([label], "int32"), 1000))));
  };
  let current = names.map((name) => values.get(name)!);
  return Array.from({ length: steps }, () => {
    const { value, grads } = tf.valueAndGrads((...all: tf.Tensor[]) => forward(all) as tf.Scalar)(current);
    current = current.map((p, i) => tf.sub(p, tf.mul(grads[i]!, 0.001)));
    return value.dataSync()[0]!;
  });
}
