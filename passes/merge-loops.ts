// Loops that run the same body over the same operands become one that gives what any of them gives: a gradient asks for the
// loop that it goes back through once more, with other results.
import { keyOf } from "#ir/builder.js";
import { numbered } from "#ir/closed-graph.js";
import { copyNodes } from "#ir/copy-nodes.js";
import { type Graph, nodesOf } from "#ir/graph.js";
import type { Attrs, Node, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import type { LoopAttrs } from "#ir/flow.js";
import { loop } from "#ir/ops/loops.js";
import { printType } from "#ir/type.js";
import type { Pass } from "./pass.js";
import { rebuild } from "./rewrite.js";

const rule = "two loops over the same states → one with the results of both";

export const mergeLoops: Pass<Graph> = {
  name: "merge-loops",
  doc: "Loops that differ only in what they give become one.",
  rules: [rule],
  run: (graph, note) => {
    if (!graph.builder.hasControl) return graph;
    const alike = new Map<string, Node[]>();
    for (const node of nodesOf(graph)) {
      if (node.op !== (loop as AnyOp)) continue;
      const key = keyOfLoop(node);
      alike.set(key, [...(alike.get(key) ?? []), node]);
    }
    const groups = [...alike.values()].flatMap(withEqualStates).filter(({ nodes }) => nodes.length > 1);
    if (groups.length === 0) return graph;
    groups.forEach(() => note(rule));
    return merged(graph, new Map(groups.flatMap((group) => group.nodes.map((node) => [node, group]))));
  },
};

/** Loops with equal states: what each of them gives, in the builder of the first one's body. */
interface Group {
  readonly nodes: readonly Node[];
  readonly outputs: ReadonlyMap<Node, readonly Value[]>;
}

/** Equal for loops with the same operands and the same way to run. */
function keyOfLoop({ operands, attrs }: Node): string {
  const { body, ...rest } = attrs as LoopAttrs;
  return [
    operands.map((x) => `${x.node.id}.${x.index}`),
    keyOf(rest as Attrs),
    body.inputs.map((node) => printType(node.results[0]!.type)),
  ].join(";");
}

/** Loops of one key by their states: equal values become one in one builder. */
function withEqualStates(nodes: readonly Node[]): readonly Group[] {
  if (nodes.length === 1) return [];
  const { states, body: first } = nodes[0]!.attrs as LoopAttrs;
  const inputs = first.inputs.map((node) => node.results[0]!);
  const groups = new Map<string, Map<Node, readonly Value[]>>();
  for (const node of nodes) {
    const { body } = node.attrs as LoopAttrs;
    const own = [...body.outputs.values()];
    const known = new Map(body.inputs.map((x, i) => [x.results[0]!, inputs[i]!]));
    const outputs = body.builder === first.builder ? own : own.map(copyNodes(own, first.builder, known));
    const key = outputs.slice(0, states).map((x) => `${x.node.id}.${x.index}`).join(); // prettier-ignore
    const group = groups.get(key) ?? new Map<Node, readonly Value[]>();
    groups.set(key, group.set(node, outputs));
  }
  return [...groups.values()].map((outputs) => ({ nodes: [...outputs.keys()], outputs }));
}

function merged(graph: Graph, groupOf: ReadonlyMap<Node, Group>): Graph {
  const made = new Map<Group, { readonly results: readonly Value[]; readonly places: Places }>();
  return rebuild(graph, (node, operands) => {
    const group = groupOf.get(node);
    if (!group) return null;
    let wide = made.get(group);
    if (!wide) {
      const places = placesOf(group);
      const { body, ...rest } = group.nodes[0]!.attrs as LoopAttrs;
      const attrs = { ...rest, body: { ...body, outputs: numbered(places.values) } };
      const results = graph.builder.inherit(group.nodes, () => graph.builder.apply(loop as AnyOp, operands, attrs));
      made.set(group, (wide = { results, places }));
    }
    const { results, places } = wide;
    return places.of(node).map((place) => results[place]!);
  });
}

interface Places {
  /** Next states, then everything that one of the loops stacks. */
  readonly values: readonly Value[];
  /** Where the results of one of the loops are among them. */
  of(node: Node): readonly number[];
}

function placesOf({ nodes, outputs }: Group): Places {
  const { states } = nodes[0]!.attrs as LoopAttrs;
  const first = outputs.get(nodes[0]!)!.slice(0, states);
  const stacked = [...new Set(nodes.flatMap((node) => outputs.get(node)!.slice(states)))];
  return {
    values: [...first, ...stacked],
    of: (node) => outputs.get(node)!.map((x, i) => (i < states ? i : states + stacked.indexOf(x))),
  };
}
