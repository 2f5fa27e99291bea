// What an optimiser is: one formula over tensors, which a graph records and eager code computes at once.
import type { Slot } from "../parameter-state.js";
import type { Tensor } from "../tensor.js";

/** What the formula sees of one parameter. */
export interface RuleArguments {
  /** The parameter before the step. */
  readonly value: Tensor;
  readonly gradient: Tensor;
  /** The learning rate of this step. */
  readonly rate: number | Tensor;
  /** The parameter's state, in the order of `slots`. */
  readonly slots: readonly Tensor[];
  /** What `shared` gave. */
  readonly shared: readonly Tensor[];
}

/** The formula of an optimiser. */
export interface Rule {
  /** `adam`; names the state's parameters. */
  readonly name: string;
  readonly lr: Rate;
  /** What it keeps per parameter: names, of zeros, or with what they start with. */
  readonly slots: readonly (string | Slot)[];
  /** Scalars that all parameters share, from the number of this step, the first being 1; without it steps are not counted. */
  readonly shared?: (step: Tensor, rate: number | Tensor) => readonly Tensor[];
  /** The parameter and its slots after the step. */
  readonly step: (at: RuleArguments) => { readonly value: Tensor; readonly slots: readonly Tensor[] };
}

/** A learning rate that depends on the number of steps taken before: a scalar, 0 at the first step. */
export type Schedule = (step: Tensor) => Tensor;

/** A learning rate: a number, a scalar tensor such as an input of the graph, or a schedule. */
export type Rate = number | Tensor | Schedule;

/**
 * `factor · x`, where what would be denormal is 0: what decays beside a gradient that stays 0, as in rows of a table that nobody
 * looks up, would end there for good, and be slow.
 */
export function decayed(x: Tensor, factor: number): Tensor {
  return x.mul(factor).flush();
}

/** `βm + (1−β)x`: the mean m of the past and x, which forgets. */
export function runningMean(mean: Tensor, x: Tensor, beta: number): Tensor {
  return decayed(mean, beta).add(x.mul(1 - beta));
}
