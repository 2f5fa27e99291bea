// A graph: roots over interned nodes. Everything reachable from the roots belongs to it.
import type { Builder } from "./builder.js";
import type { Attr, Attrs, Node, Value } from "./node.js";

/** Immutable; passes return a new one, or the same object when there was nothing to do. */
export interface Graph {
  readonly name: string;
  /** Where its nodes live; passes add nodes to the same builder, `specialize` to a new one. */
  readonly builder: Builder;
  /** `input` nodes in the order of declaration. */
  readonly inputs: readonly Node[];
  /** `parameter` nodes in the order of first use. */
  readonly parameters: readonly Node[];
  readonly outputs: ReadonlyMap<string, Value>;
  /** Next value of a parameter, computed from the values before the run. */
  readonly updates: ReadonlyMap<Node, Value>;
  /** Print, assert: roots, in this order. */
  readonly effects: readonly Node[];
}

/** Whether an attribute is a sub-graph. */
export function isGraph(attr: Attr): attr is Graph {
  return typeof attr === "object" && attr !== null && "builder" in attr;
}

/** The sub-graphs among the attributes of a node, by their names. */
export function subgraphsOf({ attrs }: { readonly attrs: Attrs }): readonly (readonly [string, Graph])[] {
  return Object.entries(attrs).filter((entry): entry is [string, Graph] => isGraph(entry[1]));
}

/** Every value the graph must compute: outputs, updates, effects, in this order. */
export function rootsOf(graph: Graph): readonly Value[] {
  return [...graph.outputs.values(), ...graph.updates.values(), ...graph.effects.flatMap((n) => n.results)];
}

/**
 * The nodes that the roots need, operands first. Deterministic: depth first from each root in turn, operands left to
 * right. Iterative, so that depth costs no stack. The walk does not look behind nodes that `stop` accepts.
 */
export function topological(roots: readonly Value[], stop: (node: Node) => boolean = () => false): readonly Node[] {
  const done = new Set<Node>();
  const order: Node[] = [];
  for (const root of roots) {
    const stack: { node: Node; next: number }[] = [{ node: root.node, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      if (done.has(top.node)) stack.pop();
      else if (top.next < top.node.operands.length && !stop(top.node)) {
        const operand = top.node.operands[top.next++]!.node;
        if (!done.has(operand)) stack.push({ node: operand, next: 0 });
      } else {
        done.add(top.node);
        order.push(top.node);
        stack.pop();
      }
    }
  }
  return order;
}

/** The nodes that some values need beyond those that are known, operands first. */
export function nodesBehind(values: readonly Value[], known: (value: Value) => boolean): readonly Node[] {
  const needed = new Set<Node>();
  const stack = values.filter((x) => !known(x));
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (needed.has(value.node)) continue;
    needed.add(value.node);
    for (const x of value.node.operands) if (!known(x)) stack.push(x);
  }
  return topological(values, (node) => !needed.has(node)).filter((node) => needed.has(node));
}

/** The nodes of a graph in evaluation order: inputs, parameters, then what the roots need. */
export function nodesOf(graph: Graph): readonly Node[] {
  const heads = [...graph.inputs, ...graph.parameters].map((n) => n.results[0]!);
  return topological([...heads, ...rootsOf(graph)]);
}

/** The graph with each root mapped. Returns the graph itself where nothing changed. */
export function mapRoots(graph: Graph, map: (value: Value) => Value): Graph {
  let changed = false;
  const mapped = (value: Value): Value => {
    const out = map(value);
    if (out !== value) changed = true;
    return out;
  };
  const outputs = new Map([...graph.outputs].map(([name, v]) => [name, mapped(v)]));
  const updates = new Map([...graph.updates].map(([p, v]) => [p, mapped(v)]));
  const effects = graph.effects.map((n) => (n.results[0] ? mapped(n.results[0]).node : n));
  return changed ? { ...graph, outputs, updates, effects } : graph;
}
