// How far one distribution is from another.
import { defineOp } from "../define-op.js";
import { normalizeAxis } from "../forms.js";
import { expectPairOfFloats, without } from "../losses.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { alongRows } from "../rows.js";
import { tensorType } from "../type.js";
import { add, mul, neg, sub } from "./arithmetic.js";
import { equal } from "./comparison.js";
import { exp, log } from "./exponential.js";
import { sum } from "./reductions.js";
import { where } from "./selection.js";

type DivergenceAttrs = { axis: number; logTarget: boolean };
type DivergenceOptions = { readonly axis?: number; readonly logTarget?: boolean };
type DivergenceArgs = [logProbabilities: Operand, target: Operand, options?: DivergenceOptions];

export const klDivergence: Op<"own", DivergenceAttrs, DivergenceArgs> = defineOp("klDivergence", {
  doc: "The Kullback-Leibler divergence of a prediction q, given by its logarithms, from a target p, one per row: `z = Σⱼ pⱼ · (ln pⱼ − ln qⱼ)`, a term 0 where p is, and so its slope. The target is p, or with `logTarget` ln p.",
  operands: ["logProbabilities", "target"],
  form: "own",
  call: (q, target, { axis = -1, logTarget = false } = {}) => ({
    operands: [q, target],
    attrs: { axis: normalizeAxis(axis, q.type), logTarget },
  }),
  infer: ([q, target], { axis }) => {
    const { dtype, shape } = expectPairOfFloats("klDivergence", "logProbabilities", q!, "target", target!);
    return [tensorType(dtype, without(shape, normalizeAxis(axis, q!)))];
  },
  lower: {
    kind: "compose",
    expand: ([q, target], { axis, logTarget }) => {
      const { p, distance } = parts(q!, target!, logTarget);
      return [sum(where(equal(p, 0), 0, mul(p, distance)), axis)];
    },
  },
  vjp: ({ g, operands: [q, target], attrs: { axis, logTarget } }) => {
    const upstream = alongRows(g, q!, axis);
    const { p, distance } = parts(q!, target!, logTarget);
    const slope = logTarget ? mul(p, add(distance, 1)) : add(distance, 1);
    return [neg(mul(p, upstream)), mul(where(equal(p, 0), 0, slope), upstream)];
  },
  samples: [
    byHand(
      [
        t("f32", [2, 2], [Math.log(0.5), Math.log(0.5), Math.log(0.25), Math.log(0.75)]),
        t("f32", [2, 2], [0.5, 0.5, 0.5, 0.5]),
      ],
      { axis: 1, logTarget: false },
      t("f32", [2], [0, 0.14384103622589045]),
    ),
    byHand(
      [t("f32", [2, 1], [Math.log(0.25), Math.log(0.75)]), t("f32", [2, 1], [Math.log(0.5), Math.log(0.5)])],
      { axis: 0, logTarget: true },
      t("f32", [1], [0.14384103622589045]),
    ),
    {
      ...byHand(
        [t("f32", [2, 2], [-Infinity, 0, 0, -Infinity]), t("f32", [2, 2], [0, 1, 0, 1])],
        { axis: 1, logTarget: false },
        t("f32", [2], [0, Infinity]),
      ),
      smooth: false,
    },
    byHand(
      [t("f32", [1, 2], [-Infinity, 0]), t("f32", [1, 2], [-Infinity, 0])],
      { axis: 1, logTarget: true },
      t("f32", [1], [0]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [2])],
      attrs: { axis: 1, logTarget: false },
      message: "ShapeError: klDivergence: logProbabilities has shape [2,3] but target has shape [2]",
    },
    {
      operands: [tensorType("i32", [2]), tensorType("i32", [2])],
      attrs: { axis: 0, logTarget: false },
      message: "DTypeError: klDivergence: logProbabilities is i32, but klDivergence needs f32 or f64",
    },
  ],
  tolerance: 16,
});

/** The target as probabilities, and `ln p − ln q`. */
function parts(q: Operand, target: Operand, logTarget: boolean): { p: Operand; distance: Operand } {
  return { p: logTarget ? exp(target) : target, distance: sub(logTarget ? target : log(target), q) };
}
