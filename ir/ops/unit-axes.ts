// Axes of size 1 that come and go: squeeze, expandDims.
import { defineOp } from "../define-op.js";
import { ShapeError } from "../errors.js";
import { type Axes, normalizeAxes } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { printSize } from "../size.js";
import { tensorType, type TensorType } from "../type.js";
import { reshape } from "./movement.js";

type AxesAttrs = { axes: readonly number[] };

export const squeeze: Op<"own", AxesAttrs, [x: Operand, axes?: Axes]> = defineOp("squeeze", {
  doc: "`x` without some axes of size 1, all such axes where none are given: `y[i, j] = x[i, 0, j]`.",
  operands: ["x"],
  form: "own",
  call: (x, axes) => {
    const ones = x.type.shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
    return { operands: [x], attrs: { axes: normalizeAxes(axes ?? ones, x.type) } };
  },
  infer: ([x], { axes }) => [squeezed(x!, axes)],
  lower: { kind: "compose", expand: ([x], { axes }) => [reshape(x!, squeezed(x!.type, axes).shape)] },
  onnx: { type: "Squeeze" },
  samples: [
    byHand([t("f32", [1, 2, 1], [1, 2])], { axes: [0, 2] }, t("f32", [2], [1, 2])),
    byHand([t("i32", [1, 1], [5])], { axes: [0] }, t("i32", [1], [5])),
    byHand([t("f32", [], [5])], { axes: [] }, t("f32", [], [5])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [1, 2])],
      attrs: { axes: [1] },
      message: "ShapeError: squeeze: axis 1 has size 2, not 1",
    },
    {
      operands: [tensorType("f32", [1, 2])],
      attrs: { axes: [2] },
      message: "ShapeError: squeeze: axis 2 is out of range: rank 2 has axes -2 to 1",
    },
  ],
});

function squeezed(x: TensorType, axes: readonly number[]): TensorType {
  for (const axis of normalizeAxes(axes, x)) {
    if (x.shape[axis] !== 1) throw new ShapeError(`axis ${axis} has size ${printSize(x.shape[axis]!)}, not 1`);
  }
  return tensorType(
    x.dtype,
    x.shape.filter((_, axis) => !axes.includes(axis)),
  );
}

export const expandDims: Op<"own", AxesAttrs, [x: Operand, axes?: Axes]> = defineOp("expandDims", {
  doc: "`x` with new axes of size 1 that stand at `axes` of the result, as NumPy's expand_dims; one in front where none are given: `y[i, 0, j] = x[i, j]`.",
  operands: ["x"],
  form: "own",
  call: (x, axes = 0) => {
    const list = typeof axes === "number" ? [axes] : axes;
    const rank = x.type.shape.length + list.length;
    return { operands: [x], attrs: { axes: normalizeAxes(list, ofRank(rank)) } };
  },
  infer: ([x], { axes }) => [tensorType(x!.dtype, expanded(x!, axes))],
  lower: { kind: "compose", expand: ([x], { axes }) => [reshape(x!, expanded(x!.type, axes))] },
  onnx: { type: "Unsqueeze" },
  samples: [
    byHand([t("f32", [2], [1, 2])], { axes: [0] }, t("f32", [1, 2], [1, 2])),
    byHand([t("f32", [2, 2], [1, 2, 3, 4])], { axes: [1, 3] }, t("f32", [2, 1, 2, 1], [1, 2, 3, 4])),
    byHand([t("i32", [], [5])], { axes: [0] }, t("i32", [1], [5])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2])],
      attrs: { axes: [2] },
      message: "ShapeError: expandDims: axis 2 is out of range: rank 2 has axes -2 to 1",
    },
    {
      operands: [tensorType("f32", [2])],
      attrs: { axes: [1, 1] },
      message: "ShapeError: expandDims: axis 1 is given twice",
    },
  ],
});

function expanded(x: TensorType, axes: readonly number[]) {
  const rank = x.shape.length + axes.length;
  const at = normalizeAxes(axes, ofRank(rank));
  let next = 0;
  return Array.from({ length: rank }, (_, axis) => (at.includes(axis) ? 1 : x.shape[next++]!));
}

/** Some type of a rank: axes are checked against it. */
function ofRank(rank: number): TensorType {
  return tensorType("f32", Array<number>(rank).fill(1));
}
