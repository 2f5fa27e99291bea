// Ops whose indices are data: gather, scatterAdd, oneHot. Every index is checked at run time.
import type { DType } from "../dtype.js";
import { defineOp } from "../define-op.js";
import { expectSameDType } from "../elementwise.js";
import { DTypeError, ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { constantLike, normalizeAxis } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Index, type Op, t } from "../op.js";
import { provablyLess } from "../shape.js";
import { printShape, printSize, sameShape, type Size } from "../size.js";
import { tensorType, type TensorType } from "../type.js";

type AxisAttrs = { axis: number };

export const gather: Op<"own", AxisAttrs, [x: Operand, indices: Operand, axis?: number]> = defineOp("gather", {
  doc: "The slices of `x` at `indices` along an axis, as NumPy's take: with axis 0, `y[i…, j…] = x[indices[i…], j…]`.",
  operands: ["x", "indices"],
  form: "own",
  call: (x, indices, axis = 0) => ({ operands: [x, indices], attrs: { axis: normalizeAxis(axis, x.type) } }),
  infer: ([x, indices], { axis }) => [takenType(x!, indices!, axis)],
  lower: {
    kind: "compute",
    at: (index, k) => {
      const [x, indices] = [k.operands[0]!.shape, k.operands[1]!.shape];
      const { before, at, after } = splitIndex(index, k.attrs.axis, indices.length);
      return k.read(0, [...before, e.bounded(k.read(1, at), x[k.attrs.axis]!), ...after]);
    },
  },
  vjp: ({ g, operands: [x, indices], attrs: { axis } }) => [scatterAdd(constantLike(x!, 0), indices!, g, axis), null],
  onnx: { type: "Gather", attrs: { axis: "axis" } },
  samples: [
    byHand([t("f32", [3, 2], [1, 2, 3, 4, 5, 6]), t("i32", [2], [2, 0])], { axis: 0 }, t("f32", [2, 2], [5, 6, 1, 2])),
    byHand(
      [t("f32", [2, 3], [1, 2, 3, 4, 5, 6]), t("i32", [2, 2], [0, 2, 2, 1])],
      { axis: 1 },
      t("f32", [2, 2, 2], [1, 3, 3, 2, 4, 6, 6, 5]),
    ),
    byHand([t("i32", [3], [7, 8, 9]), t("i32", [], [1])], { axis: 0 }, t("i32", [], [8])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3]), tensorType("f32", [2])],
      attrs: { axis: 0 },
      message: "DTypeError: gather: indices are f32, not i32",
    },
    {
      operands: [tensorType("f32", [3]), tensorType("i32", [2])],
      attrs: { axis: 1 },
      message: "ShapeError: gather: axis 1 is out of range: rank 1 has axes -1 to 0",
    },
  ],
});

type ScatterArgs = [x: Operand, indices: Operand, updates: Operand, axis?: number];

export const scatterAdd: Op<"own", AxisAttrs, ScatterArgs> = defineOp("scatterAdd", {
  doc: "`x` with the slices of `updates` added at `indices` along an axis, in order: with axis 0, `y[indices[i…], j…] += updates[i…, j…]`.",
  operands: ["x", "indices", "updates"],
  form: "own",
  call: (x, indices, updates, axis = 0) => ({
    operands: [x, indices, updates],
    attrs: { axis: normalizeAxis(axis, x.type) },
  }),
  infer: ([x, indices, updates], { axis }) => {
    const taken = takenType(x!, indices!, axis);
    if (x!.dtype === "bool") throw new DTypeError("x is bool, and bools do not add");
    expectSameDType("x", x!, "updates", updates!);
    if (!sameShape(taken.shape, updates!.shape)) {
      throw new ShapeError(`updates have shape ${printShape(updates!.shape)}, not ${printShape(taken.shape)}`);
    }
    return [x!];
  },
  lower: {
    kind: "scatter",
    over: (k) => k.operands[2]!.shape,
    combine: "add",
    init: (index, k) => k.read(0, index),
    put: (source, k) => {
      const [x, indices] = [k.operands[0]!.shape, k.operands[1]!.shape];
      const { before, at, after } = splitIndex(source, k.attrs.axis, indices.length);
      const place = e.bounded(k.read(1, at), x[k.attrs.axis]!);
      return { index: [...before, place, ...after], value: k.read(2, source) };
    },
  },
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

type OneHotAttrs = { depth: Size; dtype: DType };

export const oneHot: Op<"own", OneHotAttrs, [indices: Operand, depth: Size, dtype?: DType]> = defineOp("oneHot", {
  doc: "A new last axis that is 1 at the index and 0 elsewhere: `y[…, j] = 1 if indices[…] = j else 0`.",
  operands: ["indices"],
  form: "own",
  call: (indices, depth, dtype = "f32") => ({ operands: [indices], attrs: { depth, dtype } }),
  infer: ([indices], { depth, dtype }) => {
    expectIndices(indices!);
    if (provablyLess(depth, 1)) throw new ShapeError(`the depth ${printSize(depth)} leaves no room for an index`);
    return [tensorType(dtype, [...indices!.shape, depth])];
  },
  lower: {
    kind: "compute",
    // Not `e.eq`, which would fold the check away where the depth is 1.
    at: (index, k) => {
      const result = k.results[0]!;
      const at = e.bounded(k.read(0, index.slice(0, -1)), result.shape.at(-1)!);
      return e.cast(e.call("eq", at, index.at(-1)!), result.dtype);
    },
  },
  vjp: () => [null],
  onnx: { type: "OneHot" },
  samples: [
    byHand([t("i32", [3], [2, 0, 1])], { depth: 3, dtype: "f32" }, t("f32", [3, 3], [0, 0, 1, 1, 0, 0, 0, 1, 0])),
    byHand([t("i32", [], [1])], { depth: 2, dtype: "bool" }, t("bool", [2], [0, 1])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3])],
      attrs: { depth: 3, dtype: "f32" },
      message: "DTypeError: oneHot: indices are f32, not i32",
    },
    {
      operands: [tensorType("i32", [3])],
      attrs: { depth: 0, dtype: "f32" },
      message: "ShapeError: oneHot: the depth 0 leaves no room for an index",
    },
  ],
});

function expectIndices(indices: TensorType): void {
  if (indices.dtype === "i32") return;
  throw new DTypeError(`indices are ${indices.dtype}, not i32`, { help: 'indices.cast("i32")' });
}

/** The type of the slices of `x` that `indices` take along an axis. */
function takenType(x: TensorType, indices: TensorType, axis: number): TensorType {
  normalizeAxis(axis, x);
  expectIndices(indices);
  return tensorType(x.dtype, [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)]);
}

/** The index of a taken element: what stands before the axis, where its index is found, what stands after. */
function splitIndex(index: Index, axis: number, rank: number): { before: Index; at: Index; after: Index } {
  return { before: index.slice(0, axis), at: index.slice(axis, axis + rank), after: index.slice(axis + rank) };
}
