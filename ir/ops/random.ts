// Random numbers. The element at a position is a function of key, run and position alone (Threefry-2x32, 20 rounds), so the
// bits are the same on every backend, for any number of threads, fused or not. `like` only says which graph draws.
import type { DType } from "../dtype.js";
import { defineOp } from "../define-op.js";
import { GraphError } from "../errors.js";
import * as e from "../expr.js";
import { byHand, type Op, t } from "../op.js";
import {
  below,
  drawFrom,
  drawn,
  drawTypes,
  expectDraw,
  expectFloat,
  positiveOf,
  sampleDraw,
  type Source,
  uniformOf,
  wordsAt,
} from "../random-bits.js";
import type { Size } from "../size.js";
import { declaredType, tensorType } from "../type.js";

/** √(−2 ln u) · cos(2πv) of the words of `sampleDraw`, by a calculator: u = 0.41845711…, 2πv = −0.79901… π. */
const normalByHand = -1.0654524245557915;

type BitsAttrs = { readonly shape: readonly Size[] };

export const randomBits: Op<"own", BitsAttrs, [like: Source, shape: readonly Size[]]> = defineOp("randomBits", {
  doc: "Random words: every i32 is equally likely, `y[i] = threefry(key, [i, run])[0]`.",
  operands: drawn,
  form: "own",
  call: (like, shape) => ({ operands: drawFrom(like), attrs: { shape } }),
  infer: (draw, { shape }) => {
    expectDraw(draw);
    return [declaredType("i32", shape)];
  },
  lower: { kind: "compute", at: (index, k) => wordsAt(index, k)[0] },
  samples: [
    {
      operands: sampleDraw,
      attrs: { shape: [1] },
      results: [t("i32", [1], [0x6b200159])],
      from: "Random123, kat_vectors",
    },
    byHand(sampleDraw, { shape: [2, 0] }, t("i32", [2, 0], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", []), ...drawTypes.slice(1)],
      attrs: { shape: [2] },
      message: "DTypeError: randomBits: counter is f32, but random ops count in i32",
    },
    {
      operands: [...drawTypes.slice(0, 2), tensorType("i32", [2])],
      attrs: { shape: [2] },
      message: "ShapeError: randomBits: key1 is i32[2], not a scalar",
    },
    {
      operands: drawTypes,
      attrs: { shape: [2.5] },
      message: "ShapeError: randomBits: the shape [2.5] has the size 2.5: sizes are whole numbers from 0",
    },
  ],
});

interface Interval {
  /** 0 where nothing is said. */
  readonly low?: number;
  /** 1 where nothing is said. */
  readonly high?: number;
  readonly dtype?: DType;
}
type UniformAttrs = {
  readonly shape: readonly Size[];
  readonly dtype: DType;
  readonly low: number;
  readonly high: number;
};

export const randomUniform: Op<"own", UniformAttrs, [like: Source, shape: readonly Size[], options?: Interval]> =
  defineOp("randomUniform", {
    doc: "Uniform in an interval: `low ≤ y < high`, by 24 random bits in f32 and 53 in f64, of which the f32 keeps the first.",
    operands: drawn,
    form: "own",
    call: (like, shape, { low = 0, high = 1, dtype = "f32" } = {}) => ({
      operands: drawFrom(like),
      attrs: { shape, dtype, low, high },
    }),
    infer: (draw, { shape, dtype, low, high }) => {
      expectDraw(draw);
      expectFloat(dtype);
      if (!(low < high) || !Number.isFinite(high - low)) throw new GraphError(`nothing lies in ${low} ≤ y < ${high}`);
      return [declaredType(dtype, shape)];
    },
    lower: {
      kind: "compute",
      at: (index, k) => {
        const { low, high, dtype } = k.attrs;
        const number = (value: number) => e.literal(value, dtype);
        const u = uniformOf(wordsAt(index, k), dtype);
        const scaled = high - low === 1 ? u : e.mul(u, number(high - low));
        if (low === 0) return scaled;
        // The sum may round up to `high`, the product cannot.
        return e.call("minimum", e.add(scaled, number(low)), number(below(high, dtype)));
      },
    },
    samples: [
      byHand(
        sampleDraw,
        { shape: [1], dtype: "f32", low: 0, high: 1 },
        t("f32", [1], [Math.floor(0x6b200159 / 256) / 2 ** 24]),
      ),
      byHand(
        sampleDraw,
        { shape: [], dtype: "f64", low: -1, high: 3 },
        t("f64", [], [4 * ((Math.floor(0x6b200159 / 32) * 2 ** 26 + Math.floor(0x99ba4efe / 64)) / 2 ** 53) - 1]),
      ),
    ],
    rejects: [
      {
        operands: drawTypes,
        attrs: { shape: [2], dtype: "f32", low: 1, high: 1 },
        message: "GraphError: randomUniform: nothing lies in 1 ≤ y < 1",
      },
      {
        operands: drawTypes,
        attrs: { shape: [2], dtype: "i32", low: 0, high: 1 },
        message: "DTypeError: randomUniform: there are random floats only, not i32",
      },
    ],
  });

interface Bell {
  /** 0 where nothing is said. */
  readonly mean?: number;
  /** The standard deviation; 1 where nothing is said. */
  readonly deviation?: number;
  readonly dtype?: DType;
}
type NormalAttrs = {
  readonly shape: readonly Size[];
  readonly dtype: DType;
  readonly mean: number;
  readonly deviation: number;
};

export const randomNormal: Op<"own", NormalAttrs, [like: Source, shape: readonly Size[], options?: Bell]> = defineOp(
  "randomNormal",
  {
    doc: "Normal, by Box and Muller: `y = mean + deviation · √(−2 ln u) · cos(2πv)`, 2⁻³² ≤ u ≤ 1, so that |y| reaches 6.6 deviations.",
    operands: drawn,
    form: "own",
    call: (like, shape, { mean = 0, deviation = 1, dtype = "f32" } = {}) => ({
      operands: drawFrom(like),
      attrs: { shape, dtype, mean, deviation },
    }),
    infer: (draw, { shape, dtype, mean, deviation }) => {
      expectDraw(draw);
      expectFloat(dtype);
      if (!(deviation >= 0) || !Number.isFinite(mean + deviation)) {
        throw new GraphError(`there is no normal distribution with mean ${mean} and deviation ${deviation}`);
      }
      return [declaredType(dtype, shape)];
    },
    lower: {
      kind: "compute",
      at: (index, k) => {
        const { dtype, mean, deviation } = k.attrs;
        const number = (value: number) => e.literal(value, dtype);
        const [x, y] = wordsAt(index, k);
        const radius = e.call("sqrt", e.mul(e.call("log", positiveOf(x, dtype)), number(-2)));
        const angle = e.mul(e.cast(y, dtype), number(Math.PI * 2 ** -31));
        const z = e.mul(radius, e.call("cosOfOrdinary", angle));
        const scaled = deviation === 1 ? z : e.mul(z, number(deviation));
        return mean === 0 ? scaled : e.add(scaled, number(mean));
      },
    },
    samples: [
      byHand(sampleDraw, { shape: [1], dtype: "f64", mean: 0, deviation: 1 }, t("f64", [1], [normalByHand])),
      byHand(sampleDraw, { shape: [1], dtype: "f32", mean: 3, deviation: 2 }, t("f32", [1], [3 + 2 * normalByHand])),
    ],
    rejects: [
      {
        operands: drawTypes,
        attrs: { shape: [2], dtype: "f32", mean: 0, deviation: -1 },
        message: "GraphError: randomNormal: there is no normal distribution with mean 0 and deviation -1",
      },
    ],
    tolerance: 16,
  },
);

type IntegerAttrs = { readonly shape: readonly Size[]; readonly low: number; readonly high: number };

export const randomInteger: Op<"own", IntegerAttrs, [like: Source, shape: readonly Size[], low: number, high: number]> =
  defineOp("randomInteger", {
    doc: "Whole numbers in an interval: `low ≤ y < high`, all equally likely but for a part in 2²¹: `y = low + ⌊u · (high − low)⌋`.",
    operands: drawn,
    form: "own",
    call: (like, shape, low, high) => ({ operands: drawFrom(like), attrs: { shape, low, high } }),
    infer: (draw, { shape, low, high }) => {
      expectDraw(draw);
      if (![low, high].every(Number.isInteger) || low < -(2 ** 31) || high > 2 ** 31 || low >= high) {
        throw new GraphError(`no i32 lies in ${low} ≤ y < ${high}`);
      }
      return [declaredType("i32", shape)];
    },
    lower: {
      kind: "compute",
      at: (index, k) => {
        const { low, high } = k.attrs;
        const number = (value: number) => e.literal(value, "f64");
        // 53 random bits times fewer than 2³² numbers: the product never rounds up to the next whole number at the end.
        const steps = e.call("floor", e.mul(uniformOf(wordsAt(index, k), "f64"), number(high - low)));
        return e.cast(e.add(steps, number(low)), "i32");
      },
    },
    samples: [
      // u = 0.41845…
      byHand(sampleDraw, { shape: [1], low: 1, high: 7 }, t("i32", [1], [3])),
      byHand(sampleDraw, { shape: [1], low: -(2 ** 31), high: 2 ** 31 }, t("i32", [1], [0x6b200153 - 2 ** 31])),
    ],
    rejects: [
      {
        operands: drawTypes,
        attrs: { shape: [2], low: 3, high: 3 },
        message: "GraphError: randomInteger: no i32 lies in 3 ≤ y < 3",
      },
    ],
  });
