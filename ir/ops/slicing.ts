// Ops that take elements by regular index: slice and reverse.
import { defineOp } from "../define-op.js";
import { ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { type Axes, normalizeAxes } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { numbersOf, provablyLess } from "../shape.js";
import { addSizes, mulSizes, printSize, sameShape, type Size, subSizes } from "../size.js";
import { declaredType, tensorType, type TensorType } from "../type.js";
import { reshape } from "./movement.js";
import { pad } from "./padding.js";

type SliceAttrs = { starts: readonly Size[]; sizes: readonly Size[]; strides: readonly number[] };
type SliceArgs = [x: Operand, starts: readonly Size[], sizes: readonly Size[], strides?: readonly number[]];

export const slice: Op<"own", SliceAttrs, SliceArgs> = defineOp("slice", {
  doc: "Every `strides[a]`-th element from `starts[a]` on, `sizes[a]` of them: `y[i, …] = x[starts + i · strides, …]`; a negative start counts from the end.",
  operands: ["x"],
  form: "own",
  call: (x, starts, sizes, strides = starts.map(() => 1)) => ({
    operands: [x],
    attrs: {
      starts: starts.map((start, axis) => (provablyLess(start, 0) ? addSizes(x.type.shape[axis] ?? 0, start) : start)),
      sizes,
      strides,
    },
  }),
  infer: ([x], attrs) => {
    const { starts, sizes, strides } = attrs;
    const { shape } = x!;
    if (starts.length !== shape.length || sizes.length !== shape.length || strides.length !== shape.length) {
      throw new ShapeError(
        `${starts.length} starts, ${sizes.length} sizes and ${strides.length} strides for rank ${shape.length}`,
      );
    }
    shape.forEach((size, axis) => {
      if (!Number.isInteger(strides[axis]) || strides[axis]! < 1) {
        throw new ShapeError(`the stride ${strides[axis]} of axis ${axis} is not a positive integer`);
      }
      if (typeof starts[axis] === "number" && !Number.isInteger(starts[axis])) {
        throw new ShapeError(`the start ${starts[axis]} of axis ${axis} is not an integer`);
      }
      const end = endOf(attrs, axis);
      if (provablyLess(starts[axis]!, 0) || provablyLess(sizes[axis]!, 0) || provablyLess(subSizes(size, end), 0)) {
        const range = `${printSize(starts[axis]!)} to ${printSize(end)}`;
        throw new ShapeError(`${range} of axis ${axis} is out of range: it has size ${printSize(size)}`);
      }
    });
    return [declaredType(x!.dtype, sizes)];
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const starts = numbersOf(k.attrs.starts);
      const place = (i: e.Expr, axis: number) => e.mul(i, e.literal(k.attrs.strides[axis]!));
      return k.read(
        0,
        index.map((i, axis) => e.add(place(i, axis), e.literal(starts[axis]!))),
      );
    },
  },
  vjp: ({ g, operands: [x], attrs }) => {
    const spread = attrs.strides.every((stride) => stride === 1) ? g : spreadOut(g, attrs);
    const ends = attrs.starts.map((_, axis) => endOf(attrs, axis));
    return [pad(spread, attrs.starts, x!.type.shape.map((size, axis) => subSizes(size, ends[axis]!)), 0)]; // prettier-ignore
  },
  batch: ({ operands: [x], attrs: { starts, sizes, strides }, size }) => [
    slice(x!, [0, ...starts], [size, ...sizes], [1, ...strides]),
  ],
  simplify: [
    {
      name: "slice x from 0 to its end → x",
      apply: (node, [x]) => {
        const { starts, strides } = node.attrs as SliceAttrs;
        const whole = starts.every((start) => start === 0) && strides.every((stride) => stride === 1);
        return whole && sameShape(x!.type.shape, node.results[0]!.type.shape) ? x! : null;
      },
    },
    {
      name: "slice (slice x) → slice x",
      apply: (node, [x]) => {
        if (x!.node.op !== slice) return null;
        const [outer, inner] = [node.attrs as SliceAttrs, x!.node.attrs as SliceAttrs];
        const starts = outer.starts.map((s, a) => addSizes(inner.starts[a]!, mulSizes(s, inner.strides[a]!)));
        const strides = outer.strides.map((stride, axis) => stride * inner.strides[axis]!);
        return slice(x!.node.operands[0]!, starts, outer.sizes, strides);
      },
    },
  ],
  onnx: { type: "Slice" },
  samples: [
    byHand(
      [t("f32", [3, 4], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])],
      { starts: [1, 1], sizes: [2, 2], strides: [1, 1] },
      t("f32", [2, 2], [5, 6, 9, 10]),
    ),
    byHand(
      [t("f32", [2, 7], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])],
      { starts: [0, 1], sizes: [2, 2], strides: [1, 3] },
      t("f32", [2, 2], [1, 4, 8, 11]),
    ),
    byHand([t("i32", [3], [1, 2, 3])], { starts: [3], sizes: [0], strides: [1] }, t("i32", [0], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3, 4])],
      attrs: { starts: [0, 2], sizes: [3, 3], strides: [1, 1] },
      message: "ShapeError: slice: 2 to 5 of axis 1 is out of range: it has size 4",
    },
    {
      operands: [tensorType("f32", [3, 4])],
      attrs: { starts: [0], sizes: [3], strides: [1] },
      message: "ShapeError: slice: 1 starts, 1 sizes and 1 strides for rank 2",
    },
    {
      operands: [tensorType("f32", [3])],
      attrs: { starts: [0], sizes: [3], strides: [-1] },
      message: "ShapeError: slice: the stride -1 of axis 0 is not a positive integer",
    },
    {
      operands: [tensorType("f32", [3])],
      attrs: { starts: [0.5], sizes: [2], strides: [1] },
      message: "ShapeError: slice: the start 0.5 of axis 0 is not an integer",
    },
    {
      operands: [tensorType("f32", [3])],
      attrs: { starts: [0], sizes: [1.5], strides: [1] },
      message: "ShapeError: slice: the shape [1.5] has the size 1.5: sizes are whole numbers from 0",
    },
  ],
});

type ReverseAttrs = { axes: readonly number[] };

export const reverse: Op<"own", ReverseAttrs, [x: Operand, axes?: Axes]> = defineOp("reverse", {
  doc: "Elements in the opposite order along some axes, all where none are given: `y[i] = x[n − 1 − i]`.",
  operands: ["x"],
  form: "own",
  call: (x, axes) => ({ operands: [x], attrs: { axes: normalizeAxes(axes, x.type) } }),
  infer: ([x], { axes }) => [checkedReverse(x!, axes)],
  lower: {
    kind: "compute",
    at: (index, k) =>
      k.read(
        0,
        index.map((i, axis) => {
          const last = e.literal(k.operands[0]!.shape[axis]! - 1);
          return k.attrs.axes.includes(axis) ? e.sub(last, i) : i;
        }),
      ),
  },
  vjp: ({ g, attrs: { axes } }) => [reverse(g, axes)],
  simplify: [
    {
      name: "reverse x along axes of size 1 → x",
      apply: (node, [x]) => ((node.attrs as ReverseAttrs).axes.every((axis) => x!.type.shape[axis] === 1) ? x! : null),
    },
    {
      name: "reverse (reverse x) → reverse x",
      apply: (node, [x]) => {
        if (x!.node.op !== reverse) return null;
        const [outer, inner] = [(node.attrs as ReverseAttrs).axes, (x!.node.attrs as ReverseAttrs).axes];
        const once = [...outer.filter((a) => !inner.includes(a)), ...inner.filter((a) => !outer.includes(a))];
        return once.length > 0 ? reverse(x!.node.operands[0]!, once) : x!.node.operands[0]!;
      },
    },
  ],
  samples: [
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { axes: [1] }, t("f32", [2, 3], [3, 2, 1, 6, 5, 4])),
    byHand([t("i32", [2, 2], [1, 2, 3, 4])], { axes: [0, 1] }, t("i32", [2, 2], [4, 3, 2, 1])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { axes: [2] },
      message: "ShapeError: reverse: axis 2 is out of range: rank 2 has axes -2 to 1",
    },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { axes: [1, 1] },
      message: "ShapeError: reverse: axis 1 is given twice",
    },
  ],
});

/** The type of a reversed tensor: its own. */
function checkedReverse(x: TensorType, axes: readonly number[]): TensorType {
  normalizeAxes(axes, x);
  return x;
}

/** One past the last element that a slice takes of an axis; the start where it takes none. */
function endOf({ starts, sizes, strides }: SliceAttrs, axis: number): Size {
  const size = sizes[axis]!;
  return size === 0 ? starts[axis]! : addSizes(starts[axis]!, mulSizes(subSizes(size, 1), strides[axis]!), 1);
}

/** `x` with `stride − 1` zeros between neighbours of each axis: padded in an axis of its own, merged, the last zeros cut off. */
function spreadOut(x: Operand, attrs: SliceAttrs): Operand {
  const { sizes, strides } = attrs;
  const apart = reshape(x, sizes.flatMap((size) => [size, 1])); // prettier-ignore
  const none = apart.type.shape.map(() => 0);
  const padded = pad(apart, none, strides.flatMap((stride) => [0, stride - 1]), 0); // prettier-ignore
  const merged = reshape(padded, sizes.map((size, axis) => mulSizes(size, strides[axis]!))); // prettier-ignore
  const lengths = sizes.map((_, axis) => subSizes(endOf(attrs, axis), attrs.starts[axis]!));
  return sameShape(lengths, merged.type.shape) ? merged : slice(merged, sizes.map(() => 0), lengths); // prettier-ignore
}
