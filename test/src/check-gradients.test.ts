// Gradients against central differences, as a function: of models, and of functions of tensors.
import { describe, expect, test } from "vitest";
import { checkGradients, customGradient, random, type Tensor, tensor } from "gradloom";
import { classifier, twoClouds } from "../fit/models.js";

const w = tensor([[0.5, -1], [2, 0.25]]); // prettier-ignore

describe("of a function", () => {
  test("Σ w³: expected and actual are 3w², and the row is that of the worst element", () => {
    const { ok, rows } = checkGradients((x) => x.pow(3).sum(), [w]);
    expect(ok).toBe(true);
    const [row] = rows as [(typeof rows)[0]];
    expect([row.parameter, row.shape, row.count, row.tried]).toEqual(["input 1", [2, 2], 4, 4]);
    expect(row.actual).toBeCloseTo(3 * [0.5, -1, 2, 0.25][2 * row.index[0]! + row.index[1]!]! ** 2, 10);
    expect(row.error).toBeLessThan(1e-6);
  });
  test("a wrong rule is off, and stands first", () => {
    const doubled = customGradient(
      (x: Tensor) => x.mul(2) as Tensor,
      ({ g }) => g.mul(3),
    );
    const report = checkGradients((x, y) => x.mul(x).sum().add(doubled(y).sum()), [w, w]);
    expect(report.ok).toBe(false);
    expect(report.rows.map((row) => row.parameter)).toEqual(["input 2", "input 1"]);
    expect([report.rows[0]!.expected, report.rows[0]!.actual]).toEqual([expect.closeTo(2, 6), 3]);
    expect(report.toString().split("\n").map((line) => line.trim().split(/\s+/).at(-1))).toEqual(["ε", "off", "ok"]); // prettier-ignore
  });
  test("random numbers are the same in every run, and their counter stays", () => {
    const before = random.counter().item();
    const noisy = (x: typeof w) => x.mul(random.uniformLike(x)).pow(2).sum();
    expect(checkGradients(noisy, [w]).ok).toBe(true);
    expect(random.counter().item()).toBe(before);
  });
  test("tensors of other dtypes are constants", () => {
    const ids = tensor([1, 0], { dtype: "i32" });
    const { rows } = checkGradients((x, i) => x.gather(i, 0).pow(2).sum(), [w, ids]);
    expect(rows.map((row) => row.parameter)).toEqual(["input 1"]);
  });
  test("what is no scalar is refused", () => {
    expect(() => checkGradients((x) => x.mul(2), [w])).toThrow("the function gives f32[2,2], not a scalar");
    expect(() => checkGradients((x) => x.sum(), [w], { samples: 0 })).toThrow("samples is 0");
  });
});

test("of a model with dropout and batch norm, on a batch; nothing in it changes", () => {
  const model = classifier.create();
  const before = model.toBytes();
  const report = checkGradients(model, twoClouds(16).columns, { samples: 6 });
  expect(report.ok).toBe(true);
  expect(report.rows).toHaveLength(6);
  const errors = report.rows.map((row) => row.error);
  expect(errors).toEqual([...errors].sort((a, b) => b - a));
  expect(model.toBytes()).toEqual(before);
});
