// Stops a training when a figure has not become better for some epochs, and puts the best weights back.
import { loadState, type State, stateOf } from "../nn/state.js";
import { requireKnown } from "../optim/check.js";
import type { Callback } from "./callback.js";
import { Monitor, type MonitorFacts, type MonitorOptions } from "./monitor.js";

/** Options of early stopping; its patience is 1 where nothing is said: it stops when the error rises. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Whether the weights of the best epoch are put back at the end, however the training ended; they are, if nothing is said. */
  readonly restoreBest?: boolean;
}

/** Early stopping: a callback of `fit`. Epochs that are not validated do not count. */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  requireKnown("earlyStopping", options, ["monitor", "mode", "patience", "minDelta", "restoreBest"]);
  const { restoreBest = true } = options;
  const monitor = new Monitor("earlyStopping", options, 1);
  let best: State | null = null;
  return {
    name: "earlyStopping",
    reset() {
      monitor.reset();
      best = null;
    },
    epochEnd(record, run) {
      const better = monitor.see(record, run);
      if (better === null) return;
      if (better && restoreBest) best = stateOf(run.model.model);
      if (monitor.waited < monitor.patience) return;
      const { waited, bestEpoch } = monitor;
      run.stop(
        `${monitor.nameFor(run)} has not become better for ${waited} of its epochs; the best was epoch ${bestEpoch}`,
      );
    },
    end(run) {
      if (best) loadState(run.model.model, best);
    },
    state: () => ({ facts: monitor.facts(), ...(best ? { tensors: best } : {}) }),
    load({ facts, tensors = {} }) {
      monitor.load(facts as MonitorFacts);
      best = restoreBest && Object.keys(tensors).length > 0 ? tensors : null;
    },
  };
}
