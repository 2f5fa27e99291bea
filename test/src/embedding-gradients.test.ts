// Gradients of rows that are looked up: against plain code, on every backend and number of threads, for all kinds of ids.
import { afterAll, describe, expect, test } from "vitest";
import { compileGraph } from "#passes/compile.js";
import { Device } from "#runtime/device.js";
import { compile } from "#src/compile.js";
import { Graph } from "#src/graph.js";
import * as optim from "#src/optim/index.js";
import { ops } from "#src/ops.js";
import { parameter } from "#src/parameter.js";
import type { Tensor } from "#src/tensor.js";
import { generator, integer, seed } from "../random.js";
import { eagerToShare, readyProgram } from "../runtime/threads.js";
import { plainOptimizers } from "./plain-optimizers.js";

const devices = {
  interpret: new Device({ backend: "interpret" }),
  js: new Device({ backend: "js" }),
  wasm: eagerToShare(),
};
afterAll(() => Object.values(devices).forEach((device) => device.dispose()));

type Embedding = (table: unknown, ids: unknown) => Tensor;
const embedding = ops.embedding as unknown as Embedding;

interface Case {
  readonly rows: number;
  readonly columns: number;
  /** The shape of the ids. */
  readonly shape: readonly number[];
  readonly ids: Int32Array;
}

const countOf = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1);
const idsLike: Record<string, (count: number, rows: number, next: () => number) => number[]> = {
  "random ids": (count, rows, next) => Array.from({ length: count }, () => integer(next, 0, rows - 1)),
  "few ids again and again": (count, rows, next) =>
    Array.from({ length: count }, () => (rows - 1) * integer(next, 0, 1)),
  "sorted ids": (count, rows) => Array.from({ length: count }, (_, i) => Math.floor((i * rows) / count)),
  "ids from the last to the first": (count, rows) =>
    Array.from({ length: count }, (_, i) => (rows - 1 - i + count * rows) % rows),
  "one id": (count, rows) => Array.from({ length: count }, () => rows >> 1),
};
// Grouped by row, added row by row, and none at all.
const sizes = [
  [65, 33, [17]],
  [40, 67, [3, 4]],
  [12, 600, [7]],
  [33, 64, [15]],
  [19, 3, [11]],
  [3, 7, [5, 5]],
  [1, 8, [4]],
  [65, 4, [1]],
  [9, 6, [0]],
] as const;

function caseOf(kind: string, [rows, columns, shape]: (typeof sizes)[number], from = seed): Case {
  const ids = Int32Array.from(idsLike[kind]!(countOf(shape), rows, generator(from)));
  return { rows, columns, shape, ids };
}

const numbers = (count: number, from: number): number[] => {
  const next = generator(from);
  return Array.from({ length: count }, () => next() * 2 - 1);
};

/** A program that takes a step down Σ g · table[ids]. */
function program({ rows, columns, shape }: Case, optimizer: optim.Optimizer, dtype: "f32" | "f64", settings = {}) {
  const g = new Graph("table");
  const ids = g.input("ids", [...shape], "i32");
  const push = g.input("g", [...shape, columns], dtype) as unknown as Tensor;
  const table = parameter([rows, columns], numbers(rows * columns, 1), { name: "table", dtype });
  const loss = embedding(table, ids)
    .mul(push as never)
    .sum() as Tensor;
  return { table, train: compile({ outputs: { loss }, updates: optimizer.minimize(loss) }, settings) };
}

describe.each(plainOptimizers)("$name of a table", ({ name, make, step, start = [] }) => {
  // All kinds of ids in turn, for every optimiser other ones.
  test("is what its formula says", () => {
    for (const [i, size] of sizes.entries()) {
      if ((i + name.length) % 2 === 0 && name !== "sgd") continue;
      const kind = Object.keys(idsLike)[(i + name.length) % 5]!;
      const own = caseOf(kind, size);
      const { rows, columns, ids } = own;
      const { table, train } = program(own, make(), "f64");
      const want = numbers(rows * columns, 1);
      const states = want.map(() => [0, 1, 2].map((i) => start[i] ?? 0));
      for (let t = 1; t <= 3; t++) {
        const g = numbers(ids.length * columns, t);
        train.run({ ids, g: Float64Array.from(g) } as never);
        const gradient = want.map(() => 0);
        ids.forEach((row, i) => {
          for (let j = 0; j < columns; j++) gradient[row * columns + j]! += g[i * columns + j]!;
        });
        want.forEach((w, i) => (want[i] = step(w, gradient[i]!, states[i]!, t)));
      }
      const have = table.data();
      want.forEach((w, i) => expect(Math.abs(have[i]! - w), `${size.join()}: element ${i}`).toBeLessThan(1e-11));
    }
  });
});

const optimizers = { sgd: () => optim.sgd({ lr: 0.1 }), adam: () => optim.adam({ lr: 0.1, weightDecay: 0.1 }) };

describe.each(Object.entries(optimizers))("the same bits everywhere: %s", (_, make) => {
  test.each(Object.keys(idsLike))("%s", async (kind) => {
    for (const size of sizes.slice(0, 5)) {
      const own = caseOf(kind, size, seed + 1);
      const feeds = { ids: own.ids, g: Float32Array.from(numbers(own.ids.length * own.columns, 7)) };
      const tables: unknown[] = [];
      for (const [backend, device] of Object.entries(devices)) {
        for (const threads of backend === "wasm" ? [1, 2, 3, 4] : [1]) {
          const { table, train } = program(own, make(), "f32", { device, threads });
          if (backend === "wasm") await readyProgram(train, feeds as never);
          for (let t = 0; t < 2; t++) train.run(feeds as never);
          tables.push([...device.view("f32", device.address(table.record), own.rows * own.columns)]);
          train.dispose();
        }
      }
      for (const other of tables) expect(other, `${size.join()}`).toEqual(tables[0]);
    }
  });
});

describe("the same bits everywhere: gradients along other axes", () => {
  type Take = (x: unknown, at: unknown, axis: number) => Tensor;
  const { gather, takeAlongAxis } = ops as unknown as Record<"gather" | "takeAlongAxis", Take>;
  const takes = [
    ["gather", [5, 7, 3], [4], (x: unknown, at: unknown) => gather(x, at, 1)],
    ["gather", [5, 7], [2, 3], (x: unknown, at: unknown) => gather(x, at, 1)],
    ["gather", [7, 300], [40], (x: unknown, at: unknown) => gather(x, at, 0)],
    ["takeAlongAxis", [6, 7], [6, 9], (x: unknown, at: unknown) => takeAlongAxis(x, at, 1)],
    ["takeAlongAxis", [7, 150], [4, 150], (x: unknown, at: unknown) => takeAlongAxis(x, at, 0)],
  ] as const;

  test.each(takes)("%s of %j at %j", async (_, shape, at, take) => {
    const results: unknown[] = [];
    for (const [backend, device] of Object.entries(devices)) {
      for (const threads of backend === "wasm" ? [1, 2, 3, 4] : [1]) {
        const g = new Graph("take");
        const x = parameter([...shape], numbers(countOf(shape), 1), { name: "x" });
        const taken = take(x, g.input("at", [...at], "i32"));
        const loss = taken.mul(taken).mul(taken).sum() as Tensor;
        const train = compile({ updates: optim.sgd({ lr: 0.1 }).minimize(loss) }, { device, threads });
        const next = generator(seed);
        const feeds = { at: Int32Array.from({ length: countOf(at) }, () => integer(next, 0, 4)) };
        if (backend === "wasm") await readyProgram(train, feeds as never);
        train.run(feeds as never);
        results.push([...device.view("f32", device.address(x.record), countOf(shape))]);
        train.dispose();
      }
    }
    for (const other of results) expect(other).toEqual(results[0]);
    expect(results[0]).not.toEqual(Array.from(Float32Array.from(numbers(countOf(shape), 1))));
  });
});

describe("the gradient of a table", () => {
  test.each(Object.entries(optimizers))("does not lie in memory where %s alone uses it", (_, make) => {
    const { train } = program({ rows: 1000, columns: 64, shape: [100], ids: new Int32Array() }, make(), "f32");
    const { buffers } = compileGraph(train.graph);
    expect(buffers.filter(({ length, place }) => length >= 64_000 && place.at !== "parameter")).toEqual([]);
  });

  test("an index out of range is told of in the words of the scatter", () => {
    const g = new Graph("scatter");
    const [x, at, u] = [g.input("x", [9, 64]), g.input("at", [3], "i32"), g.input("u", [3, 64])];
    const sums = compile({ outputs: { y: (ops.scatterAdd as unknown as (...args: unknown[]) => Tensor)(x, at, u) } });
    const feeds = { x: new Float32Array(576), at: [1, -2, 9], u: new Float32Array(192) };
    expect(() => sums.run(feeds as never)).toThrow("scatterAdd: index -2 is out of range 0 to 8");
  });

  test("an id out of range stops the step before anything changes", () => {
    const own = caseOf("one id", sizes[0]);
    const { table, train } = program(own, optim.sgd({ lr: 0.1 }), "f32");
    const before = Array.from(table.data());
    const feeds = { ids: own.ids.with(3, 65), g: new Float32Array(own.ids.length * own.columns).fill(1) };
    expect(() => train.run(feeds as never)).toThrow("embedding: id 65 is out of range 0 to 64");
    expect(Array.from(table.data())).toEqual(before);
  });

  test("rows that nobody looked up stay as they are, to the bit, under a plain step", () => {
    const own = caseOf("one id", sizes[0]);
    const { table, train } = program(own, optim.sgd({ lr: 0.1 }), "f32");
    const before = Array.from(table.data());
    train.run({ ids: own.ids, g: new Float32Array(own.ids.length * own.columns).fill(1) } as never);
    const changed = Array.from(table.data(), (x, i) => (Object.is(x, before[i]) ? -1 : Math.floor(i / own.columns)));
    expect(new Set(changed)).toEqual(new Set([-1, own.rows >> 1]));
  });
});
