// docs/performance.md, docs/static-dynamic.md and their charts say what the files beside them say, and what a network needs is
// counted right.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { mustAgree } from "../../bench/agreement.js";
import { bytesOf, flopsOf } from "../../bench/costs.js";
import { modesPage } from "../../bench/modes-page.js";
import { performancePage } from "../../bench/page.js";
import { workloadNamed } from "../../bench/workloads/index.js";

test.each([
  ["performance.md", performancePage],
  ["static-dynamic.md", modesPage],
])("%s: numbers and chart are those of its file: npm run bench -- page", async (_, made) => {
  const { page, chart } = await made();
  expect(page.before).toBe(page.text);
  expect(readFileSync(chart.path, "utf8")).toBe(chart.text);
});

test("arithmetic of a step: three products a layer, two where nobody asks for the input's gradient", () => {
  const { task } = workloadNamed("mlp-32");
  expect(flopsOf(task)).toBe(2 * 32 * (784 * 128 * 2 + 128 * 10 * 3));
  expect(flopsOf(workloadNamed("transformer").task)).toBe(2 * 8 * 64 * (12 * 128 * 128 + 2 * 64 * 128));
  const [perStep, dense] = [2 * (64 + 128) * 4 * 128, 2 * 128 * 10];
  expect(flopsOf(workloadNamed("lstm").task)).toBe(3 * 32 * (32 * perStep + dense));
  expect(bytesOf(task)).toBe(0);
  expect(bytesOf(workloadNamed("softmax").task)).toBe(8 * 1024 * 1024);
});

test("libraries that differ stop the comparison, with the numbers", () => {
  const outputs = (...y: number[]) => [{ y }];
  expect(() => mustAgree("w", ["a", outputs(1, 2)], ["b", outputs(1, 2.001)])).not.toThrow();
  expect(() => mustAgree("w", ["a", outputs(1, 2)], ["b", outputs(1, 2.1)])).toThrow(
    "w: step 1: y[1] is 2 in a and 2.1 in b",
  );
  expect(() => mustAgree("w", ["a", outputs(1)], ["b", outputs(Number.NaN)])).toThrow("y[0] is 1 in a and NaN in b");
  expect(() => mustAgree("w", ["a", outputs(1)], ["b", outputs(1, 1)])).toThrow("1 numbers in a and 2 in b");
});
