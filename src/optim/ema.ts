// Exponential moving averages of weights (Polyak and Juditsky, 1992, with forgetting): often better than the last weights.
import { GraphError } from "#ir/errors.js";
import type { Parameter } from "../parameter.js";
import { joinStates, Slots } from "../parameter-state.js";
import { requireKnown, requireWithin } from "./check.js";
import { optimizerOf, type Optimizer } from "./optimizer.js";
import { runningMean } from "./rule.js";

/** An optimiser that keeps averages of the parameters it trains. */
export interface AveragingOptimizer extends Optimizer {
  /** The average of each parameter trained so far. */
  readonly averages: ReadonlyMap<Parameter, Parameter>;
  /**
   * Runs `evaluate` with the averages in the place of the weights, compiled and eager, and then puts the weights back,
   * whatever happens. Throws a GraphError where it is asynchronous.
   */
  withAverages<T>(evaluate: () => T): T;
}

/**
 * Takes the steps of `inner` and after each `a ← d·a + (1−d)·w`; an average starts with the weight's value before its
 * first step. Throws a GraphError where the decay d is not in 0 ≤ d < 1.
 */
export function ema(inner: Optimizer, options: { readonly decay?: number } = {}): AveragingOptimizer {
  requireKnown("ema", options, ["decay"]);
  const { decay = 0.999 } = options;
  requireWithin("ema", "decay", decay, 0, 1);
  const slots = new Slots("ema", [{ name: "average", initial: (owner) => owner.data() }]);
  const optimizer = optimizerOf(`averaged ${inner.name}`, joinStates([slots, inner]), (at) => {
    const next = new Map(inner.step(at));
    for (const p of at.parameters) {
      const [average, weight] = [slots.of(p, "average"), next.get(p) ?? at.read(p)];
      next.set(average, runningMean(at.read(average), weight, decay));
    }
    return next;
  });
  const withAverages = <T>(evaluate: () => T): T => {
    const averages = slots.all("average");
    const weights = [...averages.keys()].map((p) => [p, p.data()] as const);
    for (const [p, average] of averages) p.assign(average.data());
    try {
      const result = evaluate();
      if (typeof (result as { then?: unknown } | null | undefined)?.then !== "function") return result;
    } finally {
      for (const [p, data] of weights) p.assign(data);
    }
    throw new GraphError("withAverages: an asynchronous function would still be running when the weights are back", {
      help: "evaluate synchronously inside, and await outside",
    });
  };
  return {
    ...optimizer,
    get state() {
      return optimizer.state;
    },
    get averages() {
      return slots.all("average");
    },
    withAverages,
  };
}
