// Runs a pass on the sub-graphs of loops and branches too, innermost first.
import { type Graph, subgraphsOf } from "#ir/graph.js";
import type { Attrs, Node, Value } from "#ir/node.js";
import type { Pass } from "./pass.js";
import { transform } from "./rewrite.js";

/** The pass that does inside sub-graphs, and then around them, what `pass` does. */
export function inside(pass: Pass<Graph>): Pass<Graph> {
  return {
    ...pass,
    run: (graph, note) => {
      const done = new Map<Graph, Graph>();
      const run = (inner: Graph): Graph => {
        let out = done.get(inner);
        if (!out) {
          out = pass.run(mapSubgraphs(inner, run), note);
          done.set(inner, out).set(out, out);
        }
        return out;
      };
      return pass.run(mapSubgraphs(graph, run), note);
    },
  };
}

/** The graph with every sub-graph of its own nodes mapped; the graph itself where nothing changed. */
export function mapSubgraphs(graph: Graph, map: (inner: Graph) => Graph): Graph {
  if (!graph.builder.hasControl) return graph;
  return transform(graph, (node: Node) => {
    const inner = subgraphsOf(node);
    if (inner.length === 0) return null;
    const mapped = inner.map(([name, x]) => [name, map(x)] as const);
    if (mapped.every(([, x], i) => x === inner[i]![1])) return null;
    const attrs: Attrs = { ...node.attrs, ...Object.fromEntries(mapped) };
    return { rule: "", values: graph.builder.apply(node.op, node.operands, attrs) as readonly Value[] };
  });
}
