// Pooling of `x[batch, channels, …]` over all of its spatial axes, and into as many bins as one asks for.
import { defineOp } from "../define-op.js";
import { expectDType } from "../elementwise.js";
import { byHand, type Op, t } from "../op.js";
import {
  type AdaptiveArgs,
  type AdaptiveAttrs,
  adaptiveType,
  composedAdaptive,
  composedGlobalMax,
  type GlobalArgs,
  type GlobalAttrs,
  globalType,
} from "../pooling.js";
import { tensorType } from "../type.js";
import { perAxis } from "../window.js";
import { mean } from "./statistics.js";

export const globalMeanPool: Op<"own", GlobalAttrs, GlobalArgs> = defineOp("globalMeanPool", {
  doc: "The mean over all axes after batch and channels: `y[n, c] = mean x[n, c, …]`; `keepDims` keeps them with size 1.",
  operands: ["x"],
  form: "own",
  call: (x, { keepDims = false } = {}) => ({ operands: [x], attrs: { keepDims } }),
  infer: ([x], attrs) => {
    expectDType("globalMeanPool", "x", x!, "float");
    return [globalType(x!, attrs)];
  },
  lower: {
    kind: "compose",
    expand: ([x], attrs) => [mean(x!, [...x!.type.shape.keys()].slice(2), attrs)],
  },
  onnx: { type: "GlobalAveragePool" },
  samples: [
    byHand([t("f32", [1, 2, 1, 2], [1, 2, 3, 5])], { keepDims: false }, t("f32", [1, 2], [1.5, 4])),
    byHand([t("f32", [1, 2, 2], [1, 2, 3, 5])], { keepDims: true }, t("f32", [1, 2, 1], [1.5, 4])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [4, 3])],
      attrs: { keepDims: false },
      message: "ShapeError: globalMeanPool: x has rank 2: there are no axes after [batch, channels]",
    },
  ],
});

export const globalMaxPool: Op<"own", GlobalAttrs, GlobalArgs> = defineOp("globalMaxPool", {
  doc: "The largest element over all axes after batch and channels: `y[n, c] = max x[n, c, …]`; its gradient goes to the first of equals. `keepDims` keeps the axes with size 1.",
  operands: ["x"],
  form: "own",
  call: (x, { keepDims = false } = {}) => ({ operands: [x], attrs: { keepDims } }),
  infer: ([x], attrs) => {
    expectDType("globalMaxPool", "x", x!, "number");
    return [globalType(x!, attrs)];
  },
  lower: composedGlobalMax,
  onnx: { type: "GlobalMaxPool" },
  samples: [
    byHand([t("f32", [1, 2, 1, 2], [1, 2, 5, 3])], { keepDims: false }, t("f32", [1, 2], [2, 5])),
    byHand([t("f32", [1, 1, 2, 2], [1, 9, 5, 3])], { keepDims: true }, t("f32", [1, 1, 1, 1], [9])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [4, 3, 0])],
      attrs: { keepDims: false },
      message: "ShapeError: globalMaxPool: axis 2 is empty, and nothing has no mean or largest element",
    },
  ],
});

export const adaptiveMeanPool: Op<"own", AdaptiveAttrs, AdaptiveArgs> = defineOp("adaptiveMeanPool", {
  doc: "The means of bins, as many along each spatial axis as `size` says, as in PyTorch: bin p of O over I elements is those from `floor(p · I / O)` to before `ceil((p + 1) · I / O)`.",
  operands: ["x"],
  form: "own",
  call: (x, size) => ({ operands: [x], attrs: { size: perAxis("size", size, Math.max(1, x.type.shape.length - 2)) } }),
  infer: ([x], attrs) => [adaptiveType(x!, attrs)],
  lower: composedAdaptive,
  samples: [
    byHand([t("f32", [1, 1, 5], [1, 2, 3, 4, 6])], { size: [3] }, t("f32", [1, 1, 3], [1.5, 3, 5])),
    byHand([t("f32", [1, 1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8])], { size: [1, 2] }, t("f32", [1, 1, 1, 2], [3.5, 5.5])),
    byHand([t("f32", [1, 1, 2], [1, 10])], { size: [3] }, t("f32", [1, 1, 3], [1, 5.5, 10])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 1, 5])],
      attrs: { size: [0] },
      message: "ShapeError: adaptiveMeanPool: the size is 0, not a positive integer",
    },
    {
      operands: [tensorType("f32", [1, 1, 5])],
      attrs: { size: [2, 2] },
      message: "ShapeError: adaptiveMeanPool: 2 numbers are given as size, for 1 spatial axis",
    },
  ],
});
