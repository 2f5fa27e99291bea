// Placing buffers one after another: each goes into a hole between the buffers already placed that are alive with it.
import type { LiveSet } from "./live-set.js";

/** Which hole a buffer takes: the lowest that is large enough, or the one that leaves the least. */
export type Fit = "first" | "best";

/** A buffer with no more conflicts than this looks at them alone; any other looks at all that is placed. */
const fewConflicts = 64;

/** Places buffers in a given order. `work` counts the steps, so that a budget never depends on a clock. */
export class Placer {
  /** Bytes from the start of the arena, per buffer, after `place`. */
  readonly offset: Float64Array;
  work = 0;
  /** The buffers placed so far, by offset. */
  private readonly placed: Int32Array;
  private placedCount = 0;
  private readonly isPlaced: Uint8Array;
  private readonly conflicts: readonly (Int32Array | null)[];
  private readonly near = new Int32Array(fewConflicts);

  constructor(readonly set: LiveSet) {
    this.offset = new Float64Array(set.count);
    this.placed = new Int32Array(set.count);
    this.isPlaced = new Uint8Array(set.count);
    this.conflicts = shortConflictLists(set);
  }

  /** Places all buffers in this order; returns the bytes needed, or Infinity as soon as they exceed `limit`. */
  place(order: ArrayLike<number>, fit: Fit, limit = Infinity): number {
    this.placedCount = 0;
    this.isPlaced.fill(0);
    let most = 0;
    for (let i = 0; i < order.length; i++) {
      const buffer = order[i]!;
      const conflicts = this.conflicts[buffer]!;
      const at = conflicts
        ? this.findHole(buffer, this.near, this.gather(conflicts), fit)
        : this.findHole(buffer, this.placed, this.placedCount, fit);
      this.insert(buffer, at);
      const end = at + this.set.size[buffer]!;
      if (end > limit) return Infinity;
      if (end > most) most = end;
    }
    return most;
  }

  /** An offset for the buffer, given `count` placed ones in order of offset. */
  private findHole(buffer: number, others: Int32Array, count: number, fit: Fit): number {
    const { size, first, last } = this.set;
    const offset = this.offset;
    const [need, from, to] = [size[buffer]!, first[buffer]!, last[buffer]!];
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
    this.work += i + 32;
    return at < 0 ? low : at;
  }

  /** Fills `near` with those that are placed, by offset, and returns how many they are. */
  private gather(conflicts: Int32Array): number {
    const { near, offset } = this;
    let count = 0;
    for (const other of conflicts) {
      if (this.isPlaced[other] === 0) continue;
      let i = count++;
      for (; i > 0 && offset[near[i - 1]!]! > offset[other]!; i--) near[i] = near[i - 1]!;
      near[i] = other;
    }
    this.work += conflicts.length + (count * count) / 4;
    return count;
  }

  private insert(buffer: number, at: number): void {
    const { placed, offset } = this;
    offset[buffer] = at;
    this.isPlaced[buffer] = 1;
    let [low, high] = [0, this.placedCount];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (offset[placed[middle]!]! < at) low = middle + 1;
      else high = middle;
    }
    placed.copyWithin(low + 1, low, this.placedCount);
    placed[low] = buffer;
    this.work += (this.placedCount - low) / 16;
    this.placedCount++;
  }
}

/** The conflicts of the buffers that have few, null for the others; in about linear time. */
function shortConflictLists({ count, moments, first, last }: LiveSet): readonly (Int32Array | null)[] {
  const started = new Int32Array(moments + 1);
  const ended = new Int32Array(moments + 1);
  for (let i = 0; i < count; i++) {
    started[first[i]!]!++;
    ended[last[i]! + 1]!++;
  }
  for (let m = 1; m <= moments; m++) {
    started[m]! += started[m - 1]!;
    ended[m]! += ended[m - 1]!;
  }
  const lists: (number[] | null)[] = Array.from({ length: count }, (_, i) =>
    started[last[i]!]! - ended[first[i]!]! - 1 <= fewConflicts ? [] : null,
  );
  const byEnd = [...lists.keys()].sort((a, b) => last[a]! - last[b]!);
  const alive = new Set<number>();
  let gone = 0;
  for (const buffer of [...lists.keys()].sort((a, b) => first[a]! - first[b]!)) {
    for (; last[byEnd[gone]!]! < first[buffer]!; gone++) alive.delete(byEnd[gone]!);
    // Among more than a few alive none has few conflicts.
    if (alive.size <= fewConflicts) {
      for (const other of alive) {
        lists[buffer]?.push(other);
        lists[other]?.push(buffer);
      }
    }
    alive.add(buffer);
  }
  return lists.map((list) => list && Int32Array.from(list));
}
