// One application of an op as a graph: what the compiler gets from eager execution.
import { Builder } from "#ir/builder.js";
import { InternalError } from "#ir/errors.js";
import type { Graph } from "#ir/graph.js";
import type { Attrs, Node } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { input } from "#ir/ops/leaves.js";
import type { Layout } from "./layout.js";

/** The graph, with the strides of those inputs that are not row-major. Its nodes come from no line: every call uses it. */
export function oneNodeGraph(
  op: AnyOp,
  layouts: readonly Layout[],
  attrs: Attrs,
): { readonly graph: Graph; readonly strides: ReadonlyMap<Node, readonly number[]> } {
  const builder = new Builder(`eager ${op.name}`);
  const [inputs, results] = builder.inherit([], () => {
    const inputs = layouts.map(({ type }, i) => builder.apply(input, [], { name: `x${i}`, ...type })[0]!);
    return [inputs, builder.apply(op, inputs, attrs)] as const;
  });
  if (results.length === 0) throw new InternalError(`eager: ${op.name} has no results`);
  const strides = new Map<Node, readonly number[]>();
  inputs.forEach((x, i) => layouts[i]!.contiguous || strides.set(x.node, layouts[i]!.strides));
  const graph: Graph = {
    name: op.name,
    builder,
    inputs: inputs.map((x) => x.node),
    parameters: [],
    outputs: new Map(results.map((x, i) => [`y${i}`, x])),
    updates: new Map(),
    effects: [],
  };
  return { graph, strides };
}
