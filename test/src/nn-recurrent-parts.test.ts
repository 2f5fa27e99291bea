// What surrounds recurrent cells: parameter counts, directions, stacks, gradients by step.
import { describe, expect, test } from "vitest";
import { compile, Device, Graph, nn, scan, tensor, type Tensor } from "gradloom";
import { Random } from "#src/random.js";

const waves = (count: number, at = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + at) * 0.9);
const close = (found: ArrayLike<number>, want: ArrayLike<number>) => {
  expect(found.length).toBe(want.length);
  Array.from(found).forEach((x, i) => expect(x).toBeCloseTo(want[i]!, 5));
};
const count = (layer: nn.LayerInfo) => layer.parameters.reduce((sum, p) => sum + p.count, 0);

describe("parameters", () => {
  test.each([
    ["SimpleRNN(128)", nn.rnn(64, 128), 24_704],
    ["LSTM(128)", nn.lstm(64, 128), 98_816],
    ["GRU(128)", nn.gru(64, 128), 74_496],
    ["GRU(128, reset_after=False)", nn.gru(64, 128, { reset: "before" }), 74_112],
    ["Bidirectional(LSTM(128))", nn.bidirectional(nn.lstm(64, 128), nn.lstm(64, 128)), 197_632],
    ["LSTM with peepholes", nn.lstm(64, 128, { peepholes: true }), 98_816 + 3 * 128],
  ])("of %s are as many as Keras has", (_, layer, want) => {
    expect(count(layer)).toBe(want);
  });

  test("gate f is biased to remember, weights for states are orthogonal", () => {
    const [, recurrentWeight, bias] = nn.lstm(3, 4).parameters;
    expect(bias!.toArray()).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    const w = tensor(recurrentWeight!.data() as Float32Array, { shape: [4, 16] });
    close(w.matmul(w.transpose()).data(), [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  });

  test("an orthogonal matrix with more rows than columns has orthogonal columns, `gain` long", () => {
    const next = nn.initializers.orthogonal(2)([5, 2]);
    const random = new Random(1);
    const w = tensor(
      Float32Array.from({ length: 10 }, () => next(random)),
      { shape: [5, 2] },
    );
    close(w.transpose().matmul(w).data(), [4, 0, 0, 4]);
  });

  test("a summary lists the layers of a stack", () => {
    const model = nn.sequential(
      nn.embedding(50, 8, { name: "ids" }),
      nn.stacked([nn.lstm(8, 4, { name: "below" }), nn.gru(4, 3, { name: "above", returns: "last" })]),
      nn.dense(3, 2, { name: "head" }),
    );
    const { rows } = nn.summarize(model, ["batch", 7], "i32");
    expect(rows.map((row) => [row.name, row.kind, row.output, row.parameters])).toEqual([
      ["ids", "embedding", "f32[batch,7,8]", 400],
      ["below", "lstm", "f32[batch,7,4]", 208],
      ["above", "gru", "f32[batch,3]", 81],
      ["head", "dense", "f32[batch,2]", 8],
    ]);
  });
});

describe("lengths", () => {
  test("an example of a length is what it is when it is as long as that", () => {
    const layer = nn.bidirectional(nn.gru(3, 2), nn.gru(3, 2));
    const x = tensor(waves(2 * 4 * 3), { shape: [2, 4, 3] });
    const { output, state } = layer.run(x, { lengths: tensor([4, 2], { dtype: "i32" }) });
    const short = layer.run(x.slice([1, 0, 0], [1, 2, 3]));
    close(output.slice([1, 0, 0], [1, 2, 4]).data(), short.output.data());
    expect([...output.slice([1, 2, 0], [1, 2, 4]).data()]).toEqual(new Array(8).fill(0));
    state.forEach((s, i) => close(s.slice([1, 0], [1, 2]).data(), short.state[i]!.data()));
  });

  test("one beyond the sequence stops the run, with the name of the layer", () => {
    const layer = nn.lstm(3, 2, { name: "reader" });
    const x = tensor(waves(12), { shape: [2, 2, 3] });
    const given =
      (...lengths: number[]) =>
      () =>
        layer(x, { lengths: tensor(lengths, { dtype: "i32" }) }).data();
    expect(given(2, 3)).toThrow("reader: length 3 is out of range 0 to 2");
    expect(given(-1, 2)).toThrow("reader: length -1 is out of range 0 to 2");
    const graph = new Graph();
    const [input, lengths] = [graph.input("x", ["batch", "time", 3]), graph.input("lengths", ["batch"], "i32")];
    const e = compile({ outputs: { y: layer(input, { lengths }) } });
    const feeds = (length: number) => ({ x: { data: waves(12), shape: [2, 2, 3] }, lengths: [2, length] });
    expect(() => e.run(feeds(3))).toThrow("reader: length 3 is out of range 0 to 2");
    close(e.run(feeds(1)).y.data, layer(x, { lengths: tensor([2, 1], { dtype: "i32" }) }).data());
  });
});

describe("bidirectional", () => {
  test("is one layer forward and another one backward, side by side or added", () => {
    const [a, b] = [nn.rnn(3, 2), nn.rnn(3, 2)];
    const x = tensor(waves(2 * 4 * 3), { shape: [2, 4, 3] });
    const [forward, backward] = [a(x), b(x.reverse(1)).reverse(1)];
    close(nn.bidirectional(a, b, { merge: "sum" })(x).data(), forward.add(backward).data());
    const both = nn.bidirectional(a, b)(x);
    expect(both.shape).toEqual([2, 4, 4]);
    close(both.slice([0, 0, 0], [2, 4, 2]).data(), forward.data());
    close(both.slice([0, 0, 2], [2, 4, 2]).data(), backward.data());
  });
});

describe("stacked", () => {
  test("hands outputs up and keeps all states, in both modes", () => {
    const [below, above] = [nn.lstm(3, 4), nn.gru(4, 2)];
    const stack = nn.stacked([below, above]);
    const x = tensor(waves(2 * 5 * 3), { shape: [2, 5, 3] });
    const first = below.run(x);
    const second = above.run(first.output);
    const { output, state } = stack.run(x);
    close(output.data(), second.output.data());
    close(state[0].c.data(), first.state.c.data());
    close(state[1].data(), second.state.data());
    const e = compile((at) => ({ y: stack(at.x) }), { x: ["batch", 5, 3] });
    close(e.run({ x: { data: waves(2 * 5 * 3), shape: [2, 5, 3] } }).y.data, output.data());
  });

  test("its steps one by one are the same as all at once", () => {
    const stack = nn.stacked([nn.lstm(3, 4), nn.rnn(4, 2)]);
    const x = tensor(waves(2 * 5 * 3), { shape: [2, 5, 3] });
    let state = stack.zeros(x);
    for (let t = 0; t < 5; t++) {
      const [y, next] = stack.step(x.slice([0, t, 0], [2, 1, 3]).reshape([2, 3]), state);
      close(y.data(), stack(x).slice([0, t, 0], [2, 1, 2]).data());
      state = next;
    }
  });

  test("drops in training alone, between layers alone", () => {
    const same = (rate: number) =>
      nn.stacked([nn.rnn(3, 20, { seed: 1 }), nn.rnn(20, 4, { seed: 2 })], { dropout: rate });
    const x = tensor(waves(30), { shape: [2, 5, 3] });
    const want = same(0)(x).data();
    expect(same(0.5)(x).data()).toEqual(want);
    expect(same(0.5)(x, { training: true }).data()).not.toEqual(want);
    expect(
      nn
        .stacked([nn.rnn(3, 4, { seed: 1 })], { dropout: 0.5 })(x, { training: true })
        .data(),
    ).toEqual(nn.rnn(3, 4, { seed: 1 })(x).data());
  });
});

describe("gradients by the states of all steps", () => {
  test("shrink by the weight at every step of a linear layer, back to the first one that counts", () => {
    const layer = nn.rnn(1, 1, { activation: "relu", bias: false });
    layer.parameters.forEach((p) => p.assign([[0.5]]));
    const x = tensor([[[1], [1], [1], [1]]]);
    const nudge = layer.nudges(x);
    const loss = layer.run(x, { nudge }).state.sum();
    expect([...nn.stateGradientNorms(loss, nudge).data()]).toEqual([0.125, 0.25, 0.5, 1]);
  });

  test("compiled and eager ones agree, over both tensors of an LSTM's state", () => {
    const layer = nn.lstm(3, 4);
    const norms = (x: Tensor) => {
      const nudge = layer.nudges(x);
      return nn.stateGradientNorms(layer(x, { nudge }).mul(2).tanh().sum(), nudge);
    };
    const eager = norms(tensor(waves(30), { shape: [2, 5, 3] })).data();
    const e = compile(({ x }) => ({ y: norms(x) }), { x: [2, 5, 3] });
    close(e.run({ x: waves(30) }).y.data, eager);
    expect(eager.every((v: number) => v > 0)).toBe(true);
  });
});

test.each(["interpret", "js", "wasm"] as const)("a cell in a loop of one's own, on %s", (backend) => {
  const [w, u, b] = [waves(24, 1), waves(16, 2), waves(8, 3)];
  const loop = ({ x, w, u, b }: Record<"x" | "w" | "u" | "b", Tensor>) => {
    const init = { h: x.slice([0, 0, 0], [1, 2, 2]).reshape([2, 2]), c: x.slice([1, 0, 0], [1, 2, 2]).reshape([2, 2]) };
    const weights = { inputWeight: w, recurrentWeight: u, bias: b };
    const [last] = scan(
      (state: nn.LstmState, xt: Tensor) => [nn.lstmCell(xt, state, weights)],
      init as nn.LstmState,
      x,
    );
    return { h: (last as nn.LstmState).h, c: (last as nn.LstmState).c };
  };
  const shapes = { x: [4, 2, 3], w: [3, 8], u: [2, 8], b: [8] } as const;
  const e = compile(loop as never, shapes as never, { device: new Device({ backend }) });
  const found = e.run({ x: waves(24), w, u, b } as never) as unknown as Record<"h" | "c", { data: Float32Array }>;
  const eager = loop({
    x: tensor(waves(24), { shape: [4, 2, 3] }) as never,
    w: tensor(w, { shape: [3, 8] }) as never,
    u: tensor(u, { shape: [2, 8] }) as never,
    b: tensor(b) as never,
  });
  close(found.h.data, eager.h.data());
  close(found.c.data, eager.c.data());
});
