// Ops that move, join and part elements, activations, moments, einsum and resize beside TensorFlow.js.
import * as tf from "@tensorflow/tfjs-core";
import type { Operand } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { integer } from "../../random.js";
import { map, type Ours, type Random, reduce, type Reduction, shapeOf, shuffled, type Theirs, type Trial, type Trials } from "./trial.js"; // prettier-ignore

/** Equations that TensorFlow.js reads too, with the sizes of their labels: two operands at most, no ellipsis. */
const equations = ["ij,jk->ik", "ij,kj->ki", "bij,bjk->bik", "bhqd,bhkd->bhqk", "ij,ij->", "i,j->ji", "bqhd,bkhd->bhqk", "ij->ji", "ijk->j"]; // prettier-ignore

function resized(ours: "nearest" | "bilinear", theirs: typeof tf.image.resizeBilinear, alignCorners: boolean) {
  return (next: Random): Trial => {
    const [height, width, to] = [integer(next, 1, 5), integer(next, 1, 5), integer(next, 1, 7)];
    const sizes: [number, number] = [to, alignCorners ? to : integer(next, 1, 7)];
    return {
      // Its gradients confuse height and width (bilinear) and take every image for the first (nearest).
      shapes: [alignCorners ? [1, 2, height, height] : [2, 2, height, width]],
      ours: (x) => ops.resize(x!, sizes, { mode: ours, alignCorners }),
      theirs: (x) => {
        const image = tf.transpose(x!, [0, 2, 3, 1]);
        return tf.transpose(theirs(image as tf.Tensor4D, sizes, alignCorners, !alignCorners), [0, 3, 1, 2]);
      },
      // Its gradients ignore half-pixel centres.
      gradient: alignCorners,
    };
  };
}

export const shapes: Trials = {
  leakyRelu: map((x) => ops.leakyRelu(x!, 0.2), (x) => tf.leakyRelu(x!, 0.2)), // prettier-ignore
  elu: map((x) => ops.elu(x!), tf.elu as Theirs),
  selu: map(ops.selu as Ours, tf.selu as Theirs),
  relu6: map(ops.relu6 as Ours, tf.relu6 as Theirs),

  split: (next) => {
    const axis = integer(next, 0, 2);
    // Of a single part theirs has a gradient that fails.
    const sizes = shapeOf(next, integer(next, 2, 3));
    const shape = shapeOf(next, 3).with(axis, sizes.reduce((a, b) => a + b, 0)); // prettier-ignore
    return {
      shapes: [shape],
      ours: (x) => ops.concat(ops.split(x!, sizes, axis).toReversed(), axis),
      theirs: (x) => tf.concat(tf.split(x!, sizes, axis).toReversed(), axis),
    };
  },
  stack: (next) => {
    const shape = shapeOf(next, 2);
    const axis = integer(next, 0, 2);
    const shapes = Array.from({ length: integer(next, 1, 3) }, () => shape);
    return { shapes, ours: (...xs) => ops.stack(xs, axis), theirs: (...xs) => tf.stack([...xs], axis) };
  },
  unstack: (next) => {
    const axis = integer(next, 0, 2);
    return {
      // Theirs has a gradient that fails where there is one part.
      shapes: [shapeOf(next, 3).with(axis, integer(next, 2, 4))],
      ours: (x) => ops.unstack(x!, axis).reduce((a, b) => ops.mul(a, b)),
      theirs: (x) => tf.unstack(x!, axis).reduce((a, b) => tf.mul(a, b)),
    };
  },
  tile: (next) => {
    const repeats = shapeOf(next, 3, 3);
    return { shapes: [shapeOf(next, 3)], ours: (x) => ops.tile(x!, repeats), theirs: (x) => tf.tile(x!, repeats) };
  },
  squeeze: (next) => ({
    shapes: [[1, integer(next, 1, 3), 1, integer(next, 1, 3)]], // prettier-ignore
    ours: (x) => ops.squeeze(x!, [0, 2]),
    theirs: (x) => tf.squeeze(x!, [0, 2]),
  }),
  expandDims: (next) => {
    const axis = integer(next, 0, 2);
    return {
      shapes: [shapeOf(next, 2)],
      ours: (x) => ops.expandDims(x!, axis),
      theirs: (x) => tf.expandDims(x!, axis),
    };
  },
  flip: (next) => {
    const axes = shuffled(next, [0, 1, 2]).slice(0, integer(next, 1, 3));
    return { shapes: [shapeOf(next, 3)], ours: (x) => ops.flip(x!, axes), theirs: (x) => tf.reverse(x!, axes) };
  },
  "pad, reflect and symmetric": (next) => {
    const shape = shapeOf(next, 3, 5);
    const mode = next() < 0.5 ? "reflect" : "symmetric";
    const most = (size: number) => integer(next, 0, mode === "reflect" ? size - 1 : size);
    const [low, high] = [shape.map(most), shape.map(most)];
    return {
      shapes: [shape],
      ours: (x) => ops.pad(x!, low, high, { mode }),
      theirs: (x) => tf.mirrorPad(x!, low.map((size, axis): [number, number] => [size, high[axis]!]), mode), // prettier-ignore
      // Theirs takes the slice inside for the gradient: what is mirrored does not count.
      gradient: false,
    };
  },
  // Theirs has a gradient that fails where the batch is one matrix.
  tril: (next) => ({
    shapes: [[2, integer(next, 1, 5), integer(next, 1, 5)]], // prettier-ignore
    ours: (x) => ops.tril(x!),
    theirs: (x) => tf.linalg.bandPart(x!, -1, 0),
  }),
  triu: (next) => ({
    shapes: [[2, integer(next, 1, 5), integer(next, 1, 5)]], // prettier-ignore
    ours: (x) => ops.triu(x!),
    theirs: (x) => tf.linalg.bandPart(x!, 0, -1),
  }),

  any: reduce(((x, axes, how) => ops.any(ops.greater(x, 1), axes, how)) as Reduction, ((x: tf.Tensor, axes: number[], keep: boolean) => tf.any(tf.greater(x, 1), axes, keep)) as typeof tf.sum, { gradient: false }), // prettier-ignore
  all: reduce(((x, axes, how) => ops.all(ops.less(x, 1), axes, how)) as Reduction, ((x: tf.Tensor, axes: number[], keep: boolean) => tf.all(tf.less(x, 1), axes, keep)) as typeof tf.sum, { gradient: false }), // prettier-ignore
  variance: reduce(ops.variance as Reduction, ((x: tf.Tensor, axes: number[], keep: boolean) => tf.moments(x, axes, keep).variance) as typeof tf.sum, { k: 64 }), // prettier-ignore
  norm: (next) => {
    const axis = integer(next, 0, 2);
    const order = [1, 2, Infinity][integer(next, 0, 2)]!;
    return {
      shapes: [shapeOf(next, 3)],
      ours: (x) => ops.norm(x!, axis, { order }),
      theirs: (x) => tf.norm(x!, order, axis),
      k: 64,
    };
  },

  takeAlongAxis: (next) => {
    const shape = shapeOf(next, 3, 5);
    const at = shape.with(2, integer(next, 1, 4));
    const indices = indicesBelow(next, shape[2]!, at);
    return {
      shapes: [shape],
      ours: (x) => ops.takeAlongAxis(x!, ops.constant(x!, indices, "i32", at)),
      theirs: (x) => tf.gather(x!, tf.tensor(indices, at, "int32"), 2, 2),
      // Theirs has a gradient for batches of at most one axis.
      gradient: false,
    };
  },
  embedding: (next) => {
    const shape = shapeOf(next, 2, 5);
    const at = shapeOf(next, 2);
    const ids = indicesBelow(next, shape[0]!, at);
    return {
      shapes: [shape],
      ours: (x) => ops.embedding(x!, ops.constant(x!, ids, "i32", at)),
      theirs: (x) => tf.gather(x!, tf.tensor(ids, at, "int32")),
    };
  },
  scatter: (next) => {
    const [rows, columns] = shapeOf(next, 2, 6) as [number, number];
    const indices = Int32Array.from(shuffled(next, Array.from({ length: rows }, (_, i) => i)).slice(0, integer(next, 1, rows))); // prettier-ignore
    return {
      shapes: [[rows, columns], [indices.length, columns]], // prettier-ignore
      ours: (x, updates) => ops.scatter(x!, ops.constant(x!, indices, "i32"), updates!),
      theirs: (x, updates) => tf.tensorScatterUpdate(x!, tf.tensor(indices, [indices.length, 1], "int32"), updates!),
      // Theirs has none.
      gradient: false,
    };
  },

  einsum: (next) => {
    const equation = equations[integer(next, 0, equations.length - 1)]!;
    const sizes = new Map([..."bhijkqd"].map((label) => [label, integer(next, 1, 4)]));
    const shapes = equation
      .split("->")[0]!
      .split(",")
      .map((term) => [...term].map((label) => sizes.get(label)!));
    return {
      shapes,
      ours: (...xs: readonly Operand[]) => ops.einsum(equation, ...xs),
      theirs: (...xs) => tf.einsum(equation, ...xs),
      // Theirs has none.
      gradient: false,
    };
  },
  "resize, bilinear with aligned corners": resized("bilinear", tf.image.resizeBilinear, true),
  "resize, bilinear": resized("bilinear", tf.image.resizeBilinear, false),
  "resize, nearest with aligned corners": resized("nearest", tf.image.resizeNearestNeighbor, true),
  "resize, nearest": resized("nearest", tf.image.resizeNearestNeighbor, false),
};

function indicesBelow(next: Random, size: number, shape: readonly number[]): Int32Array {
  return Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => integer(next, 0, size - 1));
}
