// Losses. All but mse give one loss per element or row, for the caller to average: `softmaxCrossEntropy(x, y).mean()`.
import { defineOp } from "../define-op.js";
import { expectDType, expectSameDType, expectSameShape } from "../elementwise.js";
import { DTypeError, ShapeError } from "../errors.js";
import { constantLike, normalizeAxis, type Scalar } from "../forms.js";
import type { Attrs, Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { expectElements } from "../reduction.js";
import { alongRows, shiftedRows } from "../rows.js";
import { printShape, sameShape, type Size } from "../size.js";
import { tensorType, type TensorType } from "../type.js";
import { add, div, mul, neg, sub } from "./arithmetic.js";
import { checkedIndex } from "./checks.js";
import { equal } from "./comparison.js";
import { log, log1p } from "./exponential.js";
import { iota } from "./leaves.js";
import { maximum } from "./magnitude.js";
import { reshape } from "./movement.js";
import { sum } from "./reductions.js";
import { where } from "./selection.js";
import { sigmoid } from "./sigmoidal.js";
import { logSoftmax, softmax } from "./softmax.js";
import { mean } from "./statistics.js";
import { softplus } from "./activations.js";

type PairArgs = [prediction: Operand, target: Scalar];

export const mse: Op<"own", Attrs, PairArgs> = defineOp("mse", {
  doc: "The mean squared error over all elements, a scalar: `y = 1/n · Σ (prediction − target)²`. Shapes must be equal.",
  operands: ["prediction", "target"],
  form: "own",
  call: pair,
  infer: ([prediction, target]) => {
    expectPairOfFloats("mse", "prediction", prediction!, "target", target!);
    return [tensorType(prediction!.dtype, [])];
  },
  lower: {
    kind: "compose",
    expand: ([prediction, target]) => {
      const difference = sub(prediction!, target!);
      return [mean(mul(difference, difference))];
    },
  },
  samples: [byHand([t("f32", [4], [1, 2, 3, 4]), t("f32", [4], [1, 0, 3, 6])], {}, t("f32", [], [2]))],
  rejects: [
    {
      operands: [tensorType("f32", [4, 1]), tensorType("f32", [4])],
      attrs: {},
      message: "ShapeError: mse: prediction has shape [4,1] but target has shape [4]",
    },
    {
      operands: [tensorType("f32", [4]), tensorType("i32", [4])],
      attrs: {},
      message: "DTypeError: mse: prediction is f32 but target is i32",
    },
  ],
});

export const binaryCrossEntropy: Op<"own", Attrs, PairArgs> = defineOp("binaryCrossEntropy", {
  doc: "The cross entropy of probabilities, element by element: `z = −(y · ln p + (1 − y) · ln(1 − p))`, logarithms no less than −100.",
  operands: ["probabilities", "labels"],
  form: "own",
  call: pair,
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

export const binaryCrossEntropyWithLogits: Op<"own", Attrs, PairArgs> = defineOp("binaryCrossEntropyWithLogits", {
  doc: "The cross entropy of sigmoid(x), element by element, safe for any logits: `z = max(x, 0) − x · y + ln(1 + e^−|x|)`.",
  operands: ["logits", "labels"],
  form: "own",
  call: pair,
  infer: ([x, y]) => [expectPairOfFloats("binaryCrossEntropyWithLogits", "logits", x!, "labels", y!)],
  lower: { kind: "compose", expand: ([x, y]) => [sub(softplus(x!), mul(x!, y!))] },
  vjp: ({ g, operands: [x, y] }) => [mul(g, sub(sigmoid(x!), y!)), neg(mul(g, x!))],
  samples: [
    byHand(
      [t("f32", [4], [0, 2, -3, 1]), t("f32", [4], [1, 1, 0, 0.25])],
      {},
      t("f32", [4], [Math.LN2, 0.1269280110429727, 0.04858735157374206, 1.0632616875182228]),
    ),
    byHand([t("f32", [3], [1e4, -1e4, 1e4]), t("f32", [3], [1, 0, 0])], {}, t("f32", [3], [0, 0, 1e4])),
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

function pair(prediction: Operand, target: Scalar) {
  const other = typeof target === "number" ? constantLike(prediction, target) : target;
  return { operands: [prediction, other], attrs: {} };
}

function expectPairOfFloats(op: string, xName: string, x: TensorType, yName: string, y: TensorType): TensorType {
  expectDType(op, xName, x, "float");
  expectSameDType(xName, x, yName, y);
  expectSameShape(xName, x, yName, y);
  return x;
}

/** `ln p` and `ln(1 − p)`, no less than −100, so that a label of 0 has no weight where `p` is 0. */
function logarithms(p: Operand): readonly [Operand, Operand] {
  return [maximum(log(p), -100), maximum(log1p(neg(p)), -100)];
}

type ClassArgs = [logits: Operand, labels: Operand, axis?: number];

export const softmaxCrossEntropy: Op<"own", { axis: number }, ClassArgs> = defineOp("softmaxCrossEntropy", {
  doc: "The cross entropy of softmax(x), one loss per row: `z = ln Σⱼ e^xⱼ − x_label` for i32 class indices, `z = −Σⱼ yⱼ · (logSoftmax x)ⱼ` for labels y of the shape of x.",
  operands: ["logits", "labels"],
  form: "own",
  call: (logits, labels, axis = -1) => ({
    operands: [logits, labels],
    attrs: { axis: normalizeAxis(axis, logits.type) },
  }),
  infer: ([logits, labels], { axis }) => {
    expectDType("softmaxCrossEntropy", "logits", logits!, "float");
    expectElements(logits!, [normalizeAxis(axis, logits!)]);
    const rows = without(logits!.shape, axis);
    if (labels!.dtype !== "i32" && labels!.dtype !== logits!.dtype) {
      const what = `labels are ${labels!.dtype}, but classes are i32 and probabilities ${logits!.dtype}`;
      throw new DTypeError(what);
    }
    const [kind, shape] = labels!.dtype === "i32" ? ["classes", rows] : ["probabilities", logits!.shape];
    if (!sameShape(labels!.shape, shape)) {
      const [x, y] = [printShape(logits!.shape), printShape(labels!.shape)];
      throw new ShapeError(`logits are ${x}, so labels as ${kind} are ${printShape(shape)}, not ${y}`);
    }
    return [tensorType(logits!.dtype, rows)];
  },
  lower: {
    kind: "compose",
    expand: ([x, labels], { axis }) => {
      const { shifted, total } = shiftedRows(x!, axis);
      const normaliser = log(total);
      const kept = { keepDims: true };
      const loss =
        labels!.type.dtype === "i32"
          ? sub(normaliser, sum(where(isLabel(x!, labels!, axis), shifted, 0), axis, kept))
          : sum(where(equal(labels!, 0), 0, mul(labels!, sub(normaliser, shifted))), axis, kept);
      return [reshape(loss, without(x!.type.shape, axis))];
    },
  },
  vjp: ({ g, operands: [x, labels], attrs: { axis } }) => {
    const p = softmax(x!, axis);
    const upstream = alongRows(g, x!, axis);
    if (labels!.type.dtype === "i32") {
      return [mul(where(isLabel(x!, labels!, axis), sub(p, 1), p), upstream), null];
    }
    const weight = sum(labels!, axis, { keepDims: true });
    return [mul(sub(mul(p, weight), labels!), upstream), neg(mul(logSoftmax(x!, axis), upstream))];
  },
  samples: [
    byHand(
      [t("f32", [3, 3], [1, 2, 3, 1, 2, 3, 7, 7, 7]), t("i32", [3], [0, 2, 1])],
      { axis: 1 },
      t("f32", [3], [2.40760596444438, 0.40760596444438046, Math.log(3)]),
    ),
    byHand(
      [t("f32", [2, 3], [1, 2, 3, 1, 2, 3]), t("f32", [2, 3], [0.2, 0.3, 0.5, 0, 0, 1])],
      { axis: 1 },
      t("f32", [2], [1.1076059644443805, 0.40760596444438046]),
    ),
    byHand(
      [t("f32", [2, 2], [0, 2, 1, -1]), t("i32", [2], [1, 0])],
      { axis: 0 },
      t("f32", [2], [0.3132616875182228, 0.04858735157374191]),
    ),
    byHand([t("f32", [2, 2], [1e4, -1e4, 1e4, -1e4]), t("i32", [2], [0, 1])], { axis: 1 }, t("f32", [2], [0, 2e4])),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [32, 10]), tensorType("i32", [31])],
      attrs: { axis: 1 },
      message: "ShapeError: softmaxCrossEntropy: logits are [32,10], so labels as classes are [32], not [31]",
    },
    {
      operands: [tensorType("f32", [32, 10]), tensorType("f32", [32])],
      attrs: { axis: 1 },
      message: "ShapeError: softmaxCrossEntropy: logits are [32,10], so labels as probabilities are [32,10], not [32]",
    },
    {
      operands: [tensorType("f32", [32, 10]), tensorType("u8", [32])],
      attrs: { axis: 1 },
      message: "DTypeError: softmaxCrossEntropy: labels are u8, but classes are i32 and probabilities f32",
    },
  ],
  tolerance: 16,
});

function without(shape: readonly Size[], axis: number): readonly Size[] {
  return shape.filter((_, i) => i !== axis);
}

/** Which element of each row its label names; a label out of range stops the run. */
function isLabel(x: Operand, labels: Operand, axis: number): Operand {
  const { shape } = x.type;
  const classes = iota(x, shape, axis, "i32");
  return equal(classes, alongRows(checkedIndex(labels, shape[axis]!), x, axis));
}
