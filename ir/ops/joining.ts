// Ops that join tensors: concat, stack. Every read of concat is clamped into its operand, so that a backend may compute
// both sides of a choice. Those that part tensors again are in parting.ts.
import { defineOp } from "../define-op.js";
import { expectSameDType } from "../elementwise.js";
import { ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { normalizeAxis } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { clamp } from "../shape.js";
import { addSizes, printShape, sameShape, sameSize, type Size } from "../size.js";
import { printType, tensorType, type TensorType } from "../type.js";
import { reshape } from "./movement.js";
import { slice } from "./slicing.js";

type ConcatAttrs = { axis: number };

export const concat: Op<"own", ConcatAttrs, [xs: readonly Operand[], axis?: number]> = defineOp("concat", {
  doc: "The operands one after the other along an axis; their other axes agree.",
  operands: ["x…"],
  form: "own",
  call: (xs, axis = 0) => {
    if (xs.length === 0) throw new ShapeError("there is nothing to join");
    return { operands: xs, attrs: { axis: normalizeAxis(axis, xs[0]!.type) } };
  },
  infer: (xs, { axis }) => {
    const first = xs[0];
    if (!first) throw new ShapeError("there is nothing to join");
    normalizeAxis(axis, first);
    xs.forEach((x, i) => {
      expectSameDType("x1", first, `x${i + 1}`, x);
      const agree = first.shape.every(
        (size, a) => a === axis || (x.shape[a] !== undefined && sameSize(size, x.shape[a])),
      );
      if (x.shape.length !== first.shape.length || !agree) {
        throw new ShapeError(`${printType(first)} and ${printType(x)} differ in more than axis ${axis}`);
      }
    });
    const joined = addSizes(...xs.map((x) => x.shape[axis]!));
    return [tensorType(first.dtype, first.shape.map((size, a) => (a === axis ? joined : size)))]; // prettier-ignore
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const { axis } = k.attrs;
      const place = index[axis]!;
      let element: e.Expr | null = null;
      let start = k.results[0]!.shape[axis]!;
      for (let x = k.operands.length - 1; x >= 0; x--) {
        const size = k.operands[x]!.shape[axis]!;
        if (size === 0) continue;
        const end = start;
        start -= size;
        const own = k.read(x, index.with(axis, clamp(e.sub(place, e.literal(start)), size)));
        element = element ? e.select(e.lt(place, e.literal(end)), own, element) : own;
      }
      return element ?? e.literal(0, k.results[0]!.dtype);
    },
  },
  vjp: ({ g, operands, attrs: { axis } }) => {
    let start: Size = 0;
    return operands.map((x) => {
      const starts = x.type.shape.map((_, a) => (a === axis ? start : 0));
      start = addSizes(start, x.type.shape[axis]!);
      return slice(g, starts, x.type.shape);
    });
  },
  batch: ({ repeated, attrs: { axis } }) => [concat(repeated(), axis + 1)],
  simplify: [{ name: "concat x → x", apply: (_, xs) => (xs.length === 1 ? xs[0]! : null) }],
  onnx: { type: "Concat", attrs: { axis: "axis" } },
  samples: [
    byHand(
      [t("f32", [2, 1], [1, 2]), t("f32", [2, 2], [3, 4, 5, 6])],
      { axis: 1 },
      t("f32", [2, 3], [1, 3, 4, 2, 5, 6]),
    ),
    byHand([t("i32", [2], [1, 2]), t("i32", [0], []), t("i32", [1], [3])], { axis: 0 }, t("i32", [3], [1, 2, 3])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [3, 3])],
      attrs: { axis: 1 },
      message: "ShapeError: concat: f32[2,3] and f32[3,3] differ in more than axis 1",
    },
    {
      operands: [tensorType("f32", [2]), tensorType("i32", [2])],
      attrs: { axis: 0 },
      message: "DTypeError: concat: x1 is f32 but x2 is i32",
    },
    {
      operands: [tensorType("f32", [2])],
      attrs: { axis: 1 },
      message: "ShapeError: concat: axis 1 is out of range: rank 1 has axes -1 to 0",
    },
    { operands: [], attrs: { axis: 0 }, message: "ShapeError: concat: there is nothing to join" },
  ],
});

export const stack: Op<"own", ConcatAttrs, [xs: readonly Operand[], axis?: number]> = defineOp("stack", {
  doc: "The operands, all of one type, one after the other along a new axis: with axis 0, `y[n, i…] = xₙ[i…]`.",
  operands: ["x…"],
  form: "own",
  call: (xs, axis = 0) => {
    if (xs.length === 0) throw new ShapeError("there is nothing to join");
    return { operands: xs, attrs: { axis: normalizeAxis(axis, withAxis(xs[0]!.type, 0, 1)) } };
  },
  infer: (xs, { axis }) => {
    const first = xs[0];
    if (!first) throw new ShapeError("there is nothing to join");
    const type = withAxis(first, axis, xs.length);
    xs.forEach((x, i) => {
      expectSameDType("x1", first, `x${i + 1}`, x);
      if (sameShape(x.shape, first.shape)) return;
      throw new ShapeError(`x1 has shape ${printShape(first.shape)} but x${i + 1} has shape ${printShape(x.shape)}`);
    });
    return [type];
  },
  lower: {
    kind: "compose",
    expand: (xs, { axis }) => [
      concat(
        xs.map((x) => reshape(x, x.type.shape.toSpliced(axis, 0, 1))),
        axis,
      ),
    ],
  },
  samples: [
    byHand([t("f32", [2], [1, 2]), t("f32", [2], [3, 4])], { axis: 0 }, t("f32", [2, 2], [1, 2, 3, 4])),
    byHand([t("f32", [2], [1, 2]), t("f32", [2], [3, 4])], { axis: 1 }, t("f32", [2, 2], [1, 3, 2, 4])),
    byHand([t("i32", [], [7])], { axis: 0 }, t("i32", [1], [7])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2]), tensorType("f32", [3])],
      attrs: { axis: 0 },
      message: "ShapeError: stack: x1 has shape [2] but x2 has shape [3]",
    },
    {
      operands: [tensorType("f32", [2])],
      attrs: { axis: 2 },
      message: "ShapeError: stack: axis 2 is out of range: rank 2 has axes -2 to 1",
    },
    {
      operands: [tensorType("f32", [2]), tensorType("f64", [2])],
      attrs: { axis: 0 },
      message: "DTypeError: stack: x1 is f32 but x2 is f64",
    },
    { operands: [], attrs: { axis: 0 }, message: "ShapeError: stack: there is nothing to join" },
  ],
});

/** The type with a new axis. Throws ShapeError where there is no such place. */
function withAxis(x: TensorType, axis: number, size: number): TensorType {
  const type = tensorType(x.dtype, x.shape.toSpliced(axis, 0, size));
  normalizeAxis(axis, type);
  return type;
}
