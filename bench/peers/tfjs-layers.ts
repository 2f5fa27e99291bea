// Layers for tfjs. Forward passes use its fused products and convolutions; training its plain ones, which have gradients.
import type * as core from "@tensorflow/tfjs-core";
import type { Activation, Layer } from "../task.js";
import type { Tf } from "./tfjs.js";

type T = core.Tensor;

/** The model of layers, which take their parameters from the list in turn. */
export function tfLayers(tf: Tf, layers: readonly Layer[], parameters: readonly T[], fused: boolean): (x: T) => T {
  let next = 0;
  const take = () => parameters[next++]!;
  const made = layers.map((layer) => layerOf(tf, layer, take, fused));
  return (x) => made.reduce((y, layer) => layer(y), x);
}

function layerOf(tf: Tf, layer: Layer, take: () => T, fused: boolean): (x: T) => T {
  switch (layer.kind) {
    case "dense":
      return dense(tf, take(), take(), layer.activation, fused);
    case "conv": {
      const { stride = 1, padding = 0, activation } = layer;
      const [filter, bias] = [take() as core.Tensor4D, take()];
      const one = [activation === "tanh" ? undefined : activation, padding] as const;
      if (!fused) {
        return (x) => active(tf, activation, tf.add(tf.conv2d(x as core.Tensor4D, filter, stride, padding), bias));
      }
      return (x) => {
        const y = tf.fused.conv2d({ x: x as core.Tensor4D, filter, strides: stride, pad: one[1], bias, activation: one[0] as never }); // prettier-ignore
        return activation === "tanh" ? tf.tanh(y) : y;
      };
    }
    case "maxPool":
      return (x) => tf.maxPool(x as core.Tensor4D, layer.window, layer.window, "valid");
    case "meanPool":
      return (x) => tf.avgPool(x as core.Tensor4D, layer.window, layer.window, "valid");
    case "flatten":
      return (x) => tf.reshape(x, [x.shape[0]!, -1]);
    case "softmax":
      return (x) => tf.softmax(x);
    case "layerNorm":
      return norm(tf, take(), take());
    case "embedding":
      return embedding(tf, take() as core.Tensor2D);
    case "lstm":
      return lstm(tf, layer.units, take() as core.Tensor2D, take() as core.Tensor2D, take());
    case "transformer":
      return transformer(tf, layer, take, fused);
  }
}

function active(tf: Tf, activation: Activation | undefined, x: T): T {
  return activation === undefined ? x : tf[activation](x);
}

function dense(tf: Tf, weight: T, bias: T, activation: Activation | undefined, fused: boolean): (x: T) => T {
  if (!fused) return (x) => active(tf, activation, tf.add(tf.matMul(x, weight), bias));
  const inside = activation === "tanh" ? undefined : activation;
  return (x) => {
    const y = tf.fused.matMul({ a: x, b: weight as core.Tensor2D, bias, activation: inside as never });
    return activation === "tanh" ? tf.tanh(y) : y;
  };
}

function norm(tf: Tf, scale: T, shift: T): (x: T) => T {
  return (x) => {
    const off = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(off), -1, true);
    return tf.add(tf.mul(tf.mul(off, tf.rsqrt(tf.add(variance, 1e-5))), scale), shift);
  };
}

/** The gradient of its `gather` has no kernel on wasm; `scatterND`, which has one, adds up rows of one id too. */
function embedding(tf: Tf, table: core.Tensor2D): (x: T) => T {
  return (ids) => {
    const rows = tf.customGrad((...[weight]) => ({
      value: tf.gather(weight as core.Tensor2D, ids as core.Tensor2D),
      gradFunc: (dy) => tf.scatterND(tf.expandDims(ids, -1), dy as T, table.shape),
    }));
    return rows(table);
  };
}

/** The product of all inputs at once, then a step at a time. */
function lstm(tf: Tf, units: number, u: core.Tensor2D, w: core.Tensor2D, b: T): (x: T) => T {
  return (x) => {
    const [batch, time, from] = x.shape as [number, number, number];
    const inputs = tf.reshape(tf.add(tf.matMul(tf.reshape(x, [batch * time, from]), u), b), [batch, time, 4 * units]);
    let [h, c] = [tf.zeros([batch, units]), tf.zeros([batch, units])] as [T, T];
    for (const input of tf.unstack(inputs, 1)) {
      const [i, f, g, o] = tf.split(tf.add(input, tf.matMul(h as core.Tensor2D, w)), 4, 1) as [T, T, T, T];
      c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
      h = tf.mul(tf.sigmoid(o), tf.tanh(c));
    }
    return h;
  };
}

function transformer(
  tf: Tf,
  { width, heads }: Extract<Layer, { kind: "transformer" }>,
  take: () => T,
  fused: boolean,
): (x: T) => T {
  const first = norm(tf, take(), take());
  const [query, key, value, output] = [0, 1, 2, 3].map(() => dense(tf, take(), take(), undefined, fused));
  const second = norm(tf, take(), take());
  const [expand, contract] = [0, 1].map(() => dense(tf, take(), take(), undefined, fused));
  const gelu = (x: T) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  return (x) => {
    const [batch, places] = x.shape as [number, number];
    const rows = tf.reshape(x, [batch * places, width]);
    const normal = first(rows);
    const byHead = (y: T) => tf.transpose(tf.reshape(y, [batch, places, heads, width / heads]), [0, 2, 1, 3]);
    const [q, k, v] = [query!, key!, value!].map((project) => byHead(project(normal)));
    const scores = tf.mul(tf.matMul(q!, k!, false, true), Math.sqrt(heads / width));
    const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v!), [0, 2, 1, 3]);
    const middle = tf.add(rows, output!(tf.reshape(mixed, [batch * places, width])));
    return tf.reshape(tf.add(middle, contract!(gelu(expand!(second(middle))))), [batch, places, width]);
  };
}
