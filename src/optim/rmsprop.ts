// RMSProp (Tieleman and Hinton, 2012): steps scaled by a running mean of the squared gradient.
import { requireWithin } from "./check.js";
import { type CommonOptions, defineOptimizer, requireOptions } from "./define-optimizer.js";
import type { Optimizer } from "./optimizer.js";
import { decayed, type Rate, runningMean } from "./rule.js";

/** Options of RMSProp. */
export interface RmspropOptions extends CommonOptions {
  /** 0.01. */
  readonly lr?: Rate;
  /** ρ in 0 ≤ ρ < 1; 0.99. */
  readonly rho?: number;
  /** 1e-8. */
  readonly eps?: number;
  /** μ in 0 ≤ μ < 1 of a velocity of scaled gradients; 0, none, where nothing is said. */
  readonly momentum?: number;
  /** Whether to divide by the standard deviation in the place of the root of the mean square (Graves, 2013). */
  readonly centered?: boolean;
}

/**
 * `s ← ρs + (1−ρ)g²`, `d = g/(√s + ε)`, `w ← w − lr·d`; centered, `m ← ρm + (1−ρ)g` and `d = g/(√(s − m²) + ε)`; with
 * momentum, `v ← μv + d` and `w ← w − lr·v`. As in PyTorch: ε outside of the root, the rate outside of the velocity.
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  requireOptions("rmsprop", options, ["lr", "rho", "eps", "momentum", "centered"]);
  const { lr = 0.01, rho = 0.99, eps = 1e-8, momentum = 0, centered = false } = options;
  requireWithin("rmsprop", "rho", rho, 0, 1);
  requireWithin("rmsprop", "eps", eps, 0, Infinity);
  requireWithin("rmsprop", "momentum", momentum, 0, 1);
  const names = ["square", ...(centered ? ["mean"] : []), ...(momentum > 0 ? ["velocity"] : [])];
  return defineOptimizer(
    {
      name: "rmsprop",
      lr,
      slots: names,
      step: ({ value, gradient, rate, slots }) => {
        const before = (name: string) => slots[names.indexOf(name)]!;
        const after = [runningMean(before("square"), gradient.mul(gradient), rho)];
        let spread = after[0]!;
        if (centered) {
          const mean = runningMean(before("mean"), gradient, rho);
          after.push(mean);
          // The difference is never negative but by rounding.
          spread = spread.sub(mean.mul(mean)).maximum(0);
        }
        let direction = gradient.div(spread.sqrt().add(eps));
        if (momentum > 0) after.push((direction = decayed(before("velocity"), momentum).add(direction)));
        return { value: value.sub(direction.mul(rate)), slots: after };
      },
    },
    options,
  );
}
