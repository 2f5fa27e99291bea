// Traces functions of tensors into the sub-graphs of loops and branches.
import { Body } from "#ir/body.js";
import { GraphError, ShapeError } from "#ir/errors.js";
import { bring, gather } from "#ir/forms.js";
import { topological } from "#ir/graph.js";
import type { Applier, Operand, Value } from "#ir/node.js";
import { loop } from "#ir/ops/loops.js";
import type { Size } from "#ir/size.js";
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

/** How a turn is built: from states and elements of the sequences to the next states and a tree of outputs. */
export type BuildTurn = (
  own: Body,
  states: readonly Operand[],
  elements: readonly Operand[],
) => readonly [readonly Tensor[], TensorTree];

/** A `loop` around what `build` makes of one turn. Sequences that the turn does not read are left out. */
export function loopOf(
  owner: Applier,
  states: readonly Operand[],
  sequences: readonly Operand[],
  turns: Size,
  how: { readonly reverse: boolean; readonly recompute: boolean },
  build: BuildTurn,
): readonly [readonly Operand[], TensorTree] {
  const body = new Body("body", owner);
  const carried = states.map((x, i) => body.declare(`state${i}`, x.type));
  const elements = sequences.map((x, i) =>
    body.declare(`x${i}`, { dtype: x.type.dtype, shape: x.type.shape.slice(1) }),
  );
  const [next, output] = build(body, carried, elements);
  const given = [...next, ...tensorsIn(output, "the step")].map((x) => operandIn(body, x));
  const read = new Set(topological(given as Value[]));
  const used = elements.flatMap((x, i) => (read.has(x.node) ? [i] : []));
  const captures = body.captures;
  const graph = body.graph([...captures.map((x) => body.lift(x)), ...carried, ...used.map((i) => elements[i]!)], given);
  const made = loop([...captures, ...states, ...used.map((i) => sequences[i]!)], {
    turns,
    captures: captures.length,
    states: states.length,
    ...(how.reverse ? { reverse: true } : {}),
    ...(how.recompute ? { recompute: true } : {}),
    body: graph,
  });
  return [made.slice(0, states.length), refilled(output, made.slice(states.length))];
}
