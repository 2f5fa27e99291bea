// Running compiled graphs: state, named sizes, feeds, targets, turns.
import { describe, expect, test } from "vitest";
import { Device } from "#runtime/device.js";
import { compile } from "#src/compile.js";
import { tensor } from "#src/creation.js";
import { Graph } from "#src/graph.js";
import { grad } from "#src/gradients.js";
import { parameter } from "#src/parameter.js";

const messageOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  return "no error";
};
const numbers = (x: ArrayLike<number>): number[] => Array.from(x);

describe("state", () => {
  test("two parameters are swapped by one run", () => {
    const [a, b] = [parameter([2], [1, 2], { name: "a" }), parameter([2], [3, 4], { name: "b" })];
    const swap = compile({ updates: new Map([[a, b], [b, a]]) }); // prettier-ignore
    swap.run();
    expect([a.toArray(), b.toArray()]).toEqual([
      [3, 4],
      [1, 2],
    ]);
    swap.run();
    expect(a.toArray()).toEqual([1, 2]);
  });

  test("an output of a parameter that is being updated is the value before the run", () => {
    const w = parameter([2], [1, 2], { name: "w" });
    const g = new Graph();
    const next = g.read(w).mul(10);
    const run = compile({ outputs: { w, next }, updates: [[w, next]] });
    expect(numbers(run.run().w.data)).toEqual([1, 2]);
    expect(numbers(w.data())).toEqual([10, 20]);
    const second = run.run();
    expect([numbers(second.w.data), numbers(second.next.data)]).toEqual([
      [10, 20],
      [100, 200],
    ]);
  });

  test("a weight read by the gradient of the layer below while its own update is written", () => {
    // y = v·w·x, both steps taken from the old values: dw = v·x, dv = w·x.
    const [w, v] = [parameter([], 2, { name: "w" }), parameter([], 3, { name: "v" })];
    const x = new Graph().input("x", []);
    const y = v.mul(w.mul(x));
    const [dw, dv] = grad(y, [w, v]);
    compile({ outputs: { y }, updates: [[v, v.sub(dv)], [w, w.sub(dw)]] }).run({ x: 1 }); // prettier-ignore
    expect([w.item(), v.item()]).toEqual([-1, 1]);
  });

  test("a run that fails leaves every parameter as it was", () => {
    const w = parameter([3], [1, 2, 3], { name: "w" });
    const g = new Graph();
    const i = g.input("i", [1], "i32");
    const picked = g.read(w).gather(i);
    const run = compile({ outputs: { picked }, updates: [[w, w.add(picked)]] });
    run.run({ i: Int32Array.of(2) });
    expect(numbers(w.data())).toEqual([4, 5, 6]);
    expect(messageOf(() => run.run({ i: Int32Array.of(3) })).split("\n")[0]).toBe(
      "RunError: gather: index 3 is out of range 0 to 2",
    );
    expect(numbers(w.data())).toEqual([4, 5, 6]);
  });

  test("what was computed from parameters alone follows them", () => {
    const w = parameter([2], [1, 2], { name: "w" });
    const penalty = w.mul(w).sum();
    const x = new Graph().input("x", []);
    const run = compile({ outputs: { loss: x.add(penalty) } });
    expect(run.run({ x: 1 }).loss.data[0]).toBe(6);
    w.assign([0, 3]);
    expect(run.run({ x: 1 }).loss.data[0]).toBe(10);
  });

  test("an executable in f64 works on copies", () => {
    const w = parameter([], 1, { name: "w" });
    const g = new Graph();
    const run = compile({ outputs: { w }, updates: [[w, g.read(w).add(1)]] }, { dtype: "f64" });
    run.run();
    const result = run.run();
    expect(result.w.data).toEqual(Float64Array.of(2));
    expect(w.item()).toBe(1);
    expect(run.copyOf(w).item()).toBe(3);
  });
});

describe("named sizes", () => {
  test("every binding is compiled once and the latest eight are kept", () => {
    const x = new Graph().input("x", ["batch"]);
    let plans = 0;
    const observe = { after: (pass: string) => void (plans += pass === "plan" ? 1 : 0) };
    const run = compile({ outputs: { mean: x.mean() } }, { observe });
    const mean = (n: number) => run.run({ x: Float32Array.from({ length: n }, (_, i) => i) }).mean.data[0];
    expect([mean(4), mean(1), mean(4), mean(3), mean(1)]).toEqual([1.5, 0, 1.5, 1, 0]);
    expect(plans).toBe(3);
    for (let n = 1; n <= 9; n++) mean(n);
    expect(plans).toBe(9);
    expect(mean(9)).toBe(4);
    mean(1);
    expect(plans).toBe(10);
  });

  test("a shape tells what a length cannot", () => {
    const x = new Graph().input("x", ["rows", "columns"]);
    const run = compile({ outputs: { sum: x.sum(0) } });
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect(numbers(run.run({ x: { data, shape: [2, 3] } }).sum.data)).toEqual([5, 7, 9]);
    expect(numbers(run.run({ x: { data, shape: [3, 2] } }).sum.data)).toEqual([9, 12]);
    expect(numbers(run.run({ x: tensor([[1, 2, 3], [4, 5, 6]]) }).sum.data)).toEqual([5, 7, 9]); // prettier-ignore
    expect(messageOf(() => run.run({ x: data })).split("\n")[0]).toBe(
      "FeedError: run: the length of x does not tell its sizes [rows,columns]",
    );
  });

  test("sizes that do not fit each other are refused when they are bound", () => {
    const g = new Graph();
    const [x, y] = [g.input("x", ["n", 2]), g.input("y", ["m", 2])];
    const run = compile({ outputs: { both: x.sum().add(y.sum()) } });
    expect(run.run({ x: [1, 2], y: [1, 2, 3, 4] }).both.data[0]).toBe(13);
  });
});

describe("feeds and targets", () => {
  const graph = () => {
    const g = new Graph();
    const [x, b] = [g.input("x", [2]), g.input("b", [2], "bool")];
    return compile({ outputs: { y: x.mul(2), not: b.logicalNot() } });
  };

  test("results belong to the caller", () => {
    const run = graph();
    const first = run.run({ x: [1, 2], b: [0, 5] });
    const second = run.run({ x: [3, 4], b: [1, 1] });
    expect(first).toEqual({
      y: { data: Float32Array.of(2, 4), shape: [2], dtype: "f32" },
      not: { data: Uint8Array.of(1, 0), shape: [2], dtype: "bool" },
    });
    expect(numbers(second.y.data)).toEqual([6, 8]);
  });

  test("runInto writes into given arrays", () => {
    const run = graph();
    const y = new Float32Array(2);
    run.runInto({ x: [1, 2], b: [0, 0] }, { y });
    expect(numbers(y)).toEqual([2, 4]);
    expect(messageOf(() => run.runInto({ x: [1, 2], b: [0, 0] }, { y: new Float32Array(3) }))).toBe(
      "FeedError: runInto: y is f32[2] and needs a Float32Array of 2, not a Float32Array of 3",
    );
    expect(messageOf(() => run.runInto({ x: [1, 2], b: [0, 0] }, { z: y }))).toBe(
      'FeedError: runInto: there is no output "z", only y, not',
    );
  });

  test("missing feeds are named at run", () => {
    expect(messageOf(() => graph().run({ x: [1, 2], c: 1 }))).toBe(
      [
        "FeedError: run: 1 of 2 inputs is missing, 1 is not known",
        "  x : f32[2]    given f32[2]",
        "  b : bool[2]   missing",
        "  c :           given, but the graph has no such input",
      ].join("\n"),
    );
  });

  test("a graph too large for memory says how large before allocating", () => {
    const x = new Graph().input("x", ["n"]);
    const run = compile({ outputs: { y: x.exp() } }, { device: new Device({ budget: 2 ** 20 }) });
    expect(messageOf(() => run.run({ x: new Float32Array(2 ** 20) }))).toBe(
      "MemoryError: device: 4 MiB beside 0 bytes in use exceed the budget of 1 MiB",
    );
    const wide = compile({ outputs: { y: x.broadcast([2 ** 16, "n"]) } });
    expect(messageOf(() => wide.run({ x: new Float32Array(2 ** 16) }))).toMatch(
      /^MemoryError: device: 16 GiB beside .* in use (exceed the budget of|do not fit the memory of) 4 GiB$/,
    );
  });
});

describe("turns", () => {
  test("asynchronous runs queue, copy their feeds at once, and keep others out", async () => {
    const w = parameter([], 1, { name: "w" });
    const x = new Graph().input("x", [1]);
    const next = x.sum().add(w);
    const run = compile({ outputs: { next }, updates: [[w, next]] });
    const feed = Float32Array.of(10);
    const first = run.runAsync({ x: feed });
    feed[0] = 100;
    const second = run.runAsync({ x: feed });
    expect(messageOf(() => run.run({ x: feed })).split("\n")[0]).toBe(
      "GraphError: run: 2 asynchronous runs of this device must finish first",
    );
    expect((await Promise.all([first, second])).map((r) => r.next.data[0])).toEqual([11, 111]);
    expect(run.run({ x: [0] }).next.data[0]).toBe(111);
  });

  test("a failed turn does not stop the next one", async () => {
    const x = new Graph().input("x", [1]);
    const run = compile({ outputs: { y: x.add(1) } });
    const results = await Promise.allSettled([run.runAsync({ x: [1, 2] }), run.runAsync({ x: [1] })]);
    expect(results.map((r) => r.status)).toEqual(["rejected", "fulfilled"]);
  });

  test("nothing runs after dispose", () => {
    const run = compile(({ x }) => x.add(1), { x: [1] }, { name: "increment" });
    run.run({ x: [1] });
    run.dispose();
    expect(messageOf(() => run.run({ x: [1] }))).toBe("DisposedError: run: the executable increment was disposed of");
  });
});
