// A graph as it would run without recomputation: when each node is computed, when its result is last read, and the turn:
// the moment at which the most bytes wait to be read later. In a training step that is the end of the forward part.
// Nothing is told by the names of ops or by how the gradient was made.
import { itemSize } from "#ir/dtype.js";
import { type Graph, rootsOf } from "#ir/graph.js";
import type { Node, Value } from "#ir/node.js";
import { countOf } from "../element.js";
import { accessesOf } from "../group.js";
import type { Schedule } from "../schedule.js";

export interface Timeline {
  readonly graph: Graph;
  /** Computed nodes in the order in which they run. */
  readonly order: readonly Node[];
  /** When a computed node runs, by the grain: its launch, or its place in the order. */
  readonly step: ReadonlyMap<Node, number>;
  /** The last step of the early part. */
  readonly turn: number;
  /** Early nodes whose results late nodes read, in order. */
  readonly needed: readonly Node[];
  /** Early nodes whose results leave the graph, so that they are stored in any case. */
  readonly pinned: ReadonlySet<Node>;
  /** The most bytes alive at once, as the scheduler counts. */
  readonly peak: number;
  /** Computed nodes that a computed node reads, views seen through. */
  sources(node: Node): readonly Node[];
  /** Leaves that a computed node reads. */
  leaves(node: Node): readonly Node[];
  /** Computed nodes that read a node. */
  readers(node: Node): readonly Node[];
}

/**
 * What counts as a step: a launch, so that what runs together stays together, or a node, where kernels are so large that
 * borders must fall inside them.
 */
export type Grain = "launch" | "node";

/** The timeline of a scheduled graph; null where the late part reads nothing of the early one. */
export function timelineOf({ fused, launches, peak }: Schedule, grain: Grain): Timeline | null {
  const { graph } = fused;
  const nodes = launches.map(({ work, combine }) => [...work, ...combine].flatMap((group) => group.nodes));
  const order = nodes.flat();
  const steps = grain === "node" ? order.map((node) => [node]) : nodes;
  const step = new Map(steps.flatMap((list, i) => list.map((node) => [node, i] as const)));
  const [sources, leaves] = [new Map<Node, Node[]>(), new Map<Node, Node[]>()];
  const readers = new Map<Node, Node[]>(order.map((node) => [node, []]));
  for (const node of order) {
    const read = [...new Set(accessesOf(node).map((access) => access.value.node))];
    const computed = read.filter((source) => step.has(source));
    sources.set(node, computed);
    leaves.set(
      node,
      read.filter((source) => !step.has(source)),
    );
    for (const source of computed) readers.get(source)!.push(node);
  }
  const inPlace = new Set(fused.inPlace.values());
  const stored = order.filter((node) => fused.escaping.has(node.results[0]!) && !inPlace.has(node.results[0]!));
  const turn = turnOf(stored, step, readers, steps.length);
  const needed = order.filter((node) => step.get(node)! <= turn && readers.get(node)!.some((r) => step.get(r)! > turn));
  if (needed.length === 0) return null;
  const pinned = new Set(rootsOf(graph).map((value) => value.node));
  const found = { graph, order, step, turn, needed, pinned, peak };
  return {
    ...found,
    sources: (node) => sources.get(node)!,
    leaves: (node) => leaves.get(node)!,
    readers: (node) => readers.get(node)!,
  };
}

/** Bytes of a node's result. */
export function bytesOf(node: Node): number {
  const value = node.results[0] as Value;
  return countOf(value) * itemSize(value.type.dtype);
}

/** The first step after which the most bytes wait. */
function turnOf(
  stored: readonly Node[],
  step: ReadonlyMap<Node, number>,
  readers: ReadonlyMap<Node, readonly Node[]>,
  steps: number,
): number {
  const change = new Float64Array(steps + 1);
  for (const node of stored) {
    const last = Math.max(step.get(node)!, ...readers.get(node)!.map((reader) => step.get(reader)!));
    change[step.get(node)!]! += bytesOf(node);
    change[last]! -= bytesOf(node);
  }
  let [turn, most, waiting] = [0, 0, 0];
  for (let i = 0; i < steps; i++) {
    waiting += change[i]!;
    if (waiting > most) [turn, most] = [i, waiting];
  }
  return turn;
}
