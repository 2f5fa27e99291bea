// Stochastic gradient descent, plain and with momentum in all usual forms.
import { mistake, requireWithin } from "./check.js";
import { type CommonOptions, defineOptimizer, requireOptions } from "./define-optimizer.js";
import type { Optimizer } from "./optimizer.js";
import { decayed, type Rate } from "./rule.js";

/** Options of gradient descent. */
export interface SgdOptions extends CommonOptions {
  readonly lr: Rate;
  /** μ in 0 ≤ μ < 1; 0, no momentum, where nothing is said. */
  readonly momentum?: number;
  /** Whether the velocity is a running mean, `v ← μ·v + (1−μ)·g`, not a decaying sum. */
  readonly averaged?: boolean;
  /** Whether to look ahead along the velocity (Nesterov). */
  readonly nesterov?: boolean;
}

/**
 * `w ← w − lr·g`; with momentum `v ← μ·v + g`, `w ← w − lr·v`, or, looking ahead, `w ← w − lr·(g + μ·v)`: the rate stands
 * outside the velocity, as in PyTorch. Averaged, both g are weighed by 1−μ: steps are then as long as without momentum.
 */
export function sgd(options: SgdOptions): Optimizer {
  requireOptions("sgd", options, ["lr", "momentum", "averaged", "nesterov"]);
  const { lr, momentum: mu = 0, averaged = false, nesterov = false } = options;
  requireWithin("sgd", "momentum", mu, 0, 1);
  if (mu === 0) {
    if (averaged || nesterov) throw mistake("sgd: averaged and nesterov need a momentum above 0");
    const step = { name: "sgd", lr, slots: [] };
    return defineOptimizer(
      { ...step, step: ({ value, gradient, rate }) => ({ value: value.sub(gradient.mul(rate)), slots: [] }) },
      options,
    );
  }
  return defineOptimizer(
    {
      name: "sgd",
      lr,
      slots: ["velocity"],
      step: ({ value, gradient, rate, slots: [before] }) => {
        const push = averaged ? gradient.mul(1 - mu) : gradient;
        const velocity = decayed(before!, mu).add(push);
        const direction = nesterov ? velocity.mul(mu).add(push) : velocity;
        return { value: value.sub(direction.mul(rate)), slots: [velocity] };
      },
    },
    options,
  );
}

/** Options of momentum. */
export interface MomentumOptions extends CommonOptions {
  readonly lr: Rate;
  /** μ in 0 ≤ μ < 1; 0.9 where nothing is said. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

/** `v ← μ·v − lr·g`, `w ← w + v`, or, looking ahead, `w ← w + μ·v − lr·g`: the rate inside the velocity, as in Keras. */
export function momentum(options: MomentumOptions): Optimizer {
  requireOptions("momentum", options, ["lr", "momentum", "nesterov"]);
  const { lr, momentum: mu = 0.9, nesterov = false } = options;
  requireWithin("momentum", "momentum", mu, 0, 1);
  return defineOptimizer(
    {
      name: "momentum",
      lr,
      slots: ["velocity"],
      step: ({ value, gradient, rate, slots: [before] }) => {
        const slope = gradient.mul(rate);
        const velocity = decayed(before!, mu).sub(slope);
        const step = nesterov ? velocity.mul(mu).sub(slope) : velocity;
        return { value: value.add(step), slots: [velocity] };
      },
    },
    options,
  );
}
