// What must not overflow, underflow or cancel, at logits no float exponential can take: values and gradients in closed form.
import { describe, expect, test } from "vitest";
import { arrayOf } from "#ir/dtype.js";
import type { Operand } from "#ir/node.js";
import { softplus } from "#ir/ops/activations.js";
import { sigmoid, tanh } from "#ir/ops/sigmoidal.js";
import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from "#ir/ops/binary-losses.js";
import { softmaxCrossEntropy } from "#ir/ops/cross-entropy.js";
import { constant as constantOp } from "#ir/ops/leaves.js";
import { layerNorm } from "#ir/ops/normalization.js";
import { logSoftmax, softmax } from "#ir/ops/softmax.js";
import { logSumExp } from "#ir/ops/statistics.js";
import { t } from "#ir/op.js";
import { atPoint, floats, slopeOf } from "./at-point.js";

describe.each(["f32", "f64"] as const)("in %s", (dtype) => {
  const v = (...data: number[]) => floats(dtype, data);
  const rows = (columns: number, ...data: number[]) => floats(dtype, data, [data.length / columns, columns]);

  test("softmax of logits 20000 apart is 1 and 0, with gradient 0", () => {
    const { y, gradients } = atPoint((x) => softmax(x!), v(1e4, -1e4, 0));
    expect(y).toEqual([1, 0, 0]);
    expect(gradients[0]!.map(Math.abs)).toEqual([0, 0, 0]);
  });

  test("logSoftmax of logits 20000 apart is 0 and −20000", () => {
    const { y, gradients } = atPoint((x) => logSoftmax(x!), v(1e4, -1e4));
    expect(y).toEqual([0, -2e4]);
    // The sum of both: ∂/∂x₀ = 1 − 2·1, ∂/∂x₁ = 1 − 2·0.
    expect(gradients[0]).toEqual([-1, 1]);
  });

  test("logSumExp of 10000 and −10000 is 10000, with gradient 1 and 0", () => {
    const { y, gradients } = atPoint((x) => logSumExp(x!), v(1e4, -1e4));
    expect(y).toEqual([1e4]);
    expect(gradients[0]).toEqual([1, 0]);
  });

  test("the cross entropy of a wrong label at logits ±10000 is 20000, with gradient p − onehot", () => {
    const logits = rows(2, 1e4, -1e4, 1e4, -1e4);
    const { y, gradients } = atPoint((x, l) => softmaxCrossEntropy(x!, l!), logits, t("i32", [2], [0, 1]));
    expect(y).toEqual([0, 2e4]);
    expect(gradients).toEqual([[0, 0, 1, -1]]);
  });

  test("a class masked with −∞ has no part in the cross entropy or its gradient, by index or by probabilities", () => {
    const byIndex = atPoint((x, l) => softmaxCrossEntropy(x!, l!), rows(3, 2, 2, -Infinity), t("i32", [1], [1]));
    expect(byIndex.y[0]).toBeCloseTo(Math.LN2, 6);
    expect(byIndex.gradients[0]).toEqual([0.5, -0.5, 0]);
    const labels = rows(3, 0, 1, 0);
    const bySoft = atPoint((x) => softmaxCrossEntropy(x!, constantOf(x!, labels.data)), rows(3, 2, 2, -Infinity));
    expect(bySoft.y[0]).toBeCloseTo(Math.LN2, 6);
    expect(bySoft.gradients[0]).toEqual([0.5, -0.5, 0]);
  });

  test("probabilities that do not sum to 1 weigh the gradient: Σy · p − y", () => {
    const { gradients } = atPoint((x, l) => softmaxCrossEntropy(x!, l!), rows(2, 0, 0), rows(2, 2, 1));
    expect(gradients[0]).toEqual([-0.5, 0.5]);
  });

  test("softplus is x far right and 0 far left; its gradient is the sigmoid, ½ at 0", () => {
    const { y, gradients } = atPoint((x) => softplus(x!), v(1e4, -1e4, 0));
    expect(y.slice(0, 2)).toEqual([1e4, 0]);
    expect(gradients[0]).toEqual([1, 0, 0.5]);
  });

  test("the second derivatives of softplus, sigmoid and tanh at ±10000 are 0", () => {
    for (const f of [softplus, sigmoid, tanh]) {
      const { gradients } = atPoint((x) => slopeOf(f)(x!), v(1e4, -1e4));
      expect(gradients[0]!.map(Math.abs)).toEqual([0, 0]);
    }
  });

  test("the binary cross entropy at logits ±10000 is 0 or 10000, with gradient sigmoid(x) − y", () => {
    const { y, gradients } = atPoint(
      (x, l) => binaryCrossEntropyWithLogits(x!, l!),
      v(1e4, 1e4, -1e4, -1e4),
      v(1, 0, 1, 0),
    );
    expect(y).toEqual([0, 1e4, 1e4, 0]);
    expect(gradients[0]).toEqual([0, 1, -1, 0]);
  });

  test("the binary cross entropy of the probabilities 0 and 1 stops at 100, and its gradient is finite", () => {
    const { y, gradients } = atPoint((p, l) => binaryCrossEntropy(p!, l!), v(0, 1, 0, 1), v(0, 1, 1, 0));
    expect(y.map(Math.abs)).toEqual([0, 0, 100, 100]);
    expect(gradients[0]!.every(Number.isFinite)).toBe(true);
    expect(gradients[0]!.slice(0, 2).map(Math.abs)).toEqual([0, 0]);
  });

  test("layer norm of numbers near 10000 that differ by 1 does not cancel", () => {
    const { y } = atPoint((x) => layerNorm(x!), rows(4, 10000, 10001, 10002, 10003));
    // Variance 1.25: (x − 10001.5) / √1.25, less what ε takes.
    [-1.5, -0.5, 0.5, 1.5].forEach((d, i) => expect(y[i]).toBeCloseTo(d / Math.sqrt(1.25 + 1e-5), 6));
  });

  test("layer norm of equal numbers is 0, and its gradient is finite", () => {
    const { y, gradients } = atPoint((x) => layerNorm(x!), rows(3, 7, 7, 7));
    expect(y.map(Math.abs)).toEqual([0, 0, 0]);
    expect(gradients[0]!.every(Number.isFinite)).toBe(true);
  });

  test.each([-1, 2, 1000])("the class index %i of two stops the run", (label) => {
    const run = () => atPoint((x, l) => softmaxCrossEntropy(x!, l!), rows(2, 0, 0), t("i32", [1], [label]));
    expect(run).toThrow(`softmaxCrossEntropy: label ${label} is out of range 0 to 1`);
  });

  const constantOf = (like: Operand, data: readonly number[]) =>
    like.owner.apply(constantOp, [], { value: arrayOf(dtype, data), dtype, shape: like.type.shape })[0]!;
});
