// Placing buffers one after another: each goes into a hole between the buffers already placed that are alive with it.
import type { LiveSet } from "./live-set.js";

/** Which hole a buffer takes: the lowest that is large enough, or the one that leaves the least. */
export type Fit = "first" | "best";

/**
 * Places buffers in a given order. Where few pairs conflict it looks at a buffer's conflicts only, else at all that is
 * placed, in order of offset. `work` counts the steps, so that a budget never depends on a clock.
 */
export class Placer {
  /** Bytes from the start of the arena, per buffer, after `place`. */
  readonly offset: Float64Array;
  work = 0;
  private readonly placed: Int32Array;
  private placedCount = 0;
  private readonly isPlaced: Uint8Array;
  private readonly neighbours: readonly Int32Array[] | null;

  constructor(readonly set: LiveSet) {
    this.offset = new Float64Array(set.count);
    this.placed = new Int32Array(set.count);
    this.isPlaced = new Uint8Array(set.count);
    this.neighbours = set.conflicts * 16 < set.count * set.count ? conflictLists(set) : null;
  }

  /** Steps that one `place` takes, about. */
  get cost(): number {
    const { count, conflicts } = this.set;
    return 16 * count + (this.neighbours ? 8 * conflicts : (count * count) / 2);
  }

  /** Places all buffers in this order; returns the bytes needed, or Infinity as soon as they exceed `limit`. */
  place(order: ArrayLike<number>, fit: Fit, limit = Infinity): number {
    this.placedCount = 0;
    this.isPlaced.fill(0);
    let most = 0;
    for (let i = 0; i < order.length; i++) {
      const end = this.placeOne(order[i]!, fit);
      if (end > limit) return Infinity;
      if (end > most) most = end;
    }
    return most;
  }

  private placeOne(buffer: number, fit: Fit): number {
    const { set, offset } = this;
    const { size, first, last } = set;
    const [need, from, to] = [size[buffer]!, first[buffer]!, last[buffer]!];
    const others = this.neighbours ? this.placedNeighbours(this.neighbours[buffer]!) : this.placed;
    const count = this.neighbours ? others.length : this.placedCount;
    let [low, at, waste, i] = [0, -1, Infinity, 0];
    for (; i < count; i++) {
      const other = others[i]!;
      if (first[other]! > to || last[other]! < from) continue;
      const hole = offset[other]! - low;
      if (hole >= need && hole - need < waste) {
        at = low;
        waste = hole - need;
        if (fit === "first") break;
      }
      const end = offset[other]! + size[other]!;
      if (end > low) low = end;
    }
    this.work += i + 16;
    if (at < 0) at = low;
    offset[buffer] = at;
    if (this.neighbours) this.isPlaced[buffer] = 1;
    else this.insert(buffer, at);
    return at + need;
  }

  private placedNeighbours(all: Int32Array): Int32Array {
    this.work += 8 * all.length;
    return all.filter((other) => this.isPlaced[other]).sort((a, b) => this.offset[a]! - this.offset[b]!);
  }

  private insert(buffer: number, at: number): void {
    const { placed, offset } = this;
    let [low, high] = [0, this.placedCount];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (offset[placed[middle]!]! < at) low = middle + 1;
      else high = middle;
    }
    placed.copyWithin(low + 1, low, this.placedCount);
    placed[low] = buffer;
    this.placedCount++;
  }
}

/** The conflicts of every buffer, found by walking the starts. */
function conflictLists(set: LiveSet): readonly Int32Array[] {
  const lists: number[][] = Array.from({ length: set.count }, () => []);
  let alive: number[] = [];
  for (const buffer of [...lists.keys()].sort((a, b) => set.first[a]! - set.first[b]!)) {
    alive = alive.filter((other) => set.last[other]! >= set.first[buffer]!);
    for (const other of alive) {
      lists[buffer]!.push(other);
      lists[other]!.push(buffer);
    }
    alive.push(buffer);
  }
  return lists.map((list) => Int32Array.from(list));
}
