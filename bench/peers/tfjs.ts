// @tensorflow/tfjs with its wasm backend: SIMD, and one thread, since it has no more in Node. Images have their channels last.
import type * as core from "@tensorflow/tfjs-core";
import {
  chainScalars,
  countOf,
  feedsOf,
  idsOf,
  type Layer,
  type Network,
  outputShape,
  parametersOf,
  shapeAfter,
  type Task,
} from "../task.js";
import { numbers, type Outputs, type Step } from "../workload.js";
import { packageFile, required } from "./packages.js";
import type { MakeStep } from "./peer.js";
import { channelsFirst, channelsLast, filtersByPlace, rowsByPlace } from "./layouts.js";
import { tfLayers } from "./tfjs-layers.js";

export type Tf = typeof core;

/** Loads the library. */
export async function tfjs(): Promise<MakeStep> {
  const tf = required<Tf>("@tensorflow/tfjs-core");
  const wasm = required<{ setWasmPaths(folder: string): void }>("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(packageFile("@tensorflow/tfjs-backend-wasm/wasm-out/"));
  // Registers the gradients, which the core alone lacks.
  required("@tensorflow/tfjs-layers");
  await tf.setBackend("wasm");
  await tf.ready();
  return (task) => stepOf(tf, task);
}

function stepOf(tf: Tf, task: Task): Step {
  switch (task.kind) {
    case "product": {
      const { m, k, n } = task;
      const [a, b] = [tf.tensor(numbers(m * k, 1), [m, k]), tf.tensor(numbers(k * n, 2), [k, n])];
      return { run: () => read(tf, () => ({ c: tf.matMul(a, b) })) };
    }
    case "elementwise": {
      const x = tf.tensor1d(numbers(task.length, 1, 3));
      const [a, b, c] = chainScalars.map((value) => tf.scalar(value));
      const chain = (v: core.Tensor): core.Tensor =>
        tf.add(tf.mul(tf.sigmoid(tf.add(tf.mul(v, a!), b!)), tf.tanh(v)), tf.relu(tf.sub(v, c!)));
      const slope = tf.valueAndGrad((v) => tf.sum(chain(v as core.Tensor)));
      const forward = () => {
        const y = chain(x);
        return { y, sum: tf.sum(y) };
      };
      const backward = () => {
        const { value, grad } = slope(x);
        return { sum: value, dx: grad };
      };
      return { run: () => read(tf, task.gradient ? backward : forward) };
    }
    case "network":
      return networkStep(tf, task);
  }
}

/** Computes, reads all results and frees everything. */
function read(tf: Tf, compute: () => Readonly<Record<string, core.Tensor>>): Outputs {
  const outputs: Record<string, ArrayLike<number>> = {};
  tf.tidy(() => {
    for (const [name, tensor] of Object.entries(compute())) outputs[name] = tensor.dataSync();
  });
  return outputs;
}

function networkStep(tf: Tf, network: Network): Step {
  const { layers, input, training } = network;
  const feeds = feedsOf(network);
  const [batch, channels, height, width] = input as [number, number, number, number];
  const image = input.length === 4;
  const x = image
    ? tf.tensor(channelsLast(feeds.x as Float32Array, input), [batch, height, width, channels])
    : tf.tensor(feeds.x, [...input], idsOf(network) === null ? "float32" : "int32");
  const parameters = arranged(network).map(({ data, shape }) => tf.variable(tf.tensor(data, [...shape])));
  const model = tfLayers(tf, layers, parameters, training === undefined);
  const shape = outputShape(network);
  if (!training) {
    const ordered = ({ y }: Outputs): Outputs => ({ y: channelsFirst(y as Float32Array, shape) });
    return { run: () => read(tf, () => ({ y: model(x) })), ...(shape.length === 4 && { ordered }) };
  }
  const { target, optimizer } = training;
  const y =
    target === "labels" ? tf.oneHot(tf.tensor1d(feeds.y!, "int32"), shape[1]!) : tf.tensor(feeds.y!, [...shape]);
  const loss = () =>
    (target === "labels"
      ? tf.losses.softmaxCrossEntropy(y, model(x))
      : tf.losses.meanSquaredError(y, model(x))) as core.Scalar;
  const { lr } = optimizer;
  const steps = optimizer.kind === "sgd" ? tf.train.sgd(lr) : tf.train.adam(lr, 0.9, 0.999, 1e-8);
  return { run: () => read(tf, () => ({ loss: steps.minimize(loss, true, parameters)! })) };
}

/** The initial numbers in this library's order: windows first in filters, channels last in the rows of a dense layer behind images. */
function arranged({ layers, input }: Network): readonly { data: Float32Array; shape: readonly number[] }[] {
  const given = parametersOf(layers);
  let shape = input;
  let images: readonly number[] | null = null;
  const place = { next: 0 };
  return layers.flatMap((layer: Layer) => {
    const count = parametersOf([layer]).length;
    const own = given.slice(place.next, (place.next += count));
    if (layer.kind === "flatten" && shape.length === 4) images = shape;
    shape = shapeAfter(layer, shape);
    if (layer.kind === "conv") {
      const { out, in: from, window } = layer;
      const [filter, bias] = own;
      return [
        { data: filtersByPlace(filter!.data, out, from, window ** 2), shape: [window, window, from, out] },
        bias!,
      ];
    }
    if (layer.kind === "dense" && images) {
      const [, channels, ...places] = images as readonly number[];
      images = null;
      const { data, shape: sizes } = own[0]!;
      // The rows are `[channels, places]` of `out` numbers; one image of them, so to say.
      return [{ data: rowsByPlace(data, channels!, countOf(places), layer.out), shape: sizes }, own[1]!];
    }
    return own;
  });
}
