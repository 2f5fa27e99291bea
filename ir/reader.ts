// What lowerings see of a node: its attributes, the types of its operands and results, and how to read and reduce them.
import { InternalError } from "./errors.js";
import { indexLocal } from "./expr.js";
import type { Attrs, Node, Value } from "./node.js";
import type { Reader } from "./op.js";
import { type ConcreteType, isConcrete, printType } from "./type.js";

/** The type of a value. Throws InternalError where a size is not a number yet. */
export function concreteType({ type }: Value): ConcreteType {
  if (!isConcrete(type)) throw new InternalError(`reader: ${printType(type)} has sizes without numbers`);
  return type;
}

/**
 * The reader of a node whose sizes are numbers. Reduction variables have names of their own in the whole graph, so that
 * expressions of several nodes can stand in one another.
 */
export function readerOf(node: Node): Reader<Attrs> {
  const operands = node.operands.map(concreteType);
  let reductions = 0;
  return {
    attrs: node.attrs,
    operands,
    results: node.results.map(concreteType),
    read: (operand, index) => ({ kind: "read", dtype: operands[operand]!.dtype, operand, index }),
    reduce: (fn, extent, body) => {
      const over = indexLocal(`k${node.id}_${reductions++}`, extent);
      const inner = body(over);
      return { kind: "reduce", dtype: inner.dtype, fn, over, body: inner };
    },
  };
}
