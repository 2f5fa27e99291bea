// Adagrad (Duchi et al., 2011): steps scaled by the sum of the squared gradients so far.
import { requireWithin } from "./check.js";
import { type CommonOptions, defineOptimizer, requireOptions } from "./define-optimizer.js";
import type { Optimizer } from "./optimizer.js";
import type { Rate } from "./rule.js";

/** Options of Adagrad. */
export interface AdagradOptions extends CommonOptions {
  /** 0.01. */
  readonly lr?: Rate;
  /** 1e-10. */
  readonly eps?: number;
  /** What the sum starts with; 0. */
  readonly initial?: number;
}

/** `s ← s + g²`, `w ← w − lr·g/(√s + ε)`. */
export function adagrad(options: AdagradOptions = {}): Optimizer {
  requireOptions("adagrad", options, ["lr", "eps", "initial"]);
  const { lr = 0.01, eps = 1e-10, initial = 0 } = options;
  requireWithin("adagrad", "eps", eps, 0, Infinity);
  requireWithin("adagrad", "initial", initial, 0, Infinity);
  return defineOptimizer(
    {
      name: "adagrad",
      lr,
      slots: [{ name: "sum", initial }],
      step: ({ value, gradient, rate, slots: [before] }) => {
        const sum = before!.add(gradient.mul(gradient));
        return { value: value.sub(gradient.div(sum.sqrt().add(eps)).mul(rate)), slots: [sum] };
      },
    },
    options,
  );
}
