// The reference interpreter: what it makes of graphs as a whole. What it makes of single ops is in test/ops.
import { expect, test } from "vitest";
import { Builder } from "#ir/builder.js";
import type { Graph } from "#ir/graph.js";
import type { Operand, Value } from "#ir/node.js";
import { makeParameter } from "#ir/parameter.js";
import { add, constant, gather, input, mean, mul, parameter, sub, sum } from "#ir/ops/index.js";
import { evaluateGraph, evaluateNode, evaluateValues } from "#ir/reference.js";

function inputOf(builder: Builder, name: string, shape: readonly number[]): Value {
  return builder.apply(input, [], { name, dtype: "f32", shape })[0]!;
}

test("a chain of 10 000 nodes costs no stack", () => {
  const x = inputOf(new Builder("chain"), "x", []);
  let y: Operand = x;
  for (let i = 0; i < 10_000; i++) y = i % 2 ? sub(y, 1) : add(y, x);
  const values = evaluateValues([y as Value], new Map([[x.node, Float32Array.of(3)]]));
  expect([...values.get(y as Value)!]).toEqual([3 + 5000 * 2]);
});

test("a chain of 2 000 composed ops costs no stack", () => {
  const x = inputOf(new Builder("chain"), "x", [1]);
  let y: Operand = x;
  for (let i = 0; i < 2000; i++) y = mean(add(y, x), [0], { keepDims: true });
  const values = evaluateValues([y as Value], new Map([[x.node, Float32Array.of(0.5)]]));
  expect([...values.get(y as Value)!]).toEqual([0.5 + 2000 * 0.5]);
});

test("outputs and updates come from the values before the run, so two parameters swap", () => {
  const builder = new Builder("swap");
  const [p, q] = [1, 2].map((n) => makeParameter(`p${n}`, { dtype: "f32", shape: [] }, () => Float32Array.of(n)));
  const [a, b] = [p, q].map((of) => builder.apply(parameter, [], { parameter: of! })[0]!);
  const graph: Graph = {
    name: "swap",
    builder,
    inputs: [],
    parameters: [a!.node, b!.node],
    outputs: new Map([["a", a!]]),
    updates: new Map([
      [a!.node, b!],
      [b!.node, a!],
    ]),
    effects: [],
  };
  const values = evaluateGraph(graph, new Map([[b!.node, Float32Array.of(7)]]));
  expect([...values.get(graph.updates.get(a!.node)!)!]).toEqual([7]);
  expect([...values.get(graph.updates.get(b!.node)!)!]).toEqual([1]);
  expect([...values.get(graph.outputs.get("a")!)!]).toEqual([1]);
});

test("a sum of floats is rounded once, at the end", () => {
  const x = inputOf(new Builder("sum"), "x", [3]);
  const y = sum(x) as Value;
  const values = evaluateValues([y], new Map([[x.node, Float32Array.of(2 ** 24, 1, 1)]]));
  expect([...values.get(y)!]).toEqual([2 ** 24 + 2]);
});

test("a node is evaluated by itself, given its operands, also a composed one", () => {
  const x = inputOf(new Builder("node"), "x", [4]);
  const y = mean(mul(x, x)) as Value;
  expect(evaluateNode(y.node, [Float32Array.of(1, 2, 3, 6)])).toEqual([Float32Array.of(3)]);
});

test("an index out of range says which op, which index, which range, and where the user wrote it", () => {
  const x = inputOf(new Builder("out"), "x", [10]);
  const y = gather(x, constant(x, Int32Array.of(3, 12), "i32")) as Value;
  const run = () => evaluateValues([y], new Map([[x.node, new Float32Array(10)]]));
  expect(run).toThrow(/^gather: index 12 is out of range 0 to 9\n {2}at .*reference\.test\.ts:\d+:\d+$/);
});

test("an input that is not fed, or fed with another length, is an error that names it", () => {
  const x = inputOf(new Builder("feeds"), "x", [2]);
  const y = add(x, 1) as Value;
  expect(() => evaluateValues([y])).toThrow("input x is not fed");
  expect(() => evaluateValues([y], new Map([[x.node, new Float32Array(3)]]))).toThrow("3 elements do not fill f32[2]");
});
