// Ops that put elements together: pad and concat. Every read is clamped into its operand, so that a backend may compute
// both sides of a choice.
import { isFloat, toDType } from "../dtype.js";
import { defineOp } from "../define-op.js";
import { expectSameDType } from "../elementwise.js";
import { DTypeError, ShapeError } from "../errors.js";
import * as e from "../expr.js";
import { normalizeAxis } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { numbersOf, provablyLess } from "../shape.js";
import { addSizes, printSize, sameSize, type Size } from "../size.js";
import { printType, tensorType } from "../type.js";
import { slice } from "./slicing.js";

type PadAttrs = { low: readonly Size[]; high: readonly Size[]; value: number };
type PadArgs = [x: Operand, low: readonly Size[], high: readonly Size[], value?: number];

export const pad: Op<"own", PadAttrs, PadArgs> = defineOp("pad", {
  doc: "`low[a]` copies of `value` before the elements of axis a and `high[a]` after them: `y[i] = x[i − low]`, or `value` outside `x`.",
  operands: ["x"],
  form: "own",
  call: (x, low, high, value = 0) => ({ operands: [x], attrs: { low, high, value } }),
  infer: ([x], { low, high, value }) => {
    const { shape, dtype } = x!;
    if (low.length !== shape.length || high.length !== shape.length) {
      throw new ShapeError(`${low.length} sizes before and ${high.length} after for rank ${shape.length}`);
    }
    [...low, ...high].forEach((size, i) => {
      if (!provablyLess(size, 0)) return;
      throw new ShapeError(`axis ${i % shape.length} is padded by ${printSize(size)}: less than 0; use slice`);
    });
    if (!isFloat(dtype) && toDType(dtype, value) !== value) {
      throw new DTypeError(`${value} is not a number that ${dtype} can hold`);
    }
    return [tensorType(dtype, shape.map((size, axis) => addSizes(low[axis]!, size, high[axis]!)))]; // prettier-ignore
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const { shape, dtype } = k.operands[0]!;
      const value = e.literal(k.attrs.value, dtype);
      if (shape.includes(0)) return value;
      const low = numbersOf(k.attrs.low);
      const places = index.map((i, axis) => e.sub(i, e.literal(low[axis]!)));
      const tests = places.flatMap((i, axis) => [e.ge(i, e.literal(0)), e.lt(i, e.literal(shape[axis]!))]);
      const inside = tests.reduce(e.and, e.literal(1, "bool"));
      return e.select(inside, k.read(0, places.map((i, axis) => clamp(i, shape[axis]!))), value); // prettier-ignore
    },
  },
  vjp: ({ g, operands: [x], attrs: { low } }) => [slice(g, low, x!.type.shape)],
  simplify: [
    {
      name: "pad x by nothing → x",
      apply: (node, [x]) => {
        const { low, high } = node.attrs as PadAttrs;
        return [...low, ...high].every((size) => size === 0) ? x! : null;
      },
    },
    {
      name: "pad (pad x) with the same value → pad x",
      apply: (node, [x]) => {
        if (x!.node.op !== pad) return null;
        const [outer, inner] = [node.attrs as PadAttrs, x!.node.attrs as PadAttrs];
        if (!Object.is(outer.value, inner.value)) return null;
        const low = outer.low.map((size, axis) => addSizes(size, inner.low[axis]!));
        return pad(x!.node.operands[0]!, low, outer.high.map((size, axis) => addSizes(size, inner.high[axis]!)), outer.value); // prettier-ignore
      },
    },
  ],
  onnx: { type: "Pad" },
  samples: [
    byHand(
      [t("f32", [2, 2], [1, 2, 3, 4])],
      { low: [1, 0], high: [0, 2], value: 9 },
      t("f32", [3, 4], [9, 9, 9, 9, 1, 2, 9, 9, 3, 4, 9, 9]),
    ),
    byHand([t("f32", [1], [1])], { low: [1], high: [1], value: -Infinity }, t("f32", [3], [-Infinity, 1, -Infinity])),
    byHand([t("i32", [0], [])], { low: [1], high: [1], value: 3 }, t("i32", [2], [3, 3])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 2])],
      attrs: { low: [0, -1], high: [0, 0], value: 0 },
      message: "ShapeError: pad: axis 1 is padded by -1: less than 0; use slice",
    },
    {
      operands: [tensorType("f32", [2, 2])],
      attrs: { low: [1], high: [1], value: 0 },
      message: "ShapeError: pad: 1 sizes before and 1 after for rank 2",
    },
    {
      operands: [tensorType("i32", [2])],
      attrs: { low: [1], high: [1], value: 0.5 },
      message: "DTypeError: pad: 0.5 is not a number that i32 can hold",
    },
  ],
});

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

/** An index forced into `0 ≤ index < size`; untouched where its range already lies there. */
function clamp(index: e.Expr, size: number): e.Expr {
  const range = e.rangeOf(index);
  const above = range && range[0] >= 0 ? index : e.call("maximum", index, e.literal(0));
  return range && range[1] < size ? above : e.call("minimum", above, e.literal(size - 1));
}
