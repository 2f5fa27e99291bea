// One index per element: takeAlongAxis and its adjoint, scatterAddAlongAxis. Every index is checked at run time.
import { defineOp } from "../define-op.js";
import { expectSameDType } from "../elementwise.js";
import { DTypeError, ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { broadcastShape, broadcastTo, constantLike, normalizeAxis } from "../forms.js";
import { takenAlongType } from "../indices.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { printShape, sameShape } from "../size.js";
import { tensorType } from "../type.js";

type AxisAttrs = { axis: number };

export const takeAlongAxis: Op<"own", AxisAttrs, [x: Operand, indices: Operand, axis?: number]> = defineOp(
  "takeAlongAxis",
  {
    doc: "The elements of `x` at `indices` of the same rank along an axis, the last where none is given, as NumPy's take_along_axis: for axis 1, `y[i, j] = x[i, indices[i, j]]`. The other axes broadcast.",
    operands: ["x", "indices"],
    form: "own",
    call: (x, indices, axis = -1) => {
      const at = normalizeAxis(axis, x.type);
      const [own, other] = [x.type.shape, indices.type.shape];
      if (own.length !== other.length) return { operands: [x, indices], attrs: { axis: at } };
      const shape = broadcastShape([own.with(at, 1), other.with(at, 1)]);
      const operands = [broadcastTo(x, shape.with(at, own[at]!)), broadcastTo(indices, shape.with(at, other[at]!))];
      return { operands, attrs: { axis: at } };
    },
    infer: ([x, indices], { axis }) => [takenAlongType(x!, indices!, axis)],
    lower: {
      kind: "compute",
      at: (index, k) => {
        const { axis } = k.attrs;
        return k.read(0, index.with(axis, e.bounded(k.read(1, index), k.operands[0]!.shape[axis]!)));
      },
    },
    vjp: ({ g, operands: [x, indices], attrs: { axis } }) => [
      scatterAddAlongAxis(constantLike(x!, 0), indices!, g, axis),
      null,
    ],
    onnx: { type: "GatherElements", attrs: { axis: "axis" } },
    samples: [
      byHand(
        [t("f32", [2, 3], [1, 2, 3, 4, 5, 6]), t("i32", [2, 2], [2, 0, 1, 1])],
        { axis: 1 },
        t("f32", [2, 2], [3, 1, 5, 5]),
      ),
      byHand(
        [t("f32", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), t("i32", [1, 2, 2], [1, 0, 0, 1])],
        { axis: 0 },
        t("f32", [1, 2, 2], [5, 2, 3, 8]),
      ),
      byHand([t("i32", [3], [7, 8, 9]), t("i32", [4], [1, 1, 0, 2])], { axis: 0 }, t("i32", [4], [8, 8, 7, 9])),
      byHand([t("f32", [2, 3], [1, 2, 3, 4, 5, 6]), t("i32", [2, 0], [])], { axis: 1 }, t("f32", [2, 0], [])),
    ],
    rejects: [
      {
        operands: [tensorType("f32", [2, 3]), tensorType("f32", [2, 3])],
        attrs: { axis: 1 },
        message: "DTypeError: takeAlongAxis: indices are f32, not i32",
      },
      {
        operands: [tensorType("f32", [2, 3]), tensorType("i32", [2])],
        attrs: { axis: 1 },
        message: "ShapeError: takeAlongAxis: x has rank 2 but indices have rank 1",
      },
      {
        operands: [tensorType("f32", [2, 3]), tensorType("i32", [3, 1])],
        attrs: { axis: 1 },
        message:
          "ShapeError: takeAlongAxis: x has shape [2,3] and indices have shape [3,1]: they differ in more than axis 1",
      },
      {
        operands: [tensorType("f32", [2]), tensorType("i32", [2])],
        attrs: { axis: 1 },
        message: "ShapeError: takeAlongAxis: axis 1 is out of range: rank 1 has axes -1 to 0",
      },
    ],
  },
);

type ScatterArgs = [x: Operand, indices: Operand, updates: Operand, axis?: number];

export const scatterAddAlongAxis: Op<"like", AxisAttrs, ScatterArgs> = defineOp("scatterAddAlongAxis", {
  doc: "`x` with every element of `updates` added at its index along an axis, the last where none is given, in order: for axis 1, `y[i, indices[i, j]] += updates[i, j]`.",
  operands: ["x", "indices", "updates"],
  form: "like",
  call: (x, indices, updates, axis = -1) => ({
    operands: [x, indices, updates],
    attrs: { axis: normalizeAxis(axis, x.type) },
  }),
  infer: ([x, indices, updates], { axis }) => {
    takenAlongType(x!, indices!, axis);
    if (x!.dtype === "bool") throw new DTypeError("x is bool, and bools do not add");
    expectSameDType("x", x!, "updates", updates!);
    if (!sameShape(indices!.shape, updates!.shape)) {
      throw new ShapeError(`updates have shape ${printShape(updates!.shape)}, not ${printShape(indices!.shape)}`);
    }
    return [x!];
  },
  lower: {
    kind: "scatter",
    over: (k) => k.operands[2]!.shape,
    combine: "add",
    init: (index, k) => k.read(0, index),
    put: (source, k) => {
      const { axis } = k.attrs;
      const place = e.bounded(k.read(1, source), k.operands[0]!.shape[axis]!);
      return { index: source.with(axis, place), value: k.read(2, source) };
    },
  },
  vjp: ({ g, operands: [, indices], attrs: { axis } }) => [g, null, takeAlongAxis(g, indices!, axis)],
  samples: [
    byHand(
      [t("f32", [2, 3], [10, 20, 30, 40, 50, 60]), t("i32", [2, 2], [2, 0, 1, 1]), t("f32", [2, 2], [1, 2, 3, 4])],
      { axis: 1 },
      t("f32", [2, 3], [12, 20, 31, 40, 57, 60]),
    ),
    byHand(
      [t("i32", [2, 2], [0, 0, 0, 0]), t("i32", [3, 2], [1, 0, 1, 1, 0, 0]), t("i32", [3, 2], [1, 2, 3, 4, 5, 6])],
      { axis: 0 },
      t("i32", [2, 2], [5, 8, 4, 4]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [3]), tensorType("i32", [4]), tensorType("f32", [3])],
      attrs: { axis: 0 },
      message: "ShapeError: scatterAddAlongAxis: updates have shape [3], not [4]",
    },
    {
      operands: [tensorType("f32", [3]), tensorType("i32", [4]), tensorType("f64", [4])],
      attrs: { axis: 0 },
      message: "DTypeError: scatterAddAlongAxis: x is f32 but updates is f64",
    },
    {
      operands: [tensorType("bool", [3]), tensorType("i32", [4]), tensorType("bool", [4])],
      attrs: { axis: 0 },
      message: "DTypeError: scatterAddAlongAxis: x is bool, and bools do not add",
    },
  ],
});
