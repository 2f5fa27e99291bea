// Recurrent layers from run to run, and what is wrong with calls of them.
import { describe, expect, test } from "vitest";
import { Graph, compile, nn, optim, tensor } from "gradloom";

const waves = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + 1) * 0.9);
const close = (found: ArrayLike<number>, want: ArrayLike<number>) => {
  expect(found.length).toBe(want.length);
  Array.from(found).forEach((x, i) => expect(x).toBeCloseTo(want[i]!, 5));
};

describe("stateful", () => {
  const x = waves(2 * 6 * 3);
  const half = (at: number) => tensor(x, { shape: [2, 6, 3] }).slice([0, 3 * at, 0], [2, 3, 3]);
  const make = () => nn.stateful(nn.stacked([nn.lstm(3, 4, { seed: 1 }), nn.gru(4, 2, { seed: 2 })]), 2);
  const whole = nn.stacked([nn.lstm(3, 4, { seed: 1 }), nn.gru(4, 2, { seed: 2 })])(tensor(x, { shape: [2, 6, 3] }));

  test("two halves of a sequence are the whole, compiled", () => {
    const layer = make();
    const input = new Graph().input("x", [2, 3, 3]);
    const y = layer(input, { training: true });
    const e = compile({ outputs: { y }, updates: optim.sgd({ lr: 0 }).minimize(y.sum()) });
    for (const at of [0, 1]) {
      const found = e.run({ x: half(at).data() as Float32Array }).y.data;
      close(found, whole.slice([0, 3 * at, 0], [2, 3, 2]).data());
    }
    expect(layer.carried[1].data().some((v: number) => v !== 0)).toBe(true);
    layer.forget();
    close(e.run({ x: half(0).data() as Float32Array }).y.data, whole.slice([0, 0, 0], [2, 3, 2]).data());
  });

  test("two halves of a sequence are the whole, eager", () => {
    const layer = make();
    for (const at of [0, 1]) {
      let found: ArrayLike<number> = [];
      optim.sgd({ lr: 0 }).minimize(() => {
        const y = layer(half(at), { training: true });
        found = y.data();
        return y.sum();
      });
      close(found, whole.slice([0, 3 * at, 0], [2, 3, 2]).data());
    }
    expect([...nn.namedParameters({ layer }).keys()].filter((path) => path.includes("state"))).toEqual([
      "layer/state1.h",
      "layer/state1.c",
      "layer/state2",
    ]);
  });
});

describe("mistakes", () => {
  const x = tensor(waves(12), { shape: [2, 2, 3] });
  const layer = nn.rnn(3, 2, { name: "r" });
  test.each([
    ["no time", () => layer(tensor([[1, 2, 3]])), "r: x is f32[1,3], not [batch, time, features]"],
    ["floats for lengths", () => layer(x, { lengths: tensor([1, 2]) }), "r: lengths are f32[2], not i32[2]"],
    [
      "a state of another batch",
      () => layer(x, { initial: tensor([[1, 2]]) }),
      "r: the initial state is f32[1,2], not f32[2,2]",
    ],
    [
      "nothing to return",
      () => nn.rnn(3, 2, { name: "q", returns: "all" as never }),
      'q: it returns "sequence" or "last", not all',
    ],
    [
      "a last output in the middle",
      () => nn.stacked([nn.rnn(3, 2, { name: "q", returns: "last" }), layer], { name: "s" }),
      "s: q returns its last output alone, but a layer follows it",
    ],
    [
      "two ways to return",
      () => nn.bidirectional(nn.rnn(3, 2, { returns: "last" }), layer, { name: "s" }),
      's: one direction returns "last", the other "sequence"',
    ],
    [
      "sums of two widths",
      () => nn.bidirectional(nn.rnn(3, 4), layer, { name: "s", merge: "sum" }),
      "s: outputs of 4 and 2 numbers cannot be added",
    ],
    [
      "a step of both directions",
      () => nn.bidirectional(nn.rnn(3, 2), layer, { name: "s" }).step(x, [x, x]),
      "s: a layer that goes backwards has no step to be done alone",
    ],
    [
      "going on backwards",
      () => nn.stateful(layer, 2, { name: "s" })(x, { reverse: true }),
      "s: what goes backwards cannot go on in the next run",
    ],
  ])("%s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});
