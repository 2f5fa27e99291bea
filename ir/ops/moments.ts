// How far elements lie apart: variance, standardDeviation.
import { defineOp } from "../define-op.js";
import { expectDType } from "../elementwise.js";
import { type Axes, type KeepDims, normalizeAxes } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Call, type Op, t } from "../op.js";
import { reducedType, type ReductionAttrs, spread } from "../reduction.js";
import { mulSizes } from "../size.js";
import { tensorType, type TensorType } from "../type.js";
import { div, mul, sub } from "./arithmetic.js";
import { equal } from "./comparison.js";
import { constant, size } from "./leaves.js";
import { maximum } from "./magnitude.js";
import { sqrt } from "./powers.js";
import { sum } from "./reductions.js";
import { where } from "./selection.js";
import { mean } from "./statistics.js";

type MomentAttrs = ReductionAttrs & { correction: number };
/** `correction` is what is taken off the number of elements: 0 for a population, 1 for a sample (Bessel). */
type MomentArgs = [x: Operand, axes?: Axes, options?: KeepDims & { readonly correction?: number }];

export const variance: Op<"reduction", MomentAttrs, MomentArgs> = defineOp("variance", {
  doc: "The mean squared distance from the mean over some axes, all where none are given: `y = Σ (x − mean x)² / (n − correction)`, with correction 0 where nothing is said; NaN where n ≤ correction. The distances are taken first, so that large x do not cancel.",
  operands: ["x"],
  form: "reduction",
  call: moment,
  infer: ([x], attrs) => [momentType("variance", x!, attrs)],
  lower: {
    kind: "compose",
    expand: ([x], attrs) => {
      const d = distances(x!, attrs);
      const of = { keepDims: attrs.keepDims };
      // The mean is rounded; what that does to the squares is n · (mean d)² (Chan, Golub and LeVeque 1983, 1.7).
      const excess = mul(sum(d, attrs.axes, of), mean(d, attrs.axes, of));
      return [div(maximum(sub(sum(mul(d, d), attrs.axes, of), excess), 0), freedom(x!, attrs))];
    },
  },
  vjp: ({ g, operands: [x], attrs }) => {
    const slope = div(mul(g, 2), freedom(x!, attrs));
    return [mul(spread(slope, x!, attrs), centred(x!, attrs))];
  },
  samples: [
    byHand([t("f32", [2, 4], [1, 2, 3, 6, 5, 5, 5, 9])], { axes: [1], keepDims: false, correction: 0 }, t("f32", [2], [3.5, 3])), // prettier-ignore
    byHand([t("f32", [4], [1, 2, 3, 6])], { axes: [0], keepDims: true, correction: 1 }, t("f32", [1], [14 / 3])),
    byHand(
      [t("f32", [4], [100000000, 100000008, 100000016, 100000024])],
      { axes: [0], keepDims: false, correction: 0 },
      t("f32", [], [80]),
    ),
    { ...byHand([t("f32", [1], [5])], { axes: [0], keepDims: false, correction: 1 }, t("f32", [], [NaN])), smooth: false }, // prettier-ignore
    { ...byHand([t("f32", [0], [])], { axes: [0], keepDims: false, correction: 0 }, t("f32", [], [NaN])), smooth: false }, // prettier-ignore
  ],
  rejects: [
    {
      operands: [tensorType("i32", [2])],
      attrs: { axes: [0], keepDims: false, correction: 0 },
      message: "DTypeError: variance: x is i32, but variance needs f32 or f64",
    },
    {
      operands: [tensorType("f32", [2])],
      attrs: { axes: [1], keepDims: false, correction: 0 },
      message: "ShapeError: variance: axis 1 is out of range: rank 1 has axes -1 to 0",
    },
  ],
  tolerance: 8,
});

export const standardDeviation: Op<"reduction", MomentAttrs, MomentArgs> = defineOp("standardDeviation", {
  doc: "The root of the variance over some axes, all where none are given: `y = √(Σ (x − mean x)² / (n − correction))`. Its gradient where all elements are equal is 0.",
  operands: ["x"],
  form: "reduction",
  call: moment,
  infer: ([x], attrs) => [momentType("standardDeviation", x!, attrs)],
  lower: { kind: "compose", expand: ([x], attrs) => [sqrt(variance(x!, attrs.axes, attrs))] },
  vjp: ({ g, operands: [x], results: [y], attrs }) => {
    const flat = equal(y!, 0);
    const slope = where(flat, 0, div(g, mul(where(flat, 1, y!), freedom(x!, attrs))));
    return [mul(spread(slope, x!, attrs), centred(x!, attrs))];
  },
  samples: [
    byHand([t("f32", [2, 4], [1, 2, 3, 6, 5, 5, 5, 9])], { axes: [1], keepDims: false, correction: 0 }, t("f32", [2], [Math.sqrt(3.5), Math.sqrt(3)])), // prettier-ignore
    byHand([t("f64", [3], [1, 2, 6])], { axes: [0], keepDims: true, correction: 1 }, t("f64", [1], [Math.sqrt(7)])),
    { ...byHand([t("f32", [2], [7, 7])], { axes: [0], keepDims: false, correction: 0 }, t("f32", [], [0])), smooth: false }, // prettier-ignore
  ],
  rejects: [
    {
      operands: [tensorType("bool", [2])],
      attrs: { axes: [0], keepDims: false, correction: 0 },
      message: "DTypeError: standardDeviation: x is bool, but standardDeviation needs f32 or f64",
    },
  ],
  tolerance: 8,
});

function moment(...[x, axes, { keepDims = false, correction = 0 } = {}]: MomentArgs): Call<MomentAttrs> {
  return { operands: [x], attrs: { axes: normalizeAxes(axes, x.type), keepDims, correction } };
}

function momentType(op: string, x: TensorType, attrs: MomentAttrs): TensorType {
  expectDType(op, "x", x, "float");
  return reducedType(x, attrs);
}

/** `x − mean x`, the mean as it is rounded. */
function distances(x: Operand, { axes }: ReductionAttrs): Operand {
  return sub(x, spread(mean(x, axes, { keepDims: true }), x, { axes, keepDims: true }));
}

/** `x − mean x`, with the rounding of the mean taken off again. */
function centred(x: Operand, attrs: ReductionAttrs): Operand {
  return distances(distances(x, attrs), attrs);
}

/** `n − correction`, but not below 0, as a number or, where a size is named, a scalar. */
function freedom(x: Operand, { axes, correction }: MomentAttrs): Operand {
  const { shape, dtype } = x.type;
  const n = mulSizes(...axes.map((axis) => shape[axis]!));
  if (typeof n === "number") return constant(x, Math.max(0, n - correction), dtype);
  return maximum(sub(size(x, n, dtype), correction), 0);
}
