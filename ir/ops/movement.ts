// Ops that give elements another index and keep them all: broadcast, reshape, transpose. Each is an index map, so in a
// fused kernel it costs nothing. Those that take parts are in slicing.ts, those that put parts together in joining.ts.
import { defineOp } from "../define-op.js";
import { ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { insertable, normalizeAxis } from "../forms.js";
import type { Node, Operand, Value } from "../node.js";
import { byHand, type Index, type Op, t } from "../op.js";
import { elementCount, printShape, printSize, sameShape, sameSize, type Size } from "../size.js";
import { inversePermutation, resolveShape } from "../shape.js";
import { declaredType, stridesOf, tensorType } from "../type.js";
import { sum } from "./reductions.js";

type BroadcastAttrs = { shape: readonly Size[]; axes: readonly number[] };

export const broadcast: Op<"own", BroadcastAttrs, [x: Operand, shape: readonly Size[], axes?: readonly number[]]> =
  defineOp("broadcast", {
    doc: "Repeats `x` along new axes and along axes of size 1: axis i of `x` is axis `axes[i]` of the result, aligned right where nothing is said.",
    operands: ["x"],
    form: "own",
    call: (x, shape, axes) => ({
      operands: [x],
      attrs: { shape, axes: axes ?? x.type.shape.map((_, i) => shape.length - x.type.shape.length + i) },
    }),
    infer: ([x], { shape, axes }) => {
      x!.shape.forEach((size, i) => {
        const target = shape[axes[i] ?? -1];
        if (target === undefined) {
          throw new ShapeError(`axis ${i} of ${printShape(x!.shape)} has no place in ${printShape(shape)}`);
        }
        if (size !== 1 && !sameSize(size, target)) {
          throw new ShapeError(`axis ${i} has size ${printSize(size)} and does not broadcast to ${printSize(target)}`);
        }
        if (i > 0 && axes[i]! <= axes[i - 1]!) throw new ShapeError(`the axes [${axes.join()}] do not ascend`);
      });
      return [declaredType(x!.dtype, shape)];
    },
    lower: {
      kind: "compute",
      at: (index, k) =>
        k.read(
          0,
          k.attrs.axes.map((axis, i) => (k.operands[0]!.shape[i] === 1 ? e.literal(0) : index[axis]!)),
        ),
    },
    vjp: ({ g, operands: [x], attrs: { shape, axes } }) => {
      const repeated = shape
        .map((_, axis) => axis)
        .filter((axis) => {
          const from = axes.indexOf(axis);
          return from < 0 || (x!.type.shape[from] === 1 && shape[axis] !== 1);
        });
      const summed = repeated.length > 0 ? sum(g, repeated) : g;
      return [sameShape(summed.type.shape, x!.type.shape) ? summed : reshape(summed, x!.type.shape)];
    },
    batch: ({ operands: [x], attrs: { shape, axes }, size }) => [
      broadcast(x!, [size, ...shape], [0, ...axes.map((axis) => axis + 1)]),
    ],
    simplify: [
      {
        name: "broadcast x to its own shape → x",
        apply: (node, [x]) => (sameShape(x!.type.shape, node.results[0]!.type.shape) ? x! : null),
      },
      {
        name: "broadcast (broadcast x) → broadcast x",
        apply: (node, [x]) => {
          if (x!.node.op !== broadcast) return null;
          const [outer, inner] = [node.attrs as BroadcastAttrs, x!.node.attrs as BroadcastAttrs];
          return broadcast(
            x!.node.operands[0]!,
            outer.shape,
            inner.axes.map((axis) => outer.axes[axis]!),
          );
        },
      },
    ],
    onnx: { type: "Expand" },
    samples: [
      byHand([t("f32", [3], [1, 2, 3])], { shape: [2, 3], axes: [1] }, t("f32", [2, 3], [1, 2, 3, 1, 2, 3])),
      byHand(
        [t("i32", [2, 1], [5, 7])],
        { shape: [2, 3, 2], axes: [0, 2] },
        t("i32", [2, 3, 2], [5, 5, 5, 5, 5, 5, 7, 7, 7, 7, 7, 7]),
      ),
    ],
    rejects: [
      {
        operands: [tensorType("f32", [3])],
        attrs: { shape: [2, 4], axes: [1] },
        message: "ShapeError: broadcast: axis 0 has size 3 and does not broadcast to 4",
      },
      {
        operands: [tensorType("f32", [2, 3])],
        attrs: { shape: [3], axes: [-1, 0] },
        message: "ShapeError: broadcast: axis 0 of [2,3] has no place in [3]",
      },
      {
        operands: [tensorType("f32", [2, 3])],
        attrs: { shape: [3, 2], axes: [1, 0] },
        message: "ShapeError: broadcast: the axes [1,0] do not ascend",
      },
      {
        operands: [tensorType("f32", [])],
        attrs: { shape: [1.5], axes: [] },
        message: "ShapeError: broadcast: the shape [1.5] has the size 1.5: sizes are whole numbers from 0",
      },
    ],
  });

/** The index in the shape `from` of the element at `index` in the shape `to`, in row-major order; neither has axes of size 1. */
function unfolded(index: Index, to: readonly number[], from: readonly number[]): Index {
  const [fromStrides, toStrides] = [stridesOf(from), stridesOf(to)];
  const place = index.reduce(
    (sum, i, axis) => e.add(sum, e.mul(i, e.literal(toStrides[axis]!))),
    e.literal(0) as e.Expr,
  );
  return from.map((size, axis) => {
    if (size === 0) return e.literal(0);
    const step = e.floorDiv(place, Math.max(1, fromStrides[axis]!));
    return axis === 0 ? step : e.floorMod(step, size);
  });
}

type ReshapeAttrs = { shape: readonly Size[] };

export const reshape: Op<"own", ReshapeAttrs, [x: Operand, shape: readonly Size[]]> = defineOp("reshape", {
  doc: "The same elements in row-major order under another shape; one size may be −1 and is worked out.",
  operands: ["x"],
  form: "own",
  call: (x, shape) => ({ operands: [x], attrs: { shape: resolveShape(x.type.shape, shape) } }),
  infer: ([x], { shape }) => {
    const [have, want] = [elementCount(x!.shape), elementCount(shape)];
    if (!sameSize(have, want)) {
      throw new ShapeError(
        `${printSize(have)} elements do not fill the shape ${printShape(shape)}, which has ${printSize(want)}`,
      );
    }
    return [declaredType(x!.dtype, shape)];
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const [from, to] = [k.operands[0]!.shape, k.results[0]!.shape];
      const own = index.filter((_, axis) => to[axis] !== 1);
      const [long, wanted] = [to.filter((size) => size !== 1), from.filter((size) => size !== 1)];
      const same = long.length === wanted.length && long.every((size, i) => size === wanted[i]);
      const found = same ? own : unfolded(own, long, wanted);
      let next = 0;
      return k.read(
        0,
        from.map((size) => (size === 1 ? e.literal(0) : found[next++]!)),
      );
    },
  },
  vjp: ({ g, operands: [x] }) => [reshape(g, x!.type.shape)],
  batch: ({ operands: [x], attrs: { shape }, size }) => [reshape(x!, [size, ...shape])],
  simplify: [
    {
      name: "reshape x to its own shape → x",
      apply: (node, [x]) => (sameShape(x!.type.shape, node.results[0]!.type.shape) ? x! : null),
    },
    {
      name: "reshape (reshape x) → reshape x",
      apply: (node, [x]) =>
        x!.node.op === reshape ? reshape(x!.node.operands[0]!, node.results[0]!.type.shape) : null,
    },
    {
      name: "reshape (broadcast scalar) → broadcast scalar",
      apply: (node, [x]) => spreadScalar(x!, node),
    },
  ],
  onnx: { type: "Reshape" },
  samples: [
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { shape: [3, 2] }, t("f32", [3, 2], [1, 2, 3, 4, 5, 6])),
    byHand([t("bool", [4], [1, 0, 0, 1])], { shape: [2, 1, 2] }, t("bool", [2, 1, 2], [1, 0, 0, 1])),
    byHand([t("f32", [1, 1], [7])], { shape: [] }, t("f32", [], [7])),
    byHand([t("f32", [0, 3], [])], { shape: [2, 0] }, t("f32", [2, 0], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { shape: [4, 2] },
      message: "ShapeError: reshape: 6 elements do not fill the shape [4,2], which has 8",
    },
    {
      operands: [tensorType("f32", [3])],
      attrs: { shape: [-3, -1] },
      message: "ShapeError: reshape: the shape [-3,-1] has the size -3: sizes are whole numbers from 0",
    },
  ],
});

type TransposeAttrs = { perm: readonly number[] };

export const transpose: Op<"own", TransposeAttrs, [x: Operand, perm?: readonly number[]]> = defineOp("transpose", {
  doc: "Axes in another order: axis i of the result is axis `perm[i]` of `x`; the order is reversed where nothing is said.",
  operands: ["x"],
  form: "own",
  call: (x, perm) => ({
    operands: [x],
    attrs: { perm: perm?.map((axis) => normalizeAxis(axis, x.type)) ?? x.type.shape.map((_, i) => i).reverse() },
  }),
  infer: ([x], { perm }) => {
    const { shape } = x!;
    if (perm.length !== shape.length || shape.some((_, axis) => !perm.includes(axis))) {
      throw new ShapeError(`[${perm.join()}] is not an order of the axes of ${printShape(shape)}`);
    }
    return [
      tensorType(
        x!.dtype,
        perm.map((axis) => shape[axis]!),
      ),
    ];
  },
  lower: {
    kind: "compute",
    at: (index, k) =>
      k.read(
        0,
        inversePermutation(k.attrs.perm).map((axis) => index[axis]!),
      ),
  },
  vjp: ({ g, attrs: { perm } }) => [transpose(g, inversePermutation(perm))],
  batch: ({ operands: [x], attrs: { perm } }) => [transpose(x!, [0, ...perm.map((axis) => axis + 1)])],
  simplify: [
    {
      name: "transpose x by 0, 1, 2 … → x",
      apply: (node, [x]) => ((node.attrs as TransposeAttrs).perm.every((axis, i) => axis === i) ? x! : null),
    },
    {
      name: "transpose (transpose x) → transpose x",
      apply: (node, [x]) => {
        if (x!.node.op !== transpose) return null;
        const [outer, inner] = [node.attrs as TransposeAttrs, x!.node.attrs as TransposeAttrs];
        return transpose(
          x!.node.operands[0]!,
          outer.perm.map((axis) => inner.perm[axis]!),
        );
      },
    },
    {
      name: "transpose (broadcast scalar) → broadcast scalar",
      apply: (node, [x]) => spreadScalar(x!, node),
    },
  ],
  onnx: { type: "Transpose", attrs: { perm: "perm" } },
  samples: [
    byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6])], { perm: [1, 0] }, t("f32", [3, 2], [1, 4, 2, 5, 3, 6])),
    byHand([t("i32", [2, 1, 3], [1, 2, 3, 4, 5, 6])], { perm: [2, 0, 1] }, t("i32", [3, 2, 1], [1, 4, 2, 5, 3, 6])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { perm: [0, 0] },
      message: "ShapeError: transpose: [0,0] is not an order of the axes of [2,3]",
    },
  ],
});

/** What `node` makes of a scalar that is broadcast: the same scalar, broadcast to the node's shape. */
function spreadScalar(x: Value, node: Node): Operand | null {
  const scalar = x.node.op === broadcast ? x.node.operands[0]! : null;
  return scalar?.type.shape.length === 0 ? broadcast(scalar, node.results[0]!.type.shape) : null;
}

insertable({ broadcast });
