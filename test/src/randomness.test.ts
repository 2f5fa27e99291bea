// Random numbers belong to seed, scope, place and run: the same in both modes, on every backend, in every run of a program.
import { beforeEach, describe, expect, it } from "vitest";
import {
  compile,
  type CompileSettings,
  defineModel,
  Graph,
  grad,
  nn,
  optim,
  parameter,
  random,
  type Tensor,
  tensor,
  vmap,
} from "gradloom";
import { Device } from "#runtime/device.js";
import { checkGradients } from "#src/check-gradients.js";

beforeEach(() => random.seed(0));

/** What a model may draw, of a tensor of either mode. */
function draws(x: Tensor): Record<string, Tensor> {
  return {
    uniform: random.uniform([5], { like: x, low: -1, high: 1 }),
    normal: random.normalLike(x),
    integers: random.integers(-3, 4, [7], { like: x }),
    bernoulli: random.bernoulli(0.3, [9], { like: x }),
    byTensor: random.bernoulli(x.sigmoid()),
    categorical: random.categorical(x),
    permutation: random.permutation(11, { like: x }),
    dropout: x.dropout(0.5),
  };
}
const numbers = [0.5, -1, 2, 0.1, 3, -0.2];
const plain = (results: Readonly<Record<string, { readonly data: ArrayLike<number> }>>) =>
  Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data)]));
const plainTensors = (results: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(Object.entries(results).map(([name, x]) => [name, Array.from(x.data())]));

function compiled(settings: CompileSettings = {}) {
  const g = new Graph("draws", { seed: 7 });
  return compile({ outputs: draws(g.input("x", [2, 3])) }, settings);
}

describe("the same bits", () => {
  it("eagerly and compiled, step by step", () => {
    const executable = compiled();
    random.seed(7);
    for (let step = 0; step < 3; step++) {
      const eager = plainTensors(draws(tensor(numbers, { shape: [2, 3] })));
      random.nextStep();
      expect(plain(executable.run({ x: numbers }))).toEqual(eager);
    }
  });

  it.each(["interpret", "js"] as const)("on %s as on wasm", (backend) => {
    const device = new Device({ backend });
    expect(plain(compiled({ device, backend }).run({ x: numbers }))).toEqual(plain(compiled().run({ x: numbers })));
  });

  it("for a batch of a named size as for the number", () => {
    const g = new Graph("named", { seed: 7 });
    const x = g.input("x", ["batch", 3]);
    const y = random.normal(["batch", 2], { like: x });
    const fixed = new Graph("fixed", { seed: 7 });
    const z = random.normal([4, 2], { like: fixed.input("x", [4, 3]) });
    const named = compile({ outputs: { y, x } }).run({ x: new Float32Array(12) });
    expect([...named.y.data]).toEqual([...compile({ outputs: { z } }).run().z.data]);
  });
});

describe("other bits", () => {
  it("in the next run", () => {
    const executable = compiled();
    const [first, second] = [plain(executable.run({ x: numbers })), plain(executable.run({ x: numbers }))];
    for (const name of Object.keys(first)) if (name !== "categorical") expect(first[name]).not.toEqual(second[name]);
  });

  it("for every draw, scope and seed", () => {
    const g = new Graph("four", { seed: 1 });
    const x = g.input("x", [8]);
    const here = [random.normalLike(x), random.normalLike(x)];
    const there = g.scope("there", () => random.normalLike(x));
    const other = new Graph("other", { seed: 2 });
    const { a, b, c } = compile({ outputs: { a: here[0]!, b: here[1]!, c: there } }).run({ x: new Float32Array(8) });
    const { d } = compile({ outputs: { d: random.normalLike(other.input("x", [8])) } }).run({});
    const seen = [a, b, c, d].map(({ data }) => [...data].join());
    expect(new Set(seen).size).toBe(4);
  });

  it("for every element of a vmap", () => {
    const noise = vmap((x: Tensor) => random.normalLike(x));
    const rows = (noise(tensor(new Float32Array(12), { shape: [3, 4] })) as Tensor).toArray();
    expect(new Set((rows as number[][]).map((row) => row.join())).size).toBe(3);
  });
});

describe("the counter of runs", () => {
  it("is updated by whatever reads it, and printed as an update", () => {
    const g = new Graph("counted", { seed: 1 });
    const x = g.input("x", [2]);
    const drawing = compile({ outputs: { y: x.dropout(0.5) } });
    expect([...drawing.graph.updates.keys()]).toHaveLength(1);
    expect(compile({ outputs: { y: x.dropout(0) } }).graph.updates.size).toBe(0);
    drawing.run({ x: [1, 2] });
    drawing.run({ x: [1, 2] });
    expect(drawing.parameters.map((p) => [p.name, p.item()])).toEqual([["random.counter", 2]]);
  });

  it("resumes a run to the bit when it is restored", () => {
    const executable = compiled();
    const counter = executable.parameters[0]!;
    executable.run({ x: numbers });
    const saved = counter.item();
    const after = [executable.run({ x: numbers }), executable.run({ x: numbers })].map(plain);
    counter.assign(saved);
    expect([executable.run({ x: numbers }), executable.run({ x: numbers })].map(plain)).toEqual(after);
  });

  it("stays as it was when a run fails", () => {
    const g = new Graph("fails", { seed: 1 });
    const at = g.input("at", [1], "i32");
    const y = random.normal([4], { like: at }).gather(at);
    const executable = compile({ outputs: { y } });
    expect(() => executable.run({ at: Int32Array.of(9) })).toThrow("out of range");
    expect(executable.parameters[0]!.item()).toBe(0);
  });

  it("is a copy in f64, where choices are the same and numbers agree to the precision of f32", () => {
    const single = compiled();
    const double = compiled({ dtype: "f64" });
    const [a, b] = [plain(single.run({ x: numbers })), plain(double.run({ x: numbers }))];
    for (const name of ["integers", "bernoulli", "byTensor", "categorical", "permutation", "dropout"])
      expect(b[name]).toEqual(a[name]!.map((x) => (name === "dropout" ? expect.closeTo(x, 6) : x)));
    for (const name of ["uniform", "normal"]) expect(b[name]).toEqual(a[name]!.map((x) => expect.closeTo(x, 5)));
  });
});

const model = defineModel({
  name: "drops",
  seed: 5,
  inputs: { x: ["batch", 4], y: ["batch", 2] },
  model: () => [nn.dense(4, 8, { activation: "tanh" }), nn.dense(8, 2)] as const,
  build: ({ x, y }, [first, second]) => {
    const hidden = first(x).dropout(0.5);
    return { loss: () => second(hidden).mse(y) };
  },
  optimizer: () => optim.sgd({ lr: 0.1 }),
  data: () => ({ batches: () => [] }),
});
const feeds = { x: Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)), y: new Float32Array(6).fill(0.5) };

describe("a model with dropout", () => {
  it("trains the same in both modes", () => {
    const [static_, eager] = [model.create(), model.create()];
    const train = static_.train();
    for (let step = 0; step < 5; step++) {
      expect(eager.eagerStep(feeds)).toBeCloseTo(train.run(feeds).loss.data[0]!, 6);
    }
    expect([static_.counter.item(), eager.counter.item()]).toEqual([5, 5]);
  });

  it("has the gradient that central differences give at a fixed counter", () => {
    for (const row of checkGradients(model.create(), feeds, { samples: 40 }).rows) expect(row.error).toBeLessThan(1e-6);
  });

  it("draws for itself: what else the program draws changes nothing", () => {
    const [a, b] = [model.create(), model.create()];
    const before = a.eagerStep(feeds);
    random.normal([100]);
    random.nextStep();
    expect(b.eagerStep(feeds)).toBe(before);
  });
});

describe("dropout", () => {
  it("passes the gradient where it passes the value, scaled alike", () => {
    const x = parameter([1000], 1, { name: "x" });
    const y = x.dropout(0.25);
    const [dx] = grad(y.sum(), [x]);
    expect([...dx!.data()]).toEqual([...y.data()]);
    expect(new Set(y.data())).toEqual(new Set([0, Math.fround(4 / 3)]));
  });

  it("of rate 0 is x itself; NaN that is dropped is gone", () => {
    expect([...tensor([1, NaN]).dropout(0).data()]).toEqual([1, NaN]);
    const y = tensor(new Float32Array(64).fill(NaN)).dropout(0.5).data();
    expect(new Set(y)).toEqual(new Set([0, NaN]));
  });

  it("refuses rates outside of 0 ≤ rate < 1, and integers", () => {
    const x = tensor([1, 2]);
    for (const rate of [1, -0.5, NaN]) expect(() => x.dropout(rate)).toThrow("not in 0 ≤ rate < 1");
    expect(() => tensor(Int32Array.of(1)).dropout(0.5)).toThrow("dropout needs f32 or f64");
  });
});

it("a seed is a whole number from 0", () => {
  for (const seed of [-1, 0.5, NaN, 2 ** 60]) {
    expect(() => random.seed(seed)).toThrow("is no seed");
    expect(() => new Graph("g", { seed })).toThrow("is no seed");
  }
});

it("random.seed starts initial values, graphs and eager numbers anew", () => {
  const all = () => {
    random.seed(42);
    const layer = nn.dense(3, 2);
    const g = new Graph("g");
    const x = g.input("x", [3]);
    const { y } = compile({ outputs: { y: random.normalLike(x) } }).run({ x: [0, 0, 0] });
    return [...layer.weight.data(), ...y.data, ...random.uniform([4]).data()];
  };
  expect(all()).toEqual(all());
});
