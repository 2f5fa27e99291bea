// Other losses of one class among several, one per row, for the caller to average.
import { defineOp } from "../define-op.js";
import { expectDType } from "../elementwise.js";
import { GraphError } from "../errors.js";
import { normalizeAxis } from "../forms.js";
import { alongClasses, expectClasses, expectClassWeights, labelled } from "../losses.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { expectElements } from "../reduction.js";
import { alongRows } from "../rows.js";
import { tensorType } from "../type.js";
import { add, mul, neg, sub } from "./arithmetic.js";
import { equal } from "./comparison.js";
import { softmaxCrossEntropy } from "./cross-entropy.js";
import { exp, expm1 } from "./exponential.js";
import { pow } from "./powers.js";
import { sum } from "./reductions.js";
import { where } from "./selection.js";
import { softmax } from "./softmax.js";

type LikelihoodAttrs = { axis: number; ignoreIndex?: number };
type LikelihoodOptions = { readonly axis?: number; readonly weights?: Operand; readonly ignoreIndex?: number };
type LikelihoodArgs = [logProbabilities: Operand, labels: Operand, options?: LikelihoodOptions];

export const negativeLogLikelihood: Op<"own", LikelihoodAttrs, LikelihoodArgs> = defineOp("negativeLogLikelihood", {
  doc: "What log-probabilities say of the row's class, negated, one loss per row: `z = −w_label · x_label`, the class weights w 1 where none are given.",
  operands: ["logProbabilities", "labels", "weights"],
  form: "own",
  call: (x, labels, { axis = -1, weights, ignoreIndex } = {}) => ({
    operands: weights ? [x, labels, weights] : [x, labels],
    attrs: { axis: normalizeAxis(axis, x.type), ...(ignoreIndex !== undefined && { ignoreIndex }) },
  }),
  infer: ([x, labels, weights], { axis }) => {
    expectDType("negativeLogLikelihood", "logProbabilities", x!, "float");
    expectElements(x!, [normalizeAxis(axis, x!)]);
    expectClasses("logProbabilities", x!, axis, labels!);
    expectClassWeights("logProbabilities", x!, axis, weights);
    return [tensorType(x!.dtype, labels!.shape)];
  },
  lower: {
    kind: "compose",
    expand: ([x, labels, weights], { axis, ignoreIndex }) => {
      const { hot } = labelled("negativeLogLikelihood", x!, labels!, axis, ignoreIndex);
      // Chosen before it is weighed: −∞ of another class has no part.
      const chosen = where(hot, x!, 0);
      return [neg(sum(weights ? mul(chosen, alongClasses(weights, x!, axis)) : chosen, axis))];
    },
  },
  onnx: { type: "NegativeLogLikelihoodLoss", attrs: { ignoreIndex: "ignore_index" } },
  samples: [
    byHand([t("f32", [2, 3], [-1, -2, -3, -4, -5, -6]), t("i32", [2], [2, 0])], { axis: 1 }, t("f32", [2], [3, 4])),
    byHand(
      [t("f32", [2, 3], [-1, -2, -3, -4, -5, -6]), t("i32", [3], [1, 0, -1]), t("f32", [2], [10, 0.5])],
      { axis: 0, ignoreIndex: -1 },
      t("f32", [3], [2, 20, 0]),
    ),
    byHand([t("f32", [1, 2], [-0.5, -Infinity]), t("i32", [1], [0])], { axis: 1 }, t("f32", [1], [0.5])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [2, 3])],
      attrs: { axis: 1 },
      message: "DTypeError: negativeLogLikelihood: labels are f32, but classes are i32",
    },
    {
      operands: [tensorType("f32", [2, 3]), tensorType("i32", [3])],
      attrs: { axis: 1 },
      message: "ShapeError: negativeLogLikelihood: logProbabilities are [2,3], so labels are [2], not [3]",
    },
    {
      operands: [tensorType("f32", [2, 3]), tensorType("i32", [2]), tensorType("f64", [3])],
      attrs: { axis: 1 },
      message: "DTypeError: negativeLogLikelihood: logProbabilities is f32 but weights is f64",
    },
  ],
});

type SoftmaxFocalAttrs = { axis: number; gamma: number };
type SoftmaxFocalOptions = { readonly axis?: number; readonly gamma?: number };
type SoftmaxFocalArgs = [logits: Operand, labels: Operand, options?: SoftmaxFocalOptions];

export const softmaxFocal: Op<"own", SoftmaxFocalAttrs, SoftmaxFocalArgs> = defineOp("softmaxFocal", {
  doc: "The focal loss of softmax(x) for i32 class indices, one per row: the cross entropy c weighed down where it is small, `z = (1 − e^−c)ᵞ · c`. Gamma is 2 where nothing is said.",
  operands: ["logits", "labels"],
  form: "own",
  call: (x, labels, { axis = -1, gamma = 2 } = {}) => ({
    operands: [x, labels],
    attrs: { axis: normalizeAxis(axis, x.type), gamma },
  }),
  infer: ([x, labels], { axis, gamma }) => {
    expectDType("softmaxFocal", "logits", x!, "float");
    expectElements(x!, [normalizeAxis(axis, x!)]);
    expectClasses("logits", x!, axis, labels!);
    if (!(gamma >= 0)) throw new GraphError(`gamma is ${gamma}, but what is easy should not weigh more`);
    return [tensorType(x!.dtype, labels!.shape)];
  },
  lower: {
    kind: "compose",
    expand: ([x, labels], { axis, gamma }) => {
      const entropy = softmaxCrossEntropy(x!, labels!, axis);
      return [mul(pow(neg(expm1(neg(entropy))), gamma), entropy)];
    },
  },
  // z′ = qᵞ + γ qᵞ⁻¹ p c with q = 1 − p, p = e^−c; the second is 0 where p or c is, also where the other is infinite.
  vjp: ({ g, operands: [x, labels], attrs: { axis, gamma } }) => {
    const entropy = softmaxCrossEntropy(x!, labels!, axis);
    const [p, q] = [exp(neg(entropy)), neg(expm1(neg(entropy)))];
    const zero = (factor: Operand, product: Operand) => where(equal(factor, 0), 0, product);
    const steep = zero(p, zero(entropy, mul(mul(mul(pow(q, gamma - 1), p), entropy), gamma)));
    const upstream = mul(g, add(pow(q, gamma), steep));
    const { hot } = labelled("softmaxCrossEntropy", x!, labels!, axis);
    const probabilities = softmax(x!, axis);
    return [mul(where(hot, sub(probabilities, 1), probabilities), alongRows(upstream, x!, axis)), null];
  },
  samples: [
    // p = ½: ¼ · ln 2; p = ¼: 9/16 · ln 4.
    byHand(
      [t("f32", [2, 2], [0, 0, 0, Math.log(3)]), t("i32", [2], [0, 0])],
      { axis: 1, gamma: 2 },
      t("f32", [2], [Math.LN2 / 4, (9 / 16) * Math.log(4)]),
    ),
    byHand(
      [t("f32", [2, 1], [0, Math.log(3)]), t("i32", [1], [1])],
      { axis: 0, gamma: 0.5 },
      t("f32", [1], [0.5 * Math.log(4 / 3)]),
    ),
    {
      ...byHand(
        [t("f32", [2, 2], [1e4, -1e4, 1e4, -1e4]), t("i32", [2], [0, 1])],
        { axis: 1, gamma: 2 },
        t("f32", [2], [0, 2e4]),
      ),
      smooth: false,
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3]), tensorType("i32", [3])],
      attrs: { axis: 1, gamma: 2 },
      message: "ShapeError: softmaxFocal: logits are [2,3], so labels are [2], not [3]",
    },
    {
      operands: [tensorType("f32", [2, 3]), tensorType("i32", [2])],
      attrs: { axis: 1, gamma: -2 },
      message: "GraphError: softmaxFocal: gamma is -2, but what is easy should not weigh more",
    },
  ],
  tolerance: 32,
});
