// What facts say of a value must hold of every element: checked against the numbers of all samples, and rule by rule.
import { describe, expect, test } from "vitest";
import { Builder } from "#ir/builder.js";
import { constantValue, provablyFinite, provablyNonZero, rangeOfValue } from "#ir/facts.js";
import { constantLike } from "#ir/forms.js";
import type { Value } from "#ir/node.js";
import { relu } from "#ir/ops/activations.js";
import { add, div, mul, sub } from "#ir/ops/arithmetic.js";
import { exp } from "#ir/ops/exponential.js";
import { constant, iota } from "#ir/ops/leaves.js";
import { reshape } from "#ir/ops/movement.js";
import { sum } from "#ir/ops/reductions.js";
import { cast } from "#ir/ops/selection.js";
import { sigmoid } from "#ir/ops/sigmoidal.js";
import { namedSize } from "#ir/size.js";
import { tensorType } from "#ir/type.js";
import { cases, dataOf, inputsOf } from "../ops/cases.js";

describe("the range of a result holds the numbers of the sample", () => {
  test.each(cases())("$name", ({ op, sample }) => {
    const builder = new Builder("facts");
    const operands = sample.operands.map(
      (x) => builder.apply(constant, [], { value: dataOf(x), dtype: x.dtype, shape: x.shape })[0]!,
    );
    const [result] = builder.apply(op, operands, sample.attrs);
    const { low, high, nan } = rangeOfValue(result!);
    for (const x of dataOf(sample.results[0]!)) {
      if (Number.isNaN(x)) expect(nan).toBe(true);
      else expect(x >= low && x <= high, `${x} in ${low} to ${high}`).toBe(true);
    }
  });
});

const x = inputsOf([tensorType("f32", [2, 3])]).inputs[0]!;
const counting = iota(x, [2, 3], 1, "f32") as Value;

test("a fed float may be NaN; a fed integer may not", () => {
  expect(provablyFinite(x)).toBe(false);
  const [i] = inputsOf([tensorType("i32", [3])]).inputs;
  expect(provablyFinite(cast(i!, "f32") as Value)).toBe(true);
});

test("counting is finite and holds zero; counting + 1 does not", () => {
  expect(provablyFinite(counting)).toBe(true);
  expect(provablyNonZero(counting)).toBe(false);
  expect(provablyNonZero(add(counting, 1) as Value)).toBe(true);
});

test("a bounded function of what may be NaN may be NaN", () => {
  expect(provablyFinite(sigmoid(x) as Value)).toBe(false);
  expect(provablyFinite(sigmoid(counting) as Value)).toBe(true);
});

test("a square, and a sum of squares, is not negative; a product is anything", () => {
  expect(rangeOfValue(mul(x, x) as Value).low).toBe(0);
  expect(rangeOfValue(sum(mul(x, x), 1) as Value).low).toBe(0);
  expect(rangeOfValue(mul(x, add(x, 1)) as Value).low).toBe(-Infinity);
});

test("exp may overflow, 1/x may divide by zero, ∞ − ∞ may be NaN", () => {
  expect(provablyFinite(exp(mul(counting, 100)) as Value)).toBe(false);
  expect(provablyFinite(div(1, counting) as Value)).toBe(false);
  expect(rangeOfValue(sub(relu(x), relu(x)) as Value).nan).toBe(true);
});

test("integers that may wrap may be anything", () => {
  const big = mul(iota(x, [70000], 0, "i32"), 70000) as Value;
  expect(rangeOfValue(big)).toEqual({ low: -(2 ** 31), high: 2 ** 31 - 1, nan: false });
});

test("a constant is seen through broadcast and reshape", () => {
  expect(constantValue(reshape(constantLike(x, 2.5), [6]))).toBe(2.5);
  expect(constantValue(x)).toBeNull();
});

test("with a named size nothing is claimed", () => {
  const [named] = inputsOf([tensorType("f32", [namedSize("batch")])]).inputs;
  expect(rangeOfValue(mul(named!, named!) as Value).low).toBe(-Infinity);
});
