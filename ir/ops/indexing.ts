// Ops that take by indices that are data: gather, embedding, oneHot. Every index is checked at run time. Those that put
// elements at indices are in scattering.ts, those with one index per element in along-axis.ts.
import type { DType } from "../dtype.js";
import { defineOp } from "../define-op.js";
import { ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { constantLike, normalizeAxis } from "../forms.js";
import { expectIndices, splitIndex, takenType } from "../indices.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { provablyLess } from "../shape.js";
import { printShape, printSize, type Size, toSize } from "../size.js";
import { declaredType, tensorType } from "../type.js";
import { scatterAdd } from "./scattering.js";

/** `what` names the indices where one is out of range. */
type AxisAttrs = { axis: number; what?: string };

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

export const embedding: Op<"own", Record<never, never>, [table: Operand, ids: Operand]> = defineOp("embedding", {
  doc: "The rows of a table at integer ids: `y[i…, j] = table[ids[i…], j]`. The gradient adds up where an id occurs again.",
  operands: ["table", "ids"],
  form: "own",
  call: (table, ids) => ({ operands: [table, ids], attrs: {} }),
  infer: ([table, ids]) => {
    if (table!.shape.length !== 2)
      throw new ShapeError(`the table has shape ${printShape(table!.shape)}, not rows of one length`);
    return [takenType(table!, ids!, 0)];
  },
  lower: {
    kind: "compose",
    expand: ([table, ids]) => table!.owner.apply(gather, [table!, ids!], { axis: 0, what: "embedding: id" }),
  },
  onnx: { type: "Gather" },
  samples: [
    byHand(
      [t("f32", [3, 2], [1, 2, 3, 4, 5, 6]), t("i32", [2, 2], [2, 0, 2, 1])],
      {},
      t("f32", [2, 2, 2], [5, 6, 1, 2, 5, 6, 3, 4]),
    ),
    byHand([t("f32", [3, 2], [1, 2, 3, 4, 5, 6]), t("i32", [0], [])], {}, t("f32", [0, 2], [])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3]), tensorType("i32", [2])],
      attrs: {},
      message: "ShapeError: embedding: the table has shape [3], not rows of one length",
    },
    {
      operands: [tensorType("f32", [3, 2]), tensorType("u8", [2])],
      attrs: {},
      message: "DTypeError: embedding: indices are u8, not i32",
    },
  ],
});

type OneHotAttrs = { depth: Size; dtype: DType };

export const oneHot: Op<"own", OneHotAttrs, [indices: Operand, depth: Size, dtype?: DType]> = defineOp("oneHot", {
  doc: "A new last axis that is 1 at the index and 0 elsewhere: `y[…, j] = 1 if indices[…] = j else 0`.",
  operands: ["indices"],
  form: "own",
  call: (indices, depth, dtype = "f32") => ({ operands: [indices], attrs: { depth: toSize(depth), dtype } }),
  infer: ([indices], { depth, dtype }) => {
    expectIndices(indices!);
    if (provablyLess(depth, 1)) throw new ShapeError(`the depth ${printSize(depth)} leaves no room for an index`);
    return [declaredType(dtype, [...indices!.shape, depth])];
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
    {
      operands: [tensorType("i32", [3])],
      attrs: { depth: 2.5, dtype: "f32" },
      message: "ShapeError: oneHot: the shape [3,2.5] has the size 2.5: sizes are whole numbers from 0",
    },
  ],
});
