// What is computed again, and when: given the nodes that are kept, the others that the late part needs fall into regions that
// do not read each other, and each waits for the step before its first late reader.
import type { Node } from "#ir/node.js";
import { canFail } from "../group.js";
import { flopsOf } from "../cost.js";
import type { Timeline } from "./timeline.js";

/** Nodes that are computed again together. */
export interface Region {
  /** In the order in which they run. */
  readonly nodes: readonly Node[];
  /** A node of the last early step, or a later one, that runs before all late readers: they wait for it. */
  readonly waitsFor: Node;
}

export interface Recomputation {
  readonly regions: readonly Region[];
  /** Element operations that are done twice. */
  readonly work: number;
}

/** The regions that keeping some early nodes leaves. */
export function regionsOf(timeline: Timeline, kept: ReadonlySet<Node>): Recomputation {
  const { order, step, turn, needed, pinned } = timeline;
  const again = new Set<Node>();
  const stays = (node: Node) => kept.has(node) || pinned.has(node) || canFail(node);
  const pending = needed.filter((node) => !stays(node));
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (again.has(node)) continue;
    again.add(node);
    pending.push(...timeline.sources(node).filter((source) => !stays(source)));
  }
  const last = lastNodes(timeline);
  const regions = connected(
    order.filter((node) => again.has(node)),
    timeline,
  ).flatMap((nodes): Region[] => {
    const late = nodes.flatMap((node) => timeline.readers(node).map((reader) => step.get(reader)!));
    const first = late.reduce((least, at) => (at > turn && at < least ? at : least), Infinity);
    const waitsFor = last[first - 1];
    // Nothing is won where the first reader follows at once.
    return waitsFor && step.get(nodes.at(-1)!)! < first - 1 ? [{ nodes, waitsFor }] : [];
  });
  const work = regions.reduce((sum, { nodes }) => sum + nodes.reduce((n, node) => n + flopsOf(node), 0), 0);
  return { regions, work };
}

/** The last node of every step. */
function lastNodes({ order, step }: Timeline): readonly Node[] {
  const last: Node[] = [];
  for (const node of order) last[step.get(node)!] = node;
  return last;
}

/** Nodes that read each other, directly or by way of others; each list in the given order. */
function connected(nodes: readonly Node[], timeline: Timeline): readonly (readonly Node[])[] {
  const inside = new Set(nodes);
  const seen = new Set<Node>();
  const parts: Node[][] = [];
  const place = new Map(nodes.map((node, i) => [node, i]));
  for (const start of nodes) {
    if (seen.has(start)) continue;
    seen.add(start);
    const part = [start];
    for (const node of part) {
      for (const next of [...timeline.sources(node), ...timeline.readers(node)]) {
        if (!inside.has(next) || seen.has(next)) continue;
        seen.add(next);
        part.push(next);
      }
    }
    parts.push(part.sort((a, b) => place.get(a)! - place.get(b)!));
  }
  return parts;
}
