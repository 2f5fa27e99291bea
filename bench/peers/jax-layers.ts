// Layers for jax-js: functions of x and of their parameters, which they take over.
import { type Layer, parametersOf } from "../task.js";
import type { Activation } from "../task.js";
import type { Jax, JaxArray as A } from "./jax-types.js";

type Apply = (x: A, parameters: readonly A[]) => A;

/** The model of layers, as a function of x and of all parameters. */
export function jaxLayers(jax: Jax, layers: readonly Layer[], training: boolean): Apply {
  const made = layers.map((layer) => [layerOf(jax, layer, training), parametersOf([layer]).length] as const);
  return (x, parameters) => {
    let next = 0;
    return made.reduce((y, [layer, count]) => layer(y, parameters.slice(next, (next += count))), x);
  };
}

function layerOf(jax: Jax, layer: Layer, training: boolean): Apply {
  const { numpy: np, nn, lax } = jax;
  switch (layer.kind) {
    case "dense":
      return (x, [w, b]) => active(jax, layer.activation, np.matmul(x, w!).add(b!));
    case "conv": {
      const { stride = 1, padding: p = 0, activation, out } = layer;
      // The gradients of its convolution take a hundred times as long as those of a product.
      if (training && stride === 1 && p === 0) return convByProduct(jax, layer);
      const padding = [[p, p] as const, [p, p] as const];
      return (x, [w, b]) => {
        const sum = lax.conv(x, w!, [stride, stride], padding).add(b!.reshape([1, out, 1, 1]));
        return active(jax, activation, sum);
      };
    }
    case "maxPool":
    case "meanPool": {
      const { window } = layer;
      const sizes = [window, window];
      const of = layer.kind === "maxPool" ? (x: A) => np.max(x) : (x: A) => np.mean(x);
      return (x) => lax.reduceWindow(x, of, sizes, sizes);
    }
    case "flatten":
      return (x) => x.reshape([x.shape[0]!, -1]);
    case "softmax":
      return (x) => nn.softmax(x, -1);
    case "layerNorm":
      return (x, [scale, shift]) => norm(jax, x, scale!, shift!);
    case "embedding":
      // The gradient of `take` fails under jit where it is given a reshaped array; a product it must compute helps.
      return (ids, [table]) => np.take(table!, ids, 0).mul(2).mul(0.5);
    case "lstm":
      return lstm(jax, layer);
    case "transformer":
      return transformer(jax, layer);
  }
}

function active({ numpy: np, nn }: Jax, activation: Activation | undefined, x: A): A {
  if (activation === undefined) return x;
  return activation === "tanh" ? np.tanh(x) : nn[activation](x);
}

/** Every window as a row, then one product. */
function convByProduct(jax: Jax, { in: from, out, window, activation }: Extract<Layer, { kind: "conv" }>): Apply {
  const { numpy: np } = jax;
  return (x, [w, b]) => {
    const [batch, , ...sizes] = x.shape as [number, number, number, number];
    const [high, wide] = sizes.map((size) => size - window + 1) as [number, number];
    const images = x.transpose([0, 2, 3, 1]);
    const taps = Array.from({ length: window ** 2 }, (_, tap) => {
      const [i, j] = [Math.floor(tap / window), tap % window];
      return images.ref.slice([], [i, i + high], [j, j + wide], []);
    });
    images.dispose();
    const rows = np.concatenate(taps, 3).reshape([batch * high * wide, window ** 2 * from]);
    const filter = w!.transpose([2, 3, 1, 0]).reshape([window ** 2 * from, out]);
    const y = active(jax, activation, np.matmul(rows, filter).add(b!));
    return y.reshape([batch, high, wide, out]).transpose([0, 3, 1, 2]);
  };
}

function norm({ numpy: np }: Jax, x: A, scale: A, shift: A): A {
  const off = x.ref.sub(np.mean(x, -1, { keepdims: true }));
  const variance = np.mean(off.ref.mul(off.ref), -1, { keepdims: true });
  return off
    .div(np.sqrt(variance.add(1e-5)))
    .mul(scale)
    .add(shift);
}

/** It has no loops: the steps are written out. */
function lstm({ numpy: np, nn }: Jax, { in: from, units }: Extract<Layer, { kind: "lstm" }>): Apply {
  return (x, [u, w, b]) => {
    const [batch, time] = x.shape as [number, number];
    const inputs = np
      .matmul(x.reshape([batch * time, from]), u!)
      .add(b!)
      .reshape([batch, time, 4 * units]);
    let [h, c] = [np.zeros([batch, units]), np.zeros([batch, units])];
    for (let t = 0; t < time; t++) {
      const gates = inputs.ref.slice([], t, []).add(np.matmul(h, w!.ref));
      const gate = (at: number) => gates.ref.slice([], [at * units, (at + 1) * units]);
      const kept = nn.sigmoid(gate(1)).mul(c);
      c = kept.add(nn.sigmoid(gate(0)).mul(np.tanh(gate(2))));
      h = nn.sigmoid(gate(3)).mul(np.tanh(c.ref));
      gates.dispose();
    }
    inputs.dispose();
    w!.dispose();
    c.dispose();
    return h;
  };
}

function transformer(jax: Jax, { width, heads }: Extract<Layer, { kind: "transformer" }>): Apply {
  const { numpy: np, nn } = jax;
  return (x, p) => {
    const [batch, places] = x.shape as [number, number];
    const depth = width / heads;
    const dense = (y: A, at: number) => np.matmul(y, p[at]!).add(p[at + 1]!);
    const rows = x.reshape([batch * places, width]);
    const normal = norm(jax, rows.ref, p[0]!, p[1]!);
    const byHead = (y: A, perm: readonly number[]) => y.reshape([batch, places, heads, depth]).transpose(perm);
    const q = byHead(dense(normal.ref, 2), [0, 2, 1, 3]);
    const k = byHead(dense(normal.ref, 4), [0, 2, 3, 1]);
    const v = byHead(dense(normal, 6), [0, 2, 1, 3]);
    const weights = nn.softmax(np.matmul(q, k).mul(1 / Math.sqrt(depth)), -1);
    const mixed = np
      .matmul(weights, v)
      .transpose([0, 2, 1, 3])
      .reshape([batch * places, width]);
    const middle = rows.add(dense(mixed, 8));
    const inner = nn.gelu(dense(norm(jax, middle.ref, p[10]!, p[11]!), 12), { approximate: false });
    return middle.add(dense(inner, 14)).reshape([batch, places, width]);
  };
}
