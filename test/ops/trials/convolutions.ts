// Convolutions and pools beside TensorFlow.js, whose plain cpu backend has channels last only.
import * as tf from "@tensorflow/tfjs-core";
import type { Operand } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { integer } from "../../random.js";
import type { Random, Trial, Trials } from "./trial.js";

type Pads = "same" | "valid";

/** Channels first as channels last, and weights `[out, in, …]` as `[…, in, out]`. */
const lastly = (x: tf.Tensor) => tf.transpose(x, [0, ...[...x.shape.keys()].slice(2), 1]);
const firstly = (y: tf.Tensor) => tf.transpose(y, [0, y.rank - 1, ...[...y.shape.keys()].slice(1, -1)]);
const inward = (w: tf.Tensor) => tf.transpose(w, [...[...w.shape.keys()].slice(2), 1, 0]);

/** Stride or dilation, since TensorFlow.js takes only one of the two. */
function steps(next: Random, axes: number): { stride: number[]; dilation: number[] } {
  const one = Array.from({ length: axes }, () => 1);
  const some = Array.from({ length: axes }, () => integer(next, 1, 3));
  return next() < 0.5 ? { stride: some, dilation: one } : { stride: one, dilation: some };
}

function sizes(next: Random, axes: number): { x: number[]; w: number[]; padding: Pads } {
  const w = Array.from({ length: axes }, () => integer(next, 1, 3));
  return { x: w.map((n) => 2 * n + 1 + integer(next, 0, 3)), w, padding: next() < 0.5 ? "same" : "valid" };
}

function conv(axes: number, ours: (x: Operand, w: Operand, options: object) => Operand, theirs: Theirs) {
  return (next: Random): Trial => {
    const { x, w, padding } = sizes(next, axes);
    const [batch, channels, outputs] = [integer(next, 1, 2), integer(next, 1, 3), integer(next, 1, 3)];
    const { stride, dilation } = steps(next, axes);
    return {
      shapes: [[batch, channels, ...x], [outputs, channels, ...w]], // prettier-ignore
      ours: (a, b) => ours(a!, b!, { stride, dilation, padding }),
      theirs: (a, b) => firstly(theirs(lastly(a!), inward(b!), stride, padding, dilation)),
      k: 64,
      // Theirs has no gradient for dilations.
      gradient: dilation.every((d) => d === 1),
    };
  };
}
type Theirs = (x: tf.Tensor, w: tf.Tensor, stride: number[], padding: Pads, dilation: number[]) => tf.Tensor;

function pool(ours: (x: Operand, size: number[], options: object) => Operand, kind: "max" | "avg") {
  return (next: Random): Trial => {
    const { x, w, padding } = sizes(next, 2);
    const stride = [integer(next, 1, 3), integer(next, 1, 3)] as [number, number];
    return {
      shapes: [[integer(next, 1, 2), integer(next, 1, 3), ...x]],
      ours: (a) => ours(a!, w, { stride, padding }),
      theirs: (a) => firstly(tf.pool(lastly(a!) as tf.Tensor4D, w as [number, number], kind, padding, [1, 1], stride)),
      k: 64,
      // Their gradient of a mean divides by the whole window also where part of it is padding.
      gradient: kind === "max" || padding === "valid",
    };
  };
}

export const convolutions: Trials = {
  conv1d: (next) => {
    const { x, w, padding } = sizes(next, 1);
    const stride = integer(next, 1, 3);
    return {
      shapes: [[2, 3, x[0]!], [4, 3, w[0]!]], // prettier-ignore
      ours: (a, b) => ops.conv1d(a!, b!, { stride, padding }),
      theirs: (a, b) => firstly(tf.conv1d(lastly(a!) as tf.Tensor3D, inward(b!) as tf.Tensor3D, stride, padding)),
      k: 64,
    };
  },
  conv2d: conv(
    2,
    ops.conv2d as never,
    (x, w, stride, padding, dilation) =>
    tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride as [number, number], padding, "NHWC", dilation as [number, number]), // prettier-ignore
  ),
  "conv2d of one channel per group": (next) => {
    const { x, w, padding } = sizes(next, 2);
    const [channels, each] = [integer(next, 1, 3), integer(next, 1, 2)];
    const stride = integer(next, 1, 2);
    return {
      shapes: [[2, channels, ...x], [channels * each, 1, ...w]], // prettier-ignore
      ours: (a, b) => ops.conv2d(a!, b!, { stride, padding, groups: channels }),
      theirs: (a, b) => {
        const filters = tf.transpose(tf.reshape(b!, [channels, each, ...w]), [2, 3, 0, 1]);
        return firstly(tf.depthwiseConv2d(lastly(a!) as tf.Tensor4D, filters as tf.Tensor4D, stride, padding));
      },
      k: 64,
    };
  },
  convTranspose2d: (next) => {
    const { x, w, padding } = sizes(next, 2);
    const stride = [integer(next, 1, 3), integer(next, 1, 3)] as [number, number];
    const [channels, outputs] = [integer(next, 1, 3), integer(next, 1, 3)];
    const out = x.map((n, i) => (padding === "same" ? n * stride[i]! : (n - 1) * stride[i]! + w[i]!));
    return {
      shapes: [[2, channels, ...x], [channels, outputs, ...w]], // prettier-ignore
      ours: (a, b) => ops.convTranspose2d(a!, b!, { stride, padding }),
      theirs: (a, b) => {
        const filters = tf.transpose(b!, [2, 3, 1, 0]) as tf.Tensor4D;
        const shape = [2, out[0]!, out[1]!, outputs] as [number, number, number, number];
        return firstly(tf.conv2dTranspose(lastly(a!) as tf.Tensor4D, filters, shape, stride, padding));
      },
      k: 64,
    };
  },
  conv3d: (next) => {
    const { x, w, padding } = sizes(next, 3);
    // Theirs pads by less than nothing where a stride is larger than the window.
    const stride = w.map((n) => integer(next, 1, Math.min(2, n))) as [number, number, number];
    return {
      shapes: [[1, 2, ...x], [2, 2, ...w]], // prettier-ignore
      ours: (a, b) => ops.conv3d(a!, b!, { stride, padding }),
      theirs: (a, b) => firstly(tf.conv3d(lastly(a!) as tf.Tensor5D, inward(b!) as tf.Tensor5D, stride, padding)),
      k: 64,
    };
  },
  maxPool2d: pool(ops.maxPool2d as never, "max"),
  meanPool2d: pool(ops.meanPool2d as never, "avg"),
};
