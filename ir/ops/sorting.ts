// Order along an axis: argsort by a stable merge sort, and what follows from it.
import { defineOp } from "../define-op.js";
import { DTypeError, ShapeError } from "../errors.js";
import { normalizeAxis } from "../forms.js";
import { mergeSort } from "../merge-sort.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { provablyLess } from "../shape.js";
import { printSize, type Size, subSizes, toSize } from "../size.js";
import { type TensorType, tensorType } from "../type.js";
import { takeAlongAxis } from "./along-axis.js";
import { slice } from "./slicing.js";

type SortAttrs = { axis: number; descending: boolean };
type SortArgs = [x: Operand, axis?: number, options?: { readonly descending?: boolean }];

const sortCall = (x: Operand, axis = -1, { descending = false }: NonNullable<SortArgs[2]> = {}) => ({
  operands: [x],
  attrs: { axis: normalizeAxis(axis, x.type), descending },
});

/** Throws DTypeError for bools, ShapeError for an axis that is none. */
function expectSortable(op: string, x: TensorType, axis: number): void {
  if (x.dtype === "bool") throw new DTypeError(`x is bool, but ${op} needs numbers`, { help: 'x.cast("u8")' });
  normalizeAxis(axis, x);
}

export const argsort: Op<"own", SortAttrs, SortArgs> = defineOp("argsort", {
  doc: "The places of the elements in ascending order along an axis, the last where none is given, as NumPy's stable argsort: `x[yᵢ] ≤ x[yᵢ₊₁]`. Equal elements stay in their order; NaN comes last, also where `descending`.",
  operands: ["x"],
  form: "own",
  call: sortCall,
  infer: ([x], { axis }) => {
    expectSortable("argsort", x!, axis);
    return [tensorType("i32", x!.shape)];
  },
  lower: {
    kind: "routine",
    over: ({ attrs, results: [y] }) => y!.shape.filter((_, axis) => axis !== attrs.axis),
    body: (row, k) => {
      const { axis, descending } = k.attrs;
      const { shape, dtype } = k.operands[0]!;
      const key = (i: Parameters<typeof k.store>[1]) => k.read(0, row.toSpliced(axis, 0, i));
      return mergeSort(k, shape[axis]!, dtype, descending, key, (i, place) =>
        k.store(row.toSpliced(axis, 0, i), place),
      );
    },
  },
  vjp: () => [null],
  samples: [
    byHand([t("f32", [5], [3, 1, 2, 1, 0])], { axis: 0, descending: false }, t("i32", [5], [4, 1, 3, 2, 0])),
    byHand([t("f32", [5], [3, 1, 2, 1, 3])], { axis: 0, descending: true }, t("i32", [5], [0, 4, 2, 1, 3])),
    byHand(
      [t("f32", [6], [NaN, 1, -Infinity, NaN, Infinity, 0])],
      { axis: 0, descending: false },
      t("i32", [6], [2, 5, 1, 4, 0, 3]),
    ),
    byHand(
      [t("f32", [6], [NaN, 1, -Infinity, NaN, Infinity, 0])],
      { axis: 0, descending: true },
      t("i32", [6], [4, 1, 5, 2, 0, 3]),
    ),
    byHand([t("f32", [3], [0, -0, 0])], { axis: 0, descending: false }, t("i32", [3], [0, 1, 2])),
    byHand([t("i32", [2, 3], [3, 1, 2, 1, 1, 0])], { axis: 1, descending: false }, t("i32", [2, 3], [1, 2, 0, 2, 0, 1])),
    byHand([t("i32", [2, 3], [3, 1, 2, 1, 1, 0])], { axis: 0, descending: false }, t("i32", [2, 3], [1, 0, 1, 0, 1, 0])),
    byHand([t("u8", [1], [7])], { axis: 0, descending: false }, t("i32", [1], [0])),
    byHand([t("f32", [2, 0], [])], { axis: 1, descending: false }, t("i32", [2, 0], [])),
  ], // prettier-ignore
  rejects: [
    {
      operands: [tensorType("bool", [3])],
      attrs: { axis: 0, descending: false },
      message: "DTypeError: argsort: x is bool, but argsort needs numbers",
    },
    {
      operands: [tensorType("f32", [])],
      attrs: { axis: 0, descending: false },
      message: "ShapeError: argsort: axis 0 is out of range: a scalar has none",
    },
  ],
});

export const sort: Op<"like", SortAttrs, SortArgs> = defineOp("sort", {
  doc: "The elements in ascending order along an axis, the last where none is given: `yᵢ ≤ yᵢ₊₁`; NaN comes last, also where `descending`.",
  operands: ["x"],
  form: "like",
  call: sortCall,
  infer: ([x], { axis }) => {
    expectSortable("sort", x!, axis);
    return [x!];
  },
  lower: {
    kind: "compose",
    expand: ([x], { axis, descending }) => [takeAlongAxis(x!, argsort(x!, axis, { descending }), axis)],
  },
  samples: [
    byHand([t("f32", [4], [3, 1, 2, 0])], { axis: 0, descending: false }, t("f32", [4], [0, 1, 2, 3])),
    byHand([t("f32", [4], [3, NaN, 2, 5])], { axis: 0, descending: true }, t("f32", [4], [5, 3, 2, NaN])),
    byHand([t("f32", [2, 2], [4, 1, 2, 3])], { axis: 0, descending: false }, t("f32", [2, 2], [2, 1, 4, 3])),
    byHand([t("i32", [2, 3], [3, 1, 2, 1, 1, 0])], { axis: 1, descending: true }, t("i32", [2, 3], [3, 2, 1, 1, 1, 0])),
    byHand([t("f32", [0], [])], { axis: 0, descending: false }, t("f32", [0], [])),
  ],
  rejects: [
    {
      operands: [tensorType("bool", [3])],
      attrs: { axis: 0, descending: false },
      message: "DTypeError: sort: x is bool, but sort needs numbers",
    },
    {
      operands: [tensorType("f32", [3])],
      attrs: { axis: 1, descending: false },
      message: "ShapeError: sort: axis 1 is out of range: rank 1 has axes -1 to 0",
    },
  ],
});

type TopAttrs = { k: Size; axis: number; smallest: boolean };
type TopArgs = [x: Operand, k: Size, axis?: number, options?: { readonly smallest?: boolean }];

export const topK: Op<"own", TopAttrs, TopArgs, readonly [values: Operand, indices: Operand]> = defineOp("topK", {
  doc: "The `k` largest elements along an axis, the last where none is given, and their places: values in descending order, of equal ones the first. NaN counts as less than any number, or, among the `smallest`, as more.",
  operands: ["x"],
  form: "own",
  call: (x, k, axis = -1, { smallest = false } = {}) => ({
    operands: [x],
    attrs: { k: toSize(k), axis: normalizeAxis(axis, x.type), smallest },
  }),
  infer: ([x], { k, axis }) => {
    expectSortable("topK", x!, axis);
    if (provablyLess(k, 0) || (typeof k === "number" && !Number.isInteger(k))) {
      throw new ShapeError(`k is ${printSize(k)}, not a number of elements`);
    }
    const size = x!.shape[axis]!;
    if (provablyLess(subSizes(size, k), 0)) {
      throw new ShapeError(`k is ${printSize(k)}, but axis ${axis} has ${printSize(size)} elements`);
    }
    const shape = x!.shape.with(axis, k);
    return [tensorType(x!.dtype, shape), tensorType("i32", shape)];
  },
  many: true,
  lower: {
    kind: "compose",
    expand: ([x], { k, axis, smallest }) => {
      const { shape } = x!.type;
      const order = argsort(x!, axis, { descending: !smallest });
      const indices = slice(order, shape.map(() => 0), shape.with(axis, k)); // prettier-ignore
      return [takeAlongAxis(x!, indices, axis), indices];
    },
  },
  onnx: { type: "TopK", attrs: { axis: "axis" } },
  samples: [
    {
      operands: [t("f32", [5], [1, 5, 3, 5, 2])],
      attrs: { k: 3, axis: 0, smallest: false },
      results: [t("f32", [3], [5, 5, 3]), t("i32", [3], [1, 3, 2])],
      from: "by hand",
      // Two are equal.
      smooth: false,
    },
    {
      operands: [t("f32", [2, 3], [1, 6, 3, 4, 2, 5])],
      attrs: { k: 2, axis: 1, smallest: true },
      results: [t("f32", [2, 2], [1, 3, 2, 4]), t("i32", [2, 2], [0, 2, 1, 0])],
      from: "by hand",
    },
    {
      operands: [t("i32", [2, 2], [1, 6, 4, 2])],
      attrs: { k: 1, axis: 0, smallest: false },
      results: [t("i32", [1, 2], [4, 6]), t("i32", [1, 2], [1, 0])],
      from: "by hand",
    },
    {
      operands: [t("f32", [3], [NaN, 1, 2])],
      attrs: { k: 3, axis: 0, smallest: false },
      results: [t("f32", [3], [2, 1, NaN]), t("i32", [3], [2, 1, 0])],
      from: "by hand",
    },
    {
      operands: [t("f32", [3], [3, 1, 2])],
      attrs: { k: 0, axis: 0, smallest: false },
      results: [t("f32", [0], []), t("i32", [0], [])],
      from: "by hand",
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { k: 4, axis: 1, smallest: false },
      message: "ShapeError: topK: k is 4, but axis 1 has 3 elements",
    },
    {
      operands: [tensorType("f32", [3])],
      attrs: { k: -1, axis: 0, smallest: false },
      message: "ShapeError: topK: k is -1, not a number of elements",
    },
    {
      operands: [tensorType("bool", [3])],
      attrs: { k: 1, axis: 0, smallest: false },
      message: "DTypeError: topK: x is bool, but topK needs numbers",
    },
  ],
});
