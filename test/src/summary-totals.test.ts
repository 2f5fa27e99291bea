// Totals of parameters and of products that are known from the literature, and operations worked out by hand.
import { expect, test } from "vitest";
import { nn } from "gradloom";

/** AlexNet (Krizhevsky, Sutskever, Hinton, 2012): its second, fourth and fifth convolutions in one group or in two. */
function alexNet(groups: 1 | 2) {
  const activation = "relu";
  return nn.sequential(
    nn.conv2d(3, 96, 11, { stride: 4, activation }),
    nn.maxPool2d(3, { stride: 2 }),
    nn.conv2d(96, 256, 5, { padding: 2, groups, activation }),
    nn.maxPool2d(3, { stride: 2 }),
    nn.conv2d(256, 384, 3, { padding: 1, activation }),
    nn.conv2d(384, 384, 3, { padding: 1, groups, activation }),
    nn.conv2d(384, 256, 3, { padding: 1, groups, activation }),
    nn.maxPool2d(3, { stride: 2 }),
    nn.flatten(),
    nn.dense(256 * 6 * 6, 4096, { activation }),
    nn.dense(4096, 4096, { activation }),
    nn.dense(4096, 1000),
  );
}

/** Operations of a convolution with bias and ReLU: two for each product, one to add the bias, one for the ReLU. */
const convolution = (filters: number, side: number, products: number) => filters * side ** 2 * (2 * products + 2);
/** Comparisons of a pooling: as many as a window has elements. */
const pool = (channels: number, side: number, window: number) => channels * side ** 2 * window ** 2;
const dense = (from: number, to: number, relu: 0 | 1) => to * (2 * from + 1 + relu);

test.each([
  [2, 60_965_224],
  [1, 62_378_344],
] as const)("AlexNet with %i groups has %i parameters, and the outputs and operations of the paper", (groups, all) => {
  const { rows, parameters, flops } = nn.summarize(alexNet(groups), ["batch", 3, 227, 227]);
  expect(parameters).toBe(all);
  expect(rows.filter((row) => row.kind !== "flatten").map((row) => row.output.slice(10, -1))).toEqual(
    ["96,55,55", "96,27,27", "256,27,27", "256,13,13", "384,13,13", "384,13,13", "256,13,13", "256,6,6", "4096", "4096", "1000"], // prettier-ignore
  );
  const want = [
    convolution(96, 55, 3 * 11 * 11),
    pool(96, 27, 3),
    convolution(256, 27, (96 / groups) * 5 * 5),
    pool(256, 13, 3),
    convolution(384, 13, 256 * 3 * 3),
    convolution(384, 13, (384 / groups) * 3 * 3),
    convolution(256, 13, (384 / groups) * 3 * 3),
    pool(256, 6, 3),
    0,
    dense(9216, 4096, 1),
    dense(4096, 4096, 1),
    dense(4096, 1000, 0),
  ];
  expect(rows.map((row) => row.flops)).toEqual(want);
  expect(flops).toBe(want.reduce((sum, n) => sum + n));
});

test("AlexNet in two groups multiplies 724 million times, as the authors of Caffe state, in one 1135 million times", () => {
  const products = ([1, 2] as const).map((groups) => nn.summarize(alexNet(groups), [1, 3, 227, 227]).multiplyAdds);
  expect(products.map((n) => Math.round(n / 1e6))).toEqual([1135, 724]);
});

test("operations and outputs of a batch are those of an example as often, parameters are not", () => {
  const [one, all] = [1, 32].map((batch) => nn.summarize(alexNet(2), ["batch", 3, 227, 227], "f32", { batch }));
  expect(all!.flops).toBe(32 * one!.flops);
  expect(all!.outputBytes).toBe(32 * one!.outputBytes);
  expect(all!.parameterBytes).toBe(one!.parameterBytes);
  expect(one!.parameterBytes).toBe(4 * 60_965_224);
});

test("LeNet-5: 61 706 parameters, 416 520 products, and the memory of every output but the flattened one", () => {
  const activation = "tanh";
  const lenet = nn.sequential(
    nn.conv2d(1, 6, 5, { padding: 2, activation }),
    nn.meanPool2d(2),
    nn.conv2d(6, 16, 5, { activation }),
    nn.meanPool2d(2),
    nn.flatten(),
    nn.dense(400, 120, { activation }),
    nn.dense(120, 84, { activation }),
    nn.dense(84, 10),
  );
  const { parameters, multiplyAdds, outputBytes, rows } = nn.summarize(lenet, [1, 1, 28, 28]);
  expect(parameters).toBe(156 + 2416 + 48_120 + 10_164 + 850);
  expect(multiplyAdds).toBe(6 * 28 ** 2 * 25 + 16 * 10 ** 2 * 150 + 400 * 120 + 120 * 84 + 84 * 10);
  const mean = (channels: number, side: number) => channels * side ** 2 * (4 + 1);
  expect(rows.map((row) => row.flops)).toEqual([
    convolution(6, 28, 25),
    mean(6, 14),
    convolution(16, 10, 150),
    mean(16, 5),
    0,
    dense(400, 120, 1),
    dense(120, 84, 1),
    dense(84, 10, 0),
  ]);
  expect(outputBytes).toBe(4 * (6 * 28 ** 2 + 6 * 14 ** 2 + 16 * 10 ** 2 + 16 * 5 ** 2 + 120 + 84 + 10));
});

test.each([
  [3, 5],
  [64, 128],
])("an LSTM of %i inputs and %i states has 4((n + m)m + m) parameters, and steps cost the same each", (n, m) => {
  const [batch, time] = [4, 7];
  const summary = nn.summarize(nn.lstm(n, m), ["batch", "time", n], "f32", { batch, time });
  expect(summary.parameters).toBe(4 * ((n + m) * m + m));
  expect(summary.multiplyAdds).toBe(batch * time * 4 * m * (n + m));
  // Beside the products: the two are added, and the bias; five functions; f·c + i·g, and o·tanh(c).
  const others = 8 * m + 5 * m + 3 * m + m;
  expect(summary.flops).toBe(batch * time * (2 * 4 * m * (n + m) + others));
  expect(summary.outputBytes).toBe(4 * batch * time * m);
});

test("embedding, LSTM and dense layer: the sum of three", () => {
  const model = nn.sequential(nn.embedding(10_000, 64), nn.lstm(64, 128, { returns: "last" }), nn.dense(128, 10));
  const { parameters, multiplyAdds, rows } = nn.summarize(model, ["batch", 32], "i32");
  expect(rows.map((row) => row.parameters)).toEqual([640_000, 4 * (64 + 128 + 1) * 128, 1290]);
  expect(parameters).toBe(740_106);
  expect(rows.map((row) => row.multiplyAdds)).toEqual([0, 32 * 4 * 128 * (64 + 128), 1280]);
  expect(multiplyAdds).toBe(3_147_008);
  expect(rows[0]!.flops).toBe(0);
});
