// Optimisers against plain float64 code, compiled and eager, taking turns too.
import { describe, expect, test } from "vitest";
import { compile } from "#src/compile.js";
import { tensor } from "#src/creation.js";
import { Graph } from "#src/graph.js";
import * as optim from "#src/optim/index.js";
import { parameter } from "#src/parameter.js";
import type { Tensor } from "#src/tensor.js";

/** w₀ = (1, −2), loss = Σ a·w², gradient 2·a·w with a = (1, 3). */
const start = [1, -2];
const factor = [1, 3];
const lossOf = (w: Tensor, a: Tensor) => w.mul(w).mul(a).sum();

type Step = (w: number, g: number, state: number[], t: number) => number;

const rules: readonly [string, () => optim.Optimizer, Step][] = [
  ["sgd", () => optim.sgd({ lr: 0.05 }), (w, g) => w - 0.05 * g],
  [
    "sgd with momentum",
    () => optim.sgd({ lr: 0.05, momentum: 0.9 }),
    (w, g, s) => {
      s[0] = 0.9 * s[0]! + g;
      return w - 0.05 * s[0];
    },
  ],
  [
    "sgd with Nesterov's momentum",
    () => optim.sgd({ lr: 0.05, momentum: 0.9, nesterov: true }),
    (w, g, s) => {
      s[0] = 0.9 * s[0]! + g;
      return w - 0.05 * (g + 0.9 * s[0]);
    },
  ],
  [
    "momentum",
    () => optim.momentum({ lr: 0.05, momentum: 0.8 }),
    (w, g, s) => {
      s[0] = 0.8 * s[0]! - 0.05 * g;
      return w + s[0];
    },
  ],
  [
    "Nesterov's momentum",
    () => optim.momentum({ lr: 0.05, momentum: 0.8, nesterov: true }),
    (w, g, s) => {
      s[0] = 0.8 * s[0]! - 0.05 * g;
      return w + 0.8 * s[0] - 0.05 * g;
    },
  ],
  [
    "adam",
    () => optim.adam({ lr: 0.1 }),
    (w, g, s, t) => {
      s[0] = 0.9 * s[0]! + 0.1 * g;
      s[1] = 0.999 * s[1]! + 0.001 * g * g;
      return w - (0.1 * (s[0] / (1 - 0.9 ** t))) / (Math.sqrt(s[1] / (1 - 0.999 ** t)) + 1e-8);
    },
  ],
];

function plain(step: Step, steps: number): number[] {
  const state = start.map(() => [0, 0]);
  let w = [...start];
  for (let t = 1; t <= steps; t++) w = w.map((x, i) => step(x, 2 * factor[i]! * x, state[i]!, t));
  return w;
}

const near = (have: ArrayLike<number>, want: readonly number[]) =>
  want.forEach((x, i) => expect(Math.abs(have[i]! - x), `element ${i}`).toBeLessThan(1e-5));

describe.each(rules)("%s", (_, make, step) => {
  test("compiled", () => {
    const w = parameter([2], start, { name: "w" });
    const a = new Graph().input("a", [2]);
    const train = compile({ updates: make().minimize(lossOf(w, a)) });
    for (let t = 0; t < 10; t++) train.run({ a: factor });
    near(w.data(), plain(step, 10));
  });

  test("eager", () => {
    const w = parameter([2], start, { name: "w" });
    const a = tensor(factor);
    const optimizer = make();
    for (let t = 0; t < 10; t++) optimizer.minimize(() => lossOf(w, a));
    near(w.data(), plain(step, 10));
  });

  test("compiled and eager steps in turn share their state", () => {
    const w = parameter([2], start, { name: "w" });
    const optimizer = make();
    const train = compile({ updates: optimizer.minimize(lossOf(w, new Graph().input("a", [2]))) });
    const a = tensor(factor);
    for (let t = 0; t < 5; t++) {
      train.run({ a: factor });
      optimizer.minimize(() => lossOf(w, a));
    }
    near(w.data(), plain(step, 10));
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
