// Ops that part a tensor, with many results: split, unstack. They undo concat and stack.
import { defineOp } from "../define-op.js";
import { ShapeError } from "../errors.js";
import { constantLike, normalizeAxis } from "../forms.js";
import type { Operand } from "../node.js";
import { type Op, type Pullback, t } from "../op.js";
import { provablyLess } from "../shape.js";
import { addSizes, floorDivSize, mulSizes, printShape, printSize, sameSize, type Size } from "../size.js";
import { tensorType } from "../type.js";
import { concat, stack } from "./joining.js";
import { reshape } from "./movement.js";
import { slice } from "./slicing.js";

type SplitAttrs = { sizes: readonly Size[]; axis: number };
type SplitArgs = [x: Operand, parts: number | readonly Size[], axis?: number];

export const split: Op<"own", SplitAttrs, SplitArgs, readonly Operand[]> = defineOp("split", {
  doc: "Parts of `x` side by side along an axis, as many equal ones as a number says, or of the given sizes, which add up to the axis: `concat(split(x)) = x`.",
  operands: ["x"],
  form: "own",
  many: true,
  call: (x, parts, axis = 0) => {
    const at = normalizeAxis(axis, x.type);
    const sizes = typeof parts === "number" ? equalParts(x.type.shape[at]!, parts, at) : parts;
    return { operands: [x], attrs: { sizes, axis: at } };
  },
  infer: ([x], { sizes, axis }) => {
    const size = x!.shape[normalizeAxis(axis, x!)]!;
    const total = addSizes(...sizes);
    if (sizes.length === 0 || !sameSize(total, size) || sizes.some((part) => provablyLess(part, 0))) {
      throw new ShapeError(
        `the parts ${printShape(sizes)} do not make up axis ${axis}, which has size ${printSize(size)}`,
      );
    }
    return sizes.map((part) => tensorType(x!.dtype, x!.shape.with(axis, part)));
  },
  lower: {
    kind: "compose",
    expand: ([x], { sizes, axis }) => {
      let start: Size = 0;
      return sizes.map((part) => {
        const starts = x!.type.shape.map((_, a) => (a === axis ? start : 0));
        start = addSizes(start, part);
        return slice(x!, starts, x!.type.shape.with(axis, part));
      });
    },
  },
  vjp: (at) => [concat(cotangentsOf(at), at.attrs.axis)],
  onnx: { type: "Split", attrs: { axis: "axis" } },
  samples: [
    {
      operands: [t("f32", [2, 3], [1, 2, 3, 4, 5, 6])],
      attrs: { sizes: [1, 2], axis: 1 },
      results: [t("f32", [2, 1], [1, 4]), t("f32", [2, 2], [2, 3, 5, 6])],
      from: "by hand",
    },
    {
      operands: [t("i32", [2], [1, 2])],
      attrs: { sizes: [0, 2], axis: 0 },
      results: [t("i32", [0], []), t("i32", [2], [1, 2])],
      from: "by hand",
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { sizes: [1, 1], axis: 1 },
      message: "ShapeError: split: the parts [1,1] do not make up axis 1, which has size 3",
    },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { sizes: [4, -1], axis: 1 },
      message: "ShapeError: split: the parts [4,-1] do not make up axis 1, which has size 3",
    },
    {
      operands: [tensorType("f32", [2])],
      attrs: { sizes: [2], axis: 1 },
      message: "ShapeError: split: axis 1 is out of range: rank 1 has axes -1 to 0",
    },
  ],
});

type AxisAttrs = { axis: number };

export const unstack: Op<"own", AxisAttrs, [x: Operand, axis?: number], readonly Operand[]> = defineOp("unstack", {
  doc: "The slices of `x` along an axis, which goes: `stack(unstack(x)) = x`. The axis must have a known size.",
  operands: ["x"],
  form: "own",
  many: true,
  call: (x, axis = 0) => ({ operands: [x], attrs: { axis: normalizeAxis(axis, x.type) } }),
  infer: ([x], { axis }) => {
    const size = x!.shape[normalizeAxis(axis, x!)]!;
    if (typeof size !== "number" || size === 0) {
      throw new ShapeError(`axis ${axis} has size ${printSize(size)}: that is no number of results`);
    }
    return Array.from({ length: size }, () => tensorType(x!.dtype, x!.shape.toSpliced(axis, 1)));
  },
  lower: {
    kind: "compose",
    expand: ([x], { axis }) => {
      const { shape } = x!.type;
      const starts = (at: number) => shape.map((_, a) => (a === axis ? at : 0));
      return Array.from({ length: shape[axis] as number }, (_, at) =>
        reshape(slice(x!, starts(at), shape.with(axis, 1)), shape.toSpliced(axis, 1)),
      );
    },
  },
  vjp: (at) => [stack(cotangentsOf(at), at.attrs.axis)],
  samples: [
    {
      operands: [t("f32", [2, 2], [1, 2, 3, 4])],
      attrs: { axis: 1 },
      results: [t("f32", [2], [1, 3]), t("f32", [2], [2, 4])],
      from: "by hand",
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { axis: 1 },
      message: "ShapeError: unstack: axis 1 is out of range: rank 1 has axes -1 to 0",
    },
    {
      operands: [tensorType("f32", [0, 2])],
      attrs: { axis: 0 },
      message: "ShapeError: unstack: axis 0 has size 0: that is no number of results",
    },
  ],
});

/** The cotangents of all results, zeros where none flows. */
function cotangentsOf({ cotangents, results }: Pullback<AxisAttrs>): readonly Operand[] {
  return results.map((result, i) => cotangents[i] ?? constantLike(result, 0));
}

function equalParts(size: Size, parts: number, axis: number): readonly Size[] {
  const part = Number.isInteger(parts) && parts > 0 ? floorDivSize(size, parts) : null;
  if (part === null || !sameSize(mulSizes(part, parts), size)) {
    throw new ShapeError(`axis ${axis} of size ${printSize(size)} does not divide into ${parts} equal parts`);
  }
  return Array.from({ length: parts }, () => part);
}
