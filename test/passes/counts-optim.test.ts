// How many kernels a step of training becomes: a network of 20 tensors (ten dense layers), all updated by the contractions
// that make their gradients, or by one launch. A pin is the count reached: more is a regression, fewer moves the pin.
import { describe, expect, test } from "vitest";
import { compile } from "#src/compile.js";
import { Graph } from "#src/graph.js";
import * as nn from "#src/nn/index.js";
import * as optim from "#src/optim/index.js";
import type { Tensor } from "#src/tensor.js";

const model = nn.sequential(...Array.from({ length: 10 }, () => nn.dense(16, 16, { activation: "tanh" })));
const { schedules } = optim;

/** Kernels of a whole step. */
function kernelsOfStep(optimizer: optim.Optimizer): number {
  const x = new Graph().input("x", [8, 16]);
  const loss = nn.mse(model(x), x);
  return compile({ outputs: { loss }, updates: optimizer.minimize(loss) }).plan().steps.length;
}

/** Kernels of the update alone, of gradients that are given. */
function kernelsOfUpdate(optimizer: optim.Optimizer): number {
  const g = new Graph();
  const gradients = model.parameters.map((p, i) => [p, g.input(`g${i}`, p.shape) as Tensor] as const);
  return compile({ updates: optimizer.apply(gradients) }).plan().steps.length;
}

/** Ten matmuls forward and ten backward, as many as without any update: sgd's stand in the backward ones. */
const contractions = 20;

const programs: readonly [string, () => optim.Optimizer, ofStep: number, ofUpdate: number][] = [
  ["sgd", () => optim.sgd({ lr: 0.1 }), contractions, 1],
  ["sgd with momentum", () => optim.sgd({ lr: 0.1, momentum: 0.9 }), contractions, 1],
  ["rmsprop, centered, with momentum", () => optim.rmsprop({ centered: true, momentum: 0.9 }), contractions, 1],
  ["adagrad", () => optim.adagrad(), contractions, 1],
  ["adadelta", () => optim.adadelta(), contractions, 1],
  ["lion", () => optim.lion(), contractions, 1],
  // Every kernel makes the bias corrections for itself; the last one counts the step at its end.
  ["adam", () => optim.adam(), contractions, 1],
  ["adamW", () => optim.adamW({ decays: (p) => p.rank > 1 }), contractions, 1],
  ["adam with amsgrad", () => optim.adam({ amsgrad: true }), contractions, 1],
  ["adamax", () => optim.adamax(), contractions, 1],
  ["adam by a schedule", () => optim.adam({ lr: schedules.cosine({ lr: 0.1, steps: 100 }) }), contractions, 1],
  ["adam, clipped by value", () => optim.adam({ clip: { value: 1 } }), contractions, 1],
  ["adam with averages", () => optim.ema(optim.adam()), contractions, 1],
  ["adam, accumulated", () => optim.accumulate(4, optim.adam()), contractions, 1],
  // The norm needs all gradients before the first update.
  ["adam, clipped by global norm", () => optim.adam({ clip: { globalNorm: 1 } }), contractions + 1, 2],
  ["adam, clipped by norm", () => optim.adam({ clip: { norm: 1 } }), contractions + 1, 1],
];

describe.each(programs)("%s", (_, make, ofStep, ofUpdate) => {
  test(`a step is ${ofStep} kernels`, () => expect(kernelsOfStep(make())).toBe(ofStep));
  test(`the update alone is ${ofUpdate}`, () => expect(kernelsOfUpdate(make())).toBe(ofUpdate));
});
