// Reductions at ties, zeros and infinities: what the gradient is there by convention, and where it is delicate.
import { expect, test } from "vitest";
import { argmax, cast, logSumExp, max, min, prod, scatterAdd } from "#ir/ops/index.js";
import { atPoint, floats } from "./at-point.js";

test("max and min share their gradient equally among ties", () => {
  const x = floats("f64", [3, 1, 3, 3, 0, 0], [2, 3]);
  expect(atPoint((v) => max(v!, 1), x).gradients).toEqual([[0.5, 0, 0.5, 1, 0, 0]]);
  expect(atPoint((v) => min(v!, 1), x).gradients).toEqual([[0, 1, 0, 0, 0.5, 0.5]]);
});

test("the gradient of a product is the product of the others, with no, one and two zeros", () => {
  const x = floats("f64", [2, 3, 4, 2, 0, 4, 0, 3, 0], [3, 3]);
  expect(atPoint((v) => prod(v!, 1), x).gradients).toEqual([[12, 8, 6, 0, 8, 0, 0, 0, 0]]);
});

test("the gradient of a product over two axes that are not neighbours", () => {
  const x = floats("f64", [1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
  const [left, right] = [1 * 2 * 5 * 6, 3 * 4 * 7 * 8];
  const expected = [left, left / 2, right / 3, right / 4, left / 5, left / 6, right / 7, right / 8];
  expect(atPoint((v) => prod(v!, [0, 2]), x)).toEqual({ y: [left, right], gradients: [expected] });
});

test("logSumExp neither overflows nor underflows, and its gradient adds up to 1", () => {
  const { y, gradients } = atPoint((v) => logSumExp(v!), floats("f64", [1e4, 1e4]));
  expect(y).toEqual([1e4 + Math.LN2]);
  for (const g of gradients[0]!) expect(g).toBeCloseTo(0.5, 11);
  expect(atPoint((v) => logSumExp(v!), floats("f64", [-Infinity, 0])).gradients).toEqual([[0, 1]]);
});

test("argmax takes the first of equals, and the first NaN before any number", () => {
  const first = (...data: readonly number[]) => atPoint((v) => cast(argmax(v!), "f32"), floats("f32", data)).y;
  expect(first(1, 5, 5, 2)).toEqual([1]);
  expect(first(Infinity, NaN, NaN)).toEqual([1]);
  expect(first(-Infinity, -Infinity)).toEqual([0]);
});

test("scatterAdd gives every update the gradient of the place it was added to", () => {
  const indices = { dtype: "i32", shape: [4], data: [2, 0, 2, 2] } as const;
  const [x, updates] = [floats("f64", [1, 1, 1]), floats("f64", [1, 2, 3, 4])];
  const { y, gradients } = atPoint((v, i, u) => prod(scatterAdd(v!, i!, u!)), x, indices, updates);
  // (1 + 2) · 1 · (1 + 1 + 3 + 4)
  expect(y).toEqual([27]);
  expect(gradients).toEqual([
    [9, 27, 3],
    [3, 9, 3, 3],
  ]);
});
