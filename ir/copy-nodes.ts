// Copies nodes into another builder, or anew into the same one, with other values in the places of some.
import type { Builder } from "./builder.js";
import { nodesBehind } from "./graph.js";
import type { Node, Operand, Value } from "./node.js";

/**
 * Copies what `roots` need into `builder`, and gives what stands for each value there. `known` says what stands for some
 * values: nothing behind them is copied. Copies come from where their originals came from.
 */
export function copyNodes(
  roots: readonly Value[],
  builder: Builder,
  known: ReadonlyMap<Value, Value>,
): (value: Value) => Value {
  return applyAnew(roots, known, (node, operands) =>
    builder.inherit([node], () => builder.apply(node.op, operands, node.attrs)),
  );
}

/** The same for any kind of operand: `apply` does to operands what a node does to its own. */
export function applyAnew<X extends Operand>(
  roots: readonly Value[],
  known: ReadonlyMap<Value, X>,
  apply: (node: Node, operands: readonly X[]) => readonly X[],
): (value: Value) => X {
  const made = new Map<Value, X>(known);
  const of = (value: Value): X => made.get(value)!;
  for (const node of nodesBehind(roots, (value) => known.has(value))) {
    const results = apply(node, node.operands.map(of));
    node.results.forEach((value, i) => {
      if (!known.has(value)) made.set(value, results[i]!);
    });
  }
  return of;
}
