// Who computes graphs in the derived tests. Each case runs on every one of these.
import type { TypedArray } from "#ir/dtype.js";
import type { Graph } from "#ir/graph.js";
import { evaluateGraph } from "#ir/reference.js";

export interface GraphEvaluator {
  readonly name: string;
  /** The outputs by name; `feeds[i]` is the graph's input i. */
  readonly run: (graph: Graph, feeds: readonly TypedArray[]) => ReadonlyMap<string, TypedArray>;
}

export const reference: GraphEvaluator = {
  name: "reference",
  run: (graph, feeds) => {
    const values = evaluateGraph(graph, new Map(graph.inputs.map((node, i) => [node, feeds[i]!])));
    return new Map([...graph.outputs].map(([name, value]) => [name, values.get(value)!]));
  },
};

export const evaluators: readonly GraphEvaluator[] = [reference];
