// Gradients of eager tensors: the same reverse walk as for graphs, over the tape, so every step computes at once.
import { gradient, type GradientOptions } from "#passes/gradient.js";
import type { EagerTensor } from "./eager-tensor.js";
import { scope } from "./scope.js";

export interface EagerGradientOptions extends Pick<GradientOptions, "unconnected"> {
  /** Of the type of y; without it y must be a scalar and gets 1. */
  readonly cotangent?: EagerTensor;
  /**
   * Whether the results can be differentiated again (the default). They then keep alive all they were computed from;
   * otherwise everything but the results is freed at once, and they are leaves.
   */
  readonly history?: boolean;
}

/**
 * The gradients of `y` with respect to each of `xs`, each of the type of its x. Throws GradientErrors as for graphs; what
 * has left a scope is a leaf and passes no gradient on.
 */
export function eagerGradient(
  y: EagerTensor,
  xs: readonly EagerTensor[],
  { cotangent, unconnected, history = true }: EagerGradientOptions = {},
): readonly EagerTensor[] {
  const options = { unconnected, ...(cotangent ? { cotangents: [cotangent] } : {}) };
  const compute = () => gradient([y], xs, options) as readonly EagerTensor[];
  return history ? compute() : scope(compute);
}
