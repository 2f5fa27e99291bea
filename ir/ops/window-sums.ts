// What mean pooling is composed of: sums over windows, their adjoint, the number of elements in each window; and sums over
// the bins of adaptive pooling.
import { defineOp } from "../define-op.js";
import type { DType } from "../dtype.js";
import { expectDType } from "../elementwise.js";
import { ShapeError } from "../errors.js";
import * as e from "../expr.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { numbersOf } from "../shape.js";
import type { Size } from "../size.js";
import { overElements, overWindows, type SlidingAttrs, slidType } from "../sliding.js";
import { tensorType } from "../type.js";
import { insideOf, overWindow } from "../window.js";

const overlapping: SlidingAttrs = { window: [3], stride: [2], dilation: [1], low: [1], size: [2] };

export const windowSum: Op<"own", SlidingAttrs, [x: Operand, attrs: SlidingAttrs]> = defineOp("windowSum", {
  doc: "The sum of each window over the last axes, zeros outside: `y[…, p] = Σ x[…, p · stride + t · dilation − low]`.",
  operands: ["x"],
  form: "own",
  call: (x, attrs) => ({ operands: [x], attrs }),
  infer: ([x], attrs) => {
    expectDType("windowSum", "x", x!, "number");
    return [slidType(x!, attrs)];
  },
  lower: {
    kind: "compute",
    at: (index, k) => overElements("sum", index, k, (at) => k.read(0, at), e.literal(0, k.results[0]!.dtype)),
  },
  vjp: ({ g, operands: [x], attrs }) => [windowSpread(g, { ...attrs, size: lastAxes(x!, attrs.window.length) })],
  samples: [
    byHand([t("f32", [2, 4], [1, 2, 3, 4, 5, 6, 7, 8])], overlapping, t("f32", [2, 2], [3, 9, 11, 21])),
    byHand(
      [t("f32", [2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])],
      { window: [2, 2], stride: [1, 2], dilation: [1, 2], low: [0, 0], size: [1, 2] },
      t("f32", [1, 2], [18, 26]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [])],
      attrs: overlapping,
      message: "ShapeError: windowSum: x has rank 0, too few for windows of 1 axis",
    },
  ],
});

export const windowSpread: Op<"own", SlidingAttrs, [g: Operand, attrs: SlidingAttrs]> = defineOp("windowSpread", {
  doc: "The adjoint of `windowSum`: every element gets the sum over the windows that cover it, `y[…, i] = Σ g[…, p]` over all p, t with `p · stride + t · dilation − low = i`; `size` are the sizes of `y`.",
  operands: ["g"],
  form: "own",
  call: (g, attrs) => ({ operands: [g], attrs }),
  infer: ([g], attrs) => {
    expectDType("windowSpread", "g", g!, "number");
    return [slidType(g!, attrs)];
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const zero = e.literal(0, k.results[0]!.dtype);
      return overWindows(index, k, (at, covers) => e.select(covers, k.read(0, at), zero));
    },
  },
  vjp: ({ g, operands: [own], attrs }) => [windowSum(g, { ...attrs, size: lastAxes(own!, attrs.window.length) })],
  samples: [
    byHand(
      [t("f32", [2, 2], [1, 10, 3, 30])],
      { ...overlapping, size: [4] },
      t("f32", [2, 4], [1, 11, 10, 10, 3, 33, 30, 30]),
    ),
    byHand(
      [t("f32", [2], [1, 10])],
      { window: [2], stride: [3], dilation: [2], low: [1], size: [5] },
      t("f32", [5], [0, 1, 10, 0, 10]),
    ),
    byHand(
      [t("f32", [1, 2], [1, 10])],
      { window: [2, 1], stride: [1, 2], dilation: [1, 1], low: [0, 0], size: [3, 4] },
      t("f32", [3, 4], [1, 0, 10, 0, 1, 0, 10, 0, 0, 0, 0, 0]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("bool", [4])],
      attrs: overlapping,
      message: "DTypeError: windowSpread: g is bool, but windowSpread needs f32, f64, i32 or u8",
    },
  ],
});

/** `high` is the padding that counts as elements after the axis; null where only elements count. */
type CountAttrs = Omit<SlidingAttrs, "size"> & {
  readonly shape: readonly Size[];
  readonly spatial: readonly Size[];
  readonly high: readonly number[] | null;
  readonly dtype: DType;
};

export const windowCounts: Op<"own", CountAttrs, [like: Operand, attrs: CountAttrs]> = defineOp("windowCounts", {
  doc: "How many elements each window covers, at least 1: those inside of axes of the sizes `spatial`, or inside of the padding too, where `high` says how much follows.",
  operands: [],
  form: "own",
  call: (like, attrs) => ({ operands: [], attrs, owner: like.owner }),
  infer: (_, { shape, dtype }) => [tensorType(dtype, shape)],
  lower: {
    kind: "compute",
    at: (index, k) => {
      const { dilation, low, high, dtype } = k.attrs;
      const [window, stride, spatial] = [k.attrs.window, k.attrs.stride, k.attrs.spatial].map(numbersOf) as [
        readonly number[],
        readonly number[],
        readonly number[],
      ];
      const counts = window.map((n, i) => {
        const start = e.sub(e.mul(index[index.length - window.length + i]!, e.literal(stride[i]!)), e.literal(low[i]!));
        /** Taps before an element's index: `ceil((end − start) / dilation)`, at most all. */
        const before = (end: number) => {
          const room = e.add(e.sub(e.literal(end), start), e.literal(dilation[i]! - 1));
          return e.call("minimum", e.literal(n), e.floorDiv(room, dilation[i]!));
        };
        if (high) return before(spatial[i]! + high[i]!);
        return e.sub(before(spatial[i]!), e.call("maximum", e.literal(0), before(0)));
      });
      return e.cast(e.call("maximum", counts.reduce(e.mul), e.literal(1)), dtype);
    },
  },
  samples: [
    {
      operands: [],
      attrs: {
        window: [3],
        stride: [2],
        dilation: [1],
        low: [1],
        spatial: [4],
        shape: [2, 3],
        high: null,
        dtype: "f32",
      },
      results: [t("f32", [2, 3], [2, 3, 1, 2, 3, 1])],
      from: "by hand",
    },
    {
      operands: [],
      attrs: { window: [3], stride: [2], dilation: [1], low: [1], spatial: [4], shape: [3], high: [1], dtype: "f32" },
      results: [t("f32", [3], [3, 3, 2])],
      from: "by hand",
    },
    {
      operands: [],
      attrs: {
        window: [2, 2],
        stride: [1, 1],
        dilation: [1, 2],
        low: [1, 1],
        spatial: [1, 3],
        shape: [2, 2],
        high: null,
        dtype: "f64",
      },
      results: [t("f64", [2, 2], [1, 2, 1, 2])],
      from: "by hand",
    },
  ],
});

type BinAttrs = { readonly size: readonly number[] };

export const binSum: Op<"own", BinAttrs, [x: Operand, size: readonly number[]]> = defineOp("binSum", {
  doc: "The last axes cut into as many bins as `size` says, which overlap where they do not divide, and the sum of each: bin p of O over I elements is those from `floor(p · I / O)` to before `ceil((p + 1) · I / O)`. It is its own adjoint, with the sizes turned round.",
  operands: ["x"],
  form: "own",
  call: (x, size) => ({ operands: [x], attrs: { size } }),
  infer: ([x], { size }) => {
    expectDType("binSum", "x", x!, "number");
    const lead = x!.shape.length - size.length;
    if (lead < 0) throw new ShapeError(`x has rank ${x!.shape.length}, too few for bins of ${size.length} axes`);
    return [tensorType(x!.dtype, [...x!.shape.slice(0, lead), ...size])];
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const { size } = k.attrs;
      const lead = index.length - size.length;
      const from = k.operands[0]!.shape.slice(lead);
      const zero = e.literal(0, k.results[0]!.dtype);
      const starts = size.map((bins, i) => e.floorDiv(e.mul(index[lead + i]!, e.literal(from[i]!)), Math.max(1, bins)));
      const ends = size.map((bins, i) => {
        const after = e.mul(e.add(index[lead + i]!, e.literal(1)), e.literal(from[i]!));
        return e.floorDiv(e.add(after, e.literal(bins - 1)), Math.max(1, bins));
      });
      const longest = size.map((bins, i) => Math.ceil(from[i]! / Math.max(1, bins)) + (from[i]! % bins === 0 ? 0 : 1));
      const reduce = (extent: number, body: (i: e.Expr) => e.Expr) => k.reduce("sum", extent, body);
      return overWindow(longest, reduce, (taps) => {
        if (from.includes(0)) return zero;
        const places = taps.map((tap, i) => e.add(starts[i]!, tap));
        const { clamped } = insideOf(places, from);
        const inBin = places.map((place, i) => e.lt(place, ends[i]!)).reduce(e.and, e.literal(1, "bool"));
        return e.select(inBin, k.read(0, [...index.slice(0, lead), ...clamped]), zero);
      });
    },
  },
  vjp: ({ g, operands: [x], attrs }) => [binSum(g, lastAxes(x!, attrs.size.length) as readonly number[])],
  samples: [
    byHand([t("f32", [5], [1, 2, 3, 4, 5])], { size: [3] }, t("f32", [3], [3, 9, 9])),
    byHand([t("f32", [2, 4], [1, 2, 3, 4, 5, 6, 7, 8])], { size: [1, 2] }, t("f32", [1, 2], [14, 22])),
    byHand([t("f32", [2], [1, 10])], { size: [3] }, t("f32", [3], [1, 11, 10])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [5])],
      attrs: { size: [1, 1] },
      message: "ShapeError: binSum: x has rank 1, too few for bins of 2 axes",
    },
  ],
});

function lastAxes(x: Operand, axes: number): readonly Size[] {
  return x.type.shape.slice(x.type.shape.length - axes);
}
