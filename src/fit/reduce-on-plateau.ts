// Lowers a learning rate when a figure stops becoming better.
import { mistake, requireKnown, requireWithin } from "../optim/check.js";
import { Parameter } from "../parameter.js";
import type { Callback } from "./callback.js";
import { Monitor, type MonitorFacts, type MonitorOptions } from "./monitor.js";

/** Options of `reduceOnPlateau`; its patience is 10 where nothing is said. */
export interface PlateauOptions extends MonitorOptions {
  /** The rate that the optimiser was made with: a scalar parameter, `parameter([], 0.1, { name: "rate", trainable: false })`. */
  readonly rate: Parameter;
  /** What it is multiplied by; 0.1 where nothing is said. */
  readonly factor?: number;
  /** Where it ends; 0 where nothing is said. */
  readonly least?: number;
}

/** Multiplies a rate by a factor after `patience` epochs without a better value: a callback of `fit`. */
export function reduceOnPlateau(options: PlateauOptions): Callback {
  requireKnown("reduceOnPlateau", options, ["rate", "factor", "least", "monitor", "mode", "patience", "minDelta"]);
  const { rate, factor = 0.1, least = 0 } = options;
  if (!(rate instanceof Parameter) || rate.rank !== 0)
    throw mistake("reduceOnPlateau: rate is no scalar parameter, and only such a rate can be changed between steps");
  requireWithin("reduceOnPlateau", "factor", factor, 0, 1);
  requireWithin("reduceOnPlateau", "least", least, 0, Infinity);
  const monitor = new Monitor("reduceOnPlateau", options, 10);
  return {
    name: "reduceOnPlateau",
    reset: () => monitor.reset(),
    epochEnd(record, run) {
      if (monitor.see(record, run) === null || monitor.waited < monitor.patience) return;
      monitor.waited = 0;
      rate.assign(Math.max(least, rate.item() * factor));
    },
    state: () => ({ facts: { ...monitor.facts(), rate: rate.item() } }),
    load({ facts }) {
      monitor.load(facts as MonitorFacts);
      rate.assign((facts as { readonly rate: number }).rate);
    },
  };
}
