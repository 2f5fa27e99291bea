// AlexNet, VGG-16 and ResNet-18, narrow: the losses of 20 training steps in TensorFlow.js and in both modes.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { defineModel, nn, optim, type Parameter } from "gradloom";
import { alexnet } from "../../examples/alexnet.js";
import { randomImage } from "../../examples/networks/show.js";
import { resnet18 } from "../../examples/resnet-18.js";
import { vgg16 } from "../../examples/vgg-16.js";
import { prepareTensorFlow } from "../ops/tensorflow.js";
import { expectNear } from "./plain-code.js";

beforeAll(prepareTensorFlow, 60_000);

const steps = 20;

/** A parameter by its name. */
type Of = (name: string) => tf.Tensor;

/** A network, and the scores it has for an image with channels last in TensorFlow.js. */
interface Case {
  readonly make: () => nn.Layer;
  readonly side: number;
  readonly lr: number;
  /** Whether it is called for training: what drops at random is called for inference. */
  readonly training: boolean;
  readonly scores: (of: Of, x: tf.Tensor4D) => tf.Tensor;
}

/** A convolution of what is padded by `by`; our weights are `[out, in, height, width]`. */
function convolved(of: Of, name: string, a: tf.Tensor, stride: number, by: number, groups = 1): tf.Tensor {
  const x = tf.pad(a, [[0, 0], [by, by], [by, by], [0, 0]]); // prettier-ignore
  const w = tf.transpose(of(`${name}/weight`), [2, 3, 1, 0]);
  if (groups === 1) return tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, "valid");
  const part = (of: tf.Tensor, i: number) => {
    const size = of.shape.with(3, of.shape[3]! / groups);
    return tf.slice(of, [0, 0, 0, i * size[3]!], size) as tf.Tensor4D;
  };
  return tf.concat(Array.from({ length: groups }, (_, i) => tf.conv2d(part(x, i), part(w, i), stride, "valid")), 3); // prettier-ignore
}

const rectified = (of: Of, name: string, a: tf.Tensor, stride: number, by: number, groups = 1) =>
  tf.relu(tf.add(convolved(of, name, a, stride, by, groups), of(`${name}/bias`)));
const pooled = (a: tf.Tensor, size: number) => tf.maxPool(a as tf.Tensor4D, size, 2, "valid");
const dense = (of: Of, name: string, a: tf.Tensor) =>
  tf.add(tf.matMul(a as tf.Tensor2D, of(`${name}/weight`) as tf.Tensor2D), of(`${name}/bias`));
/** Channels first, as our flatten sees them; then three dense layers. */
function classified(of: Of, a: tf.Tensor): tf.Tensor {
  const flat = tf.reshape(tf.transpose(a, [0, 3, 1, 2]), [1, -1]);
  return dense(of, "dense8", tf.relu(dense(of, "dense7", tf.relu(dense(of, "dense6", flat)))));
}

function alexScores(groups: number): Case["scores"] {
  const neighbours = (a: tf.Tensor) => tf.localResponseNormalization(a as tf.Tensor4D, 2, 2, 1e-4, 0.75);
  return (of, x) => {
    let a: tf.Tensor = pooled(neighbours(rectified(of, "conv1", x, 4, 0)), 3);
    a = pooled(neighbours(rectified(of, "conv2", a, 1, 2, groups)), 3);
    a = rectified(of, "conv4", rectified(of, "conv3", a, 1, 1), 1, 1, groups);
    return classified(of, pooled(rectified(of, "conv5", a, 1, 1, groups), 3));
  };
}

function vggScores(of: Of, x: tf.Tensor): tf.Tensor {
  let a = x;
  [2, 2, 3, 3, 3].forEach((count, i) => {
    for (let j = 1; j <= count; j++) a = rectified(of, `conv${i + 1}-${j}`, a, 1, 1);
    a = pooled(a, 2);
  });
  return classified(of, a);
}

function resnetScores(of: Of, x: tf.Tensor): tf.Tensor {
  const conv = (a: tf.Tensor, name: string, stride: number, by: number): tf.Tensor => {
    const z = convolved(of, name, a, stride, by);
    const centered = tf.sub(z, tf.mean(z, [0, 1, 2], true));
    const variance = tf.mean(tf.square(centered), [0, 1, 2], true);
    const scaled = tf.mul(tf.div(centered, tf.sqrt(tf.add(variance, 1e-5))), of(`${name}/norm/scale`));
    return tf.add(scaled, of(`${name}/norm/bias`));
  };
  const first = tf.relu(conv(x, "conv1", 2, 3));
  let a: tf.Tensor = pooled(tf.pad(first, [[0, 0], [1, 1], [1, 1], [0, 0]]), 3); // prettier-ignore
  for (let stage = 2; stage <= 5; stage++) {
    for (const block of [1, 2]) {
      const name = `block${stage}-${block}`;
      const stride = stage > 2 && block === 1 ? 2 : 1;
      const inner = conv(tf.relu(conv(a, `${name}/conv1`, stride, 1)), `${name}/conv2`, 1, 1);
      a = tf.relu(tf.add(inner, stride === 2 ? conv(a, `${name}/shortcut`, 2, 0) : a));
    }
  }
  return dense(of, "dense", tf.mean(a, [1, 2]));
}

const cases: Readonly<Record<string, Case>> = {
  "AlexNet in one tower": { make: () => alexnet(1, 32, 67), side: 67, lr: 0.0005, training: false, scores: alexScores(1) },
  "AlexNet in two": { make: () => alexnet(2, 16, 67), side: 67, lr: 0.0005, training: false, scores: alexScores(2) },
  "VGG-16": { make: () => vgg16(32, 32), side: 32, lr: 0.0005, training: false, scores: vggScores },
  "ResNet-18": { make: () => resnet18(32), side: 64, lr: 0.0002, training: true, scores: resnetScores },
}; // prettier-ignore

test.each(Object.entries(cases))(
  "narrow %s: 20 losses are those of TensorFlow.js, compiled and eager",
  (_, one) => {
    const image = [3, one.side, one.side] as const;
    const model = defineModel({
      name: "narrow",
      seed: 1,
      inputs: { x: [1, ...image], y: { shape: [1], dtype: "i32" } },
      model: one.make,
      build: ({ x, y }, net) => ({ loss: nn.softmaxCrossEntropy(net(x, { training: one.training }), y).mean() }),
      optimizer: () => optim.sgd({ lr: one.lr }),
    });
    const [compiled, eager] = [model.create(), model.create()];
    const feeds = randomImage(image);
    const want = theirs(one, compiled.parameters, feeds);
    expect(want.at(-1)).toBeLessThan(0.9 * want[0]!);
    expect(want.at(-1)).toBeGreaterThan(0.01);
    const train = compiled.train();
    expectNear(want.map(() => train.run(feeds).loss.data[0]!), want); // prettier-ignore
    expectNear(want.map(() => eager.eagerStep(feeds)), want); // prettier-ignore
  },
  240_000,
);

/** Losses of gradient descent from the same weights in TensorFlow.js. */
function theirs(
  { side, lr, scores }: Case,
  parameters: readonly Parameter[],
  { x, y }: ReturnType<typeof randomImage>,
): number[] {
  const names = parameters.map((p) => p.name);
  const label = tf.oneHot(tf.tensor1d(y, "int32"), 1000);
  const pixels = tf.transpose(tf.tensor4d(x, [1, 3, side, side]), [0, 2, 3, 1]) as tf.Tensor4D;
  const loss = (...all: tf.Tensor[]): tf.Scalar => {
    const z = scores((name) => all[names.indexOf(name)]!, pixels);
    return tf.neg(tf.sum(tf.mul(tf.logSoftmax(z), label))) as tf.Scalar;
  };
  let current: tf.Tensor[] = parameters.map((p) => tf.tensor(p.data().slice(), [...p.type.shape]));
  return Array.from({ length: steps }, () => {
    const { value, grads } = tf.valueAndGrads(loss)(current);
    current = current.map((p, i) => tf.sub(p, tf.mul(grads[i]!, lr)));
    return value.dataSync()[0]!;
  });
}
