// The plain recurrent layer.
import type { Tensor } from "../tensor.js";
import type { Activation } from "./activation.js";
import { rnnCell } from "./cells.js";
import { recurrentWeights, type RecurrentOptions } from "./recurrent-weights.js";
import { type Recurrent, repeated } from "./recurrent.js";

/** What a plain recurrent layer takes besides. */
export interface RnnOptions extends RecurrentOptions {
  /** tanh where nothing is said. */
  readonly activation?: Activation;
}

/** `h ← activation(x · U + h · W + b)` along sequences x `[batch, time, inputs]`, h of `units` numbers (Elman, 1990). */
export function rnn(inputs: number, units: number, options: RnnOptions = {}): Recurrent<Tensor> {
  const { activation, returns = "sequence" } = options;
  const { info, weights } = recurrentWeights("rnn", { inputs, units, gates: 1 }, options);
  return repeated<Tensor>(info, units, returns, {
    form: units,
    next: (x, h) => rnnCell(x, h, weights, activation),
    outputOf: (h) => h,
  });
}
