// Summaries: whose operations are counted as whose, and what the table says.
import { expect, test } from "vitest";
import { cond, defineModel, fori, Graph, nn, ones, ops, optim, parameter, type Tensor, whileLoop } from "gradloom";
import { freshContext } from "#src/nn/context.js";
import type { Value } from "#ir/node.js";
import { tallyWork } from "#ir/work.js";

/** Operations, products and whether all is views, of a function of one tensor. */
function workOf(f: (x: Tensor) => Tensor, shape: readonly number[]) {
  let [flops, multiplyAdds, view, atLeast] = [0, 0, true, false];
  const y = f(new Graph("work").input("x", shape));
  tallyWork([y.handle as Value], null, () => undefined, (_, __, work) => {
    flops += work.flops;
    multiplyAdds += work.multiplyAdds;
    view &&= work.view;
    atLeast ||= work.atLeast;
  }); // prettier-ignore
  return { flops, multiplyAdds, view, atLeast };
}
const work = (flops: number, multiplyAdds = 0) => ({ flops, multiplyAdds, view: false, atLeast: false });

test.each<[string, (x: Tensor) => Tensor, readonly number[], ReturnType<typeof workOf>]>([
  ["a product of matrices: two for each of 4·3·5 pairs", (x) => x.matmul(ones([3, 5])), [4, 3], work(120, 60)],
  ["a vector times a matrix: the same rule", (x) => x.matmul(ones([3, 5])), [3], work(30, 15)],
  ["functions, roots and quotients: one each", (x) => x.exp().sqrt().div(3), [2, 5], work(30)],
  ["a sum: one for each element", (x) => x.sum(), [2, 5], work(10)],
  ["the mean of a row of 5: five, and a quotient", (x) => x.mean(1), [2, 5], work(12)],
  ["softmax of a row of 3: largest, difference, exp, sum and product, and the reciprocal of a row", (x) => x.softmax(), [2, 3], work(2 * (15 + 1))],
  ["padding and joining: nothing", (x) => ops.concat([x.pad([0, 1], [1, 0]), x.pad([0, 1], [1, 0])], 0), [2, 2], work(0)],
  ["other shapes, orders and parts: nothing, and no memory", (x) => x.transpose().reshape([6]).slice([1], [2]), [2, 3], { ...work(0), view: true }],
  ["five turns of a loop: five times a turn", (x) => fori(5, (_, s) => s.mul(2).add(1), x), [3], work(30)],
  ["a choice: the side that does more", (x) => cond(x.sum().greater(0), () => x.neg(), () => x.exp().exp()), [4], work(4 + 1 + 8)],
])("%s", (_, f, shape, want) => {
  expect(workOf(f, shape)).toEqual(want);
}); // prettier-ignore

test("a loop whose turns nobody knows is counted once, and the table says so", () => {
  const until = (x: Tensor) => whileLoop((s) => s.sum().less(9), (s) => s.mul(2), x); // prettier-ignore
  // Sum, comparison, products, and the counting of turns.
  expect(workOf(until, [4])).toEqual({ flops: 4 + 1 + 4 + 1, multiplyAdds: 0, view: false, atLeast: true });
  const text = nn.summarize(nn.sequential(until, nn.dense(4, 2)), [4]).toString();
  expect(text).toMatch(/^until1 +f32\[4\] +0 +≥ 10 +16 bytes$/m);
  expect(text).toMatch(/^total +10 +≥ 28 +64 bytes$/m);
});

test("padding multiplies as if it were there, as everyone counts convolutions", () => {
  const weights = ones([4, 3, 3, 3]);
  const { multiplyAdds } = workOf((x) => ops.conv2d(x, weights, { padding: 1 }), [1, 3, 6, 6]);
  expect(multiplyAdds).toBe(4 * 6 * 6 * 3 * 9);
});

test("a layer inside of a loop is counted in every turn", () => {
  const model = freshContext(0, () => {
    const dense = nn.dense(3, 3);
    return nn.layer("repeat", { dense }, (x: Tensor) => fori(7, (_, s) => dense(s).mul(2), x) as Tensor);
  });
  const { rows, flops } = nn.summarize(model, [2, 3]);
  expect(rows.map((row) => [row.name, row.parameters, row.flops])).toEqual([
    ["dense1", 12, 7 * 2 * 3 * (2 * 3 + 1)],
    ["repeat1", 0, 7 * 2 * 3],
  ]);
  expect(flops).toBe(7 * 2 * 3 * 8);
});

test("a layer that is called twice computes twice, and has its parameters once", () => {
  const dense = freshContext(0, () => nn.dense(3, 3));
  const { rows, parameters } = nn.summarize((x) => dense(dense(x)).add(dense(x)), [2, 3]);
  expect(rows.map((row) => [row.parameters, row.flops])).toEqual([
    [12, 2 * 3 * 7],
    [0, 2 * 3 * 7],
  ]);
  expect(parameters).toBe(12);
});

test("what layers around layers compute and own themselves has rows too", () => {
  const model = freshContext(0, () => {
    const [inner, scale] = [nn.dense(4, 4), parameter([4], 1, { name: "scale" })];
    const scaled = nn.layer("scaled", { inner, scale: scale as never }, (x: Tensor) => inner(x).mul(scale) as Tensor);
    return nn.sequential(nn.residual(scaled), nn.residual(nn.sequential(nn.dense(4, 4))));
  });
  const { rows, outside } = nn.summarize(model, [1, 4]);
  expect(rows.map((row) => [row.name, row.parameters, row.flops])).toEqual([
    ["dense1", 20, 36],
    ["scaled1", 4, 4],
    ["residual1", 0, 4],
    ["dense2", 20, 36],
    ["residual2", 0, 4],
  ]);
  expect(outside).toEqual({ flops: 0, multiplyAdds: 0, atLeast: false });
});

test("running statistics and what the optimiser leaves alone are not trained", () => {
  const model = defineModel({
    name: "partly",
    inputs: { x: ["batch", 4] },
    model: () => ({ norm: nn.batchNorm(4), dense: nn.dense(4, 2), free: parameter([3], 1, { name: "free" }) }),
    build: ({ x }, { norm, dense, free }, call) => ({
      loss: dense(norm(x as never, call))
        .mean()
        .add(free.sum()),
    }),
    optimizer: () => optim.sgd({ lr: 0.1 }),
    parameters: ({ dense }) => dense.parameters,
  });
  const { rows, parameters, untrained, outside } = model.create().summary({ sizes: { batch: 8 } });
  expect(rows.map((row) => [row.name, row.kind, row.output, row.parameters, row.untrained])).toEqual([
    ["batchNorm1", "batchNorm", "f32[8,4]", 0, 16],
    ["dense1", "dense", "f32[8,2]", 10, 0],
    ["free", "parameter", "f32[3]", 0, 3],
  ]);
  expect([parameters, untrained]).toEqual([10, 19]);
  // The mean of 16 numbers, the sum of three, and the sum of both.
  expect(outside.flops).toBe(16 + 1 + 3 + 1);
});

test("the table of 784-128-10", () => {
  const model = freshContext(0, () =>
    nn.sequential(nn.flatten(), nn.dense(784, 128, { activation: "relu", name: "hidden" }), nn.dense(128, 10)),
  );
  expect(nn.summarize(model, ["batch", 28, 28]).toString().split("\n")).toEqual([
    "layer           output          parameters   flops    memory",
    "flatten1        f32[batch,784]           0       0   0 bytes",
    "hidden (dense)  f32[batch,128]     100,480   201 k   393 KiB",
    "dense1          f32[batch,10]        1,290  2.57 k  5.08 KiB",
    "total                              101,770   204 k   398 KiB",
    "101,770 trained numbers: 398 KiB",
    "a forward pass with batch 1: 204 k flops, 102 k multiply-adds among them, which count two; outputs of 552 bytes",
  ]);
});

test("sizes that the model does not have are refused, and those that are too small named", () => {
  const window = nn.conv1d(2, 3, 5);
  expect(() => nn.summarize(window, ["batch", 2, "time"], "f32", { steps: 9 })).toThrow(
    "summary: the model has no size steps; its sizes are batch, time",
  );
  expect(() => nn.summarize(window, ["batch", 2, "time"])).toThrow(
    "summary: with batch = 1, time = 1: conv1d: the window covers 5 elements",
  );
  expect(nn.summarize(window, ["batch", 2, "time"], "f32", { time: 9 }).rows[0]!.output).toBe("f32[batch,3,5]");
});
