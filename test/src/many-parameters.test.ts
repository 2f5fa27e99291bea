// Graphs of scalars: parameters by the hundred, each of its own.
import { expect, test } from "vitest";
import { compile, grad, Graph, parameter, type Parameter, type Tensor } from "gradloom";

test("a launch has no more buffers than an engine lets a function take", () => {
  const weights = Array.from({ length: 700 }, (_, i) => parameter([], i / 700, { name: `w${i}` }));
  const g = new Graph("scalars");
  const x = g.input("x", []);
  const terms = weights.map((w, i) => x.mul(w).sub(i % 7));
  const loss = terms.map((e) => e.mul(e)).reduce((a, b) => a.add(b));
  const gradients = grad(loss, weights);
  const updates = new Map<Parameter, Tensor>(weights.map((w, i) => [w, w.sub(gradients[i]!.mul(0.01))]));
  const step = compile({ outputs: { loss }, updates }, { threads: 1 });
  const counts = step.plan().steps.map(({ buffers }) => buffers.length);
  expect(Math.max(...counts)).toBeLessThanOrEqual(400);

  const plain = Array.from({ length: 700 }, (_, i) => Math.fround(i / 700));
  for (const value of [1, -2, 0.5]) {
    const errors = plain.map((w, i) => value * w - (i % 7));
    const want = errors.reduce((sum, e) => sum + e * e, 0);
    expect(step.run({ x: value }).loss.data[0]! / want).toBeCloseTo(1, 5);
    errors.forEach((e, i) => (plain[i]! -= 0.02 * e * value));
  }
  weights.forEach((w, i) => expect(w.item()).toBeCloseTo(plain[i]!, 5));
});

test("updates that take each other's old values are copied in launches of their own", () => {
  const weights = Array.from({ length: 250 }, (_, i) => parameter([], i, { name: `w${i}` }));
  const g = new Graph("rotation");
  const x = g.input("x", []);
  const one = (i: number): Tensor => weights[(i + 1) % 250]! as unknown as Tensor;
  const updates = new Map<Parameter, Tensor>(weights.map((w, i) => [w, x.mul(0).add(one(i))]));
  const step = compile({ updates }, { threads: 1 });
  expect(Math.max(...step.plan().steps.map(({ buffers }) => buffers.length))).toBeLessThanOrEqual(400);
  step.run({ x: 3 });
  step.run({ x: 3 });
  expect(weights.map((w) => w.item())).toEqual(Array.from({ length: 250 }, (_, i) => (i + 2) % 250));
});
