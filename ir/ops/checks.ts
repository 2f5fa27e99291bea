// Checks that stop a run: an index out of range.
import { defineOp } from "../define-op.js";
import { DTypeError, GraphError } from "../errors.js";
import * as e from "../expr.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { addSizes, type Size } from "../size.js";
import { tensorType } from "../type.js";

type CheckAttrs = { extent: Size; what?: string };

export const checkedIndex: Op<"own", CheckAttrs, [x: Operand, extent: Size, what?: string]> = defineOp("checkedIndex", {
  doc: "Indices unchanged; one outside `0 ≤ x < extent` stops the run, with a message about `what` (`softmaxCrossEntropy: label`).",
  operands: ["x"],
  form: "own",
  call: (x, extent, what) => ({
    operands: [x],
    attrs: { extent: addSizes(extent), ...(what !== undefined && { what }) },
  }),
  infer: ([x]) => {
    if (x!.dtype !== "i32") throw new DTypeError(`x is ${x!.dtype}, but an index is i32`, { help: 'x.cast("i32")' });
    return [x!];
  },
  lower: {
    kind: "compute",
    at: (index, k) => {
      const { extent } = k.attrs;
      if (typeof extent !== "number")
        throw new GraphError("checkedIndex: a named size has no number before specialize");
      return e.bounded(k.read(0, index), extent);
    },
  },
  samples: [byHand([t("i32", [3], [0, 9, 4])], { extent: 10 }, t("i32", [3], [0, 9, 4]))],
  rejects: [
    {
      operands: [tensorType("f32", [3])],
      attrs: { extent: 10 },
      message: "DTypeError: checkedIndex: x is f32, but an index is i32",
    },
  ],
});
