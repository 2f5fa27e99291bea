// Runs a graph op by op on the eager engine: the other mode of the same program.
import type { TypedArray } from "#ir/dtype.js";
import { type Graph, nodesOf } from "#ir/graph.js";
import type { Operand, Parameter, Value } from "#ir/node.js";
import { eagerEngine, eagerFrom, type EagerTensor, scope } from "#src/eager/eager.js";
import type { ConcreteType } from "#ir/type.js";

/** Outputs by name, and next values of parameters by their names; `feeds[i]` is the graph's input i. */
export function runEagerly(graph: Graph, feeds: readonly TypedArray[]): ReadonlyMap<string, TypedArray> {
  const results = new Map<string, TypedArray>();
  scope(() => {
    const known = new Map<Value, Operand>();
    graph.inputs.forEach((node, i) => {
      const { dtype, shape } = node.results[0]!.type as ConcreteType;
      known.set(node.results[0]!, eagerFrom(feeds[i]!, shape, dtype));
    });
    for (const node of nodesOf(graph)) {
      if (known.has(node.results[0]!)) continue;
      const parameter = node.attrs.parameter as Parameter | undefined;
      if (parameter) {
        known.set(node.results[0]!, eagerFrom(parameter.initial(), parameter.type.shape, parameter.type.dtype));
        continue;
      }
      const operands = node.operands.map((v) => known.get(v)!);
      const made = eagerEngine().apply(node.op, operands, node.attrs);
      node.results.forEach((v, i) => known.set(v, made[i]!));
    }
    const data = (v: Value) => (known.get(v) as EagerTensor).data();
    for (const [name, value] of graph.outputs) results.set(name, data(value));
    for (const [p, value] of graph.updates) results.set((p.attrs.parameter as Parameter).name, data(value));
  });
  return results;
}
