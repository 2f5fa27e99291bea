// Tensors in lists and records, as functions take and give them, and the one owner in which they meet.
import type { DType } from "#ir/dtype.js";
import { GraphError } from "#ir/errors.js";
import { gather } from "#ir/forms.js";
import type { Operand } from "#ir/node.js";
import type { Shape } from "./shapes.js";
import { Tensor } from "./tensor.js";

/** A tensor, or tensors in lists and records. */
export type TensorTree = Tensor | readonly TensorTree[] | { readonly [key: string]: TensorTree };

/** The same tree of tensors of the same dtypes, of other shapes. */
export type Reshaped<T> =
  T extends Tensor<infer _, infer D extends DType> ? Tensor<Shape, D> : { -readonly [K in keyof T]: Reshaped<T[K]> };

/** The tensors of a tree, from left to right. Throws a GraphError, in which `who` gives them, for what is neither. */
export function tensorsIn(tree: unknown, who: string): readonly Tensor[] {
  const found: Tensor[] = [];
  replaceTensors(tree, who, (x) => (found.push(x), x));
  return found;
}

/** The tree with other tensors in the same places. */
export function replaceTensors(tree: unknown, who: string, by: (x: Tensor) => Tensor): TensorTree {
  if (tree instanceof Tensor) return by(tree);
  if (Array.isArray(tree)) return tree.map((x) => replaceTensors(x, who, by));
  if (typeof tree === "object" && tree !== null && Object.getPrototypeOf(tree) === Object.prototype) {
    return Object.fromEntries(Object.entries(tree).map(([key, x]) => [key, replaceTensors(x, who, by)]));
  }
  throw new GraphError(`${who} gives ${String(tree)}, not a tensor`);
}

/** Operands of one owner: of a graph where one of the tensors is symbolic, else eager. */
export function operandsOf(tensors: readonly Tensor[]): readonly Operand[] {
  const symbolic = tensors.some((x) => x.symbolic);
  return gather(tensors.map((x) => (symbolic ? x.symbolicHandle : x.handle)));
}
