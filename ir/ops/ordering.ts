// Order without data: a value that may be computed with only once another exists.
import { defineOp } from "../define-op.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";

export const after: Op<"like", Record<string, never>, [x: Operand, earlier: Operand]> = defineOp("after", {
  doc: "`x`, to be computed with only once `earlier` has been computed: `y = x`. As no other value equals it, what is computed from it is computed again; the pass `rematerialize` recomputes in this way what it did not keep.",
  operands: ["x", "earlier"],
  form: "like",
  call: (x, earlier) => ({ operands: [x, earlier], attrs: {} }),
  infer: ([x]) => [x!],
  // A view: it costs nothing, and the operand that it does not read is waited for.
  lower: { kind: "compute", at: (index, k) => k.read(0, index) },
  vjp: ({ g }) => [g, null],
  samples: [
    byHand([t("f32", [2], [1, -2]), t("i32", [], [7])], {}, t("f32", [2], [1, -2])),
    byHand([t("i32", [0], []), t("f64", [3], [1, 2, 3])], {}, t("i32", [0], [])),
    byHand([t("bool", [], [1]), t("bool", [1, 2], [0, 1])], {}, t("bool", [], [1])),
  ],
});
