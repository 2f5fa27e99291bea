// Losses of numbers against numbers. Those with "mean" in their name are means, scalars; the others give one loss per
// element, for the caller to average: `huber(x, y).mean()`.
import { defineOp } from "../define-op.js";
import { GraphError } from "../errors.js";
import type { Scalar } from "../forms.js";
import { expectPairOfFloats, pair, type PairArgs } from "../losses.js";
import type { Attrs, Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { tensorType } from "../type.js";
import { mul, neg, sub } from "./arithmetic.js";
import { abs, clip, minimum } from "./magnitude.js";
import { mean } from "./statistics.js";

export const mse: Op<"own", Attrs, PairArgs> = defineOp("mse", {
  doc: "The mean squared error over all elements, a scalar: `y = 1/n · Σ (prediction − target)²`. Shapes must be equal.",
  operands: ["prediction", "target"],
  form: "own",
  call: (prediction, target) => ({ operands: pair(prediction, target), attrs: {} }),
  infer: ([prediction, target]) => {
    expectPairOfFloats("mse", "prediction", prediction!, "target", target!);
    return [tensorType(prediction!.dtype, [])];
  },
  lower: {
    kind: "compose",
    expand: ([prediction, target]) => {
      const difference = sub(prediction!, target!);
      return [mean(mul(difference, difference))];
    },
  },
  samples: [byHand([t("f32", [4], [1, 2, 3, 4]), t("f32", [4], [1, 0, 3, 6])], {}, t("f32", [], [2]))],
  rejects: [
    {
      operands: [tensorType("f32", [4, 1]), tensorType("f32", [4])],
      attrs: {},
      message: "ShapeError: mse: prediction has shape [4,1] but target has shape [4]",
    },
    {
      operands: [tensorType("f32", [4]), tensorType("i32", [4])],
      attrs: {},
      message: "DTypeError: mse: prediction is f32 but target is i32",
    },
  ],
});

export const mae: Op<"own", Attrs, PairArgs> = defineOp("mae", {
  doc: "The mean absolute error over all elements, a scalar: `y = 1/n · Σ |prediction − target|`. Shapes must be equal; the slope where they agree is 0.",
  operands: ["prediction", "target"],
  form: "own",
  call: (prediction, target) => ({ operands: pair(prediction, target), attrs: {} }),
  infer: ([prediction, target]) => {
    expectPairOfFloats("mae", "prediction", prediction!, "target", target!);
    return [tensorType(prediction!.dtype, [])];
  },
  lower: { kind: "compose", expand: ([prediction, target]) => [mean(abs(sub(prediction!, target!)))] },
  samples: [
    byHand([t("f32", [4], [1, 2, 3, 4]), t("f32", [4], [1.5, 0, 2, 6])], {}, t("f32", [], [1.375])),
    { ...byHand([t("f32", [2], [1, 2]), t("f32", [2], [1, 0])], {}, t("f32", [], [1])), smooth: false },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 2]), tensorType("f32", [2])],
      attrs: {},
      message: "ShapeError: mae: prediction has shape [2,2] but target has shape [2]",
    },
    {
      operands: [tensorType("i32", [4]), tensorType("i32", [4])],
      attrs: {},
      message: "DTypeError: mae: prediction is i32, but mae needs f32 or f64",
    },
  ],
});

type HuberAttrs = { delta: number };
type HuberArgs = [prediction: Operand, target: Scalar, options?: { readonly delta?: number }];

export const huber: Op<"like", HuberAttrs, HuberArgs> = defineOp("huber", {
  doc: "Squares near the target and a straight line beyond `delta` (1 where nothing is said), element by element: `y = a · (|d| − ½ a), a = min(|d|, delta)`, d the difference; its slope is d between −delta and delta.",
  operands: ["prediction", "target"],
  form: "like",
  call: (prediction, target, { delta = 1 } = {}) => ({ operands: pair(prediction, target), attrs: { delta } }),
  infer: ([prediction, target], { delta }) => {
    if (!(delta > 0)) throw new GraphError(`delta is ${delta}, but squares need room around the target`);
    return [expectPairOfFloats("huber", "prediction", prediction!, "target", target!)];
  },
  lower: {
    kind: "compose",
    expand: ([prediction, target], { delta }) => {
      const distance = abs(sub(prediction!, target!));
      const near = minimum(distance, delta);
      return [mul(near, sub(distance, mul(near, 0.5)))];
    },
  },
  vjp: ({ g, operands: [prediction, target], attrs: { delta } }) => {
    const slope = mul(g, clip(sub(prediction!, target!), -delta, delta));
    return [slope, neg(slope)];
  },
  samples: [
    byHand(
      [t("f32", [4], [1, 2, 3, 4]), t("f32", [4], [1, 0, 3.5, 7])],
      { delta: 1 },
      t("f32", [4], [0, 1.5, 0.125, 2.5]),
    ),
    byHand([t("f32", [3], [1, 2, 10]), t("f32", [3], [0, 0, 0])], { delta: 4 }, t("f32", [3], [0.5, 2, 32])),
    {
      ...byHand(
        [t("f32", [3], [1e30, -Infinity, 1]), t("f32", [3], [0, 0, 0])],
        { delta: 1 },
        t("f32", [3], [1e30, Infinity, 0.5]),
      ),
      smooth: false,
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [4]), tensorType("f32", [1, 4])],
      attrs: { delta: 1 },
      message: "ShapeError: huber: prediction has shape [4] but target has shape [1,4]",
    },
    {
      operands: [tensorType("f32", [4]), tensorType("f32", [4])],
      attrs: { delta: 0 },
      message: "GraphError: huber: delta is 0, but squares need room around the target",
    },
  ],
});
