// The LSTM layer.
import { lstmCell, type LstmState } from "./cells.js";
import { zeros } from "./initializers.js";
import { recurrentWeights, type RecurrentOptions } from "./recurrent-weights.js";
import { type Recurrent, repeated } from "./recurrent.js";

/** What an LSTM takes besides. */
export interface LstmOptions extends RecurrentOptions {
  /** Whether its gates see the state c too, by a weight per unit and gate, 0 at first (Gers and Schmidhuber, 2000). */
  readonly peepholes?: boolean;
  /** What the bias of gate f starts with, so that at first it remembers; 1 where nothing is said, as in Keras. */
  readonly forgetBias?: number;
}

/**
 * The long short-term memory along sequences x `[batch, time, inputs]`, with `units` numbers in each of h, which it gives,
 * and c; `nn.lstmCell` is its step.
 */
export function lstm(inputs: number, units: number, options: LstmOptions = {}): Recurrent<LstmState> {
  const { peepholes = false, forgetBias = 1, returns = "sequence" } = options;
  const { info, weights } = recurrentWeights("lstm", { inputs, units, gates: 4 }, options, {
    bias: () => {
      let next = 0;
      return () => (Math.floor(next++ / units) === 1 ? forgetBias : 0);
    },
    others: peepholes ? { peephole: { shape: [3, units], init: zeros() } } : {},
  });
  return repeated<LstmState>(info, units, returns, {
    form: { h: units, c: units },
    next: (x, state) => lstmCell(x, state, weights),
    outputOf: ({ h }) => h,
  });
}
