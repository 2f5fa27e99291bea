// Improves a placement order: a buffer that sticks out above the lower bound is placed earlier, or changes places with an
// earlier one it conflicts with; now and then a worse order is kept (Kirkpatrick et al., Simulated Annealing, 1983).
import { Placer } from "./first-fit.js";
import type { LiveSet } from "./live-set.js";

/** What a search has found: offsets and bytes needed, or null where it found nothing lower than its limit. */
export interface Found {
  readonly packed: { readonly offset: Float64Array; readonly height: number } | null;
  /** Steps taken. */
  readonly work: number;
}

/** Cost of all that sticks out, beside the height itself; both relative to the lower bound. */
const overflowWeight = 0.1;
/** The relative cost that is let pass at first with probability 1/e. */
const startTemperature = 0.01;

/** Searches for a packing lower than `limit`, from the order `start`, for `budget` steps. */
export function anneal(
  set: LiveSet,
  start: Int32Array,
  limit: number,
  budget: number,
  uniform: () => number,
): Found & { readonly order: Int32Array } {
  const placer = new Placer(set);
  const below = (n: number): number => Math.floor(uniform() * n);
  let [order, bestOrder, packed] = [start, start, null as Found["packed"]];
  placer.place(order, "first");
  let { cost, over } = judge(placer);
  while (placer.work < budget && over.length > 0) {
    const at = order.indexOf(over[below(over.length)]!);
    const next = uniform() < 0.3 ? exchanged(set, order, at, below) : moved(order, at, below(at));
    placer.work += set.count;
    const temperature = startTemperature * Math.max(0, 1 - placer.work / budget);
    const height = placer.place(next, "first", set.lowerBound * (1 + cost + 10 * temperature));
    if (height === Infinity) continue;
    const found = judge(placer);
    if (found.cost > cost && uniform() >= Math.exp((cost - found.cost) / temperature)) continue;
    order = next;
    ({ cost, over } = found);
    if (height >= limit) continue;
    limit = height;
    bestOrder = order;
    packed = { offset: placer.offset.slice(), height };
  }
  return { packed, order: bestOrder, work: placer.work };
}

/** The cost of a placement, and the buffers above the lower bound. */
function judge({ set, offset }: Placer): { readonly cost: number; readonly over: readonly number[] } {
  let [height, overflow] = [0, 0];
  const over: number[] = [];
  for (let i = 0; i < set.count; i++) {
    const end = offset[i]! + set.size[i]!;
    height = Math.max(height, end);
    if (end <= set.lowerBound) continue;
    overflow += end - set.lowerBound;
    over.push(i);
  }
  return { cost: (height + overflowWeight * overflow) / set.lowerBound - 1, over };
}

/** The order with its entry at `from` put in at `to`, which comes earlier. */
function moved(order: Int32Array, from: number, to: number): Int32Array {
  const next = order.slice();
  next.copyWithin(to + 1, to, from);
  next[to] = order[from]!;
  return next;
}

/** The order with its entry at `at` exchanged for an earlier one that is alive with it; itself where there is none. */
function exchanged(set: LiveSet, order: Int32Array, at: number, below: (n: number) => number): Int32Array {
  const { first, last } = set;
  const buffer = order[at]!;
  const earlier: number[] = [];
  for (let i = 0; i < at; i++) {
    if (first[order[i]!]! <= last[buffer]! && last[order[i]!]! >= first[buffer]!) earlier.push(i);
  }
  const next = order.slice();
  if (earlier.length === 0) return next;
  const other = earlier[below(earlier.length)]!;
  next[at] = order[other]!;
  next[other] = buffer;
  return next;
}
