// Moves views after the elementwise work on what they view, towards their readers: a broadcast then repeats results in
// place of work, and transposes and reshapes meet those of their readers and merge. The work never grows, whoever else
// reads the operands: `f(view x)` and `f(x)` are not both computed unless both were before.
import type { Graph } from "#ir/graph.js";
import type { Node, Operand, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { broadcast, reshape, transpose } from "#ir/ops/movement.js";
import { sameShape, type Size } from "#ir/size.js";
import { keyOf } from "#ir/builder.js";
import { isElementwise, overOperands } from "./elementwise.js";
import type { Pass } from "./pass.js";
import { transform, type Replacement } from "./rewrite.js";

const views: readonly AnyOp[] = [broadcast, transpose, reshape];
const ruleOf = (view: AnyOp): string => `f(${view.name} x) → ${view.name} f(x), f elementwise`;

export const move: Pass<Graph> = {
  name: "move",
  doc: "Broadcasts, transposes and reshapes sink below elementwise ops, where the work does not grow.",
  rules: views.map(ruleOf),
  run: (graph, note) => transform(graph, sink, note),
};

function sink(node: Node): Replacement | null {
  if (node.operands.length === 0) return null;
  // Numbers fit every shape, so only the other operands decide.
  const decisive = node.operands.filter((value) => numberBehind(value) === null);
  const lead = (decisive[0] ?? node.operands[0]!).node;
  if (!views.includes(lead.op) || !isElementwise(node)) return null;
  const source = lead.operands[0]!.type.shape;
  if (!decisive.every((value) => sameView(value.node, lead, source))) return null;
  const inner = overOperands(node, node.operands.map((value) => unviewed(value, source, decisive))); // prettier-ignore
  return inner && { rule: ruleOf(lead.op), values: [viewLike(lead, inner) as Value] };
}

/** The scalar that a broadcast repeats; null where it is no broadcast of a scalar. */
function numberBehind(value: Value): Value | null {
  const from = value.node.op === (broadcast as AnyOp) ? value.node.operands[0]! : null;
  return from?.type.shape.length === 0 ? from : null;
}

/** Whether two views map equal shapes in the same way. */
function sameView(node: Node, lead: Node, source: readonly Size[]): boolean {
  if (node.op !== lead.op || keyOf(node.attrs) !== keyOf(lead.attrs)) return false;
  return sameShape(node.operands[0]!.type.shape, source);
}

function unviewed(value: Value, source: readonly Size[], decisive: readonly Value[]): Value {
  if (decisive.includes(value)) return value.node.operands[0]!;
  const scalar = numberBehind(value)!;
  return source.length === 0 ? scalar : (broadcast(scalar, source) as Value);
}

function viewLike(lead: Node, inner: Value): Operand {
  return inner.owner.apply(lead.op, [inner], lead.attrs)[0]!;
}
