// Choices by chance: by probabilities and by logits, random orders, and dropout. None of them differentiates in what it
// chooses by; dropout does in what it lets through.
import { type DType, isFloat } from "../dtype.js";
import { defineOp } from "../define-op.js";
import { DTypeError, GraphError } from "../errors.js";
import { expectDType } from "../elementwise.js";
import * as e from "../expr.js";
import { normalizeAxis } from "../forms.js";
import type { Attrs, Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import {
  drawFrom,
  drawn,
  drawOf,
  drawTypes,
  expectDraw,
  expectFloat,
  positiveOf,
  sampleDraw,
  type Source,
  uniformOf,
  wordsAt,
} from "../random-bits.js";
import { type Size, toSize } from "../size.js";
import { declaredType, tensorType } from "../type.js";
import { add, mul } from "./arithmetic.js";
import { argmax } from "./statistics.js";
import { randomBits } from "./random.js";
import { where } from "./selection.js";
import { argsort } from "./sorting.js";

type MaskAttrs = { readonly shape: readonly Size[]; readonly probability: number };

export const randomMask: Op<"own", MaskAttrs, [like: Source, shape: readonly Size[], probability: number]> = defineOp(
  "randomMask",
  {
    doc: "True with a probability that is one number, to 31 bits: `y = u < p`.",
    operands: drawn,
    form: "own",
    call: (like, shape, probability) => ({ operands: drawFrom(like), attrs: { shape, probability } }),
    infer: (draw, { shape, probability }) => {
      expectDraw(draw);
      if (!(probability >= 0 && probability <= 1)) throw new GraphError(`${probability} is not a probability`);
      return [declaredType("bool", shape)];
    },
    lower: {
      kind: "compute",
      at: (index, k) => {
        const most = Math.round(k.attrs.probability * 2 ** 31);
        if (most === 2 ** 31) return e.literal(1, "bool");
        return e.call("lt", e.call("shiftRight", wordsAt(index, k)[0], e.literal(1)), e.literal(most));
      },
    },
    samples: [
      // u = 0.41845…
      byHand(sampleDraw, { shape: [1], probability: 0.5 }, t("bool", [1], [1])),
      byHand(sampleDraw, { shape: [1], probability: 0.4 }, t("bool", [1], [0])),
      byHand(sampleDraw, { shape: [3], probability: 0 }, t("bool", [3], [0, 0, 0])),
      byHand(sampleDraw, { shape: [3], probability: 1 }, t("bool", [3], [1, 1, 1])),
    ],
    rejects: [
      {
        operands: drawTypes,
        attrs: { shape: [2], probability: 1.5 },
        message: "GraphError: randomMask: 1.5 is not a probability",
      },
    ],
  },
);

export const bernoulli: Op<"own", Attrs, [probability: Operand]> = defineOp("bernoulli", {
  doc: "True with the probability that the element states: `y[i] = u[i] < p[i]`; never where it is NaN.",
  operands: ["probability", ...drawn],
  form: "own",
  call: (probability) => ({ operands: [probability, ...drawFrom(probability)], attrs: {} }),
  infer: ([probability, ...draw]) => {
    expectDType("bernoulli", "probability", probability!, "float");
    expectDraw(draw);
    return [tensorType("bool", probability!.shape)];
  },
  lower: {
    kind: "compute",
    // Always the same 24 bits, so that a graph in f64 decides as it does in f32.
    at: (index, k) => e.lt(e.cast(uniformOf(wordsAt(index, k), "f32"), k.operands[0]!.dtype), k.read(0, index)),
  },
  samples: [
    // u = 0.41845…
    byHand([t("f32", [1], [0.42]), ...sampleDraw], {}, t("bool", [1], [1])),
    byHand([t("f32", [1], [0.41]), ...sampleDraw], {}, t("bool", [1], [0])),
    byHand([t("f32", [2, 2], [0, 1, 0, 1]), ...sampleDraw], {}, t("bool", [2, 2], [0, 1, 0, 1])),
    byHand([t("f32", [], [NaN]), ...sampleDraw], {}, t("bool", [], [0])),
  ],
  rejects: [
    {
      operands: [tensorType("i32", [2]), ...drawTypes],
      attrs: {},
      message: "DTypeError: bernoulli: probability is i32, but bernoulli needs f32 or f64",
    },
  ],
});

type GumbelAttrs = { readonly shape: readonly Size[]; readonly dtype: DType };

export const randomGumbel: Op<"own", GumbelAttrs, [like: Source, shape: readonly Size[], dtype: DType]> = defineOp(
  "randomGumbel",
  {
    doc: "The standard Gumbel distribution: `y = −ln(−ln(1 − u))`, 2⁻³² ≤ u < 1. The greatest of logits plus such numbers is a sample of their softmax.",
    operands: drawn,
    form: "own",
    call: (like, shape, dtype) => ({ operands: drawFrom(like), attrs: { shape, dtype } }),
    infer: (draw, { shape, dtype }) => {
      expectDraw(draw);
      expectFloat(dtype);
      return [declaredType(dtype, shape)];
    },
    lower: {
      kind: "compute",
      at: (index, k) => {
        const { dtype } = k.attrs;
        const number = (value: number) => e.literal(value, dtype);
        // Precise where u is near 0 and y is large; u = 1, to which f32 may round, would give −∞.
        const u = e.call("minimum", positiveOf(wordsAt(index, k)[0], dtype), number(1 - 2 ** -24));
        return e.call("neg", e.call("log", e.call("neg", e.call("log1p", e.call("neg", u)))));
      },
    },
    samples: [byHand(sampleDraw, { shape: [1], dtype: "f64" }, t("f64", [1], [0.6123591108655726]))],
    rejects: [
      {
        operands: drawTypes,
        attrs: { shape: [2], dtype: "bool" },
        message: "DTypeError: randomGumbel: there are random floats only, not bool",
      },
    ],
  },
);

type CategoricalAttrs = { readonly axis: number };

export const categorical: Op<"own", CategoricalAttrs, [logits: Operand, axis?: number]> = defineOp("categorical", {
  doc: "An index along an axis, the last where none is given, by the probabilities that logits stand for: `argmax(logits + Gumbel)`.",
  operands: ["logits", ...drawn],
  form: "own",
  call: (logits, axis = -1) => ({
    operands: [logits, ...drawFrom(logits)],
    attrs: { axis: normalizeAxis(axis, logits.type) },
  }),
  infer: ([logits, ...draw], { axis }) => {
    expectDType("categorical", "logits", logits!, "float");
    expectDraw(draw);
    return argmax.infer([logits!], { axis, keepDims: false });
  },
  lower: {
    kind: "compose",
    expand: ([logits, ...draw], { axis }) => {
      const { shape, dtype } = logits!.type;
      return [argmax(add(logits!, randomGumbel(drawOf(draw), shape, dtype)), axis)];
    },
  },
  samples: [
    byHand([t("f32", [2, 3], [0, 100, 0, 0, 0, 100]), ...sampleDraw], { axis: 1 }, t("i32", [2], [1, 2])),
    byHand([t("f32", [2], [-Infinity, 0]), ...sampleDraw], { axis: 0 }, t("i32", [], [1])),
  ],
  rejects: [
    {
      operands: [tensorType("i32", [2, 3]), ...drawTypes],
      attrs: { axis: 1 },
      message: "DTypeError: categorical: logits is i32, but categorical needs f32 or f64",
    },
  ],
});

type PermutationAttrs = { readonly n: Size };

export const permutation: Op<"own", PermutationAttrs, [like: Source, n: Size]> = defineOp("permutation", {
  doc: "The numbers from 0 to n − 1 in a random order, all equally likely but for a part in 2³³/n²: `argsort(randomBits([n]))`.",
  operands: drawn,
  form: "own",
  call: (like, n) => ({ operands: drawFrom(like), attrs: { n: toSize(n) } }),
  infer: (draw, { n }) => {
    expectDraw(draw);
    return [declaredType("i32", [n])];
  },
  // Equal words, which are rare, stay in order: they do no harm.
  lower: { kind: "compose", expand: (draw, { n }) => [argsort(randomBits(drawOf(draw), [n]))] },
  samples: [byHand(sampleDraw, { n: 1 }, t("i32", [1], [0])), byHand(sampleDraw, { n: 0 }, t("i32", [0], []))],
  rejects: [
    {
      operands: drawTypes,
      attrs: { n: -3 },
      message: "ShapeError: permutation: the shape [-3] has the size -3: sizes are whole numbers from 0",
    },
  ],
});

type DropoutAttrs = { readonly rate: number };

export const dropout: Op<"like", DropoutAttrs, [x: Operand, rate: number]> = defineOp("dropout", {
  doc: "Zeroes elements at random and scales the others up: `y = x / (1 − rate)` with probability 1 − rate, else 0; x itself at rate 0.",
  operands: ["x", ...drawn],
  form: "like",
  call: (x, rate) => ({ operands: rate === 0 ? [x] : [x, ...drawFrom(x)], attrs: { rate } }),
  infer: ([x, ...draw], { rate }) => {
    if (!isFloat(x!.dtype)) throw new DTypeError(`x is ${x!.dtype}, but dropout needs f32 or f64`);
    if (!(rate >= 0 && rate < 1)) throw new GraphError(`the rate is ${rate}, not in 0 ≤ rate < 1`);
    expectDraw(draw);
    return [x!];
  },
  lower: {
    kind: "compose",
    expand: ([x, ...draw], { rate }) => {
      if (rate === 0) return [x!];
      return [where(randomMask(drawOf(draw), x!.type.shape, 1 - rate), mul(x!, 1 / (1 - rate)), 0)];
    },
  },
  samples: [
    // u = 0.41845… < 1 − 0.5
    byHand([t("f32", [1], [3]), ...sampleDraw], { rate: 0.5 }, t("f32", [1], [6])),
    byHand([t("f32", [1], [3]), ...sampleDraw], { rate: 0.75 }, t("f32", [1], [0])),
    byHand([t("f32", [2], [3, NaN])], { rate: 0 }, t("f32", [2], [3, NaN])),
    byHand([t("f32", [0, 2], []), ...sampleDraw], { rate: 0.5 }, t("f32", [0, 2], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2]), ...drawTypes],
      attrs: { rate: 1 },
      message: "GraphError: dropout: the rate is 1, not in 0 ≤ rate < 1",
    },
    {
      operands: [tensorType("f32", [2]), ...drawTypes],
      attrs: { rate: -0.1 },
      message: "GraphError: dropout: the rate is -0.1, not in 0 ≤ rate < 1",
    },
    {
      operands: [tensorType("i32", [2]), ...drawTypes],
      attrs: { rate: 0.5 },
      message: "DTypeError: dropout: x is i32, but dropout needs f32 or f64",
    },
  ],
});
