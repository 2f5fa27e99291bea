// Convolutions of one, two and three spatial axes, channels first: `x[batch, channels, …]`, `w[out, channels / groups, …]`.
// They are cross-correlations, as in every library for neural networks.
import { composedConv, type ConvArgs, type ConvAttrs, convCall, convType } from "../convolve.js";
import { defineOp } from "../define-op.js";
import { byHand, type Op, t } from "../op.js";
import { tensorType } from "../type.js";

/** ONNX joins the paddings before and after in one list. */
const onnxAttrs = { stride: "strides", dilation: "dilations", groups: "group", low: "pads", high: "pads" };
const plain1 = { stride: [1], dilation: [1], low: [0], high: [0], groups: 1 };
const plain2 = { stride: [1, 1], dilation: [1, 1], low: [0, 0], high: [0, 0], groups: 1 };
const plain3 = { stride: [1, 1, 1], dilation: [1, 1, 1], low: [0, 0, 0], high: [0, 0, 0], groups: 1 };

export const conv1d: Op<"own", ConvAttrs, ConvArgs> = defineOp("conv1d", {
  doc: "A convolution along one axis, with stride, padding (numbers, pairs, same, valid), dilation, groups and a bias: `y[n, o, p] = bias[o] + Σ x[n, c, p · stride + t · dilation − low] · w[o, c, t]`.",
  operands: ["x", "w", "bias"],
  form: "own",
  call: (...args) => convCall(1, args),
  infer: (operands, attrs) => [convType("conv1d", 1, operands, attrs)],
  lower: composedConv,
  onnx: { type: "Conv", attrs: onnxAttrs },
  samples: [
    byHand(
      [t("f32", [1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8]), t("f32", [1, 2, 2], [1, 2, 0, 1])],
      plain1,
      t("f32", [1, 1, 3], [11, 15, 19]),
    ),
    byHand(
      [t("f32", [1, 1, 3], [1, 2, 3]), t("f32", [2, 1, 3], [1, 10, 100, 1, 1, 1]), t("f32", [2], [1000, 0])],
      { ...plain1, low: [1], high: [1], stride: [2] },
      t("f32", [1, 2, 2], [1210, 1032, 3, 5]),
    ),
    byHand(
      [t("f32", [1, 2, 3], [1, 2, 3, 4, 5, 6]), t("f32", [4, 1, 1], [1, 10, 2, 20])],
      { ...plain1, groups: 2 },
      t("f32", [1, 4, 3], [1, 2, 3, 10, 20, 30, 8, 10, 12, 80, 100, 120]),
    ),
    byHand([t("i32", [1, 1, 3], [1, 2, 3]), t("i32", [1, 1, 2], [1, -1])], plain1, t("i32", [1, 1, 2], [-1, -1])),
    byHand([t("f32", [0, 1, 3], []), t("f32", [1, 1, 2], [1, -1])], plain1, t("f32", [0, 1, 2], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 2, 4]), tensorType("f32", [1, 2, 3])],
      attrs: { ...plain1, stride: [0] },
      message: "ShapeError: conv1d: the stride is 0, not a positive integer",
    },
    {
      operands: [tensorType("f32", [2, 4]), tensorType("f32", [1, 2, 3])],
      attrs: plain1,
      message: "ShapeError: conv1d: x has rank 2, not the 3 axes [batch, channels, length]",
    },
    {
      operands: [tensorType("f32", [1, 2, 4]), tensorType("i32", [1, 2, 3])],
      attrs: plain1,
      message: "DTypeError: conv1d: x is f32 but w is i32",
    },
  ],
});

export const conv2d: Op<"own", ConvAttrs, ConvArgs> = defineOp("conv2d", {
  doc: "A convolution over two axes, with stride, padding (numbers, pairs, same, valid), dilation, groups and a bias: `y[n, o, p, q] = bias[o] + Σ x[n, c, p · stride + t · dilation − low, …] · w[o, c, t, u]`.",
  operands: ["x", "w", "bias"],
  form: "own",
  call: (...args) => convCall(2, args),
  infer: (operands, attrs) => [convType("conv2d", 2, operands, attrs)],
  lower: composedConv,
  onnx: { type: "Conv", attrs: onnxAttrs },
  samples: [
    byHand(
      [t("f32", [1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]), t("f32", [1, 1, 2, 2], [1, 2, 3, 4])],
      plain2,
      t("f32", [1, 1, 2, 2], [37, 47, 67, 77]),
    ),
    byHand(
      [
        t("f32", [1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        t("f32", [2, 1, 2, 2], [1, 1, 1, 1, 1, 0, 0, -1]),
        t("f32", [2], [0, 100]),
      ],
      { ...plain2, stride: [2, 2], low: [1, 0], high: [0, 1] },
      t("f32", [1, 2, 2, 2], [3, 3, 24, 15, 98, 100, 96, 106]),
    ),
    byHand(
      [t("f32", [1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]), t("f32", [1, 1, 2, 2], [1, 10, 100, 1000])],
      { ...plain2, dilation: [2, 2] },
      t("f32", [1, 1, 1, 1], [9731]),
    ),
    byHand(
      [t("f32", [2, 2, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8]), t("f32", [2, 1, 1, 2], [1, 10, 10, 1])],
      { ...plain2, groups: 2 },
      t("f32", [2, 2, 1, 1], [21, 34, 65, 78]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 3, 5, 5]), tensorType("f32", [2, 3, 7, 3])],
      attrs: { ...plain2, low: [0, 1], high: [0, 1] },
      message: "ShapeError: conv2d: the window covers 7 elements but axis 2 has 5",
    },
    {
      operands: [tensorType("f32", [1, 3, 5, 5]), tensorType("f32", [2, 3, 3, 9])],
      attrs: { ...plain2, low: [0, 1], high: [0, 1] },
      message: "ShapeError: conv2d: the window covers 9 elements but axis 3 has 5, 7 with padding",
    },
    {
      operands: [tensorType("f32", [1, 4, 5, 5]), tensorType("f32", [4, 2, 3, 3])],
      attrs: { ...plain2, groups: 3 },
      message: "ShapeError: conv2d: x has 4 channels, which do not divide into 3 groups",
    },
    {
      operands: [tensorType("f32", [1, 4, 5, 5]), tensorType("f32", [3, 2, 3, 3])],
      attrs: { ...plain2, groups: 2 },
      message: "ShapeError: conv2d: w has 3 outputs, which do not divide into 2 groups",
    },
    {
      operands: [tensorType("f32", [1, 4, 5, 5]), tensorType("f32", [2, 4, 3, 3])],
      attrs: { ...plain2, groups: 2 },
      message: "ShapeError: conv2d: x has 4 channels in 2 groups, 2 each, but w takes 4",
    },
    {
      operands: [tensorType("f32", [1, 3, 5, 5]), tensorType("f32", [2, 1, 3, 3])],
      attrs: plain2,
      message: "ShapeError: conv2d: x has 3 channels, but w takes 1",
    },
    {
      operands: [tensorType("f32", [1, 3, 5, 5]), tensorType("f32", [2, 3, 3, 3]), tensorType("f32", [3])],
      attrs: plain2,
      message: "ShapeError: conv2d: bias has shape [3], but there are 2 outputs",
    },
    {
      operands: [tensorType("f32", [1, 3, 5, 5]), tensorType("f32", [3, 3, 3])],
      attrs: plain2,
      message: "ShapeError: conv2d: w has rank 3, not the 4 axes [outputs, channels, height, width]",
    },
    {
      operands: [tensorType("f32", [1, 3, 5, 5]), tensorType("f32", [2, 3, 3, 3])],
      attrs: { ...plain2, dilation: [1, 0] },
      message: "ShapeError: conv2d: the dilation is 0, not a positive integer",
    },
    {
      operands: [tensorType("f32", [1, 3, 5, 5]), tensorType("f32", [2, 3, 3, 3])],
      attrs: { ...plain2, low: [-1, 0] },
      message: "ShapeError: conv2d: the padding is -1, not an integer from 0 on",
    },
  ],
});

export const conv3d: Op<"own", ConvAttrs, ConvArgs> = defineOp("conv3d", {
  doc: "A convolution over three axes, with stride, padding (numbers, pairs, same, valid), dilation, groups and a bias: `y[n, o, p, q, r] = bias[o] + Σ x[n, c, p · stride + t · dilation − low, …] · w[o, c, t, u, v]`.",
  operands: ["x", "w", "bias"],
  form: "own",
  call: (...args) => convCall(3, args),
  infer: (operands, attrs) => [convType("conv3d", 3, operands, attrs)],
  lower: composedConv,
  onnx: { type: "Conv", attrs: onnxAttrs },
  samples: [
    byHand(
      [t("f32", [1, 1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), t("f32", [2, 1, 2, 1, 2], [1, 2, 3, 4, 1, 0, 0, 0])],
      plain3,
      t("f32", [1, 2, 1, 2, 1], [44, 64, 1, 3]),
    ),
    byHand(
      [t("f32", [1, 1, 1, 1, 2], [3, 5]), t("f32", [1, 1, 1, 1, 1], [2]), t("f32", [1], [1])],
      { ...plain3, low: [1, 0, 0], stride: [1, 1, 2] },
      t("f32", [1, 1, 2, 1, 1], [1, 7]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 3, 5, 5]), tensorType("f32", [2, 3, 3, 3, 3])],
      attrs: plain3,
      message: "ShapeError: conv3d: x has rank 4, not the 5 axes [batch, channels, depth, height, width]",
    },
  ],
});
