// Lowering of graphs with loops and branches: their sub-graphs are fused, ordered and lowered like the graph around them.
import type { Graph } from "#ir/graph.js";
import type { Node, Value } from "#ir/node.js";
import type { Flow } from "#ir/flow.js";
import type { Lowering } from "#ir/op.js";
import { reshape } from "#ir/ops/movement.js";
import type { Schedules } from "./contraction-schedules.js";
import { elementOf } from "./element.js";
import { fuse, type FuseOptions } from "./fuse.js";
import type { FusedGraph } from "./group.js";
import type { FailureTable, Layouts } from "./kernel-buffers.js";
import { lower, type LoweredLaunch } from "./lower.js";
import { schedule, type Schedule } from "./schedule.js";

/** A loop or a branch, whose sub-graphs are lowered: of a loop the body, and the test where it has one; or both branches. */
export interface LoweredControl {
  readonly node: Node;
  readonly flow: Flow;
  readonly graphs: readonly LoweredGraph[];
  /** The results that somebody reads. */
  readonly used: ReadonlySet<Value>;
}
export type Lowered = LoweredLaunch | LoweredControl;

export interface LoweredGraph {
  readonly graph: Graph;
  readonly launches: readonly Lowered[];
}

export interface LowerContext extends FuseOptions {
  readonly layouts: Layouts;
  readonly failures: FailureTable;
  /** Where the numbers of the next graph's nodes begin; each graph of a program has its own. */
  readonly numbers: { next: number };
  readonly schedules?: Partial<Schedules>;
}

/** The launches of a graph in order, each a kernel, or a loop or branch around others. */
export function lowerLaunches({ fused, launches }: Schedule, context: LowerContext): readonly Lowered[] {
  const first = context.numbers.next;
  for (const group of fused.groups)
    for (const { id } of group.nodes) context.numbers.next = Math.max(context.numbers.next, first + id + 1);
  return launches.map((launch) => {
    const [group] = launch.work;
    if (group?.kind === "control") return lowerControl(group.nodes[0]!, fused, context);
    return lower(launch, fused, context.layouts, context.failures, context.schedules, first);
  });
}

function lowerControl(node: Node, { escaping }: FusedGraph, context: LowerContext): LoweredControl {
  const flow = flowOf(node);
  const inner = flow.kind === "branch" ? [flow.then, flow.otherwise] : flow.test ? [flow.body, flow.test] : [flow.body];
  const graphs = inner.map((graph): LoweredGraph => {
    const ready = withOwnOutputs(graph);
    return { graph: ready, launches: lowerLaunches(schedule(fuse(ready, context)), context) };
  });
  return { node, flow, graphs, used: new Set(node.results.filter((x) => escaping.has(x))) };
}

/** What a control node does. */
export function flowOf(node: Node): Flow {
  return (node.op.lower as Extract<Lowering<Node["attrs"]>, { readonly kind: "control" }>).flow(node.attrs);
}

/** The graph with a computed value for every output: copies of inputs, and of what is given twice. */
function withOwnOutputs(graph: Graph): Graph {
  const taken = new Set<Value>();
  const outputs = [...graph.outputs].map(([name, value]): readonly [string, Value] => {
    let own = value;
    while (taken.has(own) || elementOf(own.node).role === "leaf") own = reshape(own, own.type.shape) as Value;
    taken.add(own);
    return [name, own];
  });
  return { ...graph, outputs: new Map(outputs) };
}
