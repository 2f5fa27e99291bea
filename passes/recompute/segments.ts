// The √n method of Chen, Xu, Zhang and Guestrin, "Training deep nets with sublinear memory cost" (2016): the early part falls
// into segments of about equal bytes; what crosses a border between two of them is kept, and the inside of a segment is
// computed again from it when the late part comes to need it.
import type { Node } from "#ir/node.js";
import { bytesOf, type Timeline } from "./timeline.js";

/** How many segments of n needed results need the least memory: √n segments of √n results. */
export function usualSegments({ needed }: Timeline): number {
  return Math.max(1, Math.round(Math.sqrt(needed.length)));
}

/** The last steps of all segments but the last: near the places that share out the bytes evenly, the smallest cuts. */
export function bordersOf(timeline: Timeline, segments: number): readonly number[] {
  const { needed, step, turn } = timeline;
  const cut = cutsOf(timeline);
  const before = new Float64Array(turn + 1);
  for (const node of needed) before[step.get(node)!]! += bytesOf(node);
  for (let i = 1; i <= turn; i++) before[i]! += before[i - 1]!;
  const share = before[turn]! / segments;
  const borders = new Set<number>();
  for (let k = 1; k < segments; k++) {
    let best = -1;
    for (let i = 0; i < turn; i++) {
      const off = Math.abs(before[i]! - k * share);
      if (off > share / 2) continue;
      const better = best < 0 || cut[i]! < cut[best]!;
      if (better || (cut[i] === cut[best] && off < Math.abs(before[best]! - k * share))) best = i;
    }
    if (best >= 0) borders.add(best);
  }
  return [...borders];
}

/** The early nodes that a later segment reads, and their borders. */
export function crossing(timeline: Timeline, borders: readonly number[]): ReadonlySet<Node> {
  return new Set(
    timeline.order.filter((node) => {
      const [from, to] = spanOf(timeline, node);
      return borders.some((border) => from <= border && border < to);
    }),
  );
}

/** Bytes that early steps up to each one compute for later ones of the early part. */
function cutsOf(timeline: Timeline): Float64Array {
  const change = new Float64Array(timeline.turn + 1);
  for (const node of timeline.order) {
    const [from, to] = spanOf(timeline, node);
    if (from >= to) continue;
    change[from]! += bytesOf(node);
    change[to]! -= bytesOf(node);
  }
  for (let i = 1; i < change.length; i++) change[i]! += change[i - 1]!;
  return change;
}

/** When a node is computed, and when the early part last reads it. */
function spanOf({ step, turn, readers }: Timeline, node: Node): readonly [number, number] {
  const from = step.get(node)!;
  if (from > turn) return [from, from];
  const early = readers(node).map((reader) => step.get(reader)!);
  return [from, Math.max(from, ...early.filter((at) => at <= turn))];
}
