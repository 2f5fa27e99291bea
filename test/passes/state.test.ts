// State: outputs and updates see the values before the run, whatever the planner does in place; a run that fails changes
// nothing. On every backend.
import { describe, expect, test } from "vitest";
import { arrayOf } from "#ir/dtype.js";
import { RunError } from "#ir/errors.js";
import type { Graph } from "#ir/graph.js";
import type { Operand, Value } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { compileGraph } from "#passes/compile.js";
import { gradient } from "#passes/gradient.js";
import { Device } from "#runtime/device.js";
import { GraphMaker } from "../graphs.js";
import { backends } from "../run-graph.js";

const { add, gather, matmul, mean, mul, relu, sub, sum, transpose } = ops;

/** A program with parameters of given values: `run` gives outputs, `state` the parameters' values now. */
function prepared(
  graph: Graph,
  values: Readonly<Record<string, readonly number[]>>,
  backend: (typeof backends)[number],
) {
  const device = new Device();
  const plan = compileGraph(graph);
  const program = backend.prepare(plan, device);
  const parameters = graph.parameters.map((n) => n.attrs.parameter as import("#ir/node.js").Parameter);
  const view = (p: (typeof parameters)[number]) =>
    device.view(
      p.type.dtype,
      device.address(p),
      p.type.shape.reduce((a, b) => a * b, 1),
    );
  for (const p of parameters) view(p).set(arrayOf(p.type.dtype, values[p.name] ?? []));
  return {
    kernels: plan.steps.map((s) => s.kernel.name),
    run(feeds: readonly (readonly number[])[] = []): Record<string, number[]> {
      program.buffers.locate();
      plan.feeds.forEach(({ buffer }, i) => {
        if (buffer !== null) program.buffers.view(buffer).set(feeds[i]!);
      });
      program.run();
      return Object.fromEntries(plan.outputs.map((o) => [o.name, [...program.buffers.view(o.buffer)]]));
    },
    state: () => Object.fromEntries(parameters.map((p) => [p.name, [...view(p)]])),
  };
}

describe.each(backends.map((b) => [b.name, b] as const))("%s", (_, backend) => {
  test("one run swaps two parameters", () => {
    const g = new GraphMaker();
    const [p, q] = [g.parameter("p", [3], "f32"), g.parameter("q", [3], "f32")];
    const program = prepared(g.graph({}, [[p, q], [q, p]]), { p: [1, 2, 3], q: [4, 5, 6] }, backend); // prettier-ignore
    program.run();
    expect(program.state()).toEqual({ p: [4, 5, 6], q: [1, 2, 3] });
  });

  test("an output of a parameter that is updated is its value before the run", () => {
    const g = new GraphMaker();
    const p = g.parameter("p", [2], "f32");
    const program = prepared(g.graph({ before: p, after: add(p, 1) }, [[p, add(p, 1)]]), { p: [1, 2] }, backend);
    expect(program.run()).toEqual({ before: [1, 2], after: [2, 3] });
    expect(program.state()).toEqual({ p: [2, 3] });
  });

  test("a parameter is updated from its own reversed and transposed values", () => {
    const g = new GraphMaker();
    const [p, w] = [g.parameter("p", [3], "f32"), g.parameter("w", [2, 2], "f32")];
    const graph = g.graph({}, [[p, add(p, ops.reverse(p))], [w, transpose(w)]]); // prettier-ignore
    const program = prepared(graph, { p: [1, 2, 4], w: [1, 2, 3, 4] }, backend);
    program.run();
    expect(program.state()).toEqual({ p: [5, 4, 5], w: [1, 3, 2, 4] });
  });

  test("one value updates two parameters", () => {
    const g = new GraphMaker();
    const [p, q] = [g.parameter("p", [2], "f32"), g.parameter("q", [2], "f32")];
    const next = add(p, q);
    const program = prepared(g.graph({}, [[p, next], [q, next]]), { p: [1, 2], q: [10, 20] }, backend); // prettier-ignore
    program.run();
    expect(program.state()).toEqual({ p: [11, 22], q: [11, 22] });
  });

  test("the gradient of the layer below reads a weight as it was before its own update", () => {
    const g = new GraphMaker();
    const x = g.input("x", [1, 2], "f32");
    const [w1, w2] = [g.parameter("w1", [2, 2], "f32"), g.parameter("w2", [2, 1], "f32")];
    const loss = sum(matmul(relu(matmul(x, w1)), w2));
    const [d1, d2] = gradient([loss], [w1, w2]) as [Operand, Operand];
    const graph = g.graph({ loss }, [[w1, sub(w1, d1)], [w2, sub(w2, d2)]]); // prettier-ignore
    const program = prepared(graph, { w1: [1, 2, 3, 4], w2: [5, 6] }, backend);
    // By hand: h = x·w1 = (7, 10); loss = 95; d2 = hᵀ; d1 = xᵀ·w2ᵀ = [[5, 6], [10, 12]].
    expect(program.run([[1, 2]])).toEqual({ loss: [95] });
    expect(program.state()).toEqual({ w1: [-4, -4, -7, -8], w2: [-2, -4] });
  });

  test("a failing index in the update itself leaves the parameter unchanged", () => {
    const g = new GraphMaker();
    const at = g.input("at", [3], "i32");
    const [p, table] = [g.parameter("p", [3], "f32"), g.parameter("table", [2], "f32")];
    const graph = g.graph({}, [[p, sub(p, gather(table, at, 0))]]);
    const program = prepared(graph, { p: [1, 2, 3], table: [10, 20] }, backend);
    expect(() => program.run([[0, 1, 2]])).toThrow(/gather: index 2 is out of range 0 to 1/);
    expect(program.state()["p"]).toEqual([1, 2, 3]);
    program.run([[0, 1, 1]]);
    expect(program.state()["p"]).toEqual([-9, -18, -17]);
  });

  test("a run whose index is out of range leaves every parameter unchanged, and the next run works", () => {
    const g = new GraphMaker();
    const at = g.input("at", [2], "i32");
    const [table, count] = [g.parameter("table", [3, 2], "f32"), g.parameter("count", [], "f32")];
    const loss = mean(gather(table, at, 0));
    const [d] = gradient([loss], [table]) as [Value];
    const graph = g.graph({ loss }, [[count, add(count, 1)], [table, sub(table, mul(d, 4))]]); // prettier-ignore
    const program = prepared(graph, { table: [1, 2, 3, 4, 5, 6], count: [7] }, backend);
    const before = program.state();
    expect(() => program.run([[0, 3]])).toThrow(RunError);
    expect(() => program.run([[0, -1]])).toThrow(/gather: index -1 is out of range 0 to 2/);
    expect(program.state()).toEqual(before);
    expect(program.run([[2, 2]])).toEqual({ loss: [5.5] });
    expect(program.state()).toEqual({ table: [1, 2, 3, 4, 3, 4], count: [8] });
  });
});
