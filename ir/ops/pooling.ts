// Max and mean pooling of `x[batch, channels, …]` over one, two and three spatial axes.
import { defineOp } from "../define-op.js";
import { byHand, type Op, t } from "../op.js";
import {
  composedMaxPool,
  composedMeanPool,
  type MeanPoolArgs,
  type MeanPoolAttrs,
  meanPoolCall,
  type PoolArgs,
  type PoolAttrs,
  poolCall,
  poolType,
} from "../pooling.js";
import { tensorType } from "../type.js";

/** ONNX joins the paddings before and after in one list. */
const onnxAttrs = { window: "kernel_shape", stride: "strides", dilation: "dilations", low: "pads", high: "pads", ceil: "ceil_mode" }; // prettier-ignore
const onnxMean = { ...onnxAttrs, countIncludePad: "count_include_pad" };

/** A window without dilation, padding and last windows that hang over. */
function plain(window: readonly number[], stride: readonly number[]): PoolAttrs {
  const none = window.map(() => 0);
  return { window, stride, dilation: window.map(() => 1), low: none, high: none, ceil: false };
}
const plainMean = (window: readonly number[], stride: readonly number[]): MeanPoolAttrs => ({
  ...plain(window, stride),
  countIncludePad: true,
});
const nine = t("f32", [1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]);

export const maxPool1d: Op<"own", PoolAttrs, PoolArgs> = defineOp("maxPool1d", {
  doc: "The largest element of each window along one axis: `y[n, c, p] = max x[n, c, p · stride + t · dilation − low]`. Padding never wins, NaN does; the gradient goes to the first of equals.",
  operands: ["x"],
  form: "own",
  call: (...args) => poolCall(1, ...args),
  infer: ([x], attrs) => [poolType("maxPool1d", 1, x!, attrs)],
  lower: composedMaxPool,
  onnx: { type: "MaxPool", attrs: onnxAttrs },
  samples: [
    byHand([t("f32", [1, 1, 5], [1, 3, 2, 5, 4])], plain([3], [2]), t("f32", [1, 1, 2], [3, 5])),
    byHand([t("f32", [1, 1, 4], [-1, -3, -2, -5])], { ...plain([2], [2]), low: [1], high: [1] }, t("f32", [1, 1, 3], [-1, -2, -5])), // prettier-ignore
    byHand([t("f32", [1, 1, 4], [1, 3, 2, 5])], { ...plain([3], [2]), ceil: true }, t("f32", [1, 1, 2], [3, 5])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 2])],
      attrs: plain([3], [2]),
      message: "ShapeError: maxPool1d: x has rank 2, not the 3 axes [batch, channels, length]",
    },
    {
      operands: [tensorType("bool", [1, 2, 5])],
      attrs: plain([3], [2]),
      message: "DTypeError: maxPool1d: x is bool, but maxPool1d needs f32, f64, i32 or u8",
    },
  ],
});

export const maxPool2d: Op<"own", PoolAttrs, PoolArgs> = defineOp("maxPool2d", {
  doc: "The largest element of each window over two axes: `y[n, c, p, q] = max x[n, c, p · stride + t · dilation − low, …]`. Padding never wins, NaN does; the gradient goes to the first of equals, row by row.",
  operands: ["x"],
  form: "own",
  call: (...args) => poolCall(2, ...args),
  infer: ([x], attrs) => [poolType("maxPool2d", 2, x!, attrs)],
  lower: composedMaxPool,
  onnx: { type: "MaxPool", attrs: onnxAttrs },
  samples: [
    byHand([nine], plain([2, 2], [1, 1]), t("f32", [1, 1, 2, 2], [5, 6, 8, 9])),
    byHand([nine], { ...plain([1, 2], [1, 2]), dilation: [1, 2] }, t("f32", [1, 1, 3, 1], [3, 6, 9])),
    byHand([t("f32", [0, 2, 2, 2], [])], plain([2, 2], [2, 2]), t("f32", [0, 2, 1, 1], [])),
    {
      operands: [t("f32", [1, 1, 2, 2], [1, NaN, 7, -Infinity])],
      attrs: plain([1, 2], [1, 1]),
      results: [t("f32", [1, 1, 2, 1], [NaN, 7])],
      from: "by hand",
      smooth: false,
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 2, 2, 5])],
      attrs: plain([3, 3], [2, 2]),
      message: "ShapeError: maxPool2d: the window covers 3 elements but axis 2 has 2",
    },
    {
      operands: [tensorType("f32", [1, 2, 5, 5])],
      attrs: plain([2, 2], [2, 0]),
      message: "ShapeError: maxPool2d: the stride is 0, not a positive integer",
    },
    {
      operands: [tensorType("f32", [1, 2, 5, 5])],
      attrs: plain([2, 0], [2, 2]),
      message: "ShapeError: maxPool2d: the size is 0, not a positive integer",
    },
    {
      operands: [tensorType("f32", [1, 2, 5, 5])],
      attrs: { ...plain([2, 2], [2, 2]), low: [0, 2] },
      message: "ShapeError: maxPool2d: a padding of 2 leaves windows that cover 2 elements with nothing but padding",
    },
    {
      operands: [tensorType("f32", [1, 2, 1, 5])],
      attrs: { ...plain([2, 2], [1, 1]), dilation: [3, 1], low: [2, 0], high: [2, 0] },
      message: "ShapeError: maxPool2d: window 0 along axis 2, of size 1, holds nothing but padding",
    },
  ],
});

export const maxPool3d: Op<"own", PoolAttrs, PoolArgs> = defineOp("maxPool3d", {
  doc: "The largest element of each window over three axes: `y[n, c, p, q, r] = max x[n, c, p · stride + t · dilation − low, …]`. Padding never wins, NaN does; the gradient goes to the first of equals.",
  operands: ["x"],
  form: "own",
  call: (...args) => poolCall(3, ...args),
  infer: ([x], attrs) => [poolType("maxPool3d", 3, x!, attrs)],
  lower: composedMaxPool,
  onnx: { type: "MaxPool", attrs: onnxAttrs },
  samples: [
    byHand(
      [t("f32", [1, 1, 2, 2, 3], [1, 2, 12, 4, 5, 6, 7, 8, 9, 10, 11, 3])],
      plain([2, 1, 2], [1, 1, 1]),
      t("f32", [1, 1, 1, 2, 2], [8, 12, 11, 11]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 2, 5, 5])],
      attrs: plain([2, 2, 2], [2, 2, 2]),
      message: "ShapeError: maxPool3d: x has rank 4, not the 5 axes [batch, channels, depth, height, width]",
    },
  ],
});

export const meanPool1d: Op<"own", MeanPoolAttrs, MeanPoolArgs> = defineOp("meanPool1d", {
  doc: "The mean of each window along one axis: `y[n, c, p] = Σ x[n, c, p · stride + t · dilation − low] / count`, where padding counts or does not (`countIncludePad`).",
  operands: ["x"],
  form: "own",
  call: (...args) => meanPoolCall(1, ...args),
  infer: ([x], attrs) => [poolType("meanPool1d", 1, x!, attrs)],
  lower: composedMeanPool,
  onnx: { type: "AveragePool", attrs: onnxMean },
  samples: [
    byHand([t("f32", [1, 1, 4], [1, 3, 2, 6])], plainMean([2], [1]), t("f32", [1, 1, 3], [2, 2.5, 4])),
    byHand(
      [t("f32", [1, 1, 4], [1, 3, 2, 6])],
      { ...plainMean([2], [2]), low: [1], high: [1] },
      t("f32", [1, 1, 3], [0.5, 2.5, 3]),
    ),
    byHand(
      [t("f32", [1, 1, 4], [1, 3, 2, 6])],
      { ...plainMean([2], [2]), low: [1], high: [1], countIncludePad: false },
      t("f32", [1, 1, 3], [1, 2.5, 6]),
    ),
    byHand(
      [t("f32", [1, 1, 4], [1, 3, 2, 6])],
      { ...plainMean([3], [2]), high: [1], ceil: true },
      t("f32", [1, 1, 2], [2, 8 / 3]),
    ),
    byHand([t("f32", [1, 1, 4], [1, 3, 2, 6])], { ...plainMean([3], [3]), ceil: true }, t("f32", [1, 1, 2], [2, 6])),
  ],
  rejects: [
    {
      operands: [tensorType("i32", [1, 2, 5])],
      attrs: plainMean([3], [2]),
      message: "DTypeError: meanPool1d: x is i32, but meanPool1d needs f32 or f64",
    },
  ],
});

export const meanPool2d: Op<"own", MeanPoolAttrs, MeanPoolArgs> = defineOp("meanPool2d", {
  doc: "The mean of each window over two axes: `y[n, c, p, q] = Σ x[n, c, p · stride + t · dilation − low, …] / count`, where padding counts or does not (`countIncludePad`).",
  operands: ["x"],
  form: "own",
  call: (...args) => meanPoolCall(2, ...args),
  infer: ([x], attrs) => [poolType("meanPool2d", 2, x!, attrs)],
  lower: composedMeanPool,
  onnx: { type: "AveragePool", attrs: onnxMean },
  samples: [
    byHand([nine], plainMean([2, 2], [1, 1]), t("f32", [1, 1, 2, 2], [3, 4, 6, 7])),
    byHand(
      [nine],
      { ...plainMean([2, 2], [2, 2]), low: [1, 1], countIncludePad: false },
      t("f32", [1, 1, 2, 2], [1, 2.5, 5.5, 7]),
    ),
    byHand([nine], { ...plainMean([2, 2], [2, 2]), low: [1, 1] }, t("f32", [1, 1, 2, 2], [0.25, 1.25, 2.75, 7])),
    byHand([nine], { ...plainMean([2, 1], [1, 2]), dilation: [2, 1] }, t("f32", [1, 1, 1, 2], [4, 6])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 2, 5, 5])],
      attrs: plainMean([2], [2, 2]),
      message: "ShapeError: meanPool2d: 1 numbers are given as size, for 2 spatial axes",
    },
  ],
});

export const meanPool3d: Op<"own", MeanPoolAttrs, MeanPoolArgs> = defineOp("meanPool3d", {
  doc: "The mean of each window over three axes: `y[n, c, p, q, r] = Σ x[n, c, p · stride + t · dilation − low, …] / count`, where padding counts or does not (`countIncludePad`).",
  operands: ["x"],
  form: "own",
  call: (...args) => meanPoolCall(3, ...args),
  infer: ([x], attrs) => [poolType("meanPool3d", 3, x!, attrs)],
  lower: composedMeanPool,
  onnx: { type: "AveragePool", attrs: onnxMean },
  samples: [
    byHand(
      [t("f32", [1, 1, 2, 2, 3], [1, 2, 12, 4, 5, 6, 7, 8, 9, 10, 11, 3])],
      plainMean([2, 1, 2], [1, 1, 1]),
      t("f32", [1, 1, 1, 2, 2], [4.5, 7.75, 7.5, 6.25]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 2, 5])],
      attrs: plainMean([2, 2, 2], [2, 2, 2]),
      message: "ShapeError: meanPool3d: x has rank 3, not the 5 axes [batch, channels, depth, height, width]",
    },
  ],
});
