// Normalisations where digits could be lost, and identities between them.
import { describe, expect, test } from "vitest";
import type { Operand } from "#ir/node.js";
import { batchNorm, batchNormInference } from "#ir/ops/batch-normalization.js";
import { groupNorm, instanceNorm } from "#ir/ops/group-normalization.js";
import { layerNorm, rmsNorm } from "#ir/ops/normalization.js";
import { reshape } from "#ir/ops/movement.js";
import { generator, seed } from "../random.js";
import { atPoint, floats } from "./at-point.js";

/** 24 numbers with a large mean that f32 holds, and what normalising groups of `size` neighbours gives in double precision. */
function shifted(size: number, mean: number) {
  const next = generator(seed);
  const data = Array.from({ length: 24 }, () => Math.fround(mean + 2 * next() - 1));
  const normal = data.map((x, i) => {
    const group = data.slice(i - (i % size), i - (i % size) + size);
    const mu = group.reduce((a, b) => a + b, 0) / size;
    const variance = group.reduce((sum, y) => sum + (y - mu) ** 2, 0) / size;
    return (x - mu) / Math.sqrt(variance + 1e-5);
  });
  return { data, normal };
}

const norms: { name: string; size: number; shape: readonly number[]; f: (x: Operand) => Operand }[] = [
  { name: "layerNorm", size: 6, shape: [4, 6], f: (x) => layerNorm(x) },
  {
    name: "layerNorm over two axes",
    size: 12,
    shape: [2, 4, 3],
    f: (x) => layerNorm(x, undefined, undefined, { axis: 1 }),
  },
  { name: "groupNorm", size: 12, shape: [1, 4, 6], f: (x) => groupNorm(x, 2) },
  { name: "instanceNorm", size: 6, shape: [2, 2, 3, 2], f: (x) => instanceNorm(x) },
  { name: "batchNorm", size: 12, shape: [1, 2, 12], f: (x) => batchNorm(x)[0] },
];

describe.each(norms)(`$name, seed ${seed}`, ({ size, shape, f }) => {
  test.each([0, 1e4, -1e6])("of numbers around %d loses no digits in f32", (mean) => {
    const { data, normal } = shifted(size, mean);
    const { y } = atPoint(f, floats("f32", data, shape));
    y.forEach((found, i) => expect(found).toBeCloseTo(normal[i]!, 5));
  });

  test("of equal numbers is 0, and its gradient is finite", () => {
    const { y, gradients } = atPoint(
      f,
      floats(
        "f32",
        Array.from({ length: 24 }, () => 1e6 / 3),
        shape,
      ),
    );
    expect(Math.max(...y.map(Math.abs))).toBeLessThan(1e-3);
    expect(gradients[0]!.every(Number.isFinite)).toBe(true);
  });

  test("passes NaN on to its own group alone", () => {
    const { data } = shifted(size, 0);
    const { y } = atPoint(f, floats("f32", data.with(0, NaN), shape));
    expect(y.map(Number.isNaN)).toEqual(data.map((_, i) => i < size));
  });
});

test("batchNorm's variance is the biased one", () => {
  const { y } = atPoint((x) => batchNorm(x!)[2], floats("f64", [1, 2, 3, 6], [4, 1]));
  expect(y).toEqual([3.5]);
});

test("batchNorm in inference with the batch's own statistics is batchNorm in training", () => {
  const x = floats("f64", [1, 2, 3, 4, 5, 9], [3, 2]);
  const training = atPoint((a) => batchNorm(a!)[0], x).y;
  const inference = atPoint(
    (a, mean, variance) => batchNormInference(a!, mean!, variance!),
    x,
    floats("f64", [3, 5]),
    floats("f64", [8 / 3, 26 / 3]),
  ).y;
  training.forEach((y, i) => expect(y).toBeCloseTo(inference[i]!, 12));
});

test("a gradient through the statistics of batchNorm alone is that of mean and variance", () => {
  const x = floats("f64", [1, 2, 3, 6], [4, 1]);
  const of = (n: 1 | 2) => atPoint((a) => reshape(batchNorm(a!)[n], []), x).gradients[0];
  expect(of(1)).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(of(2)).toEqual([-1, -0.5, 0, 1.5]);
});

test("groupNorm with a group per channel is instanceNorm, with one group layerNorm of the example", () => {
  const x = floats("f64", shifted(1, 0).data, [2, 4, 3]);
  const [groups, instances] = [atPoint((a) => groupNorm(a!, 4), x).y, atPoint((a) => instanceNorm(a!), x).y];
  groups.forEach((y, i) => expect(y).toBeCloseTo(instances[i]!, 12));
  const one = atPoint((a) => groupNorm(a!, 1), x).y;
  const layer = atPoint((a) => layerNorm(a!, undefined, undefined, { axis: 1 }), x).y;
  one.forEach((y, i) => expect(y).toBeCloseTo(layer[i]!, 12));
});

test("rmsNorm of rows scaled by 1000 is the same", () => {
  const row = [1, -2, 3, 0.5];
  const [a, b] = [1, 1000].map((k) => atPoint((x) => rmsNorm(x!, undefined, { epsilon: 0 }), floats("f64", row.map((x) => k * x))).y) as [number[], number[]]; // prettier-ignore
  a.forEach((y, i) => expect(y).toBeCloseTo(b[i]!, 12));
});
