// Who computes graphs in the derived tests. Each case runs on every one of these.
import type { TypedArray } from "#ir/dtype.js";
import type { Graph } from "#ir/graph.js";
import { evaluateGraph } from "#ir/reference.js";
import { decompose } from "#passes/decompose.js";
import { wasm } from "#runtime/wasm/backend.js";
import { runEagerly } from "../run-eagerly.js";
import { backends, runGraph } from "../run-graph.js";

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

const compiled = backends.map((backend): GraphEvaluator => ({
  name: backend.name,
  run: (graph, feeds) => runGraph(graph, feeds, backend).outputs,
}));

const unoptimised: GraphEvaluator = {
  name: "wasm, not optimised",
  run: (graph, feeds) => runGraph(graph, feeds, wasm, { passes: [decompose], fuse: false }).outputs,
};

const eager: GraphEvaluator = { name: "eager", run: runEagerly };

export const evaluators: readonly GraphEvaluator[] = [reference, ...compiled, unoptimised, eager];
