// The transformer block (Vaswani et al., 2017): attention, then a network of two layers at each place, both residual.
import type { DType } from "#ir/dtype.js";
import type { Activation } from "./activation.js";
import { applyActivation } from "./activation.js";
import { type AttentionCall, multiHeadAttention } from "./attention.js";
import { inside, nextName } from "./context.js";
import { dense } from "./dense.js";
import { dropout } from "./dropout.js";
import { defineLayer, type Layer } from "./layer.js";
import { layerNorm } from "./norms.js";

/** How a block may differ from one with norms first and gelu. */
export interface TransformerOptions {
  /** Whether norms stand before attention and network, inside the residual, or after each sum; before where nothing is said. */
  readonly preNorm?: boolean;
  /** Between the two layers of the network; gelu where nothing is said. */
  readonly activation?: Activation;
  /** The probability of dropping, in training, attention weights and elements of what is added; 0 where nothing is said. */
  readonly dropout?: number;
  /** Whether place i sees no place after i. */
  readonly causal?: boolean;
  /** Added to the variance in both norms; 1e-5 where nothing is said. */
  readonly epsilon?: number;
  readonly name?: string;
  readonly dtype?: DType;
}

/**
 * A block on x `[..., length, width]`: `x + attention(norm(x))`, then `x + network(norm(x))` with `hidden` features inside;
 * with `preNorm: false` `norm(x + attention(x))`, then `norm(x + network(x))`. Called with a mask, and with a context where
 * keys and values come from another sequence, as multiHeadAttention is.
 */
export function transformerBlock(
  width: number,
  heads: number,
  hidden: number,
  options: TransformerOptions = {},
): Layer<AttentionCall> {
  const {
    preNorm = true,
    activation = "gelu",
    dropout: rate = 0,
    causal = false,
    epsilon = 1e-5,
    dtype = "f32",
  } = options;
  const name = nextName("transformerBlock", options.name);
  const parts = inside(name, () => ({
    attentionNorm: layerNorm(width, { epsilon, dtype, name: "attentionNorm" }),
    attention: multiHeadAttention(width, heads, { causal, dropout: rate, dtype, name: "attention" }),
    networkNorm: layerNorm(width, { epsilon, dtype, name: "networkNorm" }),
    expand: dense(width, hidden, { dtype, name: "expand" }) as unknown as Layer,
    contract: dense(hidden, width, { dtype, name: "contract" }) as unknown as Layer,
    dropout: dropout(rate, { name: "dropout" }),
  }));
  const { attention, attentionNorm, networkNorm, expand, contract } = parts;
  const layers = Object.values(parts);
  const parameters = layers.flatMap((child) => child.parameters);
  return defineLayer<AttentionCall>({ name, kind: "transformerBlock", parameters, layers, parts }, (x, call) => {
    const { training } = call;
    const network = (y: typeof x) => contract(applyActivation(activation, expand(y)));
    const drop = (y: typeof x) => parts.dropout(y, { training });
    if (preNorm) {
      const middle = x.add(drop(attention(attentionNorm(x), call)));
      return middle.add(drop(network(networkNorm(middle))));
    }
    const middle = attentionNorm(x.add(drop(attention(x, call))));
    return networkNorm(middle.add(drop(network(middle))));
  });
}
