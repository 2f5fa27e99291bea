// Layers, initialisers, names and seeds.
import { describe, expect, test } from "vitest";
import { compile } from "#src/compile.js";
import { tensor } from "#src/creation.js";
import { Graph } from "#src/graph.js";
import { freshContext } from "#src/nn/context.js";
import { initialize, type Initializer } from "#src/nn/initializers.js";
import * as nn from "#src/nn/index.js";
import { lines, mistake } from "./mistakes.js";

const { initializers } = nn;
const draw = (init: Initializer, shape: readonly number[], seed = 1) =>
  Array.from(initialize(init, { seed, stream: 0 })({ dtype: "f64", shape }));
const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
const variance = (x: readonly number[]) => {
  const middle = mean(x);
  return mean(x.map((v) => (v - middle) ** 2));
};

describe("initialisers", () => {
  test("zeros and constants", () => {
    expect(draw(initializers.zeros(), [3])).toEqual([0, 0, 0]);
    expect(draw(initializers.constant(2), [2])).toEqual([2, 2]);
  });

  test("the same seed draws the same numbers, another seed others", () => {
    expect(draw(initializers.normal(), [10])).toEqual(draw(initializers.normal(), [10]));
    expect(draw(initializers.normal(), [10], 2)).not.toEqual(draw(initializers.normal(), [10], 1));
  });

  // 100 · 200 numbers: the variance of a sample is within 4 % of the true one, far beyond chance.
  test.each([
    ["normal", initializers.normal({ std: 3 }), 9],
    ["uniform", initializers.uniform(-1, 1), 1 / 3],
    ["Xavier uniform", initializers.xavierUniform(), 2 / 300],
    ["Xavier normal", initializers.xavierNormal(), 2 / 300],
    ["He uniform", initializers.heUniform(), 2 / 100],
    ["He normal", initializers.heNormal(), 2 / 100],
    ["uniform by fan-in", initializers.fanInUniform(), 1 / 300],
  ])("%s has the variance it should", (_, init, want) => {
    const numbers = draw(init, [100, 200]);
    expect(variance(numbers) / want).toBeGreaterThan(0.96);
    expect(variance(numbers) / want).toBeLessThan(1.04);
    expect(Math.abs(mean(numbers))).toBeLessThan(0.05 * Math.sqrt(want));
  });

  test("a convolution's fans count its window", () => {
    expect(initializers.fansOf([32, 16, 3, 3])).toEqual({ fanIn: 144, fanOut: 288 });
  });
});

describe("layers", () => {
  test("dense is x · W + b", () => {
    const layer = nn.dense(2, 3);
    layer.weight.assign([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    layer.bias!.assign([10, 20, 30]);
    expect(layer(tensor([[1, 1], [0, 2]])).toArray()).toEqual([[15, 27, 39], [18, 30, 42]]); // prettier-ignore
  });

  test("one model computes the same in both modes", () => {
    const model = nn.sequential(nn.dense(3, 4, { activation: "tanh" }), nn.dense(4, 2, { bias: false }));
    const rows = [[1, 2, 3], [-1, 0, 1]] as const; // prettier-ignore
    const x = new Graph().input("x", ["batch", 3]);
    const compiled = compile({ outputs: { y: model(x) } }).run({ x: rows.flat() });
    const eager = model(tensor(rows));
    expect(compiled.y.shape).toEqual([2, 2]);
    eager.data().forEach((v, i) => expect(compiled.y.data[i]).toBeCloseTo(v, 6));
    expect(model.parameters.map((p) => p.count)).toEqual([12, 4, 8]);
  });

  test("names and initial values depend on the order of layers alone", () => {
    const make = () => nn.sequential(nn.dense(2, 2), nn.dense(2, 2));
    const [a, b] = [freshContext(7, make), freshContext(7, make)];
    expect(a.parameters.map((p) => p.name)).toEqual(["dense1/weight", "dense1/bias", "dense2/weight", "dense2/bias"]);
    expect(a.parameters.map((p) => p.toArray())).toEqual(b.parameters.map((p) => p.toArray()));
    expect(a.parameters[0]!.toArray()).not.toEqual(a.parameters[2]!.toArray());
    expect(freshContext(8, make).parameters[0]!.toArray()).not.toEqual(a.parameters[0]!.toArray());
  });

  test("an activation that is none is refused", () => {
    const make = () => nn.activation("matmul" as nn.Activation);
    expect(make).toThrow('activation: "matmul" is not an op that takes one tensor and keeps its shape');
  });

  test("sequential takes layers as arguments, not as a list", () => {
    expect(() => nn.sequential([nn.dense(2, 2)] as never)).toThrow(
      /a list is neither .* help: sequential\(\.\.\.layers\)/s,
    );
  });

  test("sequential takes plain functions", () => {
    const model = nn.sequential((x) => x.mul(2), nn.activation("relu"));
    expect(model(tensor([-1, 1])).toArray()).toEqual([0, 2]);
  });

  test("a summary lists the layers that compute", () => {
    const model = freshContext(0, () => nn.sequential(nn.dense(784, 128), nn.activation("relu"), nn.dense(128, 10)));
    const { rows, sizes } = nn.summarize(model, ["batch", 784]);
    const none = { untrained: 0, atLeast: false };
    expect(rows).toEqual([
      { name: "dense1", kind: "dense", output: "f32[batch,128]", parameters: 100480, parameterBytes: 401920, flops: 128 * (2 * 784 + 1), multiplyAdds: 128 * 784, outputBytes: 512, ...none },
      { name: "relu1", kind: "relu", output: "f32[batch,128]", parameters: 0, parameterBytes: 0, flops: 128, multiplyAdds: 0, outputBytes: 512, ...none },
      { name: "dense2", kind: "dense", output: "f32[batch,10]", parameters: 1290, parameterBytes: 5160, flops: 10 * (2 * 128 + 1), multiplyAdds: 1280, outputBytes: 40, ...none },
    ]); // prettier-ignore
    expect(sizes).toEqual({ batch: 1 });
  });

  test.each([
    ["momentum", () => nn.batchNorm(2, { momentum: 2, name: "norm" }), "norm: momentum is 2, not a number from 0 to 1"],
    ["epsilon", () => nn.batchNorm(2, { epsilon: -5, name: "norm" }), "norm: epsilon is -5, not a number from 0 up"],
    ["dropout", () => nn.multiHeadAttention(4, 2, { dropout: NaN }), "multiHeadAttention: dropout is NaN, not a number from 0 to 1"],
    ["frozen", () => nn.parametersExcept(nn.dense(2, 2), nn.dense(2, 2, { name: "other" })), "parametersExcept: the model has no parameter other/weight"],
  ])("a wrong %s is refused with the user's line", (_, make, sentence) => {
    expect(mistake(make)).toBe(lines(`GraphError: ${sentence}`, "  at test/src/nn.test.ts"));
  }); // prettier-ignore
});
