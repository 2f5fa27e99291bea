// The network of scalar objects and that of vectors, against hand-written back-propagation in float64.
import { expect, test } from "vitest";
import { SilentReport } from "gradloom";
import experiment, { objects, vectors } from "../../examples/object-network.js";
import { expectNear } from "./plain-code.js";

const sizes = [5, 4, 3];
const samples = Array.from({ length: 20 }, (_, n) => ({
  x: Array.from({ length: 5 }, (_, i) => ((n * 7 + i * 3) % 11) / 11),
  t: Array.from({ length: 3 }, (_, k) => (k === n % 3 ? 0.9 : 0.1)),
}));
const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** Losses sample by sample at a rate of 0.3; layers of a matrix, row by row, and a bias. */
function plainLosses(layers: readonly (readonly [weight: number[], bias: number[]])[]): number[] {
  return samples.map(({ x, t }) => {
    const outputs = [x];
    for (const [weight, bias] of layers) {
      const before = outputs.at(-1)!;
      outputs.push(bias.map((b, j) => sigmoid(before.reduce((z, v, i) => z + v * weight[i * bias.length + j]!, b))));
    }
    const y = outputs.at(-1)!;
    let delta = y.map((o, k) => (o - t[k]!) * o * (1 - o));
    for (let l = layers.length - 1; l >= 0; l--) {
      const [weight, bias] = layers[l]!;
      const before = outputs[l]!;
      const back = before.map(
        (v, i) => delta.reduce((s, d, j) => s + d * weight[i * bias.length + j]!, 0) * v * (1 - v),
      );
      before.forEach((v, i) => delta.forEach((d, j) => (weight[i * bias.length + j]! -= 0.3 * d * v)));
      delta.forEach((d, j) => (bias[j]! -= 0.3 * d));
      delta = back;
    }
    return y.reduce((sum, o, k) => sum + (t[k]! - o) ** 2 / 2, 0);
  });
}

test.each([
  ["objects", objects],
  ["vectors", vectors],
] as const)("the network of %s learns as plain code does, in both modes", (_, model) => {
  const start = vectors(sizes, 3).create().model;
  const want = plainLosses(start.map(({ weight, bias }) => [[...weight.data()], [...bias.data()]] as const));
  const [compiled, eager] = [model(sizes, 3).create(), model(sizes, 3).create()];
  const step = compiled.train();
  expectNear(samples.map((feeds) => step.run(feeds).loss.data[0]!), want); // prettier-ignore
  expectNear(samples.map((feeds) => eager.eagerStep(feeds)), want); // prettier-ignore
});

test("the experiment finds the same losses in objects and vectors", async () => {
  const report = new SilentReport();
  await experiment.run({ settings: { hidden: 3, samples: 6, eager: 4 }, report });
  expect(report.found.scalars).toBe(65 * 3 + 4 * 10);
  expect(report.found["losses differ by at most"]).toBeLessThan(1e-5);
});
