// Recurrent layers against their formulas in plain numbers, central differences and TensorFlow.js, in both modes.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { compile, grad, Graph, nn, type Parameter, tensor, type Tensor } from "gradloom";
import { prepareTensorFlow } from "../ops/tensorflow.js";
import {
  type Matrix,
  plainGru,
  plainLstm,
  plainly,
  plainRnn,
  type PlainStep,
  type PlainWeights,
} from "./plain-recurrent.js";

const waves = (count: number, at: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + at) * 0.9);

const [batch, time, inputs, units] = [3, 4, 3, 2];
const f64 = { dtype: "f64" } as const;
const feeds = { x: waves(batch * time * inputs, 1), h: waves(batch * units, 2), c: waves(batch * units, 3) };
const lengths = Int32Array.of(4, 0, 2);
const rowsOf = (data: ArrayLike<number>, width: number): Matrix =>
  Array.from({ length: data.length / width }, (_, i) => Array.from({ length: width }, (_, j) => data[i * width + j]!));

const relu = (x: number) => Math.max(x, 0);
interface Case {
  readonly make: () => unknown;
  readonly step: PlainStep;
}
const cases: Record<string, Case> = {
  "rnn, tanh": { make: () => nn.rnn(inputs, units, f64), step: plainRnn(Math.tanh) },
  "rnn, relu": { make: () => nn.rnn(inputs, units, { ...f64, activation: "relu" }), step: plainRnn(relu) },
  "rnn, no bias": { make: () => nn.rnn(inputs, units, { ...f64, bias: false }), step: plainRnn(Math.tanh) },
  lstm: { make: () => nn.lstm(inputs, units, f64), step: plainLstm },
  "lstm, peepholes": { make: () => nn.lstm(inputs, units, { ...f64, peepholes: true }), step: plainLstm },
  gru: { make: () => nn.gru(inputs, units, f64), step: plainGru("after") },
  "gru, reset before": { make: () => nn.gru(inputs, units, { ...f64, reset: "before" }), step: plainGru("before") },
};
const names = Object.keys(cases);

/** The layer, all of whose parameters, biases too, have numbers that matter. */
function made(name: string): nn.Recurrent {
  const layer = cases[name]!.make() as nn.Recurrent;
  layer.parameters.forEach((p, i) => p.assign(waves(p.count, 4 + i)));
  return layer;
}

const hasC = (layer: nn.Recurrent): boolean => typeof layer.form === "object";
const stateOf = (layer: nn.Recurrent, h: Tensor, c: Tensor) => (hasC(layer) ? { h, c } : h);
const tensorsOf = (state: unknown): readonly Tensor[] =>
  Object.values(state instanceof Object && "h" in state ? state : { h: state }) as never;

/** Outputs and last states by plain numbers, over the whole batch. */
function plain(name: string, layer: nn.Recurrent, options: { readonly reverse: boolean; readonly masked: boolean }) {
  const weights = Object.fromEntries(Object.entries(layer.parts!).map(([key, p]) => [key, (p as Parameter).toArray()]));
  const examples = Array.from({ length: batch }, (_, b) => {
    const xs = rowsOf(feeds.x.subarray(b * time * inputs, (b + 1) * time * inputs), inputs);
    const init = [feeds.h, feeds.c].map((data) => [...data.subarray(b * units, (b + 1) * units)]);
    const own = { reverse: options.reverse, length: options.masked ? lengths[b]! : time };
    return plainly(
      cases[name]!.step,
      xs,
      hasC(layer) ? init : init.slice(0, 1),
      weights as unknown as PlainWeights,
      own,
    );
  });
  const states = examples[0]!.state.map((_, i) => examples.flatMap(({ state }) => state[i]!));
  return [examples.flatMap(({ outputs }) => outputs.flat()), ...states];
}

type Inputs = Readonly<Record<"x" | "h" | "c" | "lengths", Tensor>>;
const specs = {
  x: { shape: ["batch", time, inputs], ...f64 },
  h: { shape: ["batch", units], ...f64 },
  c: { shape: ["batch", units], ...f64 },
  lengths: { shape: ["batch"], dtype: "i32" },
} as const;

function eagerInputs(): Inputs {
  return {
    x: tensor(feeds.x, { shape: [batch, time, inputs] }),
    h: tensor(feeds.h, { shape: [batch, units] }),
    c: tensor(feeds.c, { shape: [batch, units] }),
    lengths: tensor(lengths),
  } as unknown as Inputs;
}

/** What `fn` gives, eager and compiled. */
function inBothModes(fn: (at: Inputs) => readonly Tensor[]): readonly (readonly number[])[][] {
  const eager = fn(eagerInputs()).map((y) => [...y.data()]);
  const named = (at: Inputs) => Object.fromEntries(fn(at).map((y, i) => [`y${i}`, y]));
  const e = compile(named as never, specs as never);
  const used = Object.entries({ ...feeds, lengths }).filter(([name]) => e.inputs.some((x) => x.name === name));
  const results = e.run(Object.fromEntries(used) as never) as Record<string, { readonly data: ArrayLike<number> }>;
  return [eager, Object.keys(results).map((_, i) => Array.from(results[`y${i}`]!.data))];
}

function expectClose(found: ArrayLike<number>, want: ArrayLike<number>, within: number): void {
  expect(found.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) expect(Math.abs(found[i]! - want[i]!), `element ${i}`).toBeLessThan(within);
}

describe.each(names)("%s", (name) => {
  test.each([
    { reverse: false, masked: false },
    { reverse: true, masked: false },
    { reverse: false, masked: true },
    { reverse: true, masked: true },
  ])("is what its formulas say, %o", ({ reverse, masked }) => {
    const layer = made(name);
    const want = plain(name, layer, { reverse, masked });
    const all = inBothModes((at) => {
      const call = { initial: stateOf(layer, at.h, at.c), reverse, ...(masked && { lengths: at.lengths }) };
      const { output, state } = layer.run(at.x, call);
      return [output, ...tensorsOf(state)];
    });
    for (const found of all) found.forEach((y, i) => expectClose(y, want[i]!, 1e-13));
  });

  test("its gradients are those of central differences", () => {
    const layer = made(name);
    const graph = new Graph();
    const x = graph.input("x", ["batch", time, inputs], "f64");
    const h = graph.input("h", ["batch", units], "f64");
    const counted = graph.input("lengths", ["batch"], "i32");
    const { output, state } = layer.run(x, { initial: stateOf(layer, h, h) as never, lengths: counted });
    const loss = tensorsOf(state).reduce((sum: Tensor, s): Tensor => sum.add(s.sum()), output.mul(output).sum());
    const gradients = grad(loss, [x, h, ...layer.parameters]);
    const e = compile({ outputs: Object.fromEntries([loss, ...gradients].map((y, i) => [`y${i}`, y])) });
    const fed = { x: feeds.x.slice(), h: feeds.h.slice(), lengths };
    const first = e.run(fed) as Record<string, { readonly data: Float64Array }>;
    const only = compile({ outputs: { loss } });
    const step = 1e-5;
    const difference = (data: Float64Array, i: number, put = () => {}) => {
      const at = data[i]!;
      const [up, down] = [at + step, at - step].map((v) => {
        data[i] = v;
        put();
        return only.run(fed).loss.data[0]!;
      });
      data[i] = at;
      put();
      return (up! - down!) / (2 * step);
    };
    const check = (found: Float64Array, data: Float64Array, put?: () => void) =>
      expectClose(found, data.map((_, i) => difference(data, i, put)), 1e-8); // prettier-ignore
    check(first.y1!.data, fed.x);
    check(first.y2!.data, fed.h);
    layer.parameters.forEach((p, k) => {
      const data = p.data() as Float64Array;
      check(first[`y${3 + k}`]!.data, data, () => p.assign(data));
    });
  });
});

describe("beside TensorFlow.js", () => {
  beforeAll(prepareTensorFlow, 240_000);

  test("the LSTM and its gradients are those of tf.basicLSTMCell", () => {
    const layer = nn.lstm(inputs, units, { forgetBias: 0 });
    layer.parameters.forEach((p, i) => p.assign(waves(p.count, i).slice()));
    const [u, w, b] = layer.parameters.map((p) => p.toArray()) as [Matrix, Matrix, readonly number[]];
    // Its gates are i, c, f, o; input and state are one vector.
    const order = [0, 2, 1, 3].flatMap((k) => Array.from({ length: units }, (_, j) => k * units + j));
    const kernel = tf.tensor2d([...u, ...w].map((row) => order.map((j) => row[j]!)));
    const bias = tf.tensor1d(order.map((j) => b[j]!));
    const x = tf.tensor3d([...feeds.x], [batch, time, inputs], "float32");
    const loss = (all: tf.Tensor, k: tf.Tensor): tf.Scalar => {
      let [c, h] = [tf.zeros([batch, units]), tf.zeros([batch, units])] as [tf.Tensor2D, tf.Tensor2D];
      let sum: tf.Tensor = tf.scalar(0);
      for (let t = 0; t < time; t++) {
        const xt = tf.reshape(tf.slice(all, [0, t, 0], [batch, 1, inputs]), [batch, inputs]) as tf.Tensor2D;
        [c, h] = tf.basicLSTMCell(0, k as tf.Tensor2D, bias, xt, c, h);
        sum = tf.add(sum, tf.sum(tf.square(h)));
      }
      return sum as tf.Scalar;
    };
    const want = [
      loss(x, kernel).dataSync(),
      ...tf
        .grads(loss)([x, kernel])
        .map((g) => g.dataSync()),
    ];
    const ours = layer(tensor(Float32Array.from(feeds.x), { shape: [batch, time, inputs] }));
    const input = tensor(Float32Array.from(feeds.x), { shape: [batch, time, inputs] }) as Tensor;
    const total = layer(input).mul(layer(input)).sum();
    expect(ours.shape).toEqual([batch, time, units]);
    const [dx, du, dw] = grad(total, [input, ...layer.parameters]);
    expectClose(total.data(), want[0]!, 1e-5);
    expectClose(dx.data(), want[1]!, 1e-5);
    const rows = [...(du!.toArray() as unknown as Matrix), ...(dw!.toArray() as unknown as Matrix)];
    expectClose(rows.flatMap((row) => order.map((j) => row[j]!)), want[2]!, 2e-5); // prettier-ignore
  });
});
