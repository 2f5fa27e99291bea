// Lion (Chen et al., 2023): steps of one size, in the direction of the sign of a running mean.
import { requireWithin } from "./check.js";
import { type CommonOptions, defineOptimizer, requireOptions } from "./define-optimizer.js";
import type { Optimizer } from "./optimizer.js";
import { type Rate, runningMean } from "./rule.js";

/** Options of Lion, with the values of the paper where nothing is said. */
export interface LionOptions extends CommonOptions {
  /** 0.0001. */
  readonly lr?: Rate;
  /** 0.9. */
  readonly beta1?: number;
  /** 0.99. */
  readonly beta2?: number;
}

/** `w ← w − lr·sign(β₁m + (1−β₁)g)`, `m ← β₂m + (1−β₂)g`. */
export function lion(options: LionOptions = {}): Optimizer {
  requireOptions("lion", options, ["lr", "beta1", "beta2"]);
  const { lr = 1e-4, beta1 = 0.9, beta2 = 0.99 } = options;
  requireWithin("lion", "beta1", beta1, 0, 1);
  requireWithin("lion", "beta2", beta2, 0, 1);
  return defineOptimizer(
    {
      name: "lion",
      lr,
      slots: ["mean"],
      step: ({ value, gradient, rate, slots: [m] }) => {
        const direction = runningMean(m!, gradient, beta1).sign();
        return { value: value.sub(direction.mul(rate)), slots: [runningMean(m!, gradient, beta2)] };
      },
    },
    options,
  );
}
