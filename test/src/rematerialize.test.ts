// `rematerialize` changes what a step needs, never what it computes.
import { describe, expect, test } from "vitest";
import { compile, type CompileSettings } from "#src/compile.js";
import { Graph } from "#src/graph.js";
import { grad } from "#src/gradients.js";
import { parameter } from "#src/parameter.js";
import { mistake } from "./mistakes.js";

const [layers, width, batch] = [8, 12, 24];

/** A training step of layers with dropout, and its weights. */
function step(settings: CompileSettings, rows: number | string = batch) {
  const graph = new Graph("deep", { seed: 7 });
  const x = graph.input("x", [rows, width]);
  const weights = Array.from({ length: layers }, (_, i) => {
    const data = Float32Array.from({ length: width * width }, (_, j) => 0.4 * Math.sin(1 + i + j * j));
    return parameter([width, width], data, { name: `w${i}` });
  });
  let h = x.mul(1);
  for (const w of weights) h = h.matmul(graph.read(w)).tanh().dropout(0.1) as typeof h;
  const loss = h.mul(h).mean();
  const slopes = grad(loss, weights);
  const updates = weights.map((w, i) => [w, graph.read(w).sub(slopes[i]!.mul(0.5))] as const);
  return { run: compile({ outputs: { loss }, updates }, settings), weights };
}

/** Four losses and the weights after them. */
function trained(settings: CompileSettings) {
  const { run, weights } = step(settings);
  const x = Float32Array.from({ length: batch * width }, (_, i) => Math.cos(i));
  const losses = Array.from({ length: 4 }, () => run.run({ x }).loss.data[0]);
  return { losses, weights: weights.map((w) => [...run.copyOf(w).data()]), bytes: run.plan().memory.planned };
}

describe("training with dropout gives the same bits in less memory", () => {
  const settings: readonly (readonly [string, CompileSettings])[] = [
    ["segments", { rematerialize: true }],
    ["a minimum cut", { rematerialize: { method: "min-cut" } }],
    ["a budget in KiB", { rematerialize: { budget: "12 KiB" } }],
    ["double precision", { rematerialize: true, dtype: "f64" }],
  ];
  test.each(settings)("%s", (_, asked) => {
    const { rematerialize: _less, ...rest } = asked;
    const [usual, less] = [trained(rest), trained(asked)];
    expect(new Set(usual.losses).size).toBe(4);
    expect(less.losses).toEqual(usual.losses);
    expect(less.weights).toEqual(usual.weights);
    expect(less.bytes).toBeLessThan(usual.bytes);
  });
});

test("a budget that cannot be met is refused by compile, and with named sizes by the run that binds them", () => {
  const asked = { rematerialize: { budget: 64 } };
  const refused = /^MemoryError: .*the budget is 64 bytes, but deep needs at least [\d,]+ bytes beside its parameters/;
  expect(mistake(() => step(asked))).toMatch(refused);
  const { run } = step(asked, "batch");
  expect(mistake(() => run.run({ x: new Float32Array(batch * width) }))).toMatch(refused);
});

test("false is as if nothing had been said", () => {
  expect(step({ rematerialize: false }).run.plan().memory).toEqual(step({}).run.plan().memory);
});

describe("what is no budget or method is refused", () => {
  const line = (rematerialize: CompileSettings["rematerialize"]) =>
    mistake(() => step({ rematerialize: rematerialize! })).split("\n")[0];
  test.each(["64 apples", "", "-1", 0, "1.2.3 KiB"])("budget %j", (budget) => {
    expect(line({ budget })).toBe(
      `GraphError: compile: rematerialize: the budget ${JSON.stringify(budget)} is no number of bytes, KiB, MiB or GiB`,
    );
  });
  test("method", () => {
    expect(line({ method: "magic" as "segments" })).toBe(
      'GraphError: compile: rematerialize: the method is "magic", not "segments" or "min-cut"',
    );
  });
});
