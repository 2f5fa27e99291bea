// Cross entropy of a softmax, one loss per row, for the caller to average: `softmaxCrossEntropy(x, y).mean()`. With class
// weights too: that mean divides by the number of rows, not by the sum of their weights.
import { defineOp } from "../define-op.js";
import { expectDType } from "../elementwise.js";
import { DTypeError, GraphError, ShapeError } from "../errors.js";
import { normalizeAxis } from "../forms.js";
import { alongClasses, classTargets, expectClassWeights, labelled, without } from "../losses.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { expectElements } from "../reduction.js";
import { alongRows, shiftedRows } from "../rows.js";
import { printShape, sameShape } from "../size.js";
import { tensorType } from "../type.js";
import { mul, neg, sub } from "./arithmetic.js";
import { equal } from "./comparison.js";
import { log } from "./exponential.js";
import { reshape } from "./movement.js";
import { sum } from "./reductions.js";
import { where } from "./selection.js";
import { logSoftmax, softmax } from "./softmax.js";

type EntropyAttrs = { axis: number; labelSmoothing?: number; ignoreIndex?: number };
interface EntropyOptions {
  readonly axis?: number;
  /** This part of each label is spread over all classes. */
  readonly labelSmoothing?: number;
  /** One per class: how much its share of the loss weighs. */
  readonly weights?: Operand;
  /** Rows with this label, which need not be a class, have neither loss nor gradient. */
  readonly ignoreIndex?: number;
}
type EntropyArgs = [logits: Operand, labels: Operand, options?: number | EntropyOptions];

export const softmaxCrossEntropy: Op<"own", EntropyAttrs, EntropyArgs> = defineOp("softmaxCrossEntropy", {
  doc: "The cross entropy of softmax(x), one loss per row: `z = ln Σⱼ e^xⱼ − x_label` for i32 class indices, `z = −Σⱼ yⱼ · (logSoftmax x)ⱼ` for labels y of the shape of x. Label smoothing s makes of y `(1 − s) · y + s/K`; class weights w multiply each term by `wⱼ`, as in PyTorch.",
  operands: ["logits", "labels", "weights"],
  form: "own",
  call: (logits, labels, options = {}) => {
    const {
      axis = -1,
      labelSmoothing,
      weights,
      ignoreIndex,
    } = typeof options === "number" ? { axis: options } : options;
    return {
      operands: weights ? [logits, labels, weights] : [logits, labels],
      attrs: {
        axis: normalizeAxis(axis, logits.type),
        ...(labelSmoothing && { labelSmoothing }),
        ...(ignoreIndex !== undefined && { ignoreIndex }),
      },
    };
  },
  infer: ([logits, labels, weights], { axis, labelSmoothing = 0, ignoreIndex }) => {
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
    expectClassWeights("logits", logits!, axis, weights);
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
      throw new GraphError(`labelSmoothing is ${labelSmoothing}, not between 0 and 1`);
    }
    if (ignoreIndex !== undefined && labels!.dtype !== "i32") {
      throw new GraphError("ignoreIndex is a class index, but labels are probabilities");
    }
    return [tensorType(logits!.dtype, rows)];
  },
  lower: {
    kind: "compose",
    expand: ([x, labels, weights], attrs) => {
      const { axis } = attrs;
      const { shifted, total } = shiftedRows(x!, axis);
      const normaliser = log(total);
      const kept = { keepDims: true };
      if (isPlain(attrs, labels!, weights)) {
        const { hot, counts } = labelled("softmaxCrossEntropy", x!, labels!, axis, attrs.ignoreIndex);
        const loss = reshape(sub(normaliser, sum(where(hot, shifted, 0), axis, kept)), without(x!.type.shape, axis));
        return [counts ? where(counts, loss, 0) : loss];
      }
      const { targets } = targetsOf(x!, labels!, weights, attrs);
      return [sum(where(equal(targets, 0), 0, mul(targets, sub(normaliser, shifted))), axis)];
    },
  },
  vjp: ({ g, operands: [x, labels, weights], attrs }) => {
    const { axis, labelSmoothing = 0 } = attrs;
    const p = softmax(x!, axis);
    if (isPlain(attrs, labels!, weights)) {
      const { hot, counts } = labelled("softmaxCrossEntropy", x!, labels!, axis, attrs.ignoreIndex);
      const upstream = alongRows(counts ? where(counts, g, 0) : g, x!, axis);
      return [mul(where(hot, sub(p, 1), p), upstream), null];
    }
    const upstream = alongRows(g, x!, axis);
    const { targets, unweighted } = targetsOf(x!, labels!, weights, attrs);
    const gx = mul(sub(mul(p, sum(targets, axis, { keepDims: true })), targets), upstream);
    const costs = neg(logSoftmax(x!, axis));
    const share = mul(costs, mul(upstream, 1 - labelSmoothing));
    const gLabels = labels!.type.dtype === "i32" ? null : weights ? mul(share, alongClasses(weights, x!, axis)) : share;
    if (!weights) return [gx, gLabels];
    const others = x!.type.shape.map((_, i) => i).filter((i) => i !== axis);
    return [gx, gLabels, sum(where(equal(unweighted, 0), 0, mul(mul(unweighted, costs), upstream)), others)];
  },
  onnx: { type: "SoftmaxCrossEntropyLoss", attrs: { ignoreIndex: "ignore_index" } },
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
    // 0.9 · 0.4076… + 0.1/3 · (2.4076… + 1.4076… + 0.4076…)
    byHand(
      [t("f32", [1, 3], [1, 2, 3]), t("i32", [1], [2])],
      { axis: 1, labelSmoothing: 0.1 },
      t("f32", [1], [0.5076059644443805]),
    ),
    byHand(
      [t("f32", [3, 2], [0, 0, 0, 0, 9, 9]), t("i32", [3], [1, 0, -100]), t("f32", [2], [2, 5])],
      { axis: 1, ignoreIndex: -100 },
      t("f32", [3], [5 * Math.LN2, 2 * Math.LN2, 0]),
    ),
    byHand(
      [t("f32", [2, 2], [0, 3, 0, 9]), t("i32", [2], [1, 7])],
      { axis: 1, ignoreIndex: 7 },
      t("f32", [2], [0.04858735157374191, 0]),
    ),
    // Targets 2 · (½ · ¼ + ¼) and 5 · (½ · ¾ + ¼).
    byHand(
      [t("f32", [1, 2], [0, 0]), t("f32", [1, 2], [0.25, 0.75]), t("f32", [2], [2, 5])],
      { axis: 1, labelSmoothing: 0.5 },
      t("f32", [1], [3.875 * Math.LN2]),
    ),
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
    {
      operands: [tensorType("f32", [32, 10]), tensorType("i32", [32]), tensorType("f32", [32])],
      attrs: { axis: 1 },
      message: "ShapeError: softmaxCrossEntropy: weights are [32], not [10]: one per class",
    },
    {
      operands: [tensorType("f32", [32, 10]), tensorType("i32", [32])],
      attrs: { axis: 1, labelSmoothing: 1.5 },
      message: "GraphError: softmaxCrossEntropy: labelSmoothing is 1.5, not between 0 and 1",
    },
    {
      operands: [tensorType("f32", [32, 10]), tensorType("f32", [32, 10])],
      attrs: { axis: 1, ignoreIndex: -100 },
      message: "GraphError: softmaxCrossEntropy: ignoreIndex is a class index, but labels are probabilities",
    },
  ],
  tolerance: 16,
});

/** Whether every row has a loss of one class alone. */
function isPlain({ labelSmoothing = 0 }: EntropyAttrs, labels: Operand, weights?: Operand): boolean {
  return labels.type.dtype === "i32" && labelSmoothing === 0 && !weights;
}

function targetsOf(x: Operand, labels: Operand, weights: Operand | undefined, attrs: EntropyAttrs) {
  const unweighted = classTargets("softmaxCrossEntropy", x, labels, attrs);
  return { unweighted, targets: weights ? mul(unweighted, alongClasses(weights, x, attrs.axis)) : unweighted };
}
