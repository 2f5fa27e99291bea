// Deep and wide graphs compile without deep recursion, and what one node costs does not grow with the graph. Work is
// counted in groups and kernels, not in seconds.
import { describe, expect, test } from "vitest";
import type { Operand, Value } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { compileGraph } from "#passes/compile.js";
import { gradient } from "#passes/gradient.js";
import { wasm } from "#runtime/wasm/backend.js";
import { GraphMaker } from "../graphs.js";
import { runGraph } from "../run-graph.js";

/** x ← tanh(x + 0.1), `length / 2` times. */
function chain(length: number): { maker: GraphMaker; x: Value; y: Operand } {
  const maker = new GraphMaker("chain");
  const x = maker.input("x", [16], "f32");
  let y: Operand = x;
  for (let i = 0; i < length / 2; i++) y = ops.tanh(ops.add(y, 0.1));
  return { maker, x, y };
}

describe("a chain of 10 000 nodes", () => {
  test("compiles, runs, and comes out where the plain loop does", () => {
    const { maker, y } = chain(10_000);
    const { outputs } = runGraph(maker.graph({ y }), [new Float32Array(16).fill(0.5)], wasm, { verify: false });
    let expected = 0.5;
    for (let i = 0; i < 5000; i++) expected = Math.fround(Math.tanh(Math.fround(expected + Math.fround(0.1))));
    expect(outputs.get("y")![0]).toBeCloseTo(expected, 5);
  }, 120_000);

  test("has a gradient that compiles", () => {
    const { maker, x, y } = chain(5_000);
    const slope = gradient([ops.sum(y)], [x])[0]!;
    expect(compileGraph(maker.graph({ slope }), { verify: false }).outputs[0]!.shape).toEqual([16]);
  }, 120_000);
});

test("a graph of 20 000 nodes side by side compiles", () => {
  const maker = new GraphMaker("wide");
  const x = maker.input("x", [8], "f32");
  const parts: Record<string, Operand> = {};
  for (let i = 0; i < 5000; i++) parts[`y${i}`] = ops.mul(ops.exp(ops.add(ops.neg(x), i / 5000)), x);
  const plan = compileGraph(maker.graph(parts), { verify: false });
  expect(plan.outputs).toHaveLength(5000);
}, 120_000);
