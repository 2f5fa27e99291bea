// The arithmetic of a comparison, by hand.
import { expect, test } from "vitest";
import { breakEven, fullSpeedStep, largestDifference, steadyMs } from "#src/modes/comparison.js";

test("break-even is the first step at which the sums cross", () => {
  // Sums: 5, 10, 15, 20 against 12, 13, 14, 15.
  expect(breakEven([5, 5, 5, 5], [12, 1, 1, 1])).toBe(3);
});

test("break-even beyond the measured steps goes on at full speed", () => {
  // Behind by 100 − 2·4 = 92 after two steps more, gaining 4 − 1 = 3 a step.
  expect(breakEven([4, 4, 4], [100, 1, 1])).toBe(3 + Math.floor((100 + 2 - 12) / 3) + 1);
});

test("a compiled step that is no faster never breaks even", () => {
  expect(breakEven([1, 1, 1], [9, 1, 1])).toBeNull();
});

test("steady speed is the median of the second half", () => {
  expect(steadyMs([100, 50, 3, 9, 2, 4])).toBe(4);
});

test("full speed begins where a window of steps is within a tenth of it", () => {
  expect(fullSpeedStep([50, 9, 9, 9, 1, 1, 1, 1, 1, 1, 1, 1])).toBe(4);
});

test("the largest relative difference is taken step by step; NaN on one side is infinite", () => {
  expect(largestDifference([1, 2, 4], [1, 2, 5])).toBeCloseTo(0.2);
  expect(largestDifference([0, 1], [0, NaN])).toBe(Infinity);
});
