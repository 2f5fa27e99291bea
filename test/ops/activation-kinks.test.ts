// Activations at their corners, where the derivative is a convention, and far out, where exponentials overflow.
import { describe, expect, test } from "vitest";
import type { Operand } from "#ir/node.js";
import {
  celu, elu, hardSigmoid, hardSwish, hardTanh, leakyRelu, mish, norm, relu6, selu, softsign, standardDeviation,
} from "#ir/ops/index.js"; // prettier-ignore
import { atPoint, floats, slopeOf } from "./at-point.js";

const v = (...data: number[]) => floats("f64", data);
const slope = (f: (x: Operand) => Operand, ...at: number[]) => atPoint((x) => f(x!), v(...at)).gradients[0];

describe("the derivative at 0 is the one from the left, as in PyTorch", () => {
  test("leakyRelu: the slope", () => {
    expect(slope((x) => leakyRelu(x, 0.25), -1, 0, 1)).toEqual([0.25, 0.25, 1]);
  });
  test("elu: alpha", () => {
    expect(slope((x) => elu(x, 0.5), 0, 1)).toEqual([0.5, 1]);
  });
  test("celu: 1 for every alpha", () => {
    expect(slope((x) => celu(x, 0.5), 0, 1)).toEqual([1, 1]);
  });
  test("selu: λ · α", () => {
    expect(slope(selu, 0)![0]).toBeCloseTo(1.7580993408473766, 14);
  });
  test("softsign: 1", () => {
    expect(slope(softsign, 0)).toEqual([1]);
  });
});

describe("straight lines have derivative 0 at their corners", () => {
  test("hardTanh and relu6", () => {
    expect(slope((x) => hardTanh(x), -1, 0, 1)).toEqual([0, 1, 0]);
    expect(slope(relu6, 0, 3, 6)).toEqual([0, 1, 0]);
  });
  test("hardSigmoid at ±3; hardSwish is 0 at −3 and 1 at 3", () => {
    expect(slope(hardSigmoid, -3, 0, 3)).toEqual([0, 1 / 6, 0]);
    expect(slope(hardSwish, -3, 0, 3)!.map((x) => x + 0)).toEqual([0, 0.5, 1]);
  });
});

describe.each(["f32", "f64"] as const)("at ±10000 nothing overflows, in %s", (dtype) => {
  test.each([
    ["elu", (x: Operand) => elu(x), [1e4, -1], [1, 0]],
    ["celu", (x: Operand) => celu(x, 2), [1e4, -2], [1, 0]],
    ["mish", mish, [1e4, 0], [1, 0]],
    ["leakyRelu", (x: Operand) => leakyRelu(x, 0.5), [1e4, -5e3], [1, 0.5]],
  ] as const)("%s and its first two derivatives", (_, f, values, slopes) => {
    const at = floats(dtype, [1e4, -1e4]);
    const { y, gradients } = atPoint((x) => f(x!), at);
    expect(y.map((value) => value + 0)).toEqual(values);
    expect(gradients[0]!.map((value) => value + 0)).toEqual(slopes);
    expect(atPoint((x) => slopeOf(f)(x!), at).gradients[0]!.map((value) => value + 0)).toEqual([0, 0]);
  });
});

describe("lengths of nothing", () => {
  test("the gradient of the 2-norm at 0 is 0, and so is that of the 1-norm", () => {
    expect(slope((x) => norm(x), 0, 0)).toEqual([0, 0]);
    expect(slope((x) => norm(x, 0, { order: 1 }), 0, -2)).toEqual([0, -1]);
  });
  test("the gradient of the norm of order Infinity is shared equally among ties", () => {
    expect(slope((x) => norm(x, 0, { order: Infinity }), 3, -3, 1)).toEqual([0.5, -0.5, 0]);
  });
  test("the gradient of the standard deviation of equal numbers is 0", () => {
    expect(slope((x) => standardDeviation(x), 7, 7, 7)!.map((x) => x + 0)).toEqual([0, 0, 0]);
  });
});
