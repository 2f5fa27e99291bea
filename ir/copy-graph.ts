// Copies whole graphs into builders of their own, as specialisation and retyping do. Sub-graphs that share a builder go on
// sharing one, so that what is equal in them stays equal.
import { Builder } from "./builder.js";
import { type Graph, nodesOf } from "./graph.js";
import type { Node, Value } from "./node.js";

/** Makes the copy of a node, given its operands' copies; `builder` already tells where it comes from. */
export type CopyNode = (node: Node, operands: readonly Value[], builder: Builder) => readonly Value[];

interface Copies {
  readonly builder: Builder;
  readonly made: Map<Node, readonly Value[]>;
}

/** Copies graphs, each node of a builder once. */
export class GraphCopier {
  readonly #graphs = new Map<Graph, Graph>();
  readonly #copies = new Map<Builder, Copies>();

  constructor(readonly copyNode: CopyNode) {}

  copy(graph: Graph): Graph {
    let copy = this.#graphs.get(graph);
    if (!copy) this.#graphs.set(graph, (copy = this.#copy(graph)));
    return copy;
  }

  #copy(graph: Graph): Graph {
    const { builder, made } = this.#copiesOf(graph.builder);
    const of = (value: Value): Value => made.get(value.node)![value.index]!;
    for (const node of nodesOf(graph)) {
      if (made.has(node)) continue;
      made.set(node, builder.inherit([node], () => this.copyNode(node, node.operands.map(of), builder))); // prettier-ignore
    }
    const nodeOf = (node: Node): Node => made.get(node)![0]!.node;
    return {
      name: graph.name,
      builder,
      inputs: graph.inputs.map(nodeOf),
      parameters: graph.parameters.map(nodeOf),
      outputs: new Map([...graph.outputs].map(([name, value]) => [name, of(value)])),
      updates: new Map([...graph.updates].map(([node, value]) => [nodeOf(node), of(value)])),
      effects: graph.effects.map(nodeOf),
    };
  }

  #copiesOf(original: Builder): Copies {
    let copies = this.#copies.get(original);
    if (!copies) this.#copies.set(original, (copies = { builder: new Builder(original.name), made: new Map() }));
    return copies;
  }
}
