// Elements around a tensor: pad. Every read is clamped into the operand, so that a backend may compute both sides of a
// choice.
import { type Border, borders, continued, expectBorder, folded, type PadMode } from "../borders.js";
import { isFloat, toDType } from "../dtype.js";
import { defineOp } from "../define-op.js";
import { DTypeError, GraphError, ShapeError } from "../errors.js";
import * as e from "../expr.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { clamp, numbersOf, provablyLess } from "../shape.js";
import { addSizes, printSize, type Size } from "../size.js";
import { tensorType } from "../type.js";
import { slice } from "./slicing.js";

type PadAttrs = { low: readonly Size[]; high: readonly Size[]; value: number; mode?: Border | undefined };
type PadArgs = [x: Operand, low: readonly Size[], high: readonly Size[], fill?: number | { readonly mode: PadMode }];

export const pad: Op<"own", PadAttrs, PadArgs> = defineOp("pad", {
  doc: "`low[a]` elements before those of axis a and `high[a]` after them: `y[i] = x[i − low]`, and outside `x` a number, or what `mode` says: its mirror image without the outermost element (reflect) or with it (symmetric), or the outermost element (edge).",
  operands: ["x"],
  form: "own",
  call: (x, low, high, fill = 0) => {
    if (typeof fill === "number") return { operands: [x], attrs: { low, high, value: fill } };
    const mode = fill.mode === "constant" ? undefined : fill.mode;
    return { operands: [x], attrs: { low, high, value: 0, mode } };
  },
  infer: ([x], { low, high, value, mode }) => {
    const { shape, dtype } = x!;
    if (low.length !== shape.length || high.length !== shape.length) {
      throw new ShapeError(`${low.length} sizes before and ${high.length} after for rank ${shape.length}`);
    }
    [...low, ...high].forEach((size, i) => {
      const axis = i % shape.length;
      if (provablyLess(size, 0)) {
        throw new ShapeError(`axis ${axis} is padded by ${printSize(size)}: less than 0; use slice`);
      }
      if (typeof size === "number" && !Number.isInteger(size)) {
        throw new ShapeError(`axis ${axis} is padded by ${size}, which is no number of elements`);
      }
    });
    if (mode !== undefined && !borders.includes(mode)) throw new GraphError(`there is no mode "${String(mode)}"`);
    if (mode)
      [...low, ...high].forEach((width, i) => expectBorder(mode, i % shape.length, shape[i % shape.length]!, width));
    if (!isFloat(dtype) && toDType(dtype, value) !== value) {
      throw new DTypeError(`${value} is not a number that ${dtype} can hold`);
    }
    return [tensorType(dtype, shape.map((size, axis) => addSizes(low[axis]!, size, high[axis]!)))]; // prettier-ignore
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const { shape, dtype } = k.operands[0]!;
      const { mode } = k.attrs;
      const value = e.literal(k.attrs.value, dtype);
      if (shape.includes(0)) return value;
      const low = numbersOf(k.attrs.low);
      const places = index.map((i, axis) => e.sub(i, e.literal(low[axis]!)));
      if (mode)
        return k.read(
          0,
          places.map((i, axis) => continued(mode, i, shape[axis]!)),
        );
      const tests = places.flatMap((i, axis) => [e.ge(i, e.literal(0)), e.lt(i, e.literal(shape[axis]!))]);
      const inside = tests.reduce(e.and, e.literal(1, "bool"));
      return e.select(inside, k.read(0, places.map((i, axis) => clamp(i, shape[axis]!))), value); // prettier-ignore
    },
  },
  vjp: ({ g, operands: [x], attrs: { low, high, mode } }) => {
    const { shape } = x!.type;
    if (!mode) return [slice(g, low, shape)];
    return [shape.reduce((left, size, axis) => folded(mode, left, axis, size, low[axis]!, high[axis]!), g)];
  },
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
        if (outer.mode || inner.mode || !Object.is(outer.value, inner.value)) return null;
        const low = outer.low.map((size, axis) => addSizes(size, inner.low[axis]!));
        return pad(x!.node.operands[0]!, low, outer.high.map((size, axis) => addSizes(size, inner.high[axis]!)), outer.value); // prettier-ignore
      },
    },
  ],
  onnx: { type: "Pad", attrs: { mode: "mode" } },
  samples: [
    byHand(
      [t("f32", [2, 2], [1, 2, 3, 4])],
      { low: [1, 0], high: [0, 2], value: 9 },
      t("f32", [3, 4], [9, 9, 9, 9, 1, 2, 9, 9, 3, 4, 9, 9]),
    ),
    byHand([t("f32", [1], [1])], { low: [1], high: [1], value: -Infinity }, t("f32", [3], [-Infinity, 1, -Infinity])),
    byHand([t("i32", [0], [])], { low: [1], high: [1], value: 3 }, t("i32", [2], [3, 3])),
    byHand(
      [t("f32", [2, 3], [1, 2, 3, 4, 5, 6])],
      { low: [0, 2], high: [1, 1], value: 0, mode: "reflect" },
      t("f32", [3, 6], [3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5, 3, 2, 1, 2, 3, 2]),
    ),
    byHand(
      [t("f32", [3], [1, 2, 3])],
      { low: [3], high: [2], value: 0, mode: "symmetric" },
      t("f32", [8], [3, 2, 1, 1, 2, 3, 3, 2]),
    ),
    byHand(
      [t("f32", [2, 2], [1, 2, 3, 4])],
      { low: [1, 0], high: [0, 2], value: 0, mode: "edge" },
      t("f32", [3, 4], [1, 2, 2, 2, 1, 2, 2, 2, 3, 4, 4, 4]),
    ),
    byHand([t("bool", [1], [1])], { low: [0], high: [2], value: 0, mode: "edge" }, t("bool", [3], [1, 1, 1])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 2])],
      attrs: { low: [0, -1], high: [0, 0], value: 0 },
      message: "ShapeError: pad: axis 1 is padded by -1: less than 0; use slice",
    },
    {
      operands: [tensorType("f32", [2])],
      attrs: { low: [0.5], high: [0.5], value: 0 },
      message: "ShapeError: pad: axis 0 is padded by 0.5, which is no number of elements",
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
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { low: [0, 3], high: [0, 0], value: 0, mode: "reflect" },
      message: "ShapeError: pad: axis 1 has size 3, too few for 3 elements of reflect padding",
    },
    {
      operands: [tensorType("f32", [3])],
      attrs: { low: [0], high: [4], value: 0, mode: "symmetric" },
      message: "ShapeError: pad: axis 0 has size 3, too few for 4 elements of symmetric padding",
    },
    {
      operands: [tensorType("f32", [0])],
      attrs: { low: [1], high: [0], value: 0, mode: "edge" },
      message: "ShapeError: pad: axis 0 has size 0, too few for 1 elements of edge padding",
    },
    {
      operands: [tensorType("f32", [3])],
      attrs: { low: [1], high: [0], value: 0, mode: "circular" as Border },
      message: 'GraphError: pad: there is no mode "circular"',
    },
  ],
});
