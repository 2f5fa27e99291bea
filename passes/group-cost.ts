// What groups would cost, each as a launch of its own: by it fusion decides which are merged, and which first.
import { launchSeconds, lineBytes, secondsOf, secondsToMove } from "#ir/cost.js";
import { itemSize } from "#ir/dtype.js";
import type { Node, Value } from "#ir/node.js";
import { flopsOf, readsOf } from "./cost.js";
import { countOf, elementOf } from "./element.js";
import { accessesOf, type Group } from "./group.js";

/** Nodes behind a group that are looked at for what will be computed in it. */
const farthest = 16;

export class GroupCosts {
  readonly #known = new WeakMap<Group, number>();
  readonly #scratch = new WeakMap<Group, number>();
  readonly #ahead = new WeakMap<Group, Set<Node>>();

  /** `readers` of every node, and the values that leave the graph. */
  constructor(
    readonly readers: ReadonlyMap<Node, readonly Node[]>,
    readonly roots: ReadonlySet<Value>,
  ) {}

  /** Buffers that a group reads and writes. */
  buffersOf({ nodes }: Group): number {
    const inside = new Set(nodes);
    const escapes = this.escapesFrom(nodes);
    const buffers = new Set<Value>();
    for (const node of nodes) {
      if (escapes(node)) buffers.add(node.results[0]!);
      for (const { value } of accessesOf(node)) if (!inside.has(value.node)) buffers.add(value);
    }
    return buffers.size;
  }

  /**
   * Seconds that are saved where `a` and `b` are computed as `group`, each row of which keeps so many bytes for its later loops;
   * less than 0 where they had better stay apart.
   */
  gain(a: Group, b: Group, group: Group, rowBytes: number): number {
    const kept = this.#keeping(a) + this.#keeping(b);
    const rows = group.axes.reduce((n, extent) => n * extent, 1);
    const keeping = Math.max(kept, secondsToMove(2 * rows * rowBytes, rowBytes));
    this.#scratch.set(group, keeping);
    return this.#of(a) + this.#of(b) - this.#of(group) + kept - keeping;
  }

  /**
   * Seconds in which `reader` would read what it need not read as part of the group `a`: results of the group, and what it or
   * whatever will be computed in it reads too. Whether the results need be written at all depends on their other readers.
   */
  promise(a: Group, reader: Node): number {
    const near = this.#near(a);
    let bytes = 0;
    for (const [value, times] of readsOf(reader)) if (near.has(value.node)) bytes += bytesOf(value, times);
    return secondsOf({ flops: 0, bytes });
  }

  /** Which nodes of a group others need, or leave the graph. */
  escapesFrom(nodes: readonly Node[]): (node: Node) => boolean {
    const inside = new Set(nodes);
    return (node) => this.roots.has(node.results[0]!) || (this.readers.get(node)?.some((r) => !inside.has(r)) ?? false);
  }

  /** Seconds in which the rows of a group keep something and fetch it again. */
  #keeping(group: Group): number {
    return this.#scratch.get(group) ?? 0;
  }

  #of(group: Group): number {
    let seconds = this.#known.get(group);
    if (seconds === undefined) this.#known.set(group, (seconds = this.#secondsOf(group.nodes)));
    return seconds;
  }

  /** The nodes of a group, what they read, and the same of those that only they read, which will be computed in it. */
  #near(group: Group): ReadonlySet<Node> {
    let found = this.#ahead.get(group);
    if (found) return found;
    this.#ahead.set(group, (found = new Set(group.nodes)));
    const members = [...group.nodes];
    for (let i = 0; i < members.length && i < farthest; i++) {
      for (const { node } of readsOf(members[i]!).keys()) {
        found.add(node);
        if (this.readers.get(node)?.length === 1 && elementOf(node).role === "map") members.push(node);
      }
    }
    return found;
  }

  /** Of nodes that are computed together: bytes and operations one after the other, as an epilogue follows the sums of its tile. */
  #secondsOf(nodes: readonly Node[]): number {
    const inside = new Set(nodes);
    const escapes = this.escapesFrom(nodes);
    const reads = new Map<Value, number>();
    let [seconds, bytes] = [launchSeconds, 0];
    for (const node of nodes) {
      seconds += secondsOf({ flops: flopsOf(node), bytes: 0 });
      if (escapes(node)) bytes += bytesOf(node.results[0]!, Infinity);
      for (const [value, times] of readsOf(node)) {
        if (!inside.has(value.node)) reads.set(value, (reads.get(value) ?? 0) + times);
      }
    }
    for (const [value, times] of reads) bytes += bytesOf(value, times);
    return seconds + secondsOf({ flops: 0, bytes });
  }
}

/** Seconds in which every element of these is read a cache line at a time. */
export function secondsOfJumps(nodes: readonly Node[]): number {
  return nodes.reduce((sum, node) => {
    const value = node.results[0]!;
    return sum + secondsToMove(countOf(value) * lineBytes, bytesOf(value, Infinity));
  }, 0);
}

/** Bytes of so many of a value's elements, of all where it has fewer. */
function bytesOf(value: Value, elements: number): number {
  return Math.min(elements, countOf(value)) * itemSize(value.type.dtype);
}
