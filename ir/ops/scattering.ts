// Ops that put slices at indices that are data: scatterAdd, where duplicates add up, and scatter, where the last one wins.
// Every index is checked at run time.
import { defineOp } from "../define-op.js";
import { expectSameDType } from "../elementwise.js";
import { DTypeError, ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { constantLike, normalizeAxis } from "../forms.js";
import { splitIndex, takenType } from "../indices.js";
import type { Operand } from "../node.js";
import { byHand, type Lowering, type Op, t } from "../op.js";
import { elementCount, printShape, sameShape } from "../size.js";
import { tensorType, type TensorType } from "../type.js";
import { equal } from "./comparison.js";
import { gather } from "./indexing.js";
import { constant, iota } from "./leaves.js";
import { broadcast, reshape } from "./movement.js";
import { where } from "./selection.js";

type AxisAttrs = { axis: number };

type ScatterArgs = [x: Operand, indices: Operand, updates: Operand, axis?: number];

export const scatterAdd: Op<"like", AxisAttrs, ScatterArgs> = defineOp("scatterAdd", {
  doc: "`x` with the slices of `updates` added at `indices` along an axis, in order: with axis 0, `y[indices[i…], j…] += updates[i…, j…]`.",
  operands: ["x", "indices", "updates"],
  form: "like",
  call: (x, indices, updates, axis = 0) => ({
    operands: [x, indices, updates],
    attrs: { axis: normalizeAxis(axis, x.type) },
  }),
  infer: ([x, indices, updates], { axis }) => {
    const type = scatteredType(x!, indices!, updates!, axis);
    if (x!.dtype === "bool") throw new DTypeError("x is bool, and bools do not add");
    return [type];
  },
  lower: scattering("add"),
  vjp: ({ g, operands: [, indices], attrs: { axis } }) => [g, null, gather(g, indices!, axis)],
  samples: [
    byHand(
      [t("f32", [3, 2], [1, 1, 1, 1, 1, 1]), t("i32", [3], [2, 0, 2]), t("f32", [3, 2], [1, 2, 3, 4, 5, 6])],
      { axis: 0 },
      t("f32", [3, 2], [4, 5, 1, 1, 7, 9]),
    ),
    byHand(
      [t("i32", [2, 2], [0, 0, 0, 0]), t("i32", [3], [1, 1, 0]), t("i32", [2, 3], [1, 2, 3, 4, 5, 6])],
      { axis: 1 },
      t("i32", [2, 2], [3, 3, 6, 9]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3, 2]), tensorType("i32", [4]), tensorType("f32", [4, 3])],
      attrs: { axis: 0 },
      message: "ShapeError: scatterAdd: updates have shape [4,3], not [4,2]",
    },
    {
      operands: [tensorType("f32", [3]), tensorType("i32", [4]), tensorType("i32", [4])],
      attrs: { axis: 0 },
      message: "DTypeError: scatterAdd: x is f32 but updates is i32",
    },
    {
      operands: [tensorType("bool", [3]), tensorType("i32", [4]), tensorType("bool", [4])],
      attrs: { axis: 0 },
      message: "DTypeError: scatterAdd: x is bool, and bools do not add",
    },
    {
      operands: [tensorType("f32", [3]), tensorType("u8", [4]), tensorType("f32", [4])],
      attrs: { axis: 0 },
      message: "DTypeError: scatterAdd: indices are u8, not i32",
    },
  ],
});

export const scatter: Op<"like", AxisAttrs, ScatterArgs> = defineOp("scatter", {
  doc: "`x` with its slices at `indices` along an axis replaced, the last of equal indices winning: with axis 0, `y[indices[i…], j…] = updates[i…, j…]`. Only the winner has a gradient.",
  operands: ["x", "indices", "updates"],
  form: "like",
  call: (x, indices, updates, axis = 0) => ({
    operands: [x, indices, updates],
    attrs: { axis: normalizeAxis(axis, x.type) },
  }),
  infer: ([x, indices, updates], { axis }) => [scatteredType(x!, indices!, updates!, axis)],
  lower: scattering("set"),
  vjp: ({ g, operands: [x, indices, updates], attrs: { axis } }) => [
    scatter(g, indices!, constantLike(updates!, 0), axis),
    null,
    where(winners(x!, indices!, updates!, axis), gather(g, indices!, axis), 0),
  ],
  samples: [
    byHand(
      [t("f32", [3, 2], [1, 1, 1, 1, 1, 1]), t("i32", [3], [2, 0, 2]), t("f32", [3, 2], [1, 2, 3, 4, 5, 6])],
      { axis: 0 },
      t("f32", [3, 2], [3, 4, 1, 1, 5, 6]),
    ),
    byHand(
      [
        t("f32", [2, 3], [1, 2, 3, 4, 5, 6]),
        t("i32", [2, 2], [1, 0, 1, 1]),
        t("f32", [2, 2, 2], [10, 20, 30, 40, 50, 60, 70, 80]),
      ],
      { axis: 1 },
      t("f32", [2, 3], [20, 40, 3, 60, 80, 6]),
    ),
    byHand([t("bool", [3], [0, 0, 0]), t("i32", [], [1]), t("bool", [], [1])], { axis: 0 }, t("bool", [3], [0, 1, 0])),
    byHand([t("i32", [2], [7, 8]), t("i32", [0], []), t("i32", [0], [])], { axis: 0 }, t("i32", [2], [7, 8])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3, 2]), tensorType("i32", [4]), tensorType("f32", [3, 2])],
      attrs: { axis: 0 },
      message: "ShapeError: scatter: updates have shape [3,2], not [4,2]",
    },
    {
      operands: [tensorType("f32", [3]), tensorType("i32", [4]), tensorType("i32", [4])],
      attrs: { axis: 0 },
      message: "DTypeError: scatter: x is f32 but updates is i32",
    },
    {
      operands: [tensorType("f32", [3]), tensorType("f32", [4]), tensorType("f32", [4])],
      attrs: { axis: 0 },
      message: "DTypeError: scatter: indices are f32, not i32",
    },
  ],
});

/** For every element of `updates`, whether it is what its place holds in the end. */
function winners(x: Operand, indices: Operand, updates: Operand, axis: number): Operand {
  const { shape } = indices.type;
  const turns = reshape(iota(x, [elementCount(shape)], 0, "i32"), shape);
  const none = broadcast(constant(x, -1, "i32"), [x.type.shape[axis]!]);
  const won = equal(gather(scatter(none, indices, turns), indices), turns);
  return broadcast(
    won,
    updates.type.shape,
    shape.map((_, i) => axis + i),
  );
}

/** The type of `x`. Throws unless `updates` are slices of it, one for each of `indices`. */
function scatteredType(x: TensorType, indices: TensorType, updates: TensorType, axis: number): TensorType {
  const taken = takenType(x, indices, axis);
  expectSameDType("x", x, "updates", updates);
  if (sameShape(taken.shape, updates.shape)) return x;
  throw new ShapeError(`updates have shape ${printShape(updates.shape)}, not ${printShape(taken.shape)}`);
}

/** Slices put at their indices over `x`, in order. */
function scattering(combine: "add" | "set"): Lowering<AxisAttrs> {
  return {
    kind: "scatter",
    over: (k) => k.operands[2]!.shape,
    combine,
    init: (index, k) => k.read(0, index),
    put: (source, k) => {
      const [x, indices] = [k.operands[0]!.shape, k.operands[1]!.shape];
      const { before, at, after } = splitIndex(source, k.attrs.axis, indices.length);
      const place = e.bounded(k.read(1, at), x[k.attrs.axis]!);
      return { index: [...before, place, ...after], value: k.read(2, source) };
    },
  };
}
