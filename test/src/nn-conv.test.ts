// Layers of convolutional networks: shapes, counts of parameters, both modes, what their windows start from.
import { describe, expect, test } from "vitest";
import { compile, Graph, grad, nn, ops, tensor, type Tensor } from "#src/index.js";

/** LeNet-5 with plain poolings (LeCun et al., 1998), for 28×28 images. */
function leNet() {
  return nn.sequential(
    nn.conv2d(1, 6, 5, { padding: 2, activation: "tanh" }),
    nn.meanPool2d(2),
    nn.conv2d(6, 16, 5, { activation: "tanh" }),
    nn.meanPool2d(2),
    nn.conv2d(16, 120, 5, { activation: "tanh" }),
    nn.flatten(),
    nn.dense(120, 84, { activation: "tanh" }),
    nn.dense(84, 10),
  );
}

test("LeNet-5 has 61706 parameters: 156 + 2416 + 48120 + 10164 + 850", () => {
  const { rows } = nn.summarize(leNet(), ["batch", 1, 28, 28]);
  expect(rows.map((row) => `${row.kind} ${row.output} ${row.parameters}`)).toEqual([
    "conv2d f32[batch,6,28,28] 156",
    "meanPool2d f32[batch,6,14,14] 0",
    "conv2d f32[batch,16,10,10] 2416",
    "meanPool2d f32[batch,16,5,5] 0",
    "conv2d f32[batch,120,1,1] 48120",
    "flatten f32[batch,120] 0",
    "dense f32[batch,84] 10164",
    "dense f32[batch,10] 850",
  ]);
});

describe("both modes", () => {
  const image = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i));

  test("compute the same loss and the same gradients", () => {
    const model = leNet();
    const parameters = model.parameters;
    const loss = (x: Tensor) => ops.mean(ops.mul(model(x), model(x)));
    const graph = new Graph("lenet");
    const x = graph.input("x", [3, 1, 28, 28]);
    const y = loss(x);
    const gradients = grad(y, parameters);
    const outputs = Object.fromEntries([["y", y], ...gradients.map((g, i) => [`g${i}`, g] as const)]);
    const results = compile({ outputs }).run({ x: image(3 * 784) }) as Record<string, { data: Float32Array }>;
    const eager = loss(tensor(image(3 * 784), { shape: [3, 1, 28, 28] }));
    expect(eager.item()).toBeCloseTo(results.y!.data[0]!, 5);
    grad(eager, parameters).forEach((g, i) => {
      const own = (g as Tensor).data();
      const worst = results[`g${i}`]!.data.reduce((most, n, j) => Math.max(most, Math.abs(n - own[j]!)), 0);
      expect(worst, parameters[i]!.name).toBeLessThan(1e-5);
    });
  });
});

describe("layers", () => {
  test("of one and three axes, grouped, strided, transposed and global ones have the sizes of their formulas", () => {
    const shapeOf = (layer: (x: Tensor) => Tensor, shape: readonly (number | string)[]) =>
      layer(new Graph("g").input("x", shape)).shape;
    expect(shapeOf(nn.conv1d(4, 6, 3, { dilation: 2, groups: 2 }), ["batch", 4, 20])).toEqual(["batch", 6, 16]);
    expect(shapeOf(nn.conv3d(1, 2, [1, 2, 3], { stride: [1, 2, 1] }), [2, 1, 4, 4, 4])).toEqual([2, 2, 4, 2, 2]);
    expect(shapeOf(nn.conv2d(3, 8, 3, { stride: 2, padding: "same" }), [1, 3, 7, 8])).toEqual([1, 8, 4, 4]);
    expect(shapeOf(nn.convTranspose1d(2, 3, 4, { stride: 2, padding: 1 }), [1, 2, 5])).toEqual([1, 3, 10]);
    expect(shapeOf(nn.convTranspose2d(2, 4, 3, { stride: 2, padding: 1, outputPadding: 1, groups: 2 }), [1, 2, 5, 5])).toEqual([1, 4, 10, 10]); // prettier-ignore
    expect(shapeOf(nn.convTranspose3d(1, 1, 2), [1, 1, 2, 2, 2])).toEqual([1, 1, 3, 3, 3]);
    expect(shapeOf(nn.maxPool1d(3, { stride: 2 }), [1, 2, 7])).toEqual([1, 2, 3]);
    expect(shapeOf(nn.maxPool3d(2), [1, 2, 4, 4, 4])).toEqual([1, 2, 2, 2, 2]);
    expect(shapeOf(nn.meanPool1d(2, { ceil: true }), [1, 2, 5])).toEqual([1, 2, 3]);
    expect(shapeOf(nn.meanPool3d(2), [1, 2, 4, 4, 4])).toEqual([1, 2, 2, 2, 2]);
    expect(shapeOf(nn.globalMeanPool(), ["batch", 5, 3, 3])).toEqual(["batch", 5]);
    expect(shapeOf(nn.globalMaxPool(), ["batch", 5, 3, 3])).toEqual(["batch", 5]);
    expect(shapeOf(nn.adaptiveMeanPool([2, 3]), ["batch", 5, 7, 7])).toEqual(["batch", 5, 2, 3]);
  });

  test("He's start has variance 2 / (channels · window)", () => {
    const { weight } = nn.conv2d(16, 64, 3, { init: nn.initializers.heNormal(), seed: 1 });
    const data = Array.from(weight.data());
    const variance = data.reduce((sum, x) => sum + x * x, 0) / data.length;
    expect(Math.abs(variance / (2 / (16 * 9)) - 1)).toBeLessThan(0.05);
  });

  test("groups that do not divide the channels are told when the layer is made", () => {
    expect(() => nn.conv2d(3, 8, 3, { groups: 2, name: "c" })).toThrow("c: 3 channels do not divide into 2 groups");
  });
});
