// Losses of yes or no, one per element, for the caller to average: `hinge(x, y).mean()`.
import { defineOp } from "../define-op.js";
import { GraphError } from "../errors.js";
import type { Scalar } from "../forms.js";
import { expectPairOfFloats, pair } from "../losses.js";
import type { Attrs, Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { tensorType } from "../type.js";
import { relu } from "./activations.js";
import { add, div, mul, neg, sub } from "./arithmetic.js";
import { equal, greater } from "./comparison.js";
import { exp, log, log1p } from "./exponential.js";
import { abs, maximum } from "./magnitude.js";
import { pow } from "./powers.js";
import { where } from "./selection.js";
import { sigmoid } from "./sigmoidal.js";

type BinaryArgs = [prediction: Operand, labels: Scalar];

export const binaryCrossEntropy: Op<"like", Attrs, BinaryArgs> = defineOp("binaryCrossEntropy", {
  doc: "The cross entropy of probabilities, element by element: `z = −(y · ln p + (1 − y) · ln(1 − p))`, logarithms no less than −100.",
  operands: ["probabilities", "labels"],
  form: "like",
  call: (p, y) => ({ operands: pair(p, y), attrs: {} }),
  infer: ([p, y]) => [expectPairOfFloats("binaryCrossEntropy", "probabilities", p!, "labels", y!)],
  lower: {
    kind: "compose",
    expand: ([p, y]) => {
      const [yes, no] = logarithms(p!);
      return [neg(add(mul(y!, yes), mul(sub(1, y!), no)))];
    },
  },
  // As PyTorch does it: the denominator is kept from 0, where the bounded logarithms would say nothing.
  vjp: ({ g, operands: [p, y] }) => {
    const [yes, no] = logarithms(p!);
    return [mul(g, div(sub(p!, y!), maximum(mul(p!, sub(1, p!)), 1e-12))), mul(g, sub(no, yes))];
  },
  samples: [
    byHand(
      [t("f32", [4], [0.5, 0.9, 0.9, 0.25]), t("f32", [4], [1, 1, 0, 0.5])],
      {},
      t("f32", [4], [Math.LN2, 0.10536051565782628, 2.302585092994046, 0.8369882167858358]),
    ),
    {
      ...byHand([t("f32", [4], [0, 1, 1, 0]), t("f32", [4], [0, 1, 0, 1])], {}, t("f32", [4], [0, 0, 100, 100])),
      smooth: false,
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [4]), tensorType("i32", [4])],
      attrs: {},
      message: "DTypeError: binaryCrossEntropy: probabilities is f32 but labels is i32",
    },
    {
      operands: [tensorType("f32", [4, 1]), tensorType("f32", [4])],
      attrs: {},
      message: "ShapeError: binaryCrossEntropy: probabilities has shape [4,1] but labels has shape [4]",
    },
  ],
  tolerance: 16,
});

/** `ln p` and `ln(1 − p)`, no less than −100, so that a label of 0 has no weight where `p` is 0. */
function logarithms(p: Operand): readonly [Operand, Operand] {
  return [maximum(log(p), -100), maximum(log1p(neg(p)), -100)];
}

export const binaryCrossEntropyWithLogits: Op<"like", Attrs, BinaryArgs> = defineOp("binaryCrossEntropyWithLogits", {
  doc: "The cross entropy of sigmoid(x), element by element, safe for any logits, infinite ones too: `z = w · |x| + ln(1 + e^−|x|)`, w the part of the label that disagrees with the sign of x: 1 − y where x > 0, else y.",
  operands: ["logits", "labels"],
  form: "like",
  call: (x, y) => ({ operands: pair(x, y), attrs: {} }),
  infer: ([x, y]) => [expectPairOfFloats("binaryCrossEntropyWithLogits", "logits", x!, "labels", y!)],
  lower: {
    kind: "compose",
    expand: ([x, y]) => {
      const distance = abs(x!);
      const wrong = where(greater(x!, 0), sub(1, y!), y!);
      // Nothing wrong with an infinite logit costs nothing: not 0 · ∞.
      return [add(where(equal(wrong, 0), 0, mul(wrong, distance)), log1p(exp(neg(distance))))];
    },
  },
  vjp: ({ g, operands: [x, y] }) => [mul(g, sub(sigmoid(x!), y!)), neg(mul(g, x!))],
  samples: [
    byHand(
      [t("f32", [4], [0, 2, -3, 1]), t("f32", [4], [1, 1, 0, 0.25])],
      {},
      t("f32", [4], [Math.LN2, 0.1269280110429727, 0.04858735157374206, 1.0632616875182228]),
    ),
    byHand([t("f32", [3], [1e4, -1e4, 1e4]), t("f32", [3], [1, 0, 0])], {}, t("f32", [3], [0, 0, 1e4])),
    byHand(
      [t("f32", [3], [Infinity, -Infinity, -Infinity]), t("f32", [3], [1, 0, 1])],
      {},
      t("f32", [3], [0, 0, Infinity]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [4]), tensorType("bool", [4])],
      attrs: {},
      message: "DTypeError: binaryCrossEntropyWithLogits: logits is f32 but labels is bool",
    },
    {
      operands: [tensorType("f32", [4]), tensorType("f32", [3])],
      attrs: {},
      message: "ShapeError: binaryCrossEntropyWithLogits: logits has shape [4] but labels has shape [3]",
    },
  ],
  tolerance: 16,
});

export const hinge: Op<"like", Attrs, BinaryArgs> = defineOp("hinge", {
  doc: "The hinge loss of labels −1 and 1, element by element: `z = max(0, 1 − y · x)`; its slope at the kink is 0.",
  operands: ["prediction", "labels"],
  form: "like",
  call: (x, y) => ({ operands: pair(x, y), attrs: {} }),
  infer: ([x, y]) => [expectPairOfFloats("hinge", "prediction", x!, "labels", y!)],
  lower: { kind: "compose", expand: ([x, y]) => [relu(sub(1, mul(y!, x!)))] },
  vjp: ({ g, operands: [x, y], results: [z] }) => {
    const slope = (other: Operand) => where(greater(z!, 0), neg(mul(g, other)), 0);
    return [slope(y!), slope(x!)];
  },
  samples: [
    byHand([t("f32", [4], [0.5, 2, -3, 0.25]), t("f32", [4], [1, 1, 1, -1])], {}, t("f32", [4], [0.5, 0, 4, 1.25])),
    byHand([t("f32", [3], [Infinity, Infinity, 1]), t("f32", [3], [1, -1, 1])], {}, t("f32", [3], [0, Infinity, 0])),
  ].map((sample, i) => ({ ...sample, smooth: i === 0 })),
  rejects: [
    {
      operands: [tensorType("f32", [4]), tensorType("i32", [4])],
      attrs: {},
      message: "DTypeError: hinge: prediction is f32 but labels is i32",
    },
    {
      operands: [tensorType("f32", [4]), tensorType("f32", [3])],
      attrs: {},
      message: "ShapeError: hinge: prediction has shape [4] but labels has shape [3]",
    },
  ],
});

type FocalAttrs = { gamma: number; alpha?: number };
type FocalOptions = { readonly gamma?: number; readonly alpha?: number };
type FocalArgs = [logits: Operand, labels: Scalar, options?: FocalOptions];

export const focal: Op<"like", FocalAttrs, FocalArgs> = defineOp("focal", {
  doc: "The focal loss of sigmoid(x), element by element (Lin et al., 2017): binary cross entropy c, weighed down where it is small: `z = qᵞ · c`, q the probability of the other label, `q = p(1 − y) + (1 − p)y`; with alpha, times `αy + (1 − α)(1 − y)`. Gamma is 2 where nothing is said.",
  operands: ["logits", "labels"],
  form: "like",
  call: (x, y, { gamma = 2, alpha } = {}) => ({
    operands: pair(x, y),
    attrs: alpha === undefined ? { gamma } : { gamma, alpha },
  }),
  infer: ([x, y], { gamma }) => {
    if (!(gamma >= 0)) throw new GraphError(`gamma is ${gamma}, but what is easy should not weigh more`);
    return [expectPairOfFloats("focal", "logits", x!, "labels", y!)];
  },
  lower: {
    kind: "compose",
    expand: ([x, y], attrs) => {
      const { other, entropy } = focalParts(x!, y!);
      const loss = vanishing(other, mul(pow(other, attrs.gamma), entropy));
      return [attrs.alpha === undefined ? loss : mul(loss, balance(y!, attrs.alpha))];
    },
  },
  // z′ = qᵞ c′ + γ qᵞ⁻¹ q′ c, each product 0 where a factor of it has vanished: no 0 · ∞ at infinite logits.
  vjp: ({ g, operands: [x, y], attrs: { gamma, alpha } }) => {
    const { yes, no, other, entropy } = focalParts(x!, y!);
    const weight = pow(other, gamma);
    const steep = (slope: Operand) => vanishing(entropy, mul(mul(mul(pow(other, gamma - 1), slope), entropy), gamma));
    const unsure = mul(yes, no);
    const alongX = add(mul(weight, sub(yes, y!)), vanishing(unsure, steep(mul(sub(1, mul(y!, 2)), unsure))));
    const alongY = sub(steep(sub(no, yes)), vanishing(weight, mul(weight, x!)));
    if (alpha === undefined) return [mul(g, alongX), mul(g, alongY)];
    const balanced = balance(y!, alpha);
    const loss = vanishing(other, mul(weight, entropy));
    return [mul(g, mul(alongX, balanced)), mul(g, add(mul(alongY, balanced), mul(loss, 2 * alpha - 1)))];
  },
  samples: [
    byHand(
      // p = ½ and ¾: ¼ · ln 2, 1/16 · ln 4/3, 9/16 · ln 4.
      [t("f32", [3], [0, Math.log(3), Math.log(3)]), t("f32", [3], [1, 1, 0])],
      { gamma: 2 },
      t("f32", [3], [Math.LN2 / 4, Math.log(4 / 3) / 16, (9 / 16) * Math.log(4)]),
    ),
    byHand(
      [t("f32", [2], [0, Math.log(3)]), t("f32", [2], [1, 0])],
      { gamma: 1, alpha: 0.25 },
      t("f32", [2], [Math.LN2 / 8, (9 / 16) * Math.log(4)]),
    ),
    byHand([t("f32", [2], [0, 2]), t("f32", [2], [1, 1])], { gamma: 0 }, t("f32", [2], [Math.LN2, 0.1269280110429727])),
    {
      ...byHand(
        [t("f32", [4], [1e4, -1e4, Infinity, -Infinity]), t("f32", [4], [1, 1, 0, 0])],
        { gamma: 2 },
        t("f32", [4], [0, 1e4, Infinity, 0]),
      ),
      smooth: false,
    },
  ],
  rejects: [
    {
      operands: [tensorType("f32", [4]), tensorType("i32", [4])],
      attrs: { gamma: 2 },
      message: "DTypeError: focal: logits is f32 but labels is i32",
    },
    {
      operands: [tensorType("f32", [4]), tensorType("f32", [4])],
      attrs: { gamma: -1 },
      message: "GraphError: focal: gamma is -1, but what is easy should not weigh more",
    },
  ],
  tolerance: 32,
});

/** The probabilities of yes and no, of the label that is not the right one, and the cross entropy. */
function focalParts(x: Operand, y: Operand) {
  const [yes, no] = [sigmoid(x), sigmoid(neg(x))];
  const other = add(mul(yes, sub(1, y)), mul(no, y));
  return { yes, no, other, entropy: binaryCrossEntropyWithLogits(x, y) };
}

/** The product, which is 0 where this factor of it is. */
function vanishing(factor: Operand, product: Operand): Operand {
  return where(equal(factor, 0), 0, product);
}

/** `αy + (1 − α)(1 − y)`. */
function balance(y: Operand, alpha: number): Operand {
  return add(mul(y, 2 * alpha - 1), 1 - alpha);
}
