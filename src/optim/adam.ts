// Adam (Kingma and Ba, 2015): steps scaled by running means of the gradient and of its square.
import { ops } from "../ops.js";
import type { Tensor } from "../tensor.js";
import { requireWithin } from "./check.js";
import { type CommonOptions, defineOptimizer, requireOptions } from "./define-optimizer.js";
import type { Optimizer } from "./optimizer.js";
import { type Rate, runningMean } from "./rule.js";

/** Options of Adam, with the values of the paper where nothing is said. */
export interface AdamOptions extends CommonOptions {
  /** 0.001. */
  readonly lr?: Rate;
  /** 0.9. */
  readonly beta1?: number;
  /** 0.999. */
  readonly beta2?: number;
  /** 1e-8. */
  readonly eps?: number;
  /** Whether to divide by the greatest mean square so far (Reddi et al., 2018). */
  readonly amsgrad?: boolean;
}

/**
 * `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `w ← w − lr · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε)`; with amsgrad, `u ← max(u, v)`
 * stands in the place of the last v.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamNamed("adam", options);
}

/** Adam with weight decay beside the step, 0.01 where nothing is said (Loshchilov and Hutter, 2019). */
export function adamW(options: AdamOptions = {}): Optimizer {
  return adamNamed("adamW", { weightDecay: 0.01, ...options });
}

function adamNamed(name: string, options: AdamOptions): Optimizer {
  requireOptions(name, options, ["lr", "beta1", "beta2", "eps", "amsgrad"]);
  const { lr = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8, amsgrad = false } = options;
  requireWithin(name, "beta1", beta1, 0, 1);
  requireWithin(name, "beta2", beta2, 0, 1);
  requireWithin(name, "eps", eps, 0, Infinity);
  return defineOptimizer(
    {
      name,
      lr,
      slots: amsgrad ? ["mean", "square", "greatest"] : ["mean", "square"],
      shared: (step, rate) => [ops.div(rate, correction(beta1, step)), correction(beta2, step).rsqrt()],
      step: ({ value, gradient, slots: [m, v, u], shared: [scale, c2] }) => {
        const mean = runningMean(m!, gradient, beta1);
        const square = runningMean(v!, gradient.mul(gradient), beta2);
        const greatest = u ? [u.maximum(square)] : [];
        const size = (greatest[0] ?? square).sqrt().mul(c2!).add(eps);
        return { value: value.sub(mean.mul(scale!).div(size)), slots: [mean, square, ...greatest] };
      },
    },
    options,
  );
}

/** `1 − βᵗ` as `−expm1(t·log β)`: the difference would lose four of the seven digits of f32 in the first steps. */
export function correction(beta: number, step: Tensor): Tensor {
  return step.mul(Math.log(beta)).expm1().neg();
}
