// What is the same in every turn of a loop leaves it. Most of it never comes in: a step that is traced computes with tensors
// from outside outside. What is left are the bodies of gradients, which are made as a whole.
import { givenValues } from "#ir/closed-graph.js";
import { copyNodes } from "#ir/copy-nodes.js";
import type { LoopAttrs } from "#ir/flow.js";
import { type Graph, topological } from "#ir/graph.js";
import type { Node } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { input } from "#ir/ops/leaves.js";
import { loop } from "#ir/ops/loops.js";
import { elementOf } from "./element.js";
import type { Pass } from "./pass.js";
import { type Replacement, transform } from "./rewrite.js";

const rule = "what a loop computes of captures alone → computed once before it";

export const liftInvariants: Pass<Graph> = {
  name: "lift-invariants",
  doc: "What is the same in every turn is computed before the loop.",
  rules: [rule],
  run: (graph, note) => (graph.builder.hasControl ? transform(graph, (node) => lifted(node, graph), note) : graph),
};

function lifted(node: Node, { builder }: Graph): Replacement | null {
  if (node.op !== (loop as AnyOp)) return null;
  const attrs = node.attrs as LoopAttrs;
  const { body, test, captures, counted } = attrs;
  const inputs = body.inputs.map((own) => own.results[0]!);
  const outputs = [...body.outputs.values()];
  const fixed = new Set<Node>(inputs.slice(0, captures).map((x) => x.node));
  // Made of nothing: constants, ranges, and what is computed of them.
  const free = new Set<Node>();
  for (const own of topological(outputs)) {
    const { operands } = own;
    if (operands.every((x) => free.has(x.node))) {
      if (own.op !== (input as AnyOp)) free.add(own);
    } else if (operands.every((x) => fixed.has(x.node) || free.has(x.node))) fixed.add(own);
  }
  const stops = (own: Node): boolean => fixed.has(own) && isWork(own);
  const values = topological(outputs, stops)
    .filter(stops)
    .flatMap((own) => own.results);
  if (values.length === 0) return null;
  const lead = counted ? 1 : 0;
  const given = new Map(inputs.slice(0, captures).map((x, i) => [x, node.operands[lead + i]!]));
  const before = values.map(copyNodes(values, builder, given));
  const wider = (graph: Graph): Graph => givenValues(graph, values, captures, "fixed");
  const operands = node.operands.toSpliced(lead + captures, 0, ...before);
  const now = {
    ...attrs,
    captures: captures + values.length,
    ...(test ? { test: wider(test) } : {}),
    body: wider(body),
  };
  return { rule, values: builder.apply(loop as AnyOp, operands, now) };
}

/** Whether there is something to compute: neither a leaf nor a view, and no loop or branch. */
function isWork(node: Node): boolean {
  const { kind } = node.op.lower;
  if (kind === "leaf" || kind === "control") return false;
  if (kind !== "compute") return true;
  const { role } = elementOf(node);
  return role !== "view" && role !== "free";
}
