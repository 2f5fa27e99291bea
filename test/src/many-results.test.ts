// Ops that give several results at once, in both modes: typed, printed and parsed, specialised, retyped, differentiated.
import { expect, test } from "vitest";
import { compile, grad as gradients, Graph, ops, type Tensor, tensor } from "#src/index.js";
import { parseGraph } from "#ir/parse-graph.js";
import { printGraph } from "#ir/print-graph.js";

const grad = (y: Tensor, x: Tensor): Tensor => gradients(y, [x])[0]!;

test("topK gives the values and their places as two tensors, eagerly", () => {
  const [values, indices] = tensor([3, 1, 4, 1, 5]).topK(2);
  expect([values.dtype, indices.dtype]).toEqual(["f32", "i32"]);
  expect([values.toArray(), indices.toArray()]).toEqual([[5, 4], [4, 2]]); // prettier-ignore
});

test("and compiled, both of them or only one, over a named size", () => {
  const g = new Graph("top");
  const x = g.input("x", ["batch", 3]);
  const [values, indices] = ops.topK(x, 2, -1);
  expect(values.shape).toEqual(["batch", 2]);
  const both = compile({ outputs: { values, indices } });
  const feeds = { x: Float32Array.of(1, 3, 2, 6, 4, 5) };
  const result = both.run(feeds);
  expect([[...result.values.data], [...result.indices.data]]).toEqual([
    [3, 2, 6, 5],
    [1, 2, 0, 2],
  ]);
  expect([...compile({ outputs: { indices } }).run(feeds).indices.data]).toEqual([1, 2, 0, 2]);
});

test("several results of one node print as %0:2 and %0.1, and parse back", () => {
  const text = `graph top(%x: f32[batch,3]) {
  %0:2 = topK %x {k=2, axis=1, smallest=false} : f32[batch,2], i32[batch,2]
  output values = %0.0
  output places = %0.1
}`;
  expect(printGraph(parseGraph(text))).toBe(text);
});

test("the gradient of one result leaves the others out: d(Σ values²)/dx = 2x at the places of the largest", () => {
  const x = tensor([3, 1, 4, 1, 5]);
  const [values] = x.topK(2);
  expect(grad(values.mul(values).sum(), x).toArray()).toEqual([0, 0, 8, 0, 10]);
});

test("the gradient of two results of a split meets in their source, in both modes", () => {
  const f = (x: Tensor): Tensor => {
    const [a, b] = ops.split(x, [1, 2]);
    return a!.sum().mul(2).add(b!.mul(b!).sum());
  };
  const x = tensor([3, 1, 4]);
  expect(grad(f(x), x).toArray()).toEqual([2, 2, 8]);
  const g = new Graph("halves");
  const input = g.input("x", [3]);
  const run = compile({ outputs: { d: grad(f(input), input) } });
  expect([...run.run({ x: Float32Array.of(3, 1, 4) }).d.data]).toEqual([2, 2, 8]);
});

test("the gradient of a gradient through one of several results: d²(Σ values³)/dx² = 6x at their places", () => {
  const x = tensor([3, 1, 4]);
  const [values] = x.topK(2);
  const first = grad(values.pow(3).sum(), x);
  expect(grad(first.sum(), x).toArray()).toEqual([18, 0, 24]);
});

test("a graph with several results retypes to f64", () => {
  const g = new Graph("double");
  const [values, indices] = g.input("x", [3]).topK(1);
  const run = compile({ outputs: { values, indices } }, { dtype: "f64" });
  const result = run.run({ x: Float64Array.of(1, 1 + 2 ** -40, 1) });
  expect(result.values.data).toEqual(Float64Array.of(1 + 2 ** -40));
  expect([...result.indices.data]).toEqual([1]);
});
