// Every schedule of a contraction computes the same sums.
import { expect, test } from "vitest";
import { matmul, relu, transpose } from "#ir/ops/index.js";
import { candidateSchedules, chooseSchedule, type ScheduleContraction } from "#passes/contraction-schedule.js";
import { productCost } from "#passes/product-cost.js";
import { wasm } from "#runtime/wasm/backend.js";
import { GraphMaker } from "../graphs.js";
import { runGraph } from "../run-graph.js";

const sizes = [
  [2, 5, 17],
  [4, 0, 5],
  [7, 3, 9],
  [33, 65, 10],
  [70, 300, 33],
  [130, 1100, 24],
] as const;

test.each(sizes)("all candidates agree: %i rows, %i terms, %i columns", (rows, terms, columns) => {
  for (const transposed of [false, true]) {
    const facts: Parameters<ScheduleContraction>[0][] = [];
    const g = new GraphMaker();
    const x = transposed ? transpose(g.input("x", [terms, rows], "f32")) : g.input("x", [rows, terms], "f32");
    const w = transposed ? transpose(g.input("w", [columns, terms], "f32")) : g.input("w", [terms, columns], "f32");
    const graph = g.graph({ y: relu(matmul(x, w)) });
    const feeds = [rows * terms, columns * terms].map((n, i) =>
      Float32Array.from({ length: n }, (_, j) => ((j * (7 + i)) % 11) - 5),
    );
    const by = (products: ScheduleContraction) =>
      runGraph(graph, feeds, wasm, { schedules: { products } }).outputs.get("y")!;
    const expected = by((f) => {
      facts.push(f);
      return chooseSchedule(f);
    });
    expect(facts.length).toBe(1);
    // Small whole numbers, so that no order of additions rounds.
    for (const candidate of candidateSchedules(facts[0]!)) expect(by(() => candidate)).toEqual(expected);
  }
});

/** A row-major product of so many rows, terms and columns. */
const product = (rows: number, terms: number, columns: number) => ({
  ...{ rows, terms, columns, innerTerms: terms, batches: 1, item: 4, contiguous: true },
  ...{ leftStep: 1, leftRowStep: terms, rightStep: columns },
});

test.each([
  product(4, 1024, 1024),
  product(256, 256, 256),
  { ...product(784, 128, 100), leftStep: 784, leftRowStep: 1 },
])("the chosen schedule is the first candidate, and the estimate gives none less time: %o", (facts) => {
  const seconds = candidateSchedules(facts).map(productCost(facts));
  expect(candidateSchedules(facts)[0]).toEqual(chooseSchedule(facts));
  expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
  expect(seconds.length).toBeGreaterThan(3);
});

test("columns far apart are packed where enough rows use them", () => {
  expect(chooseSchedule(product(4, 1024, 512)).packRight).toBe(false);
  expect(chooseSchedule(product(64, 1024, 512)).packRight).toBe(true);
  // In the second-level cache more rows are asked for; where they lie side by side, none are enough.
  expect(chooseSchedule(product(16, 784, 128)).packRight).toBe(false);
  expect(chooseSchedule(product(256, 784, 128)).packRight).toBe(true);
  expect(chooseSchedule(product(256, 64, 8)).packRight).toBe(false);
});

test("what is packed for all rows is not packed again for parts of them, where there are enough parts without", () => {
  const gathered = { ...product(512, 512, 128), contiguous: false, rightStep: 1 };
  const { chunkRows, chunkColumns } = chooseSchedule(gathered);
  const parts = (rows: number, columns: number) => Math.ceil(512 / rows) * Math.ceil(128 / columns);
  expect(parts(chunkRows, chunkColumns)).toBe(8);
  const cost = productCost(gathered);
  const low = { ...chooseSchedule(gathered), chunkRows: 32, chunkColumns: 128 };
  expect(parts(32, 128)).toBeGreaterThan(8);
  expect(cost(low)).toBeGreaterThan(cost(chooseSchedule(gathered)));
});

test("a transposed left factor is packed, one in order is not", () => {
  const transposed = { ...product(784, 256, 128), leftStep: 784, leftRowStep: 1 };
  expect(chooseSchedule(transposed).packLeft).toBe(true);
  expect(chooseSchedule(product(784, 256, 128)).packLeft).toBe(false);
  // Rows that are looked up: their places are worked out once, not for every tile.
  expect(chooseSchedule({ ...product(64, 1024, 512), leftStep: null, leftRowStep: 1 }).packLeft).toBe(true);
});

test("the estimate knows the edges of tiles: 8 columns and a ninth take as long as 12, less than 16", () => {
  const seconds = [8, 9, 12, 16].map((columns) => {
    const facts = product(64, 64, columns);
    return productCost(facts)({ ...chooseSchedule(facts), packRight: false, chunkColumns: 16 });
  });
  expect(seconds[1]! / seconds[2]!).toBeCloseTo(1, 1);
  expect(seconds[0]!).toBeLessThan(seconds[1]!);
  expect(seconds[2]!).toBeLessThan(seconds[3]!);
});
