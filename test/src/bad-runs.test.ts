// Runs that must fail, or that lie at the edge: messages of runs, empty batches, aliases, odd names.
import { compile, Graph, nn, optim, parameter, scope, tensor, type Tensor } from "gradloom";
import { describe, expect, test } from "vitest";
import { lines, mistake } from "./mistakes.js";

const at = "  at test/src/bad-runs.test.ts";
// The types would refuse most calls below, as they should.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Untyped = any;
const double = () => compile(({ x }) => ({ y: x.mul(2) }), { x: ["n"] }) as Untyped;
const unfit = (line: string) => lines("FeedError: run: 1 of 1 input does not fit", line);

describe.each(["wasm", "js", "interpret"] as const)("on %s", (backend) => {
  test("an index out of range names index, range and line, and leaves parameters unchanged", () => {
    const w = parameter([3], [1, 2, 3], { name: "w" });
    const i = new Graph().input("i", [1], "i32");
    const picked: Untyped = w.gather(i as Untyped);
    const run = compile({ outputs: { picked }, updates: [[w, w.add(picked) as Untyped]] }, { backend }) as Untyped;
    for (const index of [3, -1]) {
      const sentence = `RunError: gather: index ${index} is out of range 0 to 2`;
      expect(mistake(() => run.run({ i: Int32Array.of(index) }))).toBe(lines(sentence, at));
    }
    expect(w.toArray()).toEqual([1, 2, 3]);
  });

  test("an empty batch trains nothing and has a mean that is no number", () => {
    const w = parameter([3, 2], 1, { name: "w" });
    const g = new Graph();
    const [x, y] = [g.input("x", ["n", 3]), g.input("y", ["n"], "i32")];
    const losses = nn.softmaxCrossEntropy(x.matmul(w), y) as Tensor;
    const [sum, mean] = [losses.sum(), losses.mean()] as Tensor[];
    const run = compile(
      { outputs: { sum: sum!, mean: mean! }, updates: optim.sgd({ lr: 1 }).minimize(sum!) },
      { backend },
    );
    const results = run.run({ x: [], y: new Int32Array(0) });
    expect([results.sum.data[0], results.mean.data[0]]).toEqual([0, NaN]);
    expect(w.data()).toEqual(new Float32Array(6).fill(1));
  });

  test("a largest of an empty batch is refused, not -Infinity", () => {
    const x = new Graph().input("x", ["n", 3]);
    const run = compile({ outputs: { max: x.max(0) } }, { backend });
    const sentence = "ShapeError: max: axis 0 of [0,3] is empty, and nothing has no largest or smallest element";
    expect(mistake(() => run.run({ x: [] }))).toBe(lines(sentence, "  x : f32[0,3]   f32[n,3]", at));
  });

  test("outputs may be inputs, parameters, constants and views of them", () => {
    const g = new Graph();
    const x = g.input("x", [2]);
    const [p, c] = [parameter([2], [7, 8]), tensor([5, 6])];
    const outputs = { x, same: x, p, c, column: x.reshape([2, 1]), rows: p.broadcast([2, 2]) } as Untyped;
    const results = compile({ outputs }, { backend }).run({ x: [3, 4] }) as Untyped;
    const data = Object.fromEntries(Object.entries<Untyped>(results).map(([name, r]) => [name, [...r.data]]));
    expect(data).toEqual({ x: [3, 4], same: [3, 4], p: [7, 8], c: [5, 6], column: [3, 4], rows: [7, 8, 7, 8] });
  });
});

describe("feeds", () => {
  test.each<[string, unknown, string]>([
    ["null", null, "given null, not Float32Array"],
    ["a text", "12", "given 12, not Float32Array"],
    ["texts", ["1", "2"], "given an array with a string as element 0, not of numbers"],
    ["a text among numbers", [1, "2"], "given an array with a string as element 1, not of numbers"],
    ["a record without data", { shape: [2] }, "given Object, not Float32Array"],
    ["another dtype", Int32Array.of(1), "given Int32Array, not Float32Array"],
    ["a negative shape", { data: [1], shape: [-1] }, "given f32[-1], but sizes are whole numbers from 0"],
    ["a symbolic tensor", new Graph().input("x", [2]), "given a symbolic tensor, not numbers"],
  ])("%s", (_, x, remark) => {
    expect(mistake(() => double().run({ x }))).toBe(unfit(`  x : f32[n]   ${remark}`));
  });

  test("a shape that does not tell a size", () => {
    const run = compile(({ x }) => x.mul(2), { x: ["2*n"] });
    expect(mistake(() => run.run({ x: { data: [1, 2], shape: [2] } }))).toBe(
      lines("FeedError: run: the shape of x does not tell its sizes [2*n]", "  x : f32[2*n]   given f32[2]"),
    );
  });

  test("of bools are true where they are not 0, as typed arrays and as plain numbers", () => {
    const run = compile(({ b }) => b.logicalNot(), { b: { shape: [3], dtype: "bool" } });
    expect(run.run({ b: [0.5, 0, 2] }).result.data).toEqual(Uint8Array.of(0, 1, 0));
    expect(run.run({ b: Uint8Array.of(7, 0, 1) }).result.data).toEqual(Uint8Array.of(0, 1, 0));
  });

  test("of integers hold no fractions, and nothing that wraps", () => {
    const run = compile(({ i }) => i.add(1), { i: { shape: ["n"], dtype: "i32" } });
    for (const [i, what] of [
      [[1, 2.5], "2.5 as element 1"],
      [[2 ** 31], "2147483648 as element 0"],
      [[0, NaN], "NaN as element 1"],
      [0.5, "0.5"],
    ] as const) {
      expect(mistake(() => run.run({ i: i as Untyped }))).toContain(`given ${what}, which i32 cannot hold`);
    }
  });

  test("may be the array that the output goes to", () => {
    const both = Float32Array.of(1, 2);
    double().runInto({ x: both }, { y: both });
    expect(both).toEqual(Float32Array.of(2, 4));
  });
});

describe("runs", () => {
  test("targets that are no typed arrays are refused", () => {
    const message = "FeedError: runInto: y is f32[1] and needs a Float32Array of 1, not ";
    expect(mistake(() => double().runInto({ x: [1] }, { y: undefined }))).toBe(`${message}undefined`);
    expect(mistake(() => double().runInto({ x: [1] }, { y: [0] }))).toBe(`${message}object`);
  });

  test("a backend that is none", () => {
    const run = compile(({ x }) => x.mul(2), { x: [1] }, { backend: "cuda" as Untyped });
    expect(mistake(() => run.run({ x: [1] }))).toBe('GraphError: there is no backend "cuda", only interpret, js, wasm');
  });

  test("an eager tensor whose scope has ended cannot enter a graph", () => {
    let kept: Untyped;
    scope(() => void (kept = tensor([1, 2]).add(1)));
    const x: Untyped = new Graph().input("x", [2]);
    expect(mistake(() => x.add(kept))).toBe(
      lines(
        "DisposedError: add: f32[2] made by add was freed at the end of its scope",
        "  lhs : f32[2]   x",
        "  rhs : f32[2]",
        at,
        "  help: return it from the scope, or keep(…) it there",
      ),
    );
  });

  test("names may hold anything, and two parameters may share one", () => {
    const g = new Graph();
    const name = `a "b" \n%0 ${"x".repeat(2000)}`;
    const [x, y] = [g.input(name, [1]), g.input("%0", [1])];
    const [a, b] = [parameter([1], 1, { name: "w" }), parameter([1], 2, { name: "w" })];
    const run = compile({ outputs: { "a sum": x.sub(y) }, updates: [[a, b], [b, a]] }); // prettier-ignore
    expect(run.run({ [name]: [5], "%0": [2] })["a sum"].data[0]).toBe(3);
    expect([a.toArray(), b.toArray()]).toEqual([[2], [1]]);
  });

  test("a parameter's first value may itself come of a run", () => {
    const p = parameter([2], () => double().run({ x: [1, 2] }).y.data);
    expect([...compile({ outputs: { y: p.mul(3) } }).run().y.data]).toEqual([6, 12]);
  });
});
