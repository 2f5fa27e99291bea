// Copies nodes into another builder, or anew into the same one, with other values in the places of some.
import type { Builder } from "./builder.js";
import { nodesBehind } from "./graph.js";
import type { Value } from "./node.js";

/**
 * Copies what `roots` need into `builder`, and gives what stands for each value there. `known` says what stands for some
 * values: nothing behind them is copied. Copies come from where their originals came from.
 */
export function copyNodes(
  roots: readonly Value[],
  builder: Builder,
  known: ReadonlyMap<Value, Value>,
): (value: Value) => Value {
  const made = new Map<Value, Value>(known);
  const of = (value: Value): Value => made.get(value)!;
  for (const node of nodesBehind(roots, (value) => known.has(value))) {
    const copies = builder.inherit([node], () => builder.apply(node.op, node.operands.map(of), node.attrs));
    node.results.forEach((value, i) => {
      if (!known.has(value)) made.set(value, copies[i]!);
    });
  }
  return of;
}
