// Packs buffers with known lifetimes into one arena (dynamic storage allocation, NP-hard): several greedy orders first, then
// two searches by turns with a fixed seed and budget, each from where the other left off, until the lower bound is reached.
import { anneal } from "./pack/anneal.js";
import type { Found } from "./pack/anneal.js";
import { Placer } from "./pack/first-fit.js";
import { alignUp, liveSets } from "./pack/live-set.js";
import type { LiveRange, LiveSet } from "./pack/live-set.js";
import { placementOrders } from "./pack/orders.js";
import { seededUniform } from "./pack/seeded.js";
import { buildSkyline } from "./pack/skyline.js";

export type { LiveRange } from "./pack/live-set.js";

export interface PackOptions {
  /** Bytes; every offset is a multiple of it, every size is rounded up to one. 64 unless said otherwise. */
  readonly alignment?: number;
  /**
   * Steps for the searches that follow the greedy orders, some 10 ns each; 0 turns them off. The default grows with the
   * number of buffers, from 16 to 64 millions.
   */
  readonly budget?: number;
  readonly seed?: number;
}

/** Where each buffer goes, in bytes. */
export interface Packing {
  /** One per range; buffers alive at the same step never overlap. */
  readonly offsets: readonly number[];
  /** Bytes the arena needs. */
  readonly planned: number;
  /** The most that is alive at any step: no plan needs less. */
  readonly lowerBound: number;
  /** Every buffer by itself. */
  readonly naive: number;
}

/** Packs the ranges. The same ranges and options give the same offsets. */
export function packMemory(ranges: readonly LiveRange[], options: PackOptions = {}): Packing {
  const { alignment = 64, budget = Math.min(16e6 + 6e4 * ranges.length, 64e6), seed = 1 } = options;
  const sets = liveSets(ranges, alignment);
  const lowerBound = sets[0]?.lowerBound ?? 0;
  const offsets = ranges.map(() => 0);
  let planned = lowerBound;
  for (const set of sets) {
    const { offset, height } = packSet(set, planned, alignment, budget, seed);
    planned = Math.max(planned, height);
    set.index.forEach((range, i) => (offsets[range] = offset[i]!));
  }
  const naive = ranges.reduce((sum, range) => sum + alignUp(range.size, alignment), 0);
  return { offsets, planned, lowerBound, naive };
}

type Packed = NonNullable<Found["packed"]>;

/** Packs one set, content with `enough` bytes, which is not below its lower bound. */
function packSet(set: LiveSet, enough: number, alignment: number, budget: number, seed: number): Packed {
  let { best, order } = packGreedily(set, enough, budget);
  const uniform = seededUniform(seed);
  let left = budget;
  const take = (found: Found): void => {
    left -= found.work;
    if (found.packed !== null && found.packed.height < best.height) best = found.packed;
  };
  // What would do; the skyline search raises it where it proves that less is impossible.
  let goal = enough;
  let share = budget / 16;
  for (let width = 8, even = true; left > 0 && best.height > goal; width *= 2, even = !even) {
    const annealed = anneal(set, order, best.height, Math.min(share, left), uniform);
    order = annealed.order;
    take(annealed);
    if (best.height <= goal) break;
    const before = left;
    // Aims at the goal first, then halfway between what failed and the best.
    for (let aim = goal, tries = 0; tries < 4 && left > 0 && aim < best.height; tries++) {
      const built = buildSkyline(set, aim, width, left, even ? "low" : "large");
      if (built.proved) goal = aim + alignment;
      take(built);
      if (built.packed !== null) break;
      aim = alignUp((aim + best.height) / 2, alignment);
    }
    share = Math.max(before - left, budget / 8);
  }
  return best;
}

function packGreedily(set: LiveSet, enough: number, budget: number): { best: Packed; order: Int32Array } {
  const placer = new Placer(set);
  let best: Packed = { offset: placer.offset, height: Infinity };
  let bestOrder: Int32Array = new Int32Array();
  for (const order of placementOrders(set)) {
    for (const fit of ["first", "best"] as const) {
      const height = placer.place(order, fit, best.height);
      if (height < best.height) {
        best = { offset: placer.offset.slice(), height };
        bestOrder = order;
      }
      if (best.height <= enough) return { best, order: bestOrder };
    }
    if (placer.work > budget && placer.work > 1e7) break;
  }
  return { best, order: bestOrder };
}
