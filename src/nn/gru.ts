// The GRU layer.
import type { Tensor } from "../tensor.js";
import { gruCell, type Reset } from "./cells.js";
import { zeros } from "./initializers.js";
import { recurrentWeights, type RecurrentOptions } from "./recurrent-weights.js";
import { type Recurrent, repeated } from "./recurrent.js";

/** What a GRU takes besides. */
export interface GruOptions extends RecurrentOptions {
  /** Whether the reset gate works on the state, or on its product with the recurrent weight; "after" where nothing is said. */
  readonly reset?: Reset;
}

/**
 * The gated recurrent unit along sequences x `[batch, time, inputs]`, with a state of `units` numbers; `nn.gruCell` is its
 * step. With the reset after it has two biases, as in Keras and PyTorch.
 */
export function gru(inputs: number, units: number, options: GruOptions = {}): Recurrent<Tensor> {
  const { reset = "after", bias = true, returns = "sequence" } = options;
  const two = bias && reset === "after";
  const { info, weights } = recurrentWeights("gru", { inputs, units, gates: 3 }, options, {
    others: two ? { recurrentBias: { shape: [3 * units], init: zeros() } } : {},
  });
  return repeated<Tensor>(info, units, returns, {
    form: units,
    next: (x, h) => gruCell(x, h, weights, reset),
    outputOf: (h) => h,
  });
}
