// Attention with several heads (Vaswani et al., 2017): of a sequence to itself, or to another.
import type { DType } from "#ir/dtype.js";
import { ShapeError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import { ops } from "../ops.js";
import type { Tensor } from "../tensor.js";
import { inside, nextName } from "./context.js";
import { dense } from "./dense.js";
import { type CallOptions, defineLayer, type Layer } from "./layer.js";
import { requireBetween } from "./require-between.js";

/** What a layer with attention is told at a call. */
export interface AttentionCall extends CallOptions {
  /** Where keys and values come from, `[..., keys, width]`; the input itself where nothing is said. */
  readonly context?: Tensor;
  /**
   * Bools, true where a query sees a key, or floats that are added to the scores: `[queries, keys]`, or with leading axes
   * as the input has them; sizes may be 1. All heads have the same one.
   */
  readonly mask?: Tensor;
}

/** How attention may differ from that of all to all. */
export interface AttentionOptions {
  /** Whether query i sees no key after key i. */
  readonly causal?: boolean;
  /** The probability of dropping a weight in training; 0 where nothing is said. */
  readonly dropout?: number;
  /** Whether the four projections add a bias; they do where nothing is said. */
  readonly bias?: boolean;
  readonly name?: string;
  readonly dtype?: DType;
}

/**
 * Attention of x `[..., length, width]` in `heads` heads of `width / heads` features each: projections to queries, keys and
 * values, `softmax(query · keyᵀ / √depth) · value` by head, and a projection of all heads together. A query that the
 * mask lets see no key gets the last projection's bias. Throws a ShapeError where the heads do not divide the width.
 */
export function multiHeadAttention(width: number, heads: number, options: AttentionOptions = {}): Layer<AttentionCall> {
  const { causal = false, dropout = 0, bias = true, dtype = "f32" } = options;
  requireBetween("multiHeadAttention", "dropout", dropout, 0, 1);
  const name = nextName("attention", options.name);
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0) {
    throw atUserLine(() => new ShapeError(`${name}: the width ${width} does not divide into ${heads} heads`));
  }
  const project = (part: string) => dense(width, width, { bias, dtype, name: part }) as unknown as Layer;
  const parts = inside(name, () => ({
    query: project("query"),
    key: project("key"),
    value: project("value"),
    output: project("output"),
  }));
  const layers = Object.values(parts);
  const parameters = layers.flatMap((child) => child.parameters);
  return defineLayer<AttentionCall>({ name, kind: "attention", parameters, layers, parts }, (x, call) => {
    const { training, context = x } = call;
    const [q, k, v] = [parts.query(x), parts.key(context), parts.value(context)].map((y) => byHead(y, heads)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const settings = { causal, ...(call.mask && { mask: forAllHeads(call.mask) }) };
    const mixed =
      training && dropout > 0
        ? ops.attentionWeights(q, k, settings).dropout(dropout).matmul(v)
        : ops.scaledDotProductAttention(q, k, v, settings);
    return parts.output(together(mixed));
  });
}

/** `[..., length, width]` as `[..., heads, length, width / heads]`. */
function byHead(x: Tensor, heads: number): Tensor {
  const [length, width] = x.shape.slice(-2);
  const split = x.reshape([...x.shape.slice(0, -2), length!, heads, (width as number) / heads]);
  return split.transpose(swapped(split.rank, -3, -2));
}

/** The way back. */
function together(x: Tensor): Tensor {
  const [heads, length, depth] = x.shape.slice(-3);
  const rows = x.transpose(swapped(x.rank, -3, -2));
  return rows.reshape([...x.shape.slice(0, -3), length!, (heads as number) * (depth as number)]);
}

/** A mask with leading axes, with an axis of size 1 for the heads. */
function forAllHeads(mask: Tensor): Tensor {
  if (mask.rank <= 2) return mask;
  return mask.reshape([...mask.shape.slice(0, -2), 1, ...mask.shape.slice(-2)]);
}

function swapped(rank: number, a: number, b: number): readonly number[] {
  const perm = Array.from({ length: rank }, (_, axis) => axis);
  [perm[rank + a], perm[rank + b]] = [rank + b, rank + a];
  return perm;
}
