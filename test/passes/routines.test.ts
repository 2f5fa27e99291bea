// Routines in whole programs: a kernel of their own, views seen through, parameters safe.
import { describe, expect, test } from "vitest";
import { defineOp } from "#ir/define-op.js";
import { RunError } from "#ir/errors.js";
import * as e from "#ir/expr.js";
import type { Operand, Value } from "#ir/node.js";
import type { Op } from "#ir/op.js";
import { add, cholesky, constant, cumsum, linearRecurrence, mul, sort, sub, transpose } from "#ir/ops/index.js";
import { loop } from "#ir/statements.js";
import { compileGraph } from "#passes/compile.js";
import { Device } from "#runtime/device.js";
import { wasm } from "#runtime/wasm/backend.js";
import { GraphMaker } from "../graphs.js";
import { backends, runGraph } from "../run-graph.js";

/** Stores x + 1, and then once more. */
const twiceOver: Op<"unary"> = defineOp("twiceOver", {
  doc: "Adds one, twice over.",
  operands: ["x"],
  form: "unary",
  infer: ([x]) => [x!],
  lower: {
    kind: "routine",
    over: () => [],
    body: (_, k) => [loop(k, 2, () => [loop(k, 4, (i) => [k.store([i], e.add(k.read(0, [i]), e.literal(1, "f32")))])])],
  },
  samples: [],
});

const kernelsOf = (build: (x: Operand) => Operand) => {
  const g = new GraphMaker();
  return compileGraph(g.graph({ y: build(g.input("x", [8, 6], "f32")) })).steps.length;
};

describe("kernels", () => {
  test("a scan is one kernel, what is computed before and after it has its own", () => {
    expect(kernelsOf((x) => cumsum(x, 0))).toBe(1);
    expect(kernelsOf((x) => mul(cumsum(mul(x, x), 1), x))).toBe(3);
  });
  test("views and numbers on either side of a routine cost no kernel", () => {
    expect(kernelsOf((x) => cumsum(transpose(x), 0))).toBe(1);
    expect(kernelsOf((x) => linearRecurrence(constant(x, new Float32Array(48).fill(0.5), "f32", [8, 6]), x))).toBe(1);
    expect(kernelsOf((x) => add(transpose(cumsum(x)), 1))).toBe(2);
  });
  test("sort is two: the order, and what stands there", () => {
    expect(kernelsOf((x) => sort(x))).toBe(2);
  });
});

describe.each(backends.map((b) => [b.name, b] as const))("%s", (_, backend) => {
  test("a routine does not overwrite an operand to which it comes back, even one that dies with it", () => {
    const g = new GraphMaker();
    const dying = mul(g.input("x", [4], "f32"), 2);
    const graph = g.graph({ y: twiceOver(dying) });
    expect([...runGraph(graph, [Float32Array.of(1, 2, 3, 4)], backend).outputs.get("y")!]).toEqual([3, 5, 7, 9]);
  });

  test("a parameter updated by a routine of itself gets the values before the run", () => {
    const g = new GraphMaker();
    const w = g.parameter("w", [3], "f32");
    const device = new Device();
    const plan = compileGraph(g.graph({ before: w }, [[w, cumsum(w, 0, { reverse: true })]]));
    const program = backend.prepare(plan, device);
    const parameter = (w as Value).node.attrs.parameter as Parameters<Device["address"]>[0];
    const now = () => device.view("f32", device.address(parameter), 3);
    now().set([1, 2, 3]);
    program.buffers.locate();
    program.run();
    expect([...program.buffers.view(plan.outputs[0]!.buffer)]).toEqual([1, 2, 3]);
    expect([...now()]).toEqual([6, 5, 3]);
  });

  test("a run that a routine ends leaves parameters as they were", () => {
    const g = new GraphMaker();
    const x = g.input("x", [1, 1], "f32");
    const w = g.parameter("w", [1, 1], "f32");
    const device = new Device();
    const plan = compileGraph(g.graph({ y: cholesky(x) }, [[w, sub(w, 1)]]));
    const program = backend.prepare(plan, device);
    const parameter = (w as Value).node.attrs.parameter as Parameters<Device["address"]>[0];
    const now = () => device.view("f32", device.address(parameter), 1);
    now()[0] = 7;
    const run = (value: number) => {
      program.buffers.locate();
      program.buffers.view(plan.feeds[0]!.buffer!)[0] = value;
      program.run();
    };
    expect(() => run(-1)).toThrow(RunError);
    expect([...now()]).toEqual([7]);
    run(4);
    expect([...now()]).toEqual([6]);
  });
});

test("a routine names the user's line when it ends a run", () => {
  const g = new GraphMaker();
  const graph = g.graph({ y: cholesky(g.input("x", [2, 2], "f32")) });
  expect(() => runGraph(graph, [Float32Array.of(1, 2, 2, 1)], wasm)).toThrow(/cholesky.*order 2.*\n {2}at .*routines/);
});
