// Optimisers against plain float64 code, compiled and eager, taking turns too.
import { describe, expect, test } from "vitest";
import { compile } from "#src/compile.js";
import { tensor } from "#src/creation.js";
import { Graph } from "#src/graph.js";
import * as optim from "#src/optim/index.js";
import { parameter } from "#src/parameter.js";
import type { Tensor } from "#src/tensor.js";
import { type PlainOptimizer, plainOptimizers } from "./plain-optimizers.js";

/** w₀ = (1, −2), loss = Σ a·w², gradient 2·a·w with factors a that change from step to step. */
const start = [1, -2];
const factorsAt = (t: number) => [1 + Math.sin(t), 3 - Math.cos(2 * t)];
const lossOf = (w: Tensor, a: Tensor) => w.mul(w).mul(a).sum();

/** The weights after so many steps, by plain code. */
function plain({ step, start: state = [] }: PlainOptimizer, steps: number): number[] {
  const states = start.map(() => [0, 1, 2].map((i) => state[i] ?? 0));
  let w = [...start];
  for (let t = 1; t <= steps; t++) w = w.map((x, i) => step(x, 2 * factorsAt(t)[i]! * x, states[i]!, t));
  return w;
}

const near = (have: ArrayLike<number>, want: readonly number[], most = 1e-11) =>
  want.forEach((x, i) => expect(Math.abs(have[i]! - x), `element ${i}`).toBeLessThan(most));

const weights = () => parameter([2], start, { name: "w", dtype: "f64" });
const factorInput = () => new Graph().input("a", [2], "f64");
const factorTensor = (t: number) => tensor(factorsAt(t), { shape: [2], dtype: "f64" });

describe.each(plainOptimizers)("$name does what its formula says", (rule) => {
  test("compiled", () => {
    const w = weights();
    const train = compile({ updates: rule.make().minimize(lossOf(w, factorInput())) });
    for (let t = 1; t <= 20; t++) train.run({ a: factorsAt(t) });
    near(w.data(), plain(rule, 20));
  });

  test("compiled, in f32", () => {
    const w = parameter([2], start, { name: "w" });
    const train = compile({ updates: rule.make().minimize(lossOf(w, new Graph().input("a", [2]))) });
    for (let t = 1; t <= 20; t++) train.run({ a: factorsAt(t) });
    near(w.data(), plain(rule, 20), 1e-4);
  });

  test("its state does not end among the denormal numbers", () => {
    const w = parameter([2], start, { name: "w" });
    const train = compile({ updates: rule.make().minimize(lossOf(w, new Graph().input("a", [2]))) });
    for (let t = 1; t <= 1200; t++) train.run({ a: t === 1 ? [1, 3] : [0, 0] });
    const state = train.parameters.flatMap((p) => Array.from(p.data()));
    expect(state.filter((x) => x !== 0 && Math.abs(x) < 2 ** -126)).toEqual([]);
  });

  test("eager", () => {
    const w = weights();
    const optimizer = rule.make();
    for (let t = 1; t <= 20; t++) optimizer.minimize(() => lossOf(w, factorTensor(t)));
    near(w.data(), plain(rule, 20));
  });

  test("compiled and eager steps in turn share their state", () => {
    const w = weights();
    const optimizer = rule.make();
    const train = compile({ updates: optimizer.minimize(lossOf(w, factorInput())) });
    for (let t = 1; t <= 10; t += 2) {
      train.run({ a: factorsAt(t) });
      optimizer.minimize(() => lossOf(w, factorTensor(t + 1)));
    }
    near(w.data(), plain(rule, 10));
  });
});

test("minimize gives the loss before the step", () => {
  const w = parameter([2], start);
  expect(optim.sgd({ lr: 0.1 }).minimize(() => w.mul(w).sum())).toBe(5);
});

test("the rate may be an input", () => {
  const w = parameter([], 1);
  const g = new Graph();
  const [x, lr] = [g.input("x", []), g.input("lr", [])];
  const train = compile({ updates: optim.sgd({ lr }).minimize(w.mul(x)) });
  train.run({ x: 2, lr: 0.25 });
  expect(w.item()).toBe(0.5);
});

test("integers and counters are not trained", () => {
  const w = parameter([], 1, { name: "w" });
  const n = parameter([], 1, { name: "n", trainable: false });
  const x = new Graph().input("x", []);
  expect([...optim.sgd({ lr: 1 }).minimize(w.mul(n).mul(x)).keys()].map((p) => p.name)).toEqual(["w"]);
});

test("a loss without trainable parameters is refused", () => {
  const x = new Graph().input("x", []);
  expect(() => optim.sgd({ lr: 1 }).minimize(x)).toThrow("minimize: the loss depends on no trainable parameter");
});

test("the state is named after its parameters", () => {
  const w = parameter([2], start, { name: "fc/weight" });
  const optimizer = optim.adam();
  optimizer.minimize(() => w.mul(w).sum());
  expect(optimizer.state.map((p) => p.name)).toEqual(["adam.step", "fc/weight/adam.mean", "fc/weight/adam.square"]);
});
