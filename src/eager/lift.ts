// Eager tensors as operands of a graph. What was computed from parameters is computed again in the graph, since they will
// change; everything else is a constant.
import type { TypedArray } from "#ir/dtype.js";
import { InternalError } from "#ir/errors.js";
import type { Applier, Operand } from "#ir/node.js";
import { constant, parameter } from "#ir/ops/leaves.js";
import type { EagerTensor } from "./eager-tensor.js";
import { recordsBehind } from "./tape.js";

// Lifting the same tensor twice gives the same operand: `keyOf` tells long arrays apart by identity only.
const arrays = new WeakMap<EagerTensor, TypedArray>();
const lifted = new WeakMap<Applier, WeakMap<EagerTensor, Operand>>();

/** `tensor` as an operand of `graph`: a parameter, a replay of the tape where parameters are on it, or a constant. */
export function lift(tensor: EagerTensor, graph: Applier): Operand {
  let known = lifted.get(graph);
  if (!known) lifted.set(graph, (known = new WeakMap()));
  for (const entry of recordsBehind(tensor, (e) => e.parametric && !known.has(e.results[0]!))) {
    const operands = entry.operands.map((x) => known.get(x) ?? liftLeaf(x, graph, known));
    graph.apply(entry.op, operands, entry.attrs).forEach((value, i) => known.set(entry.results[i]!, value));
  }
  return known.get(tensor) ?? liftLeaf(tensor, graph, known);
}

function liftLeaf(tensor: EagerTensor, graph: Applier, known: WeakMap<EagerTensor, Operand>): Operand {
  const value = tensor.parameter
    ? graph.apply(parameter, [], { parameter: tensor.parameter })
    : graph.apply(constant, [], constantAttrs(tensor));
  if (!value[0]) throw new InternalError("lift: a leaf without result");
  known.set(tensor, value[0]);
  return value[0];
}

function constantAttrs(tensor: EagerTensor) {
  const { dtype, shape } = tensor.type;
  if (!tensor.usable) throw tensor.misuse("");
  let data = arrays.get(tensor);
  if (!data) arrays.set(tensor, (data = tensor.data()));
  return { value: shape.length === 0 ? data[0]! : data, dtype, shape };
}
