// Normalisation of every example by itself: over groups of channels, or channel by channel.
import { alongChannels, expectChannels, withAffine } from "../channels.js";
import { defineOp } from "../define-op.js";
import { ShapeError } from "../errors.js";
import { standardized, standardizedPullback } from "../moments.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { floorDivSize, mulSizes, printSize, sameSize } from "../size.js";
import { tensorType, type TensorType } from "../type.js";
import { add, mul } from "./arithmetic.js";
import { reshape } from "./movement.js";
import { sum } from "./reductions.js";

type GroupNormAttrs = { groups: number; epsilon: number };
type Options = { readonly epsilon?: number };
type GroupNormArgs = [x: Operand, groups: number, scale?: Operand, bias?: Operand, options?: Options];

export const groupNorm: Op<"like", GroupNormAttrs, GroupNormArgs> = defineOp("groupNorm", {
  doc: "Each group of neighbouring channels of each example of x [batch, channels, …] with mean 0 and variance 1, then scaled and shifted by channel: `y = (x − μ) / √(σ² + ε) · scale + bias`.",
  operands: ["x", "scale", "bias"],
  form: "like",
  call: (x, groups, scale, bias, { epsilon = 1e-5 } = {}) => ({
    operands: withAffine([x], scale, bias),
    attrs: { groups, epsilon },
  }),
  infer: ([x, scale, bias], { groups }) => {
    expectChannels("groupNorm", x!, { scale, bias });
    expectGroups(x!, groups);
    return [x!];
  },
  lower: {
    kind: "compose",
    // All in the shape [batch, groups, channels of a group, …], so that a row is a group in every step.
    expand: ([x, scale, bias], { groups, epsilon }) => {
      const grouped = inGroups(x!, groups);
      const { normal } = standardized(grouped, insideGroups(grouped), epsilon);
      const scaled = scale ? mul(normal, perChannel(scale, grouped)) : normal;
      return [reshape(bias ? add(scaled, perChannel(bias, grouped)) : scaled, x!.type.shape)];
    },
  },
  vjp: ({ g, operands: [x, scale, bias], attrs: { groups, epsilon } }) => {
    const [grouped, h] = [inGroups(x!, groups), inGroups(g, groups)];
    const axes = insideGroups(grouped);
    const rows = standardized(grouped, axes, epsilon);
    const gx = standardizedPullback(scale ? mul(h, perChannel(scale, grouped)) : h, rows, axes);
    const overChannels = (y: Operand) => reshape(sum(y, [0, ...axes.slice(1)]), [x!.type.shape[1]!]);
    return [
      reshape(gx, x!.type.shape),
      ...(scale ? [overChannels(mul(h, rows.normal))] : []),
      ...(bias ? [overChannels(h)] : []),
    ];
  },
  onnx: { type: "GroupNormalization", attrs: { groups: "num_groups", epsilon: "epsilon" } },
  samples: [
    byHand([t("f32", [1, 4, 1], [-1, 1, 10, 14])], { groups: 2, epsilon: 0 }, t("f32", [1, 4, 1], [-1, 1, -1, 1])),
    byHand(
      [t("f32", [2, 2, 2], [1, 1, 3, 3, 10, 10, 30, 30]), t("f32", [2], [2, 3]), t("f32", [2], [100, 200])],
      { groups: 1, epsilon: 0 },
      t("f32", [2, 2, 2], [98, 98, 203, 203, 98, 98, 203, 203]),
    ),
    byHand(
      [t("f32", [1, 2, 2], [1, 3, -5, 5])],
      { groups: 2, epsilon: 3 },
      t("f32", [1, 2, 2], [-0.5, 0.5, -5 / Math.sqrt(28), 5 / Math.sqrt(28)]),
    ),
    byHand([t("f32", [0, 4], []), t("f32", [4], [1, 1, 1, 1])], { groups: 2, epsilon: 1e-5 }, t("f32", [0, 4], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 6, 3])],
      attrs: { groups: 4, epsilon: 1e-5 },
      message: "ShapeError: groupNorm: 6 channels do not divide into 4 groups",
    },
    {
      operands: [tensorType("f32", [2, 6])],
      attrs: { groups: 0, epsilon: 1e-5 },
      message: "ShapeError: groupNorm: 6 channels do not divide into 0 groups",
    },
    {
      operands: [tensorType("f32", [6])],
      attrs: { groups: 2, epsilon: 1e-5 },
      message: "ShapeError: groupNorm: x is [6], not [batch, channels, …]",
    },
    {
      operands: [tensorType("f32", [2, 6]), tensorType("f32", [2])],
      attrs: { groups: 2, epsilon: 1e-5 },
      message: "ShapeError: groupNorm: x has 6 channels but scale is [2]",
    },
  ],
  tolerance: 16,
});

type InstanceNormArgs = [x: Operand, scale?: Operand, bias?: Operand, options?: Options];

export const instanceNorm: Op<"like", { epsilon: number }, InstanceNormArgs> = defineOp("instanceNorm", {
  doc: "Each channel of each example of x [batch, channels, …] with mean 0 and variance 1 over its places, then scaled and shifted: `y = (x − μ) / √(σ² + ε) · scale + bias`.",
  operands: ["x", "scale", "bias"],
  form: "like",
  call: (x, scale, bias, { epsilon = 1e-5 } = {}) => ({ operands: withAffine([x], scale, bias), attrs: { epsilon } }),
  infer: ([x, scale, bias]) => {
    expectChannels("instanceNorm", x!, { scale, bias });
    if (x!.shape.length < 3) throw new ShapeError(`x has rank ${x!.shape.length}: a channel is a single number`);
    return [x!];
  },
  lower: {
    kind: "compose",
    expand: ([x, scale, bias], { epsilon }) => {
      const { normal } = standardized(x!, places(x!), epsilon);
      const scaled = scale ? mul(normal, alongChannels(scale, x!)) : normal;
      return [bias ? add(scaled, alongChannels(bias, x!)) : scaled];
    },
  },
  vjp: ({ g, operands: [x, scale, bias], attrs: { epsilon } }) => {
    const axes = places(x!);
    const rows = standardized(x!, axes, epsilon);
    const others = [0, ...axes];
    return [
      standardizedPullback(scale ? mul(g, alongChannels(scale, x!)) : g, rows, axes),
      ...(scale ? [sum(mul(g, rows.normal), others)] : []),
      ...(bias ? [sum(g, others)] : []),
    ];
  },
  onnx: { type: "InstanceNormalization", attrs: { epsilon: "epsilon" } },
  samples: [
    byHand(
      [t("f32", [1, 2, 3], [1, 2, 6, -5, 5, 0]), t("f32", [2], [2, 4]), t("f32", [2], [0, 1])],
      { epsilon: 0 },
      // Variances 14/3 and 50/3.
      t(
        "f32",
        [1, 2, 3],
        [
          ...[-1.8516401995451028, -0.9258200997725514, 2.7774602993176543],
          ...[-3.8989794855663558, 5.898979485566356, 1],
        ],
      ),
    ),
    byHand(
      [t("f32", [2, 1, 2, 2], [1, 1, 3, 3, 4, 4, 4, 4])],
      { epsilon: 3 },
      t("f32", [2, 1, 2, 2], [-0.5, -0.5, 0.5, 0.5, 0, 0, 0, 0]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 6])],
      attrs: { epsilon: 1e-5 },
      message: "ShapeError: instanceNorm: x has rank 2: a channel is a single number",
    },
    {
      operands: [tensorType("f32", [2, 6, 4]), tensorType("f32", [6]), tensorType("f32", [4])],
      attrs: { epsilon: 1e-5 },
      message: "ShapeError: instanceNorm: x has 6 channels but bias is [4]",
    },
    {
      operands: [tensorType("u8", [2, 6, 4])],
      attrs: { epsilon: 1e-5 },
      message: "DTypeError: instanceNorm: x is u8, but instanceNorm needs f32 or f64",
    },
  ],
  tolerance: 16,
});

function expectGroups(x: TensorType, groups: number): void {
  const channels = x.shape[1]!;
  const divides = Number.isInteger(groups) && groups > 0;
  if (divides && sameSize(mulSizes(floorDivSize(channels, groups), groups), channels)) return;
  throw new ShapeError(`${printSize(channels)} channels do not divide into ${groups} groups`);
}

/** `[batch, groups, channels / groups, …]`. */
function inGroups(x: Operand, groups: number): Operand {
  const [batch, channels, ...rest] = x.type.shape;
  return reshape(x, [batch!, groups, floorDivSize(channels!, groups), ...rest]);
}

function insideGroups(grouped: Operand): readonly number[] {
  return grouped.type.shape.map((_, axis) => axis).slice(2);
}

/** A vector with a number per channel, beside a tensor in groups. */
function perChannel(vector: Operand, grouped: Operand): Operand {
  const [, groups, channels, ...rest] = grouped.type.shape;
  return reshape(vector, [groups!, channels!, ...rest.map(() => 1)]);
}

function places(x: Operand): readonly number[] {
  return x.type.shape.map((_, axis) => axis).slice(2);
}
