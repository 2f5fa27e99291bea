// Elementwise ops, views, reductions, products and lookups beside TensorFlow.js.
import * as tf from "@tensorflow/tfjs-core";
import * as ops from "#ir/ops/index.js";
import { integer } from "../../random.js";
import {
  along,
  map,
  map2,
  type Ours,
  reduce,
  type Reduction,
  shapeOf,
  shuffled,
  type Theirs,
  type Trials,
} from "./trial.js";

export const basic: Trials = {
  neg: map(ops.neg as Ours, tf.neg as Theirs),
  abs: map(ops.abs as Ours, tf.abs as Theirs),
  sign: map(ops.sign as Ours, tf.sign as Theirs),
  exp: map(ops.exp as Ours, tf.exp as Theirs),
  expm1: map(ops.expm1 as Ours, tf.expm1 as Theirs),
  log: map(ops.log as Ours, tf.log as Theirs, { domain: "positive" }),
  log1p: map(ops.log1p as Ours, tf.log1p as Theirs, { domain: "positive" }),
  sqrt: map(ops.sqrt as Ours, tf.sqrt as Theirs, { domain: "positive" }),
  rsqrt: map(ops.rsqrt as Ours, tf.rsqrt as Theirs, { domain: "positive" }),
  sin: map(ops.sin as Ours, tf.sin as Theirs),
  cos: map(ops.cos as Ours, tf.cos as Theirs),
  tan: map(ops.tan as Ours, tf.tan as Theirs, { domain: "unit" }),
  tanh: map(ops.tanh as Ours, tf.tanh as Theirs),
  sigmoid: map(ops.sigmoid as Ours, tf.sigmoid as Theirs),
  // Theirs is a formula with an error of 1.5e-7, whatever the result.
  erf: map(ops.erf as Ours, tf.erf as Theirs, { k: 2 ** 12 }),
  relu: map(ops.relu as Ours, tf.relu as Theirs),
  softplus: map(ops.softplus as Ours, tf.softplus as Theirs),
  floor: map(ops.floor as Ours, tf.floor as Theirs, { domain: "rough" }),
  ceil: map(ops.ceil as Ours, tf.ceil as Theirs, { domain: "rough" }),
  round: map(ops.round as Ours, tf.round as Theirs, { domain: "rough" }),
  clip: map((x) => ops.clip(x!, -0.5, 0.75), (x) => tf.clipByValue(x!, -0.5, 0.75)), // prettier-ignore
  add: map2(ops.add as Ours, tf.add as Theirs),
  sub: map2(ops.sub as Ours, tf.sub as Theirs),
  mul: map2(ops.mul as Ours, tf.mul as Theirs),
  div: map2(ops.div as Ours, tf.div as Theirs),
  pow: map2(ops.pow as Ours, tf.pow as Theirs, { domain: "positive" }),
  // Theirs has no gradient where shapes broadcast.
  maximum: map2(ops.maximum as Ours, tf.maximum as Theirs, { broadcasts: false }),
  minimum: map2(ops.minimum as Ours, tf.minimum as Theirs, { broadcasts: false }),
  mod: map2(ops.mod as Ours, tf.mod as Theirs, { domain: "positive", gradient: false }),
  equal: map2(ops.equal as Ours, tf.equal as Theirs, { gradient: false }),
  notEqual: map2(ops.notEqual as Ours, tf.notEqual as Theirs, { gradient: false }),
  less: map2(ops.less as Ours, tf.less as Theirs, { gradient: false }),
  lessEqual: map2(ops.lessEqual as Ours, tf.lessEqual as Theirs, { gradient: false }),
  greater: map2(ops.greater as Ours, tf.greater as Theirs, { gradient: false }),
  greaterEqual: map2(ops.greaterEqual as Ours, tf.greaterEqual as Theirs, { gradient: false }),
  where: (next) => {
    const shape = shapeOf(next, 2);
    const mask = Uint8Array.from({ length: shape[0]! * shape[1]! }, () => integer(next, 0, 1));
    return {
      shapes: [shape, shape],
      ours: (x, y) => ops.where(ops.constant(x!, mask, "bool", shape), x!, y!),
      theirs: (x, y) => tf.where(tf.tensor(mask, shape, "bool"), x!, y!),
    };
  },

  reshape: (next) => {
    const shape = shapeOf(next, 3);
    const to = [shape[1]!, shape[0]! * shape[2]!];
    return { shapes: [shape], ours: (x) => ops.reshape(x!, to), theirs: (x) => tf.reshape(x!, to) };
  },
  transpose: (next) => {
    const perm = shuffled(next, [0, 1, 2, 3]);
    return { shapes: [shapeOf(next, 4)], ours: (x) => ops.transpose(x!, perm), theirs: (x) => tf.transpose(x!, perm) };
  },
  broadcast: (next) => {
    const shape = shapeOf(next, 2);
    const to = [integer(next, 1, 3), shape[0]!, 3];
    const from = [shape[0]!, 1];
    return { shapes: [from], ours: (x) => ops.broadcast(x!, to), theirs: (x) => tf.broadcastTo(x!, to) };
  },
  slice: (next) => {
    const shape = shapeOf(next, 2, 6);
    const starts = shape.map((size) => integer(next, 0, size - 1));
    const strides = shape.map(() => integer(next, 1, 3));
    const sizes = shape.map((size, axis) => integer(next, 1, Math.ceil((size - starts[axis]!) / strides[axis]!)));
    const ends = sizes.map((size, axis) => starts[axis]! + (size - 1) * strides[axis]! + 1);
    return {
      shapes: [shape],
      ours: (x) => ops.slice(x!, starts, sizes, strides),
      theirs: (x) => tf.stridedSlice(x!, starts, ends, strides),
      // Theirs has no gradient for strides.
      gradient: false,
    };
  },
  "slice without strides": (next) => {
    const shape = shapeOf(next, 3, 5);
    const starts = shape.map((size) => integer(next, 0, size - 1));
    const sizes = shape.map((size, axis) => integer(next, 1, size - starts[axis]!));
    return { shapes: [shape], ours: (x) => ops.slice(x!, starts, sizes), theirs: (x) => tf.slice(x!, starts, sizes) };
  },
  reverse: (next) => {
    const axes = shuffled(next, [0, 1, 2]).slice(0, integer(next, 1, 3));
    return { shapes: [shapeOf(next, 3)], ours: (x) => ops.reverse(x!, axes), theirs: (x) => tf.reverse(x!, axes) };
  },
  pad: (next) => {
    const [low, high] = [0, 1].map(() => [0, 1, 2].map(() => integer(next, 0, 2)));
    const both = low!.map((size, axis): [number, number] => [size, high![axis]!]);
    return {
      shapes: [shapeOf(next, 3)],
      ours: (x) => ops.pad(x!, low!, high!, 0.5),
      theirs: (x) => tf.pad(x!, both, 0.5),
    };
  },
  concat: (next) => {
    const axis = integer(next, 0, 2);
    const shape = shapeOf(next, 3);
    const shapes = Array.from({ length: integer(next, 1, 4) }, () => shape.with(axis, integer(next, 1, 3)));
    return { shapes, ours: (...xs) => ops.concat(xs, axis), theirs: (...xs) => tf.concat([...xs], axis) };
  },

  sum: reduce(ops.sum as Reduction, tf.sum),
  mean: reduce(ops.mean as Reduction, tf.mean),
  max: reduce(ops.max as Reduction, tf.max),
  min: reduce(ops.min as Reduction, tf.min),
  // Theirs has a gradient that fails.
  prod: reduce(ops.prod as Reduction, tf.prod as typeof tf.sum, { gradient: false }),
  logSumExp: reduce(ops.logSumExp as Reduction, tf.logSumExp),
  argmax: along((x, axis) => ops.argmax(x, axis), tf.argMax, { gradient: false }),
  argmin: along((x, axis) => ops.argmin(x, axis), tf.argMin, { gradient: false }),
  softmax: along((x, axis) => ops.softmax(x, axis), tf.softmax, { lastAxis: true }),
  logSoftmax: along((x, axis) => ops.logSoftmax(x, axis), tf.logSoftmax, { lastAxis: true }),

  matmul: (next) => {
    const [m, k, n, b, c] = shapeOf(next, 5, 5) as [number, number, number, number, number];
    const batches = [[[], []], [[b], []], [[], [b]], [[b, 1], [c]]][integer(next, 0, 3)]!; // prettier-ignore
    const all = tf.broadcast_util.assertAndGetBroadcastShape(batches[0]!, batches[1]!);
    return {
      shapes: [[...batches[0]!, m, k], [...batches[1]!, k, n]], // prettier-ignore
      ours: (x, y) => ops.matmul(x!, y!),
      // Theirs has no gradient where batches broadcast.
      theirs: (x, y) => tf.matMul(tf.broadcastTo(x!, [...all, m, k]), tf.broadcastTo(y!, [...all, k, n])),
    };
  },
  "matmul with a vector": (next) => {
    const [m, k] = shapeOf(next, 2, 6) as [number, number];
    return {
      shapes: [[m, k], [k]], // prettier-ignore
      ours: (x, y) => ops.matmul(x!, y!),
      theirs: (x, y) => tf.dot(x!, y!),
    };
  },
  dot: (next) => {
    const n = integer(next, 1, 9);
    return { shapes: [[n], [n]], ours: (x, y) => ops.dot(x!, y!), theirs: (x, y) => tf.dot(x!, y!) };
  },
  outer: (next) => ({
    shapes: [shapeOf(next, 1), shapeOf(next, 1)],
    ours: (x, y) => ops.outer(x!, y!),
    theirs: (x, y) => tf.outerProduct(x as tf.Tensor1D, y as tf.Tensor1D),
  }),
  gather: (next) => {
    const shape = shapeOf(next, 3, 5);
    const axis = integer(next, 0, 2);
    const at = shapeOf(next, integer(next, 1, 2));
    const indices = Int32Array.from({ length: at.reduce((a, b) => a * b, 1) }, () =>
      integer(next, 0, shape[axis]! - 1),
    );
    return {
      shapes: [shape],
      ours: (x) => ops.gather(x!, ops.constant(x!, indices, "i32", at), axis),
      theirs: (x) => tf.gather(x!, tf.tensor(indices, [...at], "int32"), axis),
    };
  },
  scatterAdd: (next) => {
    const [n, rows, columns] = shapeOf(next, 3, 6) as [number, number, number];
    const indices = Int32Array.from({ length: n }, () => integer(next, 0, rows - 1));
    return {
      shapes: [[rows, columns], [n, columns]], // prettier-ignore
      ours: (x, updates) => ops.scatterAdd(x!, ops.constant(x!, indices, "i32"), updates!),
      theirs: (x, updates) => tf.add(x!, tf.unsortedSegmentSum(updates!, tf.tensor1d(indices, "int32"), rows)),
    };
  },

  mse: (next) => {
    const shape = shapeOf(next, 2);
    return {
      shapes: [shape, shape],
      ours: (x, y) => ops.mse(x!, y!),
      theirs: (x, y) => tf.losses.meanSquaredError(y!, x!),
    };
  },
};
