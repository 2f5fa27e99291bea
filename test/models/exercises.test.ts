// Function fitting, the op exercises and broadcasting, in both modes.
import { expect, test } from "vitest";
import broadcasting from "../../examples/broadcasting.js";
import functionFitting, { network } from "../../examples/function-fitting.js";
import opExercises from "../../examples/op-exercises.js";
import { arange, scan, type Tensor } from "gradloom";
import { expectNear } from "./plain-code.js";
import { plainAdam, plainLosses } from "./plain-network.js";
import { Told } from "./told.js";

const modes = ["compiled", "eager"] as const;

test("function fitting: the losses of 20 steps of Adam are those of plain code in both modes", () => {
  const xs = Array.from({ length: 100 }, (_, i) => -10 + (20 * i) / 99);
  const y = xs.map((x) => Math.sin(x));
  const want = plainLosses(
    {
      sizes: [1, 100, 1],
      activations: ["relu", "none"],
      start: network.create().model.parameters.map((p) => p.data()),
      rows: xs.map((x) => [x]),
      loss: (outputs) => [
        outputs.reduce((sum, [p], n) => sum + (p! - y[n]!) ** 2, 0) / 100,
        outputs.map(([p], n) => [(2 * (p! - y[n]!)) / 100]),
      ],
      update: plainAdam(0.01),
    },
    20,
  );
  const [train, eager] = [network.create().train(), network.create()];
  expectNear(want.map(() => train.run({ x: xs, y }).loss.data[0]!), want); // prettier-ignore
  expectNear(want.map(() => eager.eagerStep({ x: xs, y })), want); // prettier-ignore
});

test("function fitting: weights and biases start within ±1/√fan-in, and spread over it", () => {
  const [w1, b1, w2, b2] = network.create().model.parameters.map((p) => [...p.data()]);
  for (const [values, limit] of [[w1, 1], [b1, 1], [w2, 0.1]] as const) {
    const largest = Math.max(...values!.map(Math.abs));
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.9 * limit);
  }
  expect(Math.abs(b2![0]!)).toBeLessThanOrEqual(0.1);
}); // prettier-ignore

test("function fitting draws target and fit of three functions, and fits them", async () => {
  const report = new Told();
  await functionFitting.run({ report, settings: { epochs: 1500 } });
  expect(report.pictures.size).toBe(3);
  for (const { svg, text } of report.pictures.values()) {
    expect(svg.match(/<circle/g)).toHaveLength(100);
    expect(svg).toContain("<path");
    expect(text).toContain("from -10 to 10");
  }
  expect(report.found["sin x: error as part of the deviation"]).toBeLessThan(0.5);
  expect(report.found["x⁴ − x³ + x² − x + 1: error as part of the deviation"]).toBeLessThan(0.1);
});

test.each(modes)("op exercises: %s, from primitives as built in; the usual forms overflow", async (mode) => {
  const report = new Told();
  await opExercises.run({ report, mode });
  for (const [name, apart] of Object.entries(report.found)) {
    expect(apart, name).toBeLessThan(name.includes("large") ? 1e-4 : 2e-6);
  }
  const naive = report.tables[0]!.rows.map((row) => row.at(-1));
  expect([naive[0], naive[2], naive[3]]).toEqual(["NaN", "NaN", "NaN"]);
});

test.each(modes)(
  "broadcasting: %s, seven shapes with the sums of NumPy, and all forms of a layer agree",
  async (mode) => {
    const report = new Told();
    await broadcasting.run({ report, mode, settings: { rows: 300, inputs: 20, outputs: 7, runs: 1 } });
    const shapes = report.tables[1]!.rows.map(([name, shape]) => [name, shape]);
    expect(shapes).toEqual([
      ["(3) + scalar", "(3)"],
      ["(3,1) + (1,4)", "(3,4)"],
      ["(2,3) · (3)", "(2,3)"],
      ["(2,3,4) + (3,1)", "(2,3,4)"],
      ["(2,3,4) + (3,4)", "(2,3,4)"],
      ["(3,2) @ (2,2)", "(3,2)"],
      ["(5,1,4,1) + (1,3,1,2)", "(5,3,4,2)"],
    ]);
    // By hand, of 1, 2, 3, … in every operand: such as Σ(1..24) + 8·(1 + 2 + 3) = 348.
    const sums = Object.entries(report.found).filter(([name]) => name.endsWith(": sum"));
    expect(sums.map(([, sum]) => sum)).toEqual([9, 54, 46, 348, 456, 111, 1680]);
    expect(report.tables[1]!.rows[2]![2]).toBe("1 4 9 4 10 18");
    expect(report.tables[1]!.rows[5]![2]).toBe("7 10 15 22 23 34");
    expect(report.found["rows in a loop: differs by"]).toBeLessThan(1e-5);
    expect(report.found["no loop: differs by"]).toBeLessThan(1e-5);
  },
);

test("a thousand eager turns are stacked in their order", () => {
  const x = arange(1000).reshape([1000, 1]);
  const [, y] = scan((state: never[], row: Tensor) => [state, row.mul(2)], [], x);
  expect(y.shape).toEqual([1000, 1]);
  expect([...y.data()]).toEqual(Array.from({ length: 1000 }, (_, i) => 2 * i));
});
