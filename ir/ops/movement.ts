// Ops that move elements without computing: reshape, transpose, broadcast, slice, pad, concat, reverse.
import { defineOp } from "../define-op.js";
import { ShapeError } from "../errors.js";
import * as e from "../expr.js";
import type { Operand } from "../node.js";
import { type Op, t } from "../op.js";
import { printShape, printSize, sameSize, type Size } from "../size.js";
import { tensorType } from "../type.js";

type BroadcastAttrs = { shape: readonly Size[]; axes: readonly number[] };

export const broadcast: Op<"own", BroadcastAttrs, [x: Operand, shape: readonly Size[], axes?: readonly number[]]> = defineOp(
  "broadcast",
  {
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
      });
      return [tensorType(x!.dtype, shape)];
    },
    lower: {
      kind: "compute",
      at: (index, k) =>
        k.read(
          0,
          k.attrs.axes.map((axis, i) => (k.operands[0]!.shape[i] === 1 ? e.literal(0) : index[axis]!)),
        ),
    },
    samples: [
      {
        operands: [t("f32", [3], [1, 2, 3])],
        attrs: { shape: [2, 3], axes: [1] },
        results: [t("f32", [2, 3], [1, 2, 3, 1, 2, 3])],
        from: "by hand",
      },
    ],
  },
);
