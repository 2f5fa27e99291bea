// Adadelta (Zeiler, 2012): steps in the units of the parameters, from running means of squared gradients and squared steps.
import { requireWithin } from "./check.js";
import { type CommonOptions, defineOptimizer, requireOptions } from "./define-optimizer.js";
import type { Optimizer } from "./optimizer.js";
import { type Rate, runningMean } from "./rule.js";

/** Options of Adadelta. */
export interface AdadeltaOptions extends CommonOptions {
  /** A factor of the step; 1, as in the paper. */
  readonly lr?: Rate;
  /** ρ in 0 ≤ ρ < 1; 0.9. */
  readonly rho?: number;
  /** 1e-6. */
  readonly eps?: number;
}

/** `s ← ρs + (1−ρ)g²`, `d = √(u + ε)/√(s + ε) · g`, `u ← ρu + (1−ρ)d²`, `w ← w − lr·d`. */
export function adadelta(options: AdadeltaOptions = {}): Optimizer {
  requireOptions("adadelta", options, ["lr", "rho", "eps"]);
  const { lr = 1, rho = 0.9, eps = 1e-6 } = options;
  requireWithin("adadelta", "rho", rho, 0, 1);
  requireWithin("adadelta", "eps", eps, 0, Infinity);
  return defineOptimizer(
    {
      name: "adadelta",
      lr,
      slots: ["square", "steps"],
      step: ({ value, gradient, rate, slots: [s, u] }) => {
        const square = runningMean(s!, gradient.mul(gradient), rho);
        const step = u!.add(eps).div(square.add(eps)).sqrt().mul(gradient);
        const steps = runningMean(u!, step.mul(step), rho);
        return { value: value.sub(step.mul(rate)), slots: [square, steps] };
      },
    },
    options,
  );
}
