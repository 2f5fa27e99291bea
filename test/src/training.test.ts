// What surrounds the formulas of optimisers: clipping, decay of some parameters, accumulation, averages, freezing.
import { describe, expect, test } from "vitest";
import { compile } from "#src/compile.js";
import { tensor } from "#src/creation.js";
import { Graph } from "#src/graph.js";
import * as nn from "#src/nn/index.js";
import * as optim from "#src/optim/index.js";
import { type Parameter, parameter } from "#src/parameter.js";
import type { Tensor } from "#src/tensor.js";

/** Two parameters whose gradients are the numbers given. */
function pair(): { readonly a: Parameter; readonly b: Parameter } {
  const [a, b] = [parameter([2], 0, { name: "a" }), parameter([], 0, { name: "b" })];
  return { a, b } as never;
}
const steepness = (a: Tensor, b: Tensor, ga: Tensor, gb: Tensor) => a.mul(ga).sum().add(b.mul(gb));

/** What a step of rate 1 subtracts from both, compiled and eager. */
function stepsOf(make: () => optim.Optimizer, ga: readonly number[], gb: number): readonly (readonly number[])[] {
  const [one, two] = [pair(), pair()];
  const g = new Graph();
  const loss = steepness(one.a, one.b, g.input("ga", [2]), g.input("gb", []));
  compile({ updates: make().minimize(loss) }).run({ ga, gb });
  make().minimize(() => steepness(two.a, two.b, tensor(ga), tensor(gb)));
  return [one, two].map(({ a, b }) => [...a.data(), b.item()].map((x) => -x));
}

describe("clipping", () => {
  const sgd = (clip: optim.Clip) => () => optim.sgd({ lr: 1, clip });

  test.each<[string, optim.Clip, readonly number[]]>([
    ["by value", { value: 2 }, [2, -2, 2]],
    ["by norm: each tensor for itself", { norm: 2.5 }, [1.5, -2, 2.5]],
    ["by global norm: √(9 + 16 + 144) = 13", { globalNorm: 6.5 }, [1.5, -2, 6]],
    ["nothing above the limit: nothing changes", { globalNorm: 13 }, [3, -4, 12]],
  ])("%s", (_, clip, want) => {
    for (const have of stepsOf(sgd(clip), [3, -4], 12)) want.forEach((x, i) => expect(have[i]).toBeCloseTo(x, 5));
  });

  test.each<[string, optim.Clip, readonly number[], readonly number[]]>([
    ["NaN stays NaN by value", { value: 1 }, [NaN, 0.5], [NaN, 0.5, 0.5]],
    ["NaN makes its own tensor NaN by norm", { norm: 1 }, [NaN, 0.5], [NaN, NaN, 0.5]],
    ["NaN makes all NaN by global norm", { globalNorm: 1 }, [NaN, 0.5], [NaN, NaN, NaN]],
    ["infinity becomes the limit by value", { value: 1 }, [-Infinity, 0.5], [-1, 0.5, 0.5]],
    ["infinity makes all NaN by global norm, not zero", { globalNorm: 1 }, [Infinity, 0.5], [NaN, NaN, NaN]],
  ])("%s", (_, clip, gradient, want) => {
    for (const have of stepsOf(sgd(clip), gradient, 0.5)) expect(have).toEqual(want);
  });

  test("a gradient of zeros stays zero, whatever the norm is divided by", () => {
    for (const have of stepsOf(sgd({ globalNorm: 1 }), [0, 0], 0)) expect(have.map(Math.abs)).toEqual([0, 0, 0]);
  });

  test("clipByGlobalNorm gives the norm before clipping, and apply takes what was clipped", () => {
    const { a, b } = pair();
    const { gradients, norm } = optim.clipByGlobalNorm([tensor([3, -4]), tensor(12)], 6.5);
    expect(norm.item()).toBe(13);
    optim.sgd({ lr: 1 }).apply([[a, gradients[0]!], [b, gradients[1]!]]); // prettier-ignore
    expect([...a.data(), b.item()]).toEqual([-1.5, 2, -6]);
  });
});

test("decays says which parameters decay: here those of rank 1", () => {
  const make = () => optim.sgd({ lr: 0.5, weightDecay: 0.5, decays: (p) => p.rank === 1 });
  const { a, b } = pair();
  a.assign([4, 8]);
  b.assign(4);
  make().minimize(() => steepness(a, b, tensor([0, 0]), tensor(0)));
  expect([...a.data(), b.item()]).toEqual([3, 6, 4]);
});

test("maximize goes up", () => {
  const [w, v] = [parameter([], 1), parameter([], 1)];
  const x = new Graph().input("x", []);
  compile({ updates: optim.sgd({ lr: 0.5 }).maximize(w.mul(x)) }).run({ x: 2 });
  expect(w.item()).toBe(2);
  expect(optim.sgd({ lr: 0.5 }).maximize(() => v.mul(3))).toBe(3);
  expect(v.item()).toBe(2.5);
});

describe("accumulation", () => {
  test("two small batches make the step of one large one", () => {
    const [w, v] = [parameter([], 1), parameter([], 1)];
    const [x, y] = [new Graph().input("x", ["batch"]), new Graph().input("x", ["batch"])];
    const errorOf = (p: Tensor, input: Tensor) => input.mul(p).sub(3).pow(2).mean();
    const small = compile({ updates: optim.accumulate(2, optim.adam({ lr: 0.1 })).minimize(errorOf(w, x)) });
    const large = compile({ updates: optim.adam({ lr: 0.1 }).minimize(errorOf(v, y)) });
    for (let i = 0; i < 5; i++) {
      const before = w.item();
      small.run({ x: [1, 2] });
      expect(w.item()).toBe(before);
      small.run({ x: [3, 4] });
      large.run({ x: [1, 2, 3, 4] });
      expect(w.item()).toBeCloseTo(v.item(), 6);
    }
  });
});

describe("averages", () => {
  /** w goes 0, −1, −2, …; with d = 0.5 the average follows. */
  const run = (compiled: boolean) => {
    const w = parameter([], 0, { name: "w" });
    const optimizer = optim.ema(optim.sgd({ lr: 1 }), { decay: 0.5 });
    const train = compiled ? compile({ updates: optimizer.minimize(w.mul(new Graph().input("x", []))) }) : null;
    for (let i = 0; i < 3; i++) {
      if (train) train.run({ x: 1 });
      else optimizer.minimize(() => w.mul(1));
    }
    return { w, optimizer };
  };

  test.each([true, false])("a ← (a + w)/2 after each step; compiled: %s", (compiled) => {
    const { w, optimizer } = run(compiled);
    expect(w.item()).toBe(-3);
    expect(optimizer.averages.get(w)!.item()).toBe(-2.125);
  });

  test("withAverages evaluates with them and puts the weights back, after an error too", () => {
    const { w, optimizer } = run(true);
    const predict = compile({ outputs: { y: new Graph().input("x", []).mul(w) } });
    expect(optimizer.withAverages(() => predict.run({ x: 2 }).y.data[0])).toBe(-4.25);
    expect(optimizer.withAverages(() => w.item())).toBe(-2.125);
    expect(() =>
      optimizer.withAverages(() => {
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(() => optimizer.withAverages(() => Promise.resolve(1))).toThrow("withAverages: an asynchronous function");
    expect(w.item()).toBe(-3);
  });

  test("averages that were loaded are there before the next step", () => {
    const { w, optimizer } = run(true);
    const other = parameter([], 0, { name: "w" });
    const fresh = optim.ema(optim.sgd({ lr: 1 }), { decay: 0.5 });
    nn.loadState({ w: other }, nn.stateOf({ w }, optimizer), fresh);
    expect(fresh.withAverages(() => other.item())).toBe(-2.125);
  });

  test("an average starts with the weight as it is at the first step", () => {
    const w = parameter([], 7);
    w.assign(9);
    const optimizer = optim.ema(optim.sgd({ lr: 0 }));
    compile({ updates: optimizer.minimize(w.mul(new Graph().input("x", []))) }).run({ x: 1 });
    expect(optimizer.averages.get(w)!.item()).toBeCloseTo(9, 5);
  });
});

test("frozen layers do not move", () => {
  const [first, second] = [nn.dense(2, 2), nn.dense(2, 1)];
  const model = nn.sequential(first, second);
  const before = first.weight.toArray();
  const loss = (x: Tensor) => model(x).mean();
  const trained = nn.parametersExcept(model, first);
  expect(trained).toEqual([second.weight, second.bias]);
  optim.adam().minimize(() => loss(tensor([[1, 2]])), trained);
  expect(first.weight.toArray()).toEqual(before);
  const updates = optim.sgd({ lr: 1 }).minimize(loss(new Graph().input("x", [1, 2])), trained);
  expect([...updates.keys()]).toEqual(trained);
});

const w = () => parameter([2], 1, { name: "w" });
test.each<[string, () => unknown]>([
  ["adam: lr is -1, not a number from 0 up", () => optim.adam({ lr: -1 })],
  ["sgd: lr is undefined, not a number from 0 up", () => optim.sgd({} as never)],
  ["adam: it takes options such as { lr: … }, not 0.1", () => optim.adam(0.1 as never)],
  ["sgd: it takes options such as { lr: … }, not undefined", () => optim.sgd(undefined as never)],
  ["sgd: lr is NaN, not a number from 0 up", () => optim.sgd({ lr: NaN })],
  ["sgd: lr is f32[2], not a float scalar", () => optim.sgd({ lr: tensor([1, 2]) })],
  ["sgd: momentum is 1, not in 0 ≤ momentum < 1", () => optim.sgd({ lr: 1, momentum: 1 })],
  ["sgd: averaged and nesterov need a momentum above 0", () => optim.sgd({ lr: 1, nesterov: true })],
  ["adam: beta2 is 1.1, not in 0 ≤ beta2 < 1", () => optim.adam({ beta2: 1.1 })],
  ["lion: weightDecay is -0.1, not a number from 0 up", () => optim.lion({ weightDecay: -0.1 })],
  [
    "adagrad: it has no option learningRate; there are lr, eps, initial, clip, l2, weightDecay, decays",
    () => optim.adagrad({ learningRate: 1 } as never),
  ],
  ["adam: clip has nothing, not one of value, norm, globalNorm", () => optim.adam({ clip: {} as never })],
  ["adam: clip.norm is 0, not a number above 0", () => optim.adam({ clip: { norm: 0 } })],
  ["accumulate: batches is 0, not a whole number from 1 up", () => optim.accumulate(0, optim.adam())],
  ["ema: decay is 1, not in 0 ≤ decay < 1", () => optim.ema(optim.adam(), { decay: 1 })],
  ["globalNorm: it is given no tensors", () => optim.globalNorm([])],
  ["apply: there are no gradients", () => optim.adam().apply([])],
  ["apply: the gradient of parameter w, f32[2], is f32[3]", () => optim.adam().apply([[w(), tensor([1, 2, 3])] as never])], // prettier-ignore
  ["minimize: it is given no parameters to train", () => optim.adam().minimize(w().sum(), [])],
])("%s", (message, make) => expect(make).toThrow(message));
