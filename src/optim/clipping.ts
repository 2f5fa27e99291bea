// Gradients kept small. A gradient that is NaN stays NaN; an infinite one makes a clipped norm NaN: neither vanishes silently.
import { ops } from "../ops.js";
import type { Tensor } from "../tensor.js";
import { mistake, requirePositive } from "./check.js";

/** How an optimiser clips the gradients it is given: one of the three. */
export type Clip =
  /** Every element into −value … value. */
  | { readonly value: number }
  /** Every tensor to a Euclidean norm of at most this. */
  | { readonly norm: number }
  /** All tensors together to a Euclidean norm of at most this. */
  | { readonly globalNorm: number };

/** The gradients, clipped. */
export function clipGradients(gradients: readonly Tensor[], clip: Clip): readonly Tensor[] {
  if ("value" in clip) return gradients.map((g) => clipByValue(g, clip.value));
  if ("norm" in clip) return gradients.map((g) => clipByNorm(g, clip.norm));
  return clipByGlobalNorm(gradients, clip.globalNorm).gradients;
}

/** Throws a GraphError where it is none of the three, or its limit is not above 0. */
export function checkClip(who: string, clip: Clip): void {
  const entries = Object.entries(clip as object) as readonly [string, number][];
  const [name, limit] = entries[0] ?? ["", 0];
  if (entries.length !== 1 || !["value", "norm", "globalNorm"].includes(name)) {
    const given = entries.map(([key]) => key).join(", ") || "nothing";
    throw mistake(`${who}: clip has ${given}, not one of value, norm, globalNorm`);
  }
  requirePositive(who, `clip.${name}`, limit);
}

/** Every element in −limit … limit. */
export function clipByValue(gradient: Tensor, limit: number): Tensor {
  requirePositive("clipByValue", "limit", limit);
  return gradient.clip(-limit, limit);
}

/** `g · min(1, limit / ‖g‖)`. */
export function clipByNorm(gradient: Tensor, limit: number): Tensor {
  requirePositive("clipByNorm", "limit", limit);
  return gradient.mul(factorOf(globalNorm([gradient]), limit));
}

/** `g · min(1, limit / ‖all g‖)` of each gradient, with the norm before clipping. */
export function clipByGlobalNorm(
  gradients: readonly Tensor[],
  limit: number,
): { readonly gradients: readonly Tensor[]; readonly norm: Tensor } {
  requirePositive("clipByGlobalNorm", "limit", limit);
  const norm = globalNorm(gradients);
  const factor = factorOf(norm, limit);
  return { gradients: gradients.map((g) => g.mul(sameDType(factor, g))), norm };
}

/** `√Σ g²` over all elements of all tensors; infinite where the squares exceed the dtype. Throws a GraphError where there are none. */
export function globalNorm(tensors: readonly Tensor[]): Tensor {
  const [first, ...rest] = tensors.map((x) => x.mul(x).sum());
  if (!first) throw mistake("globalNorm: it is given no tensors");
  return rest.reduce((sum, x) => sum.add(sameDType(x, sum)), first).sqrt();
}

// limit/∞ = 0 would turn finite gradients beside an infinite one into zeros, as if nothing were wrong.
function factorOf(norm: Tensor, limit: number): Tensor {
  return norm.less(Infinity).where(ops.div(limit, norm.maximum(limit)), NaN);
}

function sameDType(x: Tensor, as: Tensor): Tensor {
  return x.dtype === as.dtype ? x : x.cast(as.dtype);
}
