// What an optimiser is: one formula over tensors, which a graph records and eager code computes at once.
import type { Tensor } from "../tensor.js";

/** What the formula sees of one parameter. */
export interface RuleArguments {
  /** The parameter before the step. */
  readonly value: Tensor;
  readonly gradient: Tensor;
  /** The parameter's state, in the order of `slots`; zeros before the first step. */
  readonly slots: readonly Tensor[];
  /** What `shared` gave. */
  readonly shared: readonly Tensor[];
}

/** The formula of an optimiser. */
export interface Rule {
  /** `adam`; names the state's parameters. */
  readonly name: string;
  /** Names of the tensors it keeps per parameter. */
  readonly slots: readonly string[];
  /** Scalars that all parameters share, from the number of this step, the first being 1; without it steps are not counted. */
  readonly shared?: (step: Tensor) => readonly Tensor[];
  /** The parameter and its slots after the step. */
  readonly step: (at: RuleArguments) => { readonly value: Tensor; readonly slots: readonly Tensor[] };
}

/** A learning rate: a number, or a scalar tensor such as an input of the graph. */
export type Rate = number | Tensor;
