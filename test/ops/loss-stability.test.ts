// Losses at logits that no exponential can take, ±∞ where there is a limit, in value and gradient; expected numbers in closed
// form. `gradients` are those of the sum of the losses.
import { describe, expect, test } from "vitest";
import type { Operand } from "#ir/node.js";
import { binaryCrossEntropyWithLogits, focal, hinge } from "#ir/ops/binary-losses.js";
import { negativeLogLikelihood, softmaxFocal } from "#ir/ops/class-losses.js";
import { constant } from "#ir/ops/leaves.js";
import { softmaxCrossEntropy } from "#ir/ops/cross-entropy.js";
import { klDivergence } from "#ir/ops/divergence.js";
import { huber, mae } from "#ir/ops/regression-losses.js";
import { logSoftmax, softmax } from "#ir/ops/softmax.js";
import { t } from "#ir/op.js";
import { atPoint, floats } from "./at-point.js";

const inf = Infinity;

describe.each(["f32", "f64"] as const)("in %s", (dtype) => {
  const v = (...data: number[]) => floats(dtype, data);
  const rows = (columns: number, ...data: number[]) => floats(dtype, data, [data.length / columns, columns]);
  const plain = (xs: readonly number[]) => xs.map((x) => x + 0);

  test("mae of a difference of 1e30 is 1e30, with slope 1; where both agree the slope is 0", () => {
    const { y, gradients } = atPoint((x, z) => mae(x!, z!), v(1e30, 5), v(0, 5));
    expect(y[0]! / 5e29).toBeCloseTo(1, 6);
    expect(plain(gradients[0]!)).toEqual([0.5, 0]);
  });

  test("huber is a straight line at ±1e30 and ±∞, with slope ±delta", () => {
    const { y, gradients } = atPoint((x, z) => huber(x!, z!, { delta: 2 }), v(1e30, -inf, inf, 1), v(0, 0, 0, 0));
    expect(y[0]! / 2e30).toBeCloseTo(1, 6);
    expect(y.slice(1)).toEqual([inf, inf, 0.5]);
    expect(gradients[0]).toEqual([2, -2, 2, 1]);
  });

  test("hinge at ±1e4 and ±∞ is 0 on the right side, and has slope −label on the wrong one", () => {
    const { y, gradients } = atPoint((x, l) => hinge(x!, l!), v(1e4, -1e4, inf, -inf, inf), v(1, 1, 1, 1, -1));
    expect(y).toEqual([0, 10001, 0, inf, inf]);
    expect(plain(gradients[0]!)).toEqual([0, -1, 0, -1, 1]);
    expect(plain(gradients[1]!).slice(0, 3)).toEqual([0, 1e4, 0]);
  });

  test("binary cross entropy at ±∞ is 0 where the logit is right and ∞ where it is wrong, with gradient p − y", () => {
    const { y, gradients } = atPoint(
      (x, l) => binaryCrossEntropyWithLogits(x!, l!),
      v(inf, -inf, inf, -inf),
      v(1, 0, 0, 1),
    );
    expect(y).toEqual([0, 0, inf, inf]);
    expect(plain(gradients[0]!)).toEqual([0, 0, 1, -1]);
  });

  test.each([0, 0.5, 1, 2, 5])("focal with gamma %d at ±1e4 and ±∞ is 0 or |x|, with slope 0 or ±1", (gamma) => {
    const logits = v(1e4, -1e4, inf, -inf, 1e4, inf);
    const { y, gradients } = atPoint((x, l) => focal(x!, l!, { gamma }), logits, v(1, 1, 1, 1, 0, 0));
    expect(y).toEqual([0, 1e4, 0, inf, 1e4, inf]);
    expect(plain(gradients[0]!)).toEqual([0, -1, 0, -1, 1, 1]);
  });

  test("softmax cross entropy with smoothing at ±1e4: the share of each class times its distance", () => {
    const { y, gradients } = atPoint(
      (x, l) => softmaxCrossEntropy(x!, l!, { labelSmoothing: 0.5 }),
      rows(2, 1e4, -1e4, 1e4, -1e4),
      t("i32", [2], [0, 1]),
    );
    expect(y).toEqual([5000, 15000]);
    expect(gradients).toEqual([[0.25, -0.25, 0.75, -0.75]]);
  });

  test("class weights at ±1e4 multiply loss and gradient; their own gradient is the unweighted loss", () => {
    const { y, gradients } = atPoint(
      (x, l, w) => softmaxCrossEntropy(x!, l!, { weights: w! }),
      rows(2, 1e4, -1e4),
      t("i32", [1], [1]),
      v(3, 0.5),
    );
    expect(y).toEqual([1e4]);
    expect(gradients[0]).toEqual([0.5, -0.5]);
    expect(plain(gradients[1]!)).toEqual([0, 2e4]);
  });

  test("an ignored row has neither loss nor gradient, whatever its logits; its label need be no class", () => {
    for (const [labelSmoothing, slope] of [
      [0, 0.5],
      [0.5, 0.25],
    ] as const) {
      const { y, gradients } = atPoint(
        (x, l) => softmaxCrossEntropy(x!, l!, { ignoreIndex: -100, labelSmoothing }),
        rows(2, 1e4, -1e4, 0, 0),
        t("i32", [2], [-100, 0]),
      );
      expect(y[0]).toBe(0);
      expect(y[1]).toBeCloseTo(Math.LN2, 6);
      expect(plain(gradients[0]!)).toEqual([0, 0, -slope, slope]);
    }
  });

  test("a class masked with −∞ has no part in a weighted cross entropy or its gradient", () => {
    const { y, gradients } = atPoint(
      (x, l, w) => softmaxCrossEntropy(x!, l!, { weights: w! }),
      rows(3, 2, 2, -inf),
      t("i32", [1], [1]),
      v(1, 2, 3),
    );
    expect(y[0]).toBeCloseTo(2 * Math.LN2, 6);
    expect(plain(gradients[0]!)).toEqual([1, -1, 0]);
    expect(gradients[1]![1]).toBeCloseTo(Math.LN2, 6);
    expect(plain([gradients[1]![0]!, gradients[1]![2]!])).toEqual([0, 0]);
  });

  test("negative log likelihood of logSoftmax at ±1e4 is 0 or 2e4, with the gradient of the cross entropy", () => {
    const { y, gradients } = atPoint(
      (x, l) => negativeLogLikelihood(logSoftmax(x!), l!),
      rows(2, 1e4, -1e4, 1e4, -1e4),
      t("i32", [2], [0, 1]),
    );
    expect(plain(y)).toEqual([0, 2e4]);
    expect(plain(gradients[0]!)).toEqual([0, 0, 1, -1]);
  });

  test("negative log likelihood does not look at other classes, impossible or not", () => {
    const { y, gradients } = atPoint(
      (x, l, w) => negativeLogLikelihood(x!, l!, { weights: w! }),
      rows(2, -0.5, -inf),
      t("i32", [1], [0]),
      v(4, 5),
    );
    expect(y).toEqual([2]);
    expect(gradients.map(plain)).toEqual([[-4, 0], [0.5, 0]]); // prettier-ignore
  });

  test.each([0, 0.5, 1, 2])(
    "softmaxFocal with gamma %d at ±1e4 is 0 or 2e4, with gradient 0 or p − onehot",
    (gamma) => {
      const { y, gradients } = atPoint(
        (x, l) => softmaxFocal(x!, l!, { gamma }),
        rows(2, 1e4, -1e4, 1e4, -1e4),
        t("i32", [2], [0, 1]),
      );
      expect(plain(y)).toEqual([0, 2e4]);
      expect(plain(gradients[0]!)).toEqual([0, 0, 1, -1]);
    },
  );

  test("klDivergence of what the target rules out is 0, and ∞ where the prediction rules out what occurs", () => {
    const { y, gradients } = atPoint((q, p) => klDivergence(q!, p!), rows(2, -inf, 0, 0, -inf), rows(2, 0, 1, 0, 1));
    expect(y).toEqual([0, inf]);
    expect(plain(gradients[0]!)).toEqual([0, -1, 0, -1]);
    expect(plain(gradients[1]!.slice(0, 2))).toEqual([0, 1]);
  });

  test("klDivergence of softmaxes at ±1e4 is finite, and its gradient is q − p in the logits of q, 0 in those of p", () => {
    const divergence = (x: Operand, z: Operand) => klDivergence(logSoftmax(x), softmax(z));
    const { y, gradients } = atPoint((x, z) => divergence(x!, z!), rows(2, 1e4, -1e4), rows(2, -1e4, 1e4));
    expect(y).toEqual([2e4]);
    expect(gradients.map(plain)).toEqual([[1, -1], [0, 0]]); // prettier-ignore
  });

  test("klDivergence takes the logarithms of a target too, −∞ for what it rules out", () => {
    const target = rows(2, -inf, 0);
    const { y } = atPoint(
      (q) => klDivergence(q!, constantOf(q!, target.data), { logTarget: true }),
      rows(2, -inf, -0.5),
    );
    expect(y).toEqual([0.5]);
  });

  const constantOf = (like: Operand, data: readonly number[]) => {
    const value = dtype === "f32" ? Float32Array.from(data) : Float64Array.from(data);
    return like.owner.apply(constant, [], { value, dtype, shape: like.type.shape })[0]!;
  };
});
