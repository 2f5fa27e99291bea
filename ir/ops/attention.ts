// Attention: rows of weights over keys, and the values they weigh.
import { defineOp } from "../define-op.js";
import { expectDType, expectSameDType } from "../elementwise.js";
import { DTypeError, GraphError, ShapeError } from "../errors.js";
import { broadcastShape, broadcastTo, gather, normalizeAxis } from "../forms.js";
import type { Operand } from "../node.js";
import { byHand, type Op, t } from "../op.js";
import { expectElements } from "../reduction.js";
import { printShape, printSize, sameShape, sameSize, type Size } from "../size.js";
import { type TensorType, tensorType } from "../type.js";
import { add, div, mul, sub } from "./arithmetic.js";
import { equal, greaterEqual } from "./comparison.js";
import { matmul } from "./contractions.js";
import { exp } from "./exponential.js";
import { iota } from "./leaves.js";
import { transpose } from "./movement.js";
import { max, sum } from "./reductions.js";
import { where } from "./selection.js";

export const maskedSoftmax: Op<"row", { axis: number }> = defineOp("maskedSoftmax", {
  doc: "Softmax along an axis in which −∞ marks what has no part: `yᵢ = e^(xᵢ − max x) / Σⱼ e^(xⱼ − max x)`, and 0 in a row of nothing but −∞, where softmax is NaN.",
  operands: ["x"],
  form: "row",
  infer: ([x], { axis }) => {
    expectDType("maskedSoftmax", "x", x!, "float");
    normalizeAxis(axis, x!);
    return [x!];
  },
  lower: {
    kind: "compose",
    expand: ([x], { axis }) => {
      const kept = { keepDims: true };
      const largest = max(x!, axis, kept);
      const terms = exp(sub(x!, where(equal(largest, -Infinity), 0, largest)));
      const total = sum(terms, axis, kept);
      return [div(terms, where(equal(total, 0), 1, total))];
    },
  },
  vjp: ({ g, results: [y], attrs: { axis } }) => [mul(y!, sub(g, sum(mul(g, y!), axis, { keepDims: true })))],
  samples: [
    byHand(
      [t("f32", [2, 3], [1, 2, 3, 0, 0, 0])],
      { axis: 1 },
      t("f32", [2, 3], [0.09003057317038046, 0.24472847105479764, 0.6652409557748218, 1 / 3, 1 / 3, 1 / 3]),
    ),
    byHand(
      [t("f32", [3, 2], [5, -Infinity, 5, -Infinity, -Infinity, -Infinity])],
      { axis: 0 },
      t("f32", [3, 2], [0.5, 0, 0.5, 0, 0, 0]),
    ),
    { ...byHand([t("f32", [2], [1e4, -1e4])], { axis: 0 }, t("f32", [2], [1, 0])), smooth: false },
  ],
  rejects: [
    {
      operands: [tensorType("i32", [2, 3])],
      attrs: { axis: 1 },
      message: "DTypeError: maskedSoftmax: x is i32, but maskedSoftmax needs f32 or f64",
    },
    {
      operands: [tensorType("f32", [2, 3])],
      attrs: { axis: 2 },
      message: "ShapeError: maskedSoftmax: axis 2 is out of range: rank 2 has axes -2 to 1",
    },
  ],
  tolerance: 8,
});

type AttentionAttrs = { causal: boolean; scale: number };
interface AttentionOptions {
  /** Bools, true where a query sees a key, or floats that are added to the scores; broadcast to [..., queries, keys]. */
  readonly mask?: Operand;
  /** Whether query i sees no key after key i. */
  readonly causal?: boolean;
  /** What scores are multiplied by; 1/√depth where nothing is said. */
  readonly scale?: number;
}
type WeightsArgs = [query: Operand, key: Operand, options?: AttentionOptions];

export const attentionWeights: Op<"own", AttentionAttrs, WeightsArgs> = defineOp("attentionWeights", {
  doc: "How much each query [..., queries, depth] takes of each key [..., keys, depth]: `softmax(query · keyᵀ · scale + mask)` along the keys. A mask of bools is true where a key is seen, one of floats is added; causal: query i sees the keys up to i. A query that sees no key has weights 0.",
  operands: ["query", "key", "mask"],
  form: "own",
  call: (query, key, options = {}) => {
    const [[q, k], mask] = aligned([query, key], options.mask);
    return { operands: mask ? [q!, k!, mask] : [q!, k!], attrs: attentionAttrs(query, options) };
  },
  infer: ([query, key, mask]) => [expectAttention("attentionWeights", query!, key!, mask)],
  lower: {
    kind: "compose",
    expand: ([query, key, mask], { causal, scale }) => {
      const rank = key!.type.shape.length;
      const perm = key!.type.shape.map((_, axis) => axis).slice(0, -2);
      const scores = mul(matmul(query!, transpose(key!, [...perm, rank - 1, rank - 2])), scale);
      return [maskedSoftmax(seen(scores, mask, causal))];
    },
  },
  samples: [
    byHand(
      [t("f32", [1, 1], [1]), t("f32", [2, 1], [0, Math.log(3)])],
      { causal: false, scale: 1 },
      t("f32", [1, 2], [0.25, 0.75]),
    ),
    byHand(
      [t("f32", [2, 2], [2, 0, 0, 2]), t("f32", [2, 2], [0, 9, Math.log(3), 0])],
      { causal: true, scale: 0.5 },
      t("f32", [2, 2], [1, 0, 0.9998766054240137, 0.00012339457598623172]),
    ),
    byHand(
      [t("f32", [2, 1], [1, 1]), t("f32", [2, 1], [5, 5]), t("bool", [2, 2], [0, 0, 1, 1])],
      { causal: false, scale: 1 },
      t("f32", [2, 2], [0, 0, 0.5, 0.5]),
    ),
  ],
  rejects: [
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [2, 4])],
      attrs: { causal: false, scale: 1 },
      message: "ShapeError: attentionWeights: query has depth 3 but key has depth 4",
    },
    {
      operands: [tensorType("f32", [2, 3]), tensorType("f32", [4, 3]), tensorType("bool", [4, 2])],
      attrs: { causal: false, scale: 1 },
      message: "ShapeError: attentionWeights: mask has shape [4,2], not [2,4]",
    },
  ],
  tolerance: 16,
});

type AttentionArgs = [query: Operand, key: Operand, value: Operand, options?: AttentionOptions];

export const scaledDotProductAttention: Op<"own", AttentionAttrs, AttentionArgs> = defineOp(
  "scaledDotProductAttention",
  {
    doc: "Values [..., keys, width] weighed for each query: `softmax(query · keyᵀ · scale + mask) · value`, with any leading axes, the scale 1/√depth where nothing is said. Mask and causal as in attentionWeights; a query that sees no key gives 0. Dropout of weights: `attentionWeights(q, k).dropout(rate).matmul(v)`.",
    operands: ["query", "key", "value", "mask"],
    form: "own",
    call: (query, key, value, options = {}) => {
      const [pieces, mask] = aligned([query, key, value], options.mask);
      return { operands: mask ? [...pieces, mask] : pieces, attrs: attentionAttrs(query, options) };
    },
    infer: ([query, key, value, mask]) => {
      const weights = expectAttention("scaledDotProductAttention", query!, key!, mask);
      expectSameDType("query", query!, "value", value!);
      const [keys, width] = value!.shape.slice(-2);
      const leading = sameShape(value!.shape.slice(0, -2), key!.shape.slice(0, -2));
      if (!leading || !sameSize(keys!, key!.shape.at(-2)!)) {
        const [k, v] = [printShape(key!.shape), printShape(value!.shape)];
        throw new ShapeError(`key is ${k} but value is ${v}: one value per key`);
      }
      return [tensorType(query!.dtype, [...weights.shape.slice(0, -1), width!])];
    },
    lower: {
      kind: "compose",
      expand: ([query, key, value, mask], attrs) => {
        const operands = mask ? [query!, key!, mask] : [query!, key!];
        const weights = query!.owner.apply(attentionWeights, operands, attrs)[0]!;
        return [matmul(weights, value!)];
      },
    },
    onnx: { type: "Attention", attrs: { causal: "is_causal", scale: "scale" } },
    samples: [
      byHand(
        [t("f32", [1, 1, 1], [1]), t("f32", [1, 2, 1], [0, Math.log(3)]), t("f32", [1, 2, 2], [4, 8, 0, 4])],
        { causal: false, scale: 1 },
        t("f32", [1, 1, 2], [1, 5]),
      ),
      byHand(
        [
          t("f32", [2, 1], [1, 1]),
          t("f32", [2, 1], [3, 3]),
          t("f32", [2, 1], [10, 20]),
          t("f32", [2, 2], [0, Math.log(4), 0, 0]),
        ],
        { causal: false, scale: 1 },
        t("f32", [2, 1], [18, 15]),
      ),
      byHand(
        [t("f32", [2, 1], [1, 1]), t("f32", [3, 1], [3, 3, 1]), t("f32", [3, 1], [10, 20, 5])],
        { causal: true, scale: 0.5 },
        t("f32", [2, 1], [10, 15]),
      ),
      byHand(
        [t("f32", [1, 1], [1]), t("f32", [2, 1], [3, 3]), t("f32", [2, 1], [10, 20]), t("bool", [1, 2], [0, 0])],
        { causal: false, scale: 1 },
        t("f32", [1, 1], [0]),
      ),
    ],
    rejects: [
      {
        operands: [tensorType("f32", [2, 3]), tensorType("f32", [4, 3]), tensorType("f32", [5, 3])],
        attrs: { causal: false, scale: 1 },
        message: "ShapeError: scaledDotProductAttention: key is [4,3] but value is [5,3]: one value per key",
      },
      {
        operands: [tensorType("f32", [3]), tensorType("f32", [4, 3]), tensorType("f32", [4, 3])],
        attrs: { causal: false, scale: 1 },
        message: "ShapeError: scaledDotProductAttention: query is [3], not [..., length, depth]",
      },
      {
        operands: [tensorType("f32", [2, 3]), tensorType("f32", [4, 3]), tensorType("f64", [4, 3])],
        attrs: { causal: false, scale: 1 },
        message: "DTypeError: scaledDotProductAttention: query is f32 but value is f64",
      },
      {
        operands: [2, 4, 4].map((n) => tensorType("f32", [n, 3])).concat(tensorType("i32", [2, 4])),
        attrs: { causal: false, scale: 1 },
        message: "DTypeError: scaledDotProductAttention: mask is i32, not bool or f32",
      },
    ],
    tolerance: 16,
  },
);

/** Scores with −∞ where a query does not see a key. */
function seen(scores: Operand, mask: Operand | undefined, causal: boolean): Operand {
  const { shape } = scores.type;
  const place = (axis: number) => iota(scores, shape, shape.length + axis, "i32");
  const shown = causal ? where(greaterEqual(place(-2), place(-1)), scores, -Infinity) : scores;
  if (!mask) return shown;
  return mask.type.dtype === "bool" ? where(mask, shown, -Infinity) : add(shown, mask);
}

/** Operands with common leading axes, and the mask broadcast to them and to queries and keys. */
function aligned(pieces: readonly Operand[], mask?: Operand): readonly [readonly Operand[], Operand | undefined] {
  const [query, key] = pieces as readonly [Operand, Operand];
  if (pieces.some((x) => x.type.shape.length < 2)) return [pieces, mask];
  const owned = gather(mask ? [...pieces, mask] : pieces);
  const leadingOf = (x: Operand): readonly Size[] => x.type.shape.slice(0, -2);
  const leading = broadcastShape([...pieces, ...(mask ? [mask] : [])].map(leadingOf));
  const spread = pieces.map((x, i) => broadcastTo(owned[i]!, [...leading, ...x.type.shape.slice(-2)]));
  if (!mask) return [spread, undefined];
  const scores = [...leading, query.type.shape.at(-2)!, key.type.shape.at(-2)!];
  return [spread, broadcastTo(owned.at(-1)!, scores)];
}

function attentionAttrs(query: Operand, { causal = false, scale }: AttentionOptions): AttentionAttrs {
  const depth = query.type.shape.at(-1) ?? 1;
  if (scale === undefined && typeof depth !== "number") {
    throw new GraphError(`the depth ${printSize(depth)} is a name, so the scale must be given`);
  }
  return { causal, scale: scale ?? 1 / Math.sqrt(depth as number) };
}

/** The type of the weights. */
function expectAttention(op: string, query: TensorType, key: TensorType, mask: TensorType | undefined): TensorType {
  expectDType(op, "query", query, "float");
  expectSameDType("query", query, "key", key);
  for (const [name, { shape }] of Object.entries({ query, key })) {
    if (shape.length < 2) throw new ShapeError(`${name} is ${printShape(shape)}, not [..., length, depth]`);
  }
  const [depth, other] = [query.shape.at(-1)!, key.shape.at(-1)!];
  if (!sameSize(depth, other)) {
    throw new ShapeError(`query has depth ${printSize(depth)} but key has depth ${printSize(other)}`);
  }
  if (!sameShape(query.shape.slice(0, -2), key.shape.slice(0, -2))) {
    throw new ShapeError(`query is ${printShape(query.shape)} but key is ${printShape(key.shape)}`);
  }
  expectElements(key, [key.shape.length - 2]);
  const shape = [...query.shape.slice(0, -1), key.shape.at(-2)!];
  if (mask && mask.dtype !== "bool" && mask.dtype !== query.dtype) {
    throw new DTypeError(`mask is ${mask.dtype}, not bool or ${query.dtype}`);
  }
  if (mask && !sameShape(mask.shape, shape)) {
    throw new ShapeError(`mask has shape ${printShape(mask.shape)}, not ${printShape(shape)}`);
  }
  return tensorType(query.dtype, shape);
}
