// Declaring graphs and asking for what cannot be: messages word for word.
import { describe, expect, test } from "vitest";
import { compile } from "#src/compile.js";
import { Graph } from "#src/graph.js";
import { grad } from "#src/gradients.js";
import { ops } from "#src/ops.js";
import { parameter } from "#src/parameter.js";
import { random } from "#src/index.js";
import type { Tensor } from "#src/tensor.js";

const firstLine = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return String(error).split("\n")[0]!;
  }
  return "no error";
};

describe("graphs", () => {
  test("an input's name is used once", () => {
    const g = new Graph("mlp");
    g.input("x", [2]);
    expect(firstLine(() => g.input("x", [3]))).toBe(
      'GraphError: input: the graph "mlp" has an input called "x" already',
    );
  });

  test("shapes are numbers and names", () => {
    const x = new Graph().input("x", ["batch", 784]);
    expect(x.shape).toEqual(["batch", 784]);
    expect("concat" in x).toBe(false);
    expect(ops.concat([x, x], 0).shape).toEqual(["2*batch", 784]);
    expect(x.reshape(["784*batch"]).shape).toEqual(["784*batch"]);
  });

  test("a size may be a name where it stands alone, too", () => {
    const x = new Graph().input("x", ["n"]);
    const outputs = {
      y: ops.topK(x, "n")[0] as Tensor,
      z: ops.oneHot(x.cast("i32"), "n+1") as Tensor,
      p: random.permutation("n", { like: x }),
    };
    const { y, z, p } = compile({ outputs }).run({ x: [0, 2, 1] });
    expect([...y.data]).toEqual([2, 1, 0]);
    expect(z.shape).toEqual([3, 4]);
    expect([...p.data].sort((a, b) => a - b)).toEqual([0, 1, 2]);
  });

  test("two graphs do not mix", () => {
    const x = new Graph("a").input("x", [2]);
    const y = new Graph("b").input("y", [2]);
    expect(firstLine(() => x.add(y))).toBe('GraphError: add: the tensors belong to two graphs, "a" and "b"');
    expect(firstLine(() => compile({ outputs: { x, y } }))).toBe(
      'GraphError: compile: the tensors belong to two graphs, "a" and "b"',
    );
  });

  test("a symbolic tensor has no numbers", () => {
    const x = new Graph().input("x", [2]);
    expect(firstLine(() => x.data())).toBe("GraphError: data: f32[2] is symbolic and has no numbers before a run");
    expect(String(x)).toBe("f32[2]");
  });

  test("there must be something to compute", () => {
    expect(firstLine(() => compile({}))).toBe(
      "GraphError: compile: there is nothing to compute: no outputs, updates or effects",
    );
  });

  test("an update keeps the type of its parameter", () => {
    const w = parameter([2], 0, { name: "w" });
    const x = new Graph().input("x", [3]);
    expect(firstLine(() => compile({ updates: [[w, x]] }))).toBe(
      "GraphError: compile: parameter w is f32[2] and cannot become f32[3]",
    );
  });
});

describe("gradients", () => {
  test("of something that is not a scalar need a cotangent", () => {
    const x = new Graph().input("x", [2]);
    expect(firstLine(() => grad(x.mul(x), [x]))).toMatch(/^GradientError: grad: .*cotangent/);
    const [dx] = grad(x.mul(x), [x], x);
    expect(dx.shape).toEqual([2]);
  });

  test("need a path", () => {
    const g = new Graph();
    const [x, y] = [g.input("x", []), g.input("y", [])];
    expect(firstLine(() => grad(x.mul(2), [y]))).toMatch(/^GradientError: grad: .*y/);
  });
});

describe("compile", () => {
  test("only inputs that are read need feeds; others may be fed", () => {
    const g = new Graph();
    const x = g.input("x", ["batch"]);
    g.input("y", ["batch"]);
    const run = compile({ outputs: { twice: x.mul(2) } });
    expect(run.inputs.map((spec) => [spec.name, spec.read])).toEqual([
      ["x", true],
      ["y", false],
    ]);
  });

  test("an input whose size is needed counts as read", () => {
    const g = new Graph();
    const x = g.input("x", ["batch"]);
    const [dx] = grad(x.sum(), [x]);
    expect(compile({ outputs: { dx } }).inputs.map((spec) => spec.read)).toEqual([true]);
  });

  test("traces functions of tensors", () => {
    const run = compile(({ x, w }) => x.matmul(w), { x: [2, 3], w: [3, 4] });
    expect(run.plan().outputs.map(({ name, shape }) => [name, shape])).toEqual([["result", [2, 4]]]);
  });

  test("retypes to f64", () => {
    const w = parameter([2], [1, 2], { name: "w" });
    const x = new Graph().input("x", [2]);
    const run = compile({ outputs: { y: x.mul(w).mul(0.5) as Tensor } }, { dtype: "f64" });
    expect(run.plan().outputs[0]!.dtype).toBe("f64");
    expect(run.plan().feeds[0]!.dtype).toBe("f64");
  });
});
