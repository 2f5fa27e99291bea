// Training and inference are chosen by the call; layers note the next values of their state, and steps write them.
import { describe, expect, test } from "vitest";
import { compile } from "#src/compile.js";
import { tensor } from "#src/creation.js";
import { defineModel } from "#src/define-model.js";
import { scope } from "#src/eager/eager.js";
import { Graph } from "#src/graph.js";
import * as nn from "#src/nn/index.js";
import * as optim from "#src/optim/index.js";
import { parameter } from "#src/parameter.js";

/** Counts its training calls and adds the count so far; in inference it doubles. */
function counter(name?: string) {
  const calls = parameter([], 0, { name: "calls", trainable: false });
  const weight = parameter([], 1, { name: "weight" });
  const layer = nn.layer(
    "counter",
    { calls, weight },
    (x, { training }) => {
      if (!training) return x.mul(2);
      const y = x.mul(weight);
      nn.updateState(y, calls, (before) => before.add(1));
      return y;
    },
    name === undefined ? {} : { name },
  );
  return { layer, calls, weight };
}

describe("the call", () => {
  test("inference is the default", () => {
    const { layer } = counter();
    expect(layer(tensor([3])).toArray()).toEqual([6]);
    expect(layer(tensor([3]), {}).toArray()).toEqual([6]);
    expect(layer(tensor([3]), { training: false }).toArray()).toEqual([6]);
    expect(layer(tensor([3]), { training: true }).toArray()).toEqual([3]);
  });

  test("sequential and residual hand it on; plain functions get their input alone", () => {
    const { layer } = counter();
    const given: number[] = [];
    const spy = (...args: Parameters<(x: ReturnType<typeof tensor>) => void>) => {
      given.push(args.length);
      return args[0];
    };
    const model = nn.sequential(spy as never, nn.residual(layer), nn.sequential(layer));
    expect(model(tensor([1]), { training: true }).toArray()).toEqual([2]);
    expect(model(tensor([1])).toArray()).toEqual([6]);
    expect(given).toEqual([1, 1]);
  });

  test("options that are none are refused", () => {
    const { layer } = counter("fancy");
    const x = tensor([1]);
    expect(() => layer(x, true as never)).toThrow("fancy: it is called with true beside its input");
    expect(() => [x].map(layer as never)).toThrow("fancy: it is called with 0 beside its input");
    expect(() => layer(x, { training: 1 } as never)).toThrow("fancy: training is 1, not a boolean");
  });

  test("a residual that changes the shape is refused", () => {
    const layer = nn.residual(nn.dense(2, 3, { name: "wide" }), { name: "skip" });
    expect(() => layer(tensor([[1, 2]]))).toThrow("skip: wide makes f32[1,3] of f32[1,2], which cannot be added to it");
  });
});

describe("state that layers note", () => {
  const sgd = () => optim.sgd({ lr: 0 });

  test("minimize writes it, compiled", () => {
    const { layer, calls } = counter();
    const x = new Graph().input("x", [2]);
    const train = compile({ updates: sgd().minimize(layer(x, { training: true }).sum()) });
    for (let i = 0; i < 3; i++) train.run({ x: [1, 2] });
    expect(calls.item()).toBe(3);
  });

  test("minimize writes it, eager", () => {
    const { layer, calls } = counter();
    for (let i = 0; i < 3; i++) sgd().minimize(() => layer(tensor([1, 2]), { training: true }).sum());
    expect(calls.item()).toBe(3);
  });

  test.each([true, false])("a layer called twice in one step is chained; compiled: %s", (compiled) => {
    const { layer, calls } = counter();
    const twice = nn.sequential(layer, (x) => x.add(1), layer);
    if (compiled) {
      const loss = twice(new Graph().input("x", [2]), { training: true }).sum();
      compile({ updates: sgd().minimize(loss) }).run({ x: [1, 2] });
    } else {
      sgd().minimize(() => twice(tensor([1, 2]), { training: true }).sum());
    }
    expect(calls.item()).toBe(2);
  });

  test("a call that the loss does not depend on writes nothing, nor does inference", () => {
    const [used, unused] = [counter(), counter()];
    const x = new Graph().input("x", [2]);
    unused.layer(x, { training: true });
    const loss = used.layer(x, { training: true }).add(unused.layer(x)).sum();
    expect([...sgd().minimize(loss).keys()]).toEqual([used.calls, used.weight]);
  });

  test("stateUpdates gives it to who writes updates by hand", () => {
    const { layer, calls } = counter();
    const loss = layer(new Graph().input("x", []), { training: true });
    compile({ updates: nn.stateUpdates(loss) }).run({ x: 1 });
    expect(calls.item()).toBe(1);
    scope(() => {
      for (const [p, next] of nn.stateUpdates(layer(tensor(1), { training: true }))) p.assign(next);
    });
    expect(calls.item()).toBe(2);
  });

  test("a parameter that is trained is no state", () => {
    const p = parameter([], 0, { name: "p" });
    const note = () => nn.updateState(tensor(1), p, (before) => before);
    expect(note).toThrow("updateState: parameter p is trainable; state has trainable: false");
  });

  test("what layers note cannot be trained too", () => {
    const { layer, calls } = counter();
    const loss = layer(new Graph().input("x", []), { training: true }).mul(calls);
    expect(() => sgd().minimize(loss, [calls as never])).toThrow(
      "minimize: parameter calls is updated by a layer and cannot be trained too",
    );
  });
});

describe("a model", () => {
  const definition = defineModel({
    name: "counted",
    inputs: { x: ["batch"] },
    model: counter,
    build: ({ x }, { layer }, call) => {
      const y = layer(x, call);
      return { loss: () => y.sub(5).pow(2).mean(), outputs: () => ({ y }) };
    },
    optimizer: () => optim.sgd({ lr: 0.05 }),
    data: () => ({ batches: () => [{ x: [1, 2] }] }),
  });

  test("trains with training calls and predicts with inference", () => {
    const [compiled, eager] = [definition.create(), definition.create()];
    const train = compiled.train();
    for (let i = 0; i < 5; i++) {
      const loss = train.run({ x: [1, 2] }).loss.data[0]!;
      expect(eager.eagerStep({ x: [1, 2] })).toBeCloseTo(loss, 5);
    }
    for (const { model } of [compiled, eager]) expect(model.calls.item()).toBe(5);
    expect(compiled.model.weight.item()).toBeCloseTo(eager.model.weight.item(), 6);
    expect([...compiled.predict().run({ x: [1, 2] }).y.data]).toEqual([2, 4]);
    expect([...eager.eagerPredict({ x: [1, 2] }).y.data]).toEqual([2, 4]);
    expect(compiled.summary().rows.map((row) => row.kind)).toEqual(["counter"]);
  });

  test("trains the parameters that it says", () => {
    const model = () => ({ a: parameter([], 1, { name: "a" }), b: parameter([], 1, { name: "b" }) });
    const instance = defineModel({
      name: "half frozen",
      inputs: { x: [] },
      model,
      build: ({ x }, { a, b }) => ({ loss: x.mul(a).mul(b) }),
      parameters: ({ b }) => [b as never],
      optimizer: () => optim.sgd({ lr: 0.5 }),
      data: () => ({ batches: () => [] }),
    }).create();
    expect(instance.parameters.map((p) => p.name)).toEqual(["b"]);
    instance.train().run({ x: 1 });
    instance.eagerStep({ x: 1 });
    expect([instance.model.a.item(), instance.model.b.item()]).toEqual([1, 0]);
  });

  test("goes on from its state, dropout too, to the bit", () => {
    const dropped = defineModel({
      name: "dropped",
      inputs: { x: ["batch", 4] },
      model: () => nn.sequential(nn.dense(4, 8), nn.dropout(0.5), nn.dense(8, 1)),
      build: ({ x }, model, call) => ({
        loss: () => model(x, call).pow(2).mean(),
        outputs: () => ({ y: model(x, call) }),
      }),
      optimizer: () => optim.adam(),
      data: () => ({ batches: () => [] }),
    });
    const x = [1, 2, 3, 4, -1, 0, 1, 2];
    const [one, other] = [dropped.create(), dropped.create()];
    const train = one.train();
    for (let i = 0; i < 3; i++) train.run({ x });
    other.load(JSON.parse(JSON.stringify(nn.plainState(one.state()))) as nn.PlainState);
    const goOn = other.train();
    for (let i = 0; i < 3; i++) expect(goOn.run({ x }).loss.data[0]).toBe(train.run({ x }).loss.data[0]);
    const twice = [1, 2].map(() => [...one.predict().run({ x }).y.data]);
    expect(twice[0]).toEqual(twice[1]);
  });
});

test("dropout drops in training alone", () => {
  const layer = nn.dropout(0.5);
  const x = tensor(Array.from({ length: 1000 }, () => 1));
  expect(layer(x).data()).toEqual(x.data());
  const kept = layer(x, { training: true }).data();
  expect(new Set(kept)).toEqual(new Set([0, 2]));
  // 1000 throws of a coin: 8 standard deviations.
  expect(Math.abs(kept.filter((v) => v > 0).length - 500)).toBeLessThan(127);
  expect(() => nn.dropout(1, { name: "all" })).toThrow("all: the rate is 1, not in 0 ≤ rate < 1");
});
