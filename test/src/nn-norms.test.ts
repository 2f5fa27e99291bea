// Layers that normalise: what they compute in training and inference, and the statistics they keep.
import { describe, expect, test } from "vitest";
import { compile, Graph, nn, optim, tensor, type Tensor } from "gradloom";

/** Three batches of [2, 2, 3]: two channels with three places. */
const batches = [0, 1, 2].map((n) => Array.from({ length: 12 }, (_, i) => ((n + 1) * i * 7) % 11));
const asTensor = (data: readonly number[]) => tensor(Float32Array.from(data), { shape: [2, 2, 3] });

const energy = (y: Tensor) => y.mul(y).sum();

/** PyTorch's running statistics after the batches: r ← (1 − m)·r + m·new, the variance unbiased. */
function byHand(momentum: number) {
  let [mean, variance] = [
    [0, 0],
    [1, 1],
  ] as [number[], number[]];
  for (const data of batches) {
    const channels = [0, 1].map((c) => data.filter((_, i) => Math.floor(i / 3) % 2 === c));
    const means = channels.map((xs) => xs.reduce((a, b) => a + b, 0) / 6);
    const variances = channels.map((xs, c) => xs.reduce((sum, x) => sum + (x - means[c]!) ** 2, 0) / 5);
    mean = mean.map((r, c) => (1 - momentum) * r + momentum * means[c]!);
    variance = variance.map((r, c) => (1 - momentum) * r + momentum * variances[c]!);
  }
  return { mean, variance };
}

function expectClose(found: Tensor, expected: readonly number[]): void {
  expect(found.data()).toHaveLength(expected.length);
  expected.forEach((x, i) => expect(found.data()[i]).toBeCloseTo(x, 4));
}

describe("batchNorm", () => {
  test.each(["batch", 2] as const)(
    "keeps the statistics that PyTorch keeps, compiled, the batch of size %s",
    (size) => {
      const norm = nn.batchNorm(2, { momentum: 0.3 });
      const x = new Graph("statistics").input("x", [size, 2, 3]);
      const loss = energy(norm(x, { training: true }));
      const step = compile({ outputs: { loss }, updates: optim.sgd({ lr: 0 }).minimize(loss) });
      for (const data of batches) step.run({ x: { data: Float32Array.from(data), shape: [2, 2, 3] } });
      const { mean, variance } = byHand(0.3);
      expectClose(norm.runningMean, mean);
      expectClose(norm.runningVariance, variance);
    },
  );

  test("keeps the same statistics eagerly", () => {
    const norm = nn.batchNorm(2, { momentum: 0.3 });
    const optimizer = optim.sgd({ lr: 0 });
    for (const data of batches) optimizer.minimize(() => energy(norm(asTensor(data), { training: true })));
    const { mean, variance } = byHand(0.3);
    expectClose(norm.runningMean, mean);
    expectClose(norm.runningVariance, variance);
  });

  test("normalises by running statistics in inference, which is what a call without options is", () => {
    const norm = nn.batchNorm(2, { epsilon: 0 });
    norm.runningMean.assign([1, 2]);
    norm.runningVariance.assign([4, 0.25]);
    expectClose(norm(tensor([[5, 3]])), [2, 2]);
  });

  test("trains its scale and bias, and not its statistics", () => {
    const norm = nn.batchNorm(3);
    expect(norm.parameters.map((p) => [p.name.split("/").at(-1), p.trainable])).toEqual([
      ["scale", true],
      ["bias", true],
      ["runningMean", false],
      ["runningVariance", false],
    ]);
    expect(nn.batchNorm(3, { affine: false }).parameters).toHaveLength(2);
  });

  test("refuses x with other channels", () => {
    expect(() => nn.batchNorm(3)(tensor([[1, 2]]))).toThrow("x has 2 channels but mean is [3]");
  });
});

test("layerNorm, rmsNorm, groupNorm and instanceNorm start without scale and shift", () => {
  expectClose(nn.layerNorm(2, { epsilon: 0 })(tensor([[1, 3]])), [-1, 1]);
  expectClose(nn.layerNorm([2, 2], { epsilon: 0 })(tensor([[[1, 1], [3, 3]]])), [-1, -1, 1, 1]); // prettier-ignore
  expectClose(nn.rmsNorm(2, { epsilon: 0 })(tensor([[3, -3]])), [1, -1]);
  expectClose(nn.groupNorm(1, 2, { epsilon: 0 })(tensor([[[1], [3]]])), [-1, 1]);
  expectClose(nn.instanceNorm(1, { epsilon: 0 })(tensor([[[1, 3]]])), [-1, 1]);
});
