// Transposed convolutions of one, two and three spatial axes, as in PyTorch: `x[batch, channels, …]`,
// `w[channels, out / groups, …]`. They are the gradients of convolutions by their input.
import {
  composedConvTranspose,
  convTransposeCall,
  type ConvTransposeArgs,
  type ConvTransposeAttrs,
  convTransposeType,
} from "../convolve.js";
import { defineOp } from "../define-op.js";
import { byHand, type Op, t } from "../op.js";
import { tensorType } from "../type.js";

/** ONNX joins the paddings before and after in one list. */
const onnxAttrs = {
  stride: "strides",
  dilation: "dilations",
  groups: "group",
  low: "pads",
  high: "pads",
  extra: "output_padding",
};
const plain1 = { stride: [1], dilation: [1], low: [0], high: [0], groups: 1 };
const plain2 = { stride: [1, 1], dilation: [1, 1], low: [0, 0], high: [0, 0], groups: 1 };
const plain3 = { stride: [1, 1, 1], dilation: [1, 1, 1], low: [0, 0, 0], high: [0, 0, 0], groups: 1 };

export const convTranspose1d: Op<"own", ConvTransposeAttrs, ConvTransposeArgs> = defineOp("convTranspose1d", {
  doc: "The transposed convolution along one axis, as in PyTorch, `w[channels, out / groups, window]`: `y[n, o, i] = bias[o] + Σ x[n, c, p] · w[c, o, t]` over all p, t with `p · stride + t · dilation − low = i`.",
  operands: ["x", "w", "bias"],
  form: "own",
  call: (...args) => convTransposeCall(1, args),
  infer: (operands, attrs) => [convTransposeType("convTranspose1d", 1, operands, attrs)],
  lower: composedConvTranspose,
  onnx: { type: "ConvTranspose", attrs: onnxAttrs },
  samples: [
    byHand(
      [t("f32", [1, 1, 2], [1, 2]), t("f32", [1, 1, 3], [1, 10, 100])],
      { ...plain1, stride: [2], extra: [0] },
      t("f32", [1, 1, 5], [1, 10, 102, 20, 200]),
    ),
    byHand(
      [t("f32", [1, 1, 2], [1, 2]), t("f32", [1, 1, 3], [1, 10, 100]), t("f32", [1], [0.5])],
      { ...plain1, stride: [2], low: [1], high: [1], extra: [1] },
      t("f32", [1, 1, 4], [10.5, 102.5, 20.5, 200.5]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 2, 4]), tensorType("f32", [3, 2, 3])],
      attrs: { ...plain1, extra: [0] },
      message: "ShapeError: convTranspose1d: x has 2 channels, but w takes 3",
    },
    {
      operands: [tensorType("f32", [1, 2, 4]), tensorType("f32", [2, 2, 3])],
      attrs: { ...plain1, extra: [1] },
      message: "ShapeError: convTranspose1d: the output padding is 1, not from 0 to below stride or dilation, 1 and 1",
    },
    {
      operands: [tensorType("f32", [1, 2, 1]), tensorType("f32", [2, 2, 3])],
      attrs: { ...plain1, low: [2], high: [1], extra: [0] },
      message: "ShapeError: convTranspose1d: padding by 2 and 1 leaves nothing of axis 2",
    },
  ],
});

export const convTranspose2d: Op<"own", ConvTransposeAttrs, ConvTransposeArgs> = defineOp("convTranspose2d", {
  doc: "The transposed convolution over two axes, as in PyTorch, `w[channels, out / groups, …window]`: `y[n, o, i, j] = bias[o] + Σ x[n, c, p, q] · w[c, o, t, u]` over all positions and taps with `p · stride + t · dilation − low = i`, and so for j.",
  operands: ["x", "w", "bias"],
  form: "own",
  call: (...args) => convTransposeCall(2, args),
  infer: (operands, attrs) => [convTransposeType("convTranspose2d", 2, operands, attrs)],
  lower: composedConvTranspose,
  onnx: { type: "ConvTranspose", attrs: onnxAttrs },
  samples: [
    byHand(
      [t("f32", [1, 1, 2, 2], [1, 2, 3, 4]), t("f32", [1, 1, 2, 2], [1, 10, 100, 1000])],
      { ...plain2, extra: [0, 0] },
      t("f32", [1, 1, 3, 3], [1, 12, 20, 103, 1234, 2040, 300, 3400, 4000]),
    ),
    byHand(
      [t("f32", [1, 2, 1, 1], [1, 2]), t("f32", [2, 2, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
      { ...plain2, stride: [1, 3], groups: 2, extra: [0, 1] },
      t("f32", [1, 4, 1, 3], [1, 2, 0, 3, 4, 0, 10, 12, 0, 14, 16, 0]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 3, 4, 4]), tensorType("f32", [3, 2, 3, 3])],
      attrs: { ...plain2, groups: 2, extra: [0, 0] },
      message: "ShapeError: convTranspose2d: x has 3 channels, which do not divide into 2 groups",
    },
  ],
});

export const convTranspose3d: Op<"own", ConvTransposeAttrs, ConvTransposeArgs> = defineOp("convTranspose3d", {
  doc: "The transposed convolution over three axes, as in PyTorch, `w[channels, out / groups, …window]`: `y[n, o, i, …] = bias[o] + Σ x[n, c, p, …] · w[c, o, t, …]` over all positions and taps with `p · stride + t · dilation − low = i`, and so for each axis.",
  operands: ["x", "w", "bias"],
  form: "own",
  call: (...args) => convTransposeCall(3, args),
  infer: (operands, attrs) => [convTransposeType("convTranspose3d", 3, operands, attrs)],
  lower: composedConvTranspose,
  onnx: { type: "ConvTranspose", attrs: onnxAttrs },
  samples: [
    byHand(
      [t("f32", [1, 1, 2, 1, 1], [1, 2]), t("f32", [1, 1, 1, 1, 2], [1, 10])],
      { ...plain3, stride: [2, 1, 1], extra: [0, 0, 0] },
      t("f32", [1, 1, 3, 1, 2], [1, 10, 0, 0, 2, 20]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 3, 4, 4]), tensorType("f32", [3, 2, 3, 3, 3])],
      attrs: { ...plain3, extra: [0, 0, 0] },
      message: "ShapeError: convTranspose3d: x has rank 4, not the 5 axes [batch, channels, depth, height, width]",
    },
  ],
});
