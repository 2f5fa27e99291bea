// One application of an op as a graph: what the compiler gets from eager execution.
import { Builder } from "#ir/builder.js";
import { closedGraph, declareInput } from "#ir/closed-graph.js";
import { InternalError } from "#ir/errors.js";
import type { Graph } from "#ir/graph.js";
import type { Attrs, Node } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import type { Layout } from "./layout.js";

/** The graph, with the strides of those inputs that are not row-major. Its nodes come from no line: every call uses it. */
export function oneNodeGraph(
  op: AnyOp,
  layouts: readonly Layout[],
  attrs: Attrs,
): { readonly graph: Graph; readonly strides: ReadonlyMap<Node, readonly number[]> } {
  const builder = new Builder(`eager ${op.name}`);
  const inputs = layouts.map(({ type }, i) => declareInput(builder, `x${i}`, type));
  const results = builder.inherit([], () => builder.apply(op, inputs, attrs));
  if (results.length === 0) throw new InternalError(`eager: ${op.name} has no results`);
  const strides = new Map<Node, readonly number[]>();
  inputs.forEach((x, i) => layouts[i]!.contiguous || strides.set(x.node, layouts[i]!.strides));
  return { graph: closedGraph(builder, inputs, results, op.name), strides };
}
