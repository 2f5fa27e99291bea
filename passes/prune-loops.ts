// Loops and branches lose what nobody needs: results, states that nothing but themselves depends on, and operands that are
// read no more. One walk from the roots finds all of it, also where a loop only served another.
import { type Graph, nodesOf, rootsOf, topological } from "#ir/graph.js";
import type { Node, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import type { BranchAttrs, LoopAttrs } from "#ir/flow.js";
import { branch, loop } from "#ir/ops/loops.js";
import type { Pass } from "./pass.js";
import { rebuild } from "./rewrite.js";

const rule = "a loop or a branch with results, states or operands that nobody needs → one without";

export const pruneLoops: Pass<Graph> = {
  name: "prune-loops",
  doc: "Loops and branches give, carry and take only what is needed.",
  rules: [rule],
  run: (graph, note) => {
    if (!graph.builder.hasControl) return graph;
    const needed = new Set<Value>(rootsOf(graph));
    const keeps = new Map<Node, Kept>();
    for (const node of nodesOf(graph).toReversed()) {
      if (!node.results.some((x) => needed.has(x))) continue;
      const kept = keptOf(node, needed);
      if (kept) keeps.set(node, kept);
      node.operands.forEach((x, i) => {
        if (!kept || kept.operands[i]) needed.add(x);
      });
    }
    const less = [...keeps].some(([, { operands, results }]) => operands.includes(false) || results.includes(false));
    if (!less) return graph;
    note(rule);
    return rebuilt(graph, keeps);
  },
};

/** Which operands and results of a node stay. */
interface Kept {
  readonly operands: readonly boolean[];
  readonly results: readonly boolean[];
}

function keptOf(node: Node, needed: ReadonlySet<Value>): Kept | null {
  if (node.op === (loop as AnyOp)) return keptOfLoop(node, needed);
  if (node.op !== (branch as AnyOp)) return null;
  const { then, otherwise } = node.attrs as BranchAttrs;
  const results = node.results.map((x) => needed.has(x));
  const reads = [then, otherwise].map((graph) => readBy([...graph.outputs.values()].filter((_, i) => results[i])));
  const operands = node.operands.map((_, i) => {
    return i === 0 || [then, otherwise].some(({ inputs }, side) => reads[side]!.has(inputs[i - 1]!));
  });
  return { operands, results };
}

function keptOfLoop(node: Node, needed: ReadonlySet<Value>): Kept {
  const { body, test, captures, states, counted = false } = node.attrs as LoopAttrs;
  const outputs = [...body.outputs.values()];
  const results = node.results.map((x) => needed.has(x));
  const tested = test ? readBy([...test.outputs.values()]) : new Set<Node>();
  let read: ReadonlySet<Node> = new Set();
  for (let more = true; more;) {
    more = false;
    read = readBy(outputs.filter((_, i) => results[i]));
    for (let k = 0; k < states; k++) {
      const isRead = read.has(body.inputs[captures + k]!) || (test && tested.has(test.inputs[captures + k]!));
      // The first state of a loop with a test counts its turns.
      if (results[k] || !(isRead || (test && k === 0))) continue;
      results[k] = more = true;
    }
  }
  const lead = counted ? 1 : 0;
  const operands = node.operands.map((_, at) => {
    const i = at - lead;
    if (i < 0) return true;
    if (i >= captures && i < captures + states) return results[i - captures]!;
    return read.has(body.inputs[i]!) || (test !== undefined && i < captures && tested.has(test.inputs[i]!));
  });
  return { operands, results };
}

/** The nodes that some values of a sub-graph need. */
function readBy(values: readonly Value[]): ReadonlySet<Node> {
  return new Set(topological(values));
}

function rebuilt(graph: Graph, keeps: ReadonlyMap<Node, Kept>): Graph {
  return rebuild(graph, (node, operands) => {
    const kept = keeps.get(node);
    if (!kept || ![...kept.operands, ...kept.results].includes(false)) return null;
    const left = operands.filter((_, i) => kept.operands[i]);
    const made = graph.builder.inherit([node], () => graph.builder.apply(node.op, left, attrsOf(node, kept)));
    let next = 0;
    return kept.results.map((stays) => (stays ? made[next++]! : null));
  });
}

function attrsOf(node: Node, { operands, results }: Kept): LoopAttrs | BranchAttrs {
  const cut = (graph: Graph, takes: readonly boolean[], gives = results): Graph => ({
    ...graph,
    inputs: graph.inputs.filter((_, i) => takes[i]),
    outputs: new Map([...graph.outputs].filter((_, i) => gives[i])),
  });
  if (node.op === (branch as AnyOp)) {
    const { then, otherwise } = node.attrs as BranchAttrs;
    const takes = operands.slice(1);
    return { then: cut(then, takes), otherwise: cut(otherwise, takes) };
  }
  const { body, test, captures, states, ...rest } = node.attrs as LoopAttrs;
  const own = rest.counted ? operands.slice(1) : operands;
  const count = (from: number, to: number): number => own.slice(from, to).filter(Boolean).length;
  return {
    ...rest,
    captures: count(0, captures),
    states: count(captures, captures + states),
    ...(test ? { test: cut(test, own.slice(0, captures + states), [true]) } : {}),
    body: cut(body, own),
  };
}
