// Adam (Kingma and Ba, 2015): steps scaled by running means of the gradient and of its square.
import type { Tensor } from "../tensor.js";
import { defineOptimizer, type Optimizer } from "./optimizer.js";
import type { Rate } from "./rule.js";

/** Options of Adam, with the values of the paper where nothing is said. */
export interface AdamOptions {
  /** 0.001. */
  readonly lr?: Rate;
  /** 0.9. */
  readonly beta1?: number;
  /** 0.999. */
  readonly beta2?: number;
  /** 1e-8. */
  readonly eps?: number;
}

/** `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `w ← w − lr · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)`. */
export function adam(options: AdamOptions = {}): Optimizer {
  const { lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = options;
  // 1 − βᵗ as −expm1(t·log β): the difference would lose four of the seven digits of f32 in the first steps.
  const correction = (beta: number, step: Tensor): Tensor => step.mul(Math.log(beta)).expm1().neg();
  return defineOptimizer({
    name: "adam",
    slots: ["mean", "square"],
    shared: (step) => [correction(beta1, step), correction(beta2, step)],
    step: ({ value, gradient, slots: [m, v], shared: [c1, c2] }) => {
      const mean = m!.mul(beta1).add(gradient.mul(1 - beta1));
      const square = v!.mul(beta2).add(gradient.mul(gradient).mul(1 - beta2));
      const step = mean.div(c1!).div(square.div(c2!).sqrt().add(eps));
      return { value: value.sub(step.mul(lr)), slots: [mean, square] };
    },
  });
}
