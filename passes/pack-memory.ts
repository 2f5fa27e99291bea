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
  /** Steps for the searches that follow the greedy orders; 0 turns them off. The default takes some 100 ms at worst. */
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
  const { alignment = 64, budget = 20_000_000, seed = 1 } = options;
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

/** Packs one set, content with `enough` bytes, which is not below its lower bound. */
function packSet(set: LiveSet, enough: number, alignment: number, budget: number, seed: number): Packed {
  const greedy = packGreedily(set, enough, budget);
  let { best, order } = greedy;
  const uniform = seededUniform(seed);
  // No packing is lower than `floor`; the skyline search raises it where it proves that.
  let floor = set.lowerBound;
  let left = budget;
  const take = ({ packed, work }: Found): boolean => {
    left -= work;
    if (packed !== null && packed.height < best.height) best = packed;
    return packed !== null;
  };
  const goal = (): number => Math.max(enough, floor);
  for (let round = 0; left > 0 && best.height > goal(); round++) {
    const width = 4 * 2 ** round;
    const spent = left;
    // At the bound first; where that fails halfway to the best, and so on.
    for (let aim = goal(), tries = 0; tries < 4 && best.height > goal() && aim < best.height; tries++) {
      if (skylineCost(set, width) > left) break;
      const built = buildSkyline(set, aim, width, left, round % 2 === 0 ? "large" : "low");
      if (built.proved) floor = aim + alignment;
      if (take(built)) break;
      aim = Math.max(goal(), alignUp((aim + best.height) / 2, alignment));
    }
    if (best.height <= goal()) break;
    const share = Math.max(spent - left, budget / 16);
    const annealed = anneal(set, order, best.height, Math.min(share, left), uniform);
    take(annealed);
    order = annealed.order;
  }
  return best;
}

type Packed = NonNullable<Found["packed"]>;

function packGreedily(set: LiveSet, enough: number, budget: number): { best: Packed; order: Int32Array } {
  const placer = new Placer(set);
  let found: { best: Packed; order: Int32Array } | null = null;
  for (const order of placementOrders(set)) {
    for (const fit of ["first", "best"] as const) {
      const height = placer.place(order, fit, found === null ? Infinity : found.best.height);
      if (found === null || height < found.best.height) {
        found = { best: { offset: placer.offset.slice(), height }, order };
      }
      if (found.best.height <= enough) return found;
    }
    if (placer.work > Math.max(budget, 1)) break;
  }
  return found!;
}

/** Steps that a search of this width takes, about. */
function skylineCost(set: LiveSet, width: number): number {
  return width * set.count * (set.moments + set.count);
}
