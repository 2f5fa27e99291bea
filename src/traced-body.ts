// Traces functions of tensors into the sub-graphs of loops and branches.
import { type Body } from "#ir/body.js";
import { GraphError, ShapeError } from "#ir/errors.js";
import { bring, gather } from "#ir/forms.js";
import type { Applier, Operand } from "#ir/node.js";
import { printType, sameType, type TensorType } from "#ir/type.js";
import { Tensor } from "./tensor.js";
import { replaceTensors, tensorsIn, type TensorTree } from "./tensor-trees.js";

/** Who builds the graph that these tensors belong to, the innermost of them; null where all have numbers. */
export function graphOf(tensors: readonly Tensor[]): Applier | null {
  const symbolic = tensors.filter((x) => x.symbolic).map((x) => x.handle);
  return symbolic.length === 0 ? null : gather(symbolic)[0]!.owner;
}

/** A tensor as an operand of `owner`. */
export function operandIn(owner: Applier, x: Tensor): Operand {
  return bring(x.symbolicHandle, owner);
}

/** A tree whose tensors are others, in order. */
export function refilled(tree: TensorTree, by: readonly Operand[]): TensorTree {
  let next = 0;
  return replaceTensors(tree, "the loop", () => new Tensor(by[next++]!));
}

/** The operands of a tree in the places of another, whose types they must have. Throws where they differ. */
export function matched(
  what: string,
  tree: unknown,
  like: readonly { readonly type: TensorType }[],
): readonly Tensor[] {
  const found = tensorsIn(tree, what);
  if (found.length !== like.length) {
    throw new GraphError(`${what} gives ${found.length} tensors, but the number of states is ${like.length}`);
  }
  found.forEach((x, i) => {
    if (sameType(x.type, like[i]!.type)) return;
    const which = like.length === 1 ? "the state" : `state ${i + 1}`;
    throw new ShapeError(`${which} is ${printType(like[i]!.type)}, but ${what} makes it ${printType(x.type)}`);
  });
  return found;
}

/** A scalar of booleans, as loops and branches ask for. */
export function expectPredicate(what: string, x: unknown): asserts x is Tensor {
  if (!(x instanceof Tensor)) throw new GraphError(`${what} is ${String(x)}, not a tensor`);
  if (x.dtype === "bool" && x.rank === 0) return;
  throw new GraphError(`${what} is ${printType(x.type)}, not a bool scalar`, {
    help: x.dtype === "bool" ? "any() or all() make one of many" : "comparisons such as x.less(3) make bools",
  });
}

/** What several sub-graphs capture, each of them taking all of it. */
export function commonCaptures(bodies: readonly Body[]): readonly Operand[] {
  return [...new Set(bodies.flatMap((body) => body.captures))];
}
