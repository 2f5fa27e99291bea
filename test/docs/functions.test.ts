// docs/functions.md states the largest errors of all functions; a coarser measurement of other numbers finds hardly larger
// ones, and none above 2 ulp.
import { expect, test } from "vitest";
import { transcendentals } from "#ir/scalar.js";
import { worstOfDouble, worstOfSingle } from "../../docs/function-errors.js";
import { statedErrors } from "../../docs/generate-functions.js";

const stated = statedErrors();

test.each(transcendentals)("%s", (fn) => {
  const { f32, f64 } = stated.get(fn)!;
  expect(f32).toBeLessThanOrEqual(2);
  expect(f64).toBeLessThanOrEqual(2);
  const [single, double] = [worstOfSingle(fn, 16_001), worstOfDouble(fn, 2000)];
  expect(single.ulps, `at ${single.at.join()}`).toBeLessThanOrEqual(Math.min(f32 + 0.05, 2));
  expect(double.ulps, `at ${double.at.join()}`).toBeLessThanOrEqual(Math.min(f64 + 0.05, 2));
});
