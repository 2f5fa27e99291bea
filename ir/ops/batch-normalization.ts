// Batch normalisation: over all examples and places of a channel in training, with statistics given in inference.
import { alongChannels, axesBesideChannels, expectChannels, withAffine } from "../channels.js";
import { defineOp } from "../define-op.js";
import { ShapeError } from "../errors.js";
import { shared, standardized } from "../moments.js";
import type { Operand } from "../node.js";
import { byHand, type Op, type Results, t } from "../op.js";
import { printShape } from "../size.js";
import { tensorType } from "../type.js";
import { add, mul, sub } from "./arithmetic.js";
import { reshape } from "./movement.js";
import { rsqrt } from "./powers.js";
import { sum } from "./reductions.js";

type BatchNormAttrs = { epsilon: number };
type BatchNormOptions = { readonly epsilon?: number };
type BatchNormArgs = [x: Operand, scale?: Operand, bias?: Operand, options?: BatchNormOptions];
type BatchNormResults = Results & readonly [y: Operand, mean: Operand, variance: Operand];

export const batchNorm: Op<"own", BatchNormAttrs, BatchNormArgs, BatchNormResults> = defineOp("batchNorm", {
  doc: "Each channel of x [batch, channels, …] with mean 0 and variance 1 over the batch, then scaled and shifted; gives y, mean and variance: `y = (x − μ) / √(σ² + ε) · scale + bias`. The variance is the biased one, `σ² = 1/n Σ (x − μ)²`; running statistics are usually kept of `σ² · n/(n − 1)`.",
  operands: ["x", "scale", "bias"],
  form: "own",
  many: true,
  call: (x, scale, bias, { epsilon = 1e-5 } = {}) => ({ operands: withAffine([x], scale, bias), attrs: { epsilon } }),
  infer: ([x, scale, bias]) => {
    expectChannels("batchNorm", x!, { scale, bias });
    const empty = x!.shape.findIndex((size, axis) => axis !== 1 && size === 0);
    if (empty >= 0) throw new ShapeError(`axis ${empty} of ${printShape(x!.shape)} is empty, and nothing has no mean`);
    const statistic = tensorType(x!.dtype, [x!.shape[1]!]);
    return [x!, statistic, statistic];
  },
  lower: {
    kind: "compose",
    expand: ([x, scale, bias], { epsilon }) => {
      const { normal, mean, variance } = standardized(x!, axesBesideChannels(x!), epsilon);
      const channels = [x!.type.shape[1]!];
      return [affine(normal, scale, bias), reshape(mean, channels), reshape(variance, channels)];
    },
  },
  // Both sums are of g alone, and serve scale and bias as well as x.
  vjp: ({ cotangents: [g, gMean, gVariance], operands: [x, scale, bias], attrs: { epsilon } }) => {
    const axes = axesBesideChannels(x!);
    const { normal, reciprocal, centred } = standardized(x!, axes, epsilon);
    const spread = (perChannel: Operand) => alongChannels(perChannel, x!);
    const parts: Operand[] = [];
    let affineCotangents: (Operand | null)[] = [scale, bias].flatMap((operand) => (operand ? [null] : []));
    if (g) {
      const [alongBias, alongScale] = [total(g, axes), total(mul(g, normal), axes)];
      const direction = sub(sub(g, shared(alongBias, x!, axes)), mul(normal, shared(alongScale, x!, axes)));
      parts.push(mul(direction, scale ? mul(reciprocal, reshape(scale, reciprocal.type.shape)) : reciprocal));
      affineCotangents = [...(scale ? [alongScale] : []), ...(bias ? [alongBias] : [])].map((y) =>
        reshape(y, [x!.type.shape[1]!]),
      );
    }
    if (gMean) parts.push(shared(spread(gMean), x!, axes));
    if (gVariance) parts.push(mul(mul(shared(spread(gVariance), x!, axes), centred), 2));
    return [parts.reduce(add), ...affineCotangents];
  },
  samples: [
    {
      operands: [t("f32", [2, 2, 2], [1, 2, 10, 10, 3, 6, -10, -10])],
      attrs: { epsilon: 1e-5 },
      results: [
        t(
          "f32",
          [2, 2, 2],
          [
            ...[-1.0690434404458735, -0.5345217202229368, 0.99999995, 0.99999995],
            ...[0, 1.6035651606688102, -0.99999995, -0.99999995],
          ],
        ),
        t("f32", [2], [3, 0]),
        t("f32", [2], [3.5, 100]),
      ],
      from: "by hand",
    },
    {
      operands: [t("f32", [2, 2], [-1, 4, 1, 0]), t("f32", [2], [2, 3]), t("f32", [2], [10, 20])],
      attrs: { epsilon: 0 },
      results: [t("f32", [2, 2], [8, 23, 12, 17]), t("f32", [2], [0, 2]), t("f32", [2], [1, 4])],
      from: "by hand",
    },
    {
      operands: [t("f32", [1, 2], [7, -7])],
      attrs: { epsilon: 1e-5 },
      results: [t("f32", [1, 2], [0, 0]), t("f32", [2], [7, -7]), t("f32", [2], [0, 0])],
      from: "by hand",
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3])],
      attrs: { epsilon: 1e-5 },
      message: "ShapeError: batchNorm: x is [3], not [batch, channels, …]",
    },
    {
      operands: [tensorType("i32", [2, 3])],
      attrs: { epsilon: 1e-5 },
      message: "DTypeError: batchNorm: x is i32, but batchNorm needs f32 or f64",
    },
    {
      operands: [tensorType("f32", [2, 3, 4]), tensorType("f32", [4])],
      attrs: { epsilon: 1e-5 },
      message: "ShapeError: batchNorm: x has 3 channels but scale is [4]",
    },
    {
      operands: [tensorType("f32", [0, 3])],
      attrs: { epsilon: 1e-5 },
      message: "ShapeError: batchNorm: axis 0 of [0,3] is empty, and nothing has no mean",
    },
  ],
  tolerance: 16,
});

function total(x: Operand, axes: readonly number[]): Operand {
  return sum(x, axes, { keepDims: true });
}

function affine(normal: Operand, scale?: Operand, bias?: Operand): Operand {
  const scaled = scale ? mul(normal, alongChannels(scale, normal)) : normal;
  return bias ? add(scaled, alongChannels(bias, normal)) : scaled;
}

type InferenceArgs = [
  x: Operand,
  mean: Operand,
  variance: Operand,
  scale?: Operand,
  bias?: Operand,
  options?: BatchNormOptions,
];

export const batchNormInference: Op<"like", BatchNormAttrs, InferenceArgs> = defineOp("batchNormInference", {
  doc: "Batch normalisation of x [batch, channels, …] by a mean and variance per channel that are given: `y = (x − mean) / √(variance + ε) · scale + bias`.",
  operands: ["x", "mean", "variance", "scale", "bias"],
  form: "like",
  call: (x, mean, variance, scale, bias, { epsilon = 1e-5 } = {}) => ({
    operands: withAffine([x, mean, variance], scale, bias),
    attrs: { epsilon },
  }),
  infer: ([x, mean, variance, scale, bias]) => {
    expectChannels("batchNormInference", x!, { mean, variance, scale, bias });
    return [x!];
  },
  lower: {
    kind: "compose",
    expand: ([x, mean, variance, scale, bias], { epsilon }) => {
      const reciprocal = rsqrt(add(variance!, epsilon));
      const centred = sub(x!, alongChannels(mean!, x!));
      return [affine(mul(centred, alongChannels(scale ? mul(reciprocal, scale) : reciprocal, x!)), undefined, bias)];
    },
  },
  onnx: { type: "BatchNormalization", attrs: { epsilon: "epsilon" } },
  samples: [
    byHand(
      [t("f32", [2, 2], [1, 2, 3, 4]), t("f32", [2], [1, -2]), t("f32", [2], [4, 0.25])],
      { epsilon: 0 },
      t("f32", [2, 2], [0, 8, 1, 12]),
    ),
    byHand(
      [
        t("f32", [1, 2, 2], [1, 2, 3, 4]),
        t("f32", [2], [1, -2]),
        t("f32", [2], [3, 15]),
        t("f32", [2], [2, 4]),
        t("f32", [2], [10, 20]),
      ],
      { epsilon: 1 },
      t("f32", [1, 2, 2], [10, 11, 25, 26]),
    ),
    byHand([t("f32", [0, 1], []), t("f32", [1], [1]), t("f32", [1], [1])], { epsilon: 1e-5 }, t("f32", [0, 1], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [2]), tensorType("f32", [3])],
      attrs: { epsilon: 1e-5 },
      message: "ShapeError: batchNormInference: x has 3 channels but mean is [2]",
    },
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [3]), tensorType("f64", [3])],
      attrs: { epsilon: 1e-5 },
      message: "DTypeError: batchNormInference: x is f32 but variance is f64",
    },
  ],
  tolerance: 8,
});
