// Every schedule of a contraction computes the same sums.
import { expect, test } from "vitest";
import { matmul, relu, transpose } from "#ir/ops/index.js";
import { candidateSchedules, chooseSchedule, type ScheduleContraction } from "#passes/contraction-schedule.js";
import { wasm } from "#runtime/wasm/backend.js";
import { GraphMaker } from "../graphs.js";
import { runGraph } from "../run-graph.js";

const sizes = [
  [2, 5, 17],
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
