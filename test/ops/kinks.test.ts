// Gradients where there is none in the strict sense: at kinks, ties, bounds and jumps the conventions of the docs hold.
import { expect, test } from "vitest";
import type { Operand } from "#ir/node.js";
import { relu } from "#ir/ops/activations.js";
import { abs, clip, maximum, minimum, sign } from "#ir/ops/magnitude.js";
import { pow, sqrt } from "#ir/ops/powers.js";
import { mod, round } from "#ir/ops/rounding.js";
import { where } from "#ir/ops/selection.js";
import { greater } from "#ir/ops/comparison.js";
import { atPoint, floats } from "./at-point.js";

const v = (...data: number[]) => floats("f64", data);
const slope = (f: (x: Operand) => Operand, ...at: number[]) => atPoint((x) => f(x!), v(...at)).gradients[0];

test("the derivative of relu is 0 left of 0, 0 at 0 and 1 right of it", () => {
  expect(slope(relu, -1, 0, 1)).toEqual([0, 0, 1]);
});

test("the derivative of |x| at 0 is 0", () => {
  expect(slope(abs, -2, 0, 2)).toEqual([-1, 0, 1]);
});

test("maximum and minimum share the gradient of a tie equally", () => {
  expect(atPoint((x, y) => maximum(x!, y!), v(1, 2, 3), v(2, 2, 2)).gradients).toEqual([
    [0, 0.5, 1],
    [1, 0.5, 0],
  ]);
  expect(atPoint((x, y) => minimum(x!, y!), v(1, 2, 3), v(2, 2, 2)).gradients).toEqual([
    [1, 0.5, 0],
    [0, 0.5, 1],
  ]);
});

test("the derivative of clip is 1 at both bounds and between, 0 outside", () => {
  expect(slope((x) => clip(x, -1, 1), -2, -1, 0, 1, 2)).toEqual([0, 1, 1, 1, 0]);
});

test("sign and round are flat everywhere", () => {
  expect(slope(sign, -1, 0, 1)).toEqual([0, 0, 0]);
  expect(slope(round, 0.5, 1.2)).toEqual([0, 0]);
});

test("the derivative of x^n at 0 is 1 for n = 1 and 0 for n = 0, 2, 3, whether n is a number or a tensor", () => {
  for (const [n, expected] of [
    [0, 0],
    [1, 1],
    [2, 0],
    [3, 0],
  ] as const) {
    // prettier-ignore
    expect(slope((x) => pow(x, n), 0)).toEqual([expected]);
    expect(atPoint((x, y) => pow(x!, y!), v(0), v(n)).gradients[0]).toEqual([expected]);
  }
});

test("integer powers of negative numbers have derivatives: 3 · (−2)² = 12, −1 · (−2)^−2 = −¼", () => {
  expect(atPoint((x, y) => pow(x!, y!), v(-2, -2), v(3, -1)).gradients[0]).toEqual([12, -0.25]);
  expect(slope((x) => pow(x, 3), -2)).toEqual([12]);
});

test("the derivative of x^y in y is 0 where x ≤ 0", () => {
  expect(atPoint((x, y) => pow(x!, y!), v(0, -2, 1), v(2, 3, 5)).gradients[1]).toEqual([0, 0, 0]);
});

test("what where does not choose cannot spoil the gradient, not even as NaN times 0", () => {
  const safe = (x: Operand) => where(greater(x, 0), sqrt(where(greater(x, 0), x, 1)), 0);
  expect(slope(safe, -1, 4)).toEqual([0, 0.25]);
});

test("the remainder has derivative 1 in x and −⌊x / y⌋ in y", () => {
  expect(atPoint((x, y) => mod(x!, y!), v(7.5, -7.5), v(2, 2)).gradients).toEqual([
    [1, 1],
    [-3, 4],
  ]);
});
