// The operations and bytes of launches are those that can be counted on paper.
import { expect, test } from "vitest";
import { secondsOf } from "#ir/cost.js";
import type { Operand } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { compileGraph } from "#passes/compile.js";
import { gradient } from "#passes/gradient.js";
import type { Value } from "#ir/node.js";
import { GraphMaker } from "../graphs.js";

/** The cost of the one launch that computes something. */
function costOf(build: (g: GraphMaker) => Operand | { update: readonly [Operand, Operand] }) {
  const g = new GraphMaker();
  const made = build(g);
  const graph = "update" in made ? g.graph({}, [made.update]) : g.graph({ y: made });
  const { steps } = compileGraph(graph);
  expect(steps.length).toBe(1);
  const { flops, bytes } = steps[0]!.kernel;
  return { flops, bytes };
}

test("a dense layer: two operations a product, one each for bias and relu; every operand once", () => {
  const cost = costOf((g) => {
    const [x, w, b] = [g.input("x", [32, 784], "f32"), g.input("w", [784, 128], "f32"), g.input("b", [128], "f32")];
    return ops.relu(ops.add(ops.matmul(x, w), b));
  });
  expect(cost.flops).toBe(2 * 32 * 784 * 128 + 2 * 32 * 128);
  expect(cost.bytes).toBe(4 * (32 * 784 + 784 * 128 + 128 + 32 * 128));
});

test("a convolution: two operations for every tap of every channel, guards not counted", () => {
  const cost = costOf((g) => ops.conv2d(g.input("x", [2, 3, 8, 8], "f32"), g.input("w", [5, 3, 3, 3], "f32"), { padding: 1 })); // prettier-ignore
  expect(cost.flops).toBe(2 * (2 * 5 * 8 * 8) * (3 * 3 * 3));
  expect(cost.bytes).toBe(4 * (2 * 3 * 64 + 5 * 27 + 2 * 5 * 64));
});

test("a repeated operand is read once", () => {
  const cost = costOf((g) => ops.add(g.input("x", [1000, 64], "f32"), g.input("b", [64], "f32")));
  expect(cost).toEqual({ flops: 64_000, bytes: 4 * (64_000 + 64 + 64_000) });
});

test("a transcendental function counts as sixteen operations, f64 as twice the bytes", () => {
  expect(costOf((g) => ops.exp(g.input("x", [5000], "f64")))).toEqual({ flops: 16 * 5000, bytes: 16 * 5000 });
});

test("of a table only the rows looked up are read", () => {
  const cost = costOf((g) => ops.gather(g.input("table", [10_000, 64], "f32"), g.input("at", [32], "i32"), 0));
  expect(cost.bytes).toBe(4 * (32 * 64 + 32 + 32 * 64));
});

test("of a slice only what is cut out", () => {
  const cost = costOf((g) => ops.neg(ops.slice(g.input("x", [5000], "f32"), [100], [300])));
  expect(cost).toEqual({ flops: 300, bytes: 4 * (300 + 300) });
});

test("an update reads and writes the parameter", () => {
  const cost = costOf((g) => {
    const [w, d] = [g.parameter("w", [3000], "f32"), g.input("d", [3000], "f32")];
    return { update: [w, ops.sub(w, ops.mul(d, 0.1))] };
  });
  expect(cost).toEqual({ flops: 2 * 3000, bytes: 4 * 3 * 3000 });
});

test.each([
  ["addGroups", 500],
  ["scatterAdd", 20],
])("an embedding's gradient (%s) writes the whole table and adds each row", (op, rows) => {
  const g = new GraphMaker();
  const [table, at, dy] = [g.input("table", [rows, 64], "f32"), g.input("at", [32], "i32"), g.input("dy", [32, 64], "f32")]; // prettier-ignore
  const loss = ops.sum(ops.mul(ops.gather(table, at, 0), dy)) as Value;
  const { steps } = compileGraph(g.graph({ d: gradient([loss], [table])[0] as Operand }));
  const { flops, bytes } = steps.find(({ kernel }) => kernel.ops.includes(op))!.kernel;
  expect(flops).toBeGreaterThanOrEqual(rows * 64 + 32 * 64);
  expect(flops).toBeLessThan(2 * rows * 64 + 4 * 32 * 64);
  expect(bytes).toBeGreaterThanOrEqual(4 * (rows * 64 + 32 * 64 + 32));
  expect(bytes).toBeLessThan(4 * 4 * (rows * 64 + 32 * 64 + 32));
});

test("seconds rank launches as they are: by arithmetic where there is much for every byte, else by bytes", () => {
  const product = (n: number) => costOf((g) => ops.matmul(g.input("a", [n, n], "f32"), g.input("b", [n, n], "f32")));
  const sum = (n: number) => costOf((g) => ops.add(g.input("a", [n], "f32"), g.input("b", [n], "f32")));
  const softmax = costOf((g) => ops.softmax(g.input("x", [1024, 1024], "f32")));
  const seconds = [sum(1000), product(64), product(128), softmax, sum(1_000_000), product(512)].map(secondsOf);
  expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
  expect(secondsOf(product(256))).toBe((2 * 256 ** 3) / 20e9);
  expect(secondsOf(sum(1_000_000))).toBe(12e6 / 10e9);
});
