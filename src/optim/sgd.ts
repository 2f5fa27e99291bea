// Stochastic gradient descent, plain and with momentum in both usual forms.
import { defineOptimizer, type Optimizer } from "./optimizer.js";
import type { Rate } from "./rule.js";

/** Options of gradient descent. */
export interface SgdOptions {
  readonly lr: Rate;
  /** μ in 0 ≤ μ < 1; 0, no momentum, where nothing is said. */
  readonly momentum?: number;
  /** Whether to look ahead along the velocity (Nesterov). */
  readonly nesterov?: boolean;
}

/**
 * `w ← w − lr·g`; with momentum `v ← μ·v + g`, `w ← w − lr·v`, or, looking ahead, `w ← w − lr·(g + μ·v)`: the rate stands
 * outside the velocity, as in PyTorch.
 */
export function sgd(options: SgdOptions): Optimizer {
  const { lr, momentum: mu = 0, nesterov = false } = options;
  if (mu === 0) {
    return defineOptimizer({
      name: "sgd",
      slots: [],
      step: ({ value, gradient }) => ({ value: value.sub(gradient.mul(lr)), slots: [] }),
    });
  }
  return defineOptimizer({
    name: "sgd",
    slots: ["velocity"],
    step: ({ value, gradient, slots: [before] }) => {
      const velocity = before!.mul(mu).add(gradient);
      const direction = nesterov ? velocity.mul(mu).add(gradient) : velocity;
      return { value: value.sub(direction.mul(lr)), slots: [velocity] };
    },
  });
}

/** Options of momentum. */
export interface MomentumOptions {
  readonly lr: Rate;
  /** μ; 0.9 where nothing is said. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
}

/** `v ← μ·v − lr·g`, `w ← w + v`, or, looking ahead, `w ← w + μ·v − lr·g`: the rate inside the velocity, as in Keras. */
export function momentum(options: MomentumOptions): Optimizer {
  const { lr, momentum: mu = 0.9, nesterov = false } = options;
  return defineOptimizer({
    name: "momentum",
    slots: ["velocity"],
    step: ({ value, gradient, slots: [before] }) => {
      const slope = gradient.mul(lr);
      const velocity = before!.mul(mu).sub(slope);
      const step = nesterov ? velocity.mul(mu).sub(slope) : velocity;
      return { value: value.add(step), slots: [velocity] };
    },
  });
}
