// Which results of the early part to keep so that the late part can compute the others from them and the kept bytes are
// least: a minimum cut between what is computed only once and what the late part reads, as in the partitioner of PyTorch's
// AOTAutograd. Of equal cuts the one nearest to the late part is taken: it computes the least again.
import type { Node } from "#ir/node.js";
import { elementOf } from "../element.js";
import { canFail } from "../group.js";
import { FlowNetwork } from "./max-flow.js";
import { bytesOf, type Timeline } from "./timeline.js";

/** Whether a node is kept rather than computed twice: all that is more than element by element. */
export function isDear(node: Node): boolean {
  return elementOf(node).role !== "map" || canFail(node);
}

/** The nodes to keep, given some that are kept in any case; `dear` ones are never computed twice. */
export function minCut(
  timeline: Timeline,
  given: ReadonlySet<Node>,
  dear: (node: Node) => boolean = isDear,
): ReadonlySet<Node> {
  const { order, step, turn, needed, pinned } = timeline;
  const network = new FlowNetwork();
  const [source, sink] = [network.vertex(), network.vertex()];
  const early = order.filter((node) => step.get(node)! <= turn);
  // A node is an edge, as wide as its result: to cut it is to keep it.
  const [into, out] = [new Map<Node, number>(), new Map<Node, number>()];
  for (const node of early) {
    into.set(node, network.vertex());
    out.set(node, network.vertex());
    const free = pinned.has(node) || given.has(node);
    network.edge(into.get(node)!, out.get(node)!, free ? 0 : bytesOf(node));
    if (dear(node)) network.edge(source, into.get(node)!, Infinity);
    for (const operand of timeline.sources(node)) network.edge(out.get(operand)!, into.get(node)!, Infinity);
  }
  for (const node of needed) network.edge(out.get(node)!, sink, Infinity);
  // Every way from the source passes a node, and every node has a finite width.
  const { side } = network.cut(source, sink)!;
  return new Set(early.filter((node) => side.has(out.get(node)!) && !side.has(into.get(node)!)));
}
