// The embedding layer: a row of a table for every id.
import type { DType } from "#ir/dtype.js";
import { ops } from "../ops.js";
import { type Parameter, parameter } from "../parameter.js";
import { nextName, nextSource } from "./context.js";
import { type Initializer, initialize, normal } from "./initializers.js";
import { defineLayer, type Layer } from "./layer.js";

/** How an embedding may differ from a table of normal numbers. */
export interface EmbeddingOptions {
  /** Initial rows; N(0, 1) where nothing is said. */
  readonly init?: Initializer;
  readonly name?: string;
  /** For the initial values; every layer has its own where nothing is said. */
  readonly seed?: number;
  readonly dtype?: DType;
}

/** An embedding, with its table. */
export interface Embedding extends Layer {
  /** `[count, width]`; `nn.dense(width, count, { weight, transposed: true })` shares it with the last layer of a model. */
  readonly weight: Parameter;
}

/** Rows of `width` numbers for ids `0 ≤ id < count`: ids i32 of any shape give `[..., width]`. A run with another id stops. */
export function embedding(count: number, width: number, options: EmbeddingOptions = {}): Embedding {
  const { dtype = "f32", seed } = options;
  const source = seed === undefined ? nextSource() : { seed, stream: 0 };
  const name = nextName("embedding", options.name);
  const initial = initialize(options.init ?? normal(), source);
  const weight = parameter([count, width], initial, { name: `${name}/weight`, dtype }) as unknown as Parameter;
  const layer = defineLayer({ name, kind: "embedding", parameters: [weight], layers: [], parts: { weight } }, (ids) =>
    ops.embedding(weight, ids),
  );
  return Object.assign(layer, { weight });
}
