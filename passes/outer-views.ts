// Outputs that are another value's elements in the same order (a reshape of it): they are that value's buffer, seen with
// another shape, and no kernel copies them.
import type { Graph } from "#ir/graph.js";
import type { Value } from "#ir/node.js";
import type { Plan } from "#ir/plan.js";
import { elementOf, keepsOrder } from "./element.js";

/**
 * The graph with each output the value under its reshapes, where that is computed. `owned`: every output has memory of its
 * own from the caller, so that no two may become one.
 */
export function withoutOuterViews(graph: Graph, owned: boolean): Graph {
  const taken = new Set(graph.outputs.values());
  const outputs = [...graph.outputs].map(([name, value]): readonly [string, Value] => {
    const source = underViews(value);
    if (source === value || (owned && taken.has(source))) return [name, value];
    taken.add(source);
    return [name, source];
  });
  return { ...graph, outputs: new Map(outputs) };
}

/** The plan with the outputs' own shapes again. */
export function withShapesOf(graph: Graph, plan: Plan): Plan {
  const outputs = plan.outputs.map((output) => ({
    ...output,
    shape: graph.outputs.get(output.name)!.type.shape as readonly number[],
  }));
  return { ...plan, outputs };
}

function underViews(value: Value): Value {
  let source = value;
  while (elementOf(source.node).role === "view" && keepsOrder(source.node)) source = source.node.operands[0]!;
  const { role } = elementOf(source.node);
  return role === "leaf" || role === "free" ? value : source;
}
