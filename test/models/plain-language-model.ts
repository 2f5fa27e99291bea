// The losses of a recurrent language model by TensorFlow.js: the cells' formulas as Keras has them, truncated
// back-propagation that carries the state, clipping by global norm, Adam with a rate along half a cosine.
import * as tf from "@tensorflow/tfjs-core";

export interface PlainWindow {
  readonly x: Int32Array;
  readonly y: Int32Array;
}
export interface PlainSettings {
  readonly kind: "rnn" | "lstm" | "gru";
  readonly size: number;
  readonly width: number;
  readonly units: number;
  readonly rows: number;
  readonly steps: number;
  readonly lr: number;
  /** Over how many steps the rate goes down. */
  readonly decay: number;
}

type Cell = (x: tf.Tensor, state: readonly tf.Tensor[]) => readonly tf.Tensor[];

/** A step of each kind, from its weights: for inputs, for states, the bias, and the GRU's second bias. */
function cellOf(kind: PlainSettings["kind"], units: number, [u, w, b, b2]: readonly tf.Tensor[]): Cell {
  const part = (all: tf.Tensor, gate: number) => tf.slice(all, [0, gate * units], [all.shape[0]!, units]);
  if (kind === "rnn") return (x, [h]) => [tf.tanh(tf.add(tf.add(tf.matMul(x, u!), tf.matMul(h!, w!)), b!))];
  if (kind === "lstm") {
    return (x, [h, c]) => {
      const all = tf.add(tf.add(tf.matMul(x, u!), tf.matMul(h!, w!)), b!);
      const [i, f, o] = [0, 1, 3].map((gate) => tf.sigmoid(part(all, gate))) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const next = tf.add(tf.mul(f, c!), tf.mul(i, tf.tanh(part(all, 2))));
      return [tf.mul(o, tf.tanh(next)), next];
    };
  }
  return (x, [h]) => {
    const [fromX, fromH] = [tf.add(tf.matMul(x, u!), b!), tf.add(tf.matMul(h!, w!), b2!)];
    const [z, r] = [0, 1].map((gate) => tf.sigmoid(tf.add(part(fromX, gate), part(fromH, gate)))) as [tf.Tensor, tf.Tensor]; // prettier-ignore
    const made = tf.tanh(tf.add(part(fromX, 2), tf.mul(r, part(fromH, 2))));
    return [tf.add(tf.mul(z, h!), tf.mul(tf.sub(1, z), made))];
  };
}

/** The loss of each window, trained on in turn; `start` is the table, the weights of the cell, and those of the logits. */
export function tensorFlowLosses(
  settings: PlainSettings,
  start: readonly { readonly data: ArrayLike<number>; readonly shape: readonly number[] }[],
  windows: readonly PlainWindow[],
): readonly number[] {
  const { kind, size, units, rows, steps, lr, decay } = settings;
  let parameters: tf.Tensor[] = start.map(({ data, shape }) => tf.tensor(Float32Array.from(data), [...shape]));
  let state = Array.from({ length: kind === "lstm" ? 2 : 1 }, () => tf.zeros([rows, units]) as tf.Tensor);
  const moments = parameters.map((p) => [new Float64Array(p.size), new Float64Array(p.size)] as const);
  return windows.map(({ x, y }, t) => {
    const ids = tf.tensor2d(x, [rows, steps], "int32");
    const wanted = tf.oneHot(tf.tensor2d(y, [rows, steps], "int32"), size);
    let after = state;
    const loss = (...[table, ...others]: readonly tf.Tensor[]): tf.Tensor => {
      const cell = cellOf(kind, units, others.slice(0, -2));
      const [weight, bias] = others.slice(-2);
      let now: readonly tf.Tensor[] = state;
      let sum: tf.Tensor = tf.scalar(0);
      for (let step = 0; step < steps; step++) {
        const at = tf.reshape(tf.slice(ids, [0, step], [rows, 1]), [rows]);
        now = cell(tf.gather(table!, at), now);
        const logits = tf.add(tf.matMul(now[0]!, weight!), bias!);
        const right = tf.reshape(tf.slice(wanted, [0, step, 0], [rows, 1, size]), [rows, size]);
        sum = tf.sub(sum, tf.sum(tf.mul(right, tf.logSoftmax(logits))));
      }
      after = now.map((s) => tf.keep(tf.clone(s)));
      return tf.div(sum, rows * steps);
    };
    const { value, grads } = tf.valueAndGrads(loss)(parameters);
    state = after;
    const slopes = grads.map((g) => Float64Array.from(g.dataSync()));
    const norm = Math.sqrt(slopes.flatMap((g) => [...g]).reduce((total, g) => total + g * g, 0));
    const rate = (lr * (1 + Math.cos((Math.PI * t) / decay))) / 2;
    parameters = parameters.map((p, k) => {
      const [mean, square] = moments[k]!;
      const next = Float32Array.from(p.dataSync(), (w, i) => {
        const g = slopes[k]![i]! * Math.min(1, 1 / norm);
        mean[i] = 0.9 * mean[i]! + 0.1 * g;
        square[i] = 0.999 * square[i]! + 0.001 * g * g;
        const size = Math.sqrt(square[i]! / (1 - 0.999 ** (t + 1))) + 1e-8;
        return w - (rate * mean[i]!) / (1 - 0.9 ** (t + 1)) / size;
      });
      return tf.tensor(next, p.shape);
    });
    return value.dataSync()[0]!;
  });
}
