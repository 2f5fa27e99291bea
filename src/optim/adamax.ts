// AdaMax (Kingma and Ba, 2015, section 7.1): Adam with the greatest gradient, decaying, in the place of the mean square.
import { ops } from "../ops.js";
import { correction } from "./adam.js";
import { requireWithin } from "./check.js";
import { type CommonOptions, defineOptimizer, requireOptions } from "./define-optimizer.js";
import type { Optimizer } from "./optimizer.js";
import { type Rate, runningMean } from "./rule.js";

/** Options of AdaMax, with the values of the paper where nothing is said. */
export interface AdamaxOptions extends CommonOptions {
  /** 0.002. */
  readonly lr?: Rate;
  /** 0.9. */
  readonly beta1?: number;
  /** 0.999. */
  readonly beta2?: number;
  /** 1e-8. */
  readonly eps?: number;
}

/** `m ← β₁m + (1−β₁)g`, `u ← max(β₂u, |g|)`, `w ← w − lr/(1−β₁ᵗ) · m/(u + ε)`. */
export function adamax(options: AdamaxOptions = {}): Optimizer {
  requireOptions("adamax", options, ["lr", "beta1", "beta2", "eps"]);
  const { lr = 2e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = options;
  requireWithin("adamax", "beta1", beta1, 0, 1);
  requireWithin("adamax", "beta2", beta2, 0, 1);
  requireWithin("adamax", "eps", eps, 0, Infinity);
  return defineOptimizer(
    {
      name: "adamax",
      lr,
      slots: ["mean", "greatest"],
      shared: (step, rate) => [ops.div(rate, correction(beta1, step))],
      step: ({ value, gradient, slots: [m, u], shared: [scale] }) => {
        const mean = runningMean(m!, gradient, beta1);
        const greatest = u!.mul(beta2).maximum(gradient.abs());
        return { value: value.sub(mean.mul(scale!).div(greatest.add(eps))), slots: [mean, greatest] };
      },
    },
    options,
  );
}
