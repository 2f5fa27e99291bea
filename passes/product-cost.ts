// What a schedule of a contraction costs: the arithmetic of its tiles, those at the edges included, what it fetches from beyond
// the first-level cache for them, what it packs, what it loops, and what threads wait for each other.
import { lineBytes, secondsOf, secondsToMove } from "#ir/cost.js";
import type { ContractionFacts, ContractionSchedule } from "./contraction-schedule.js";
import { laneBytes, tileBytes, tileRows } from "./register-tile.js";

/** A tile of fewer sums waits for its additions: it takes as long as one of so many. */
const fewestSums = 6;
/**
 * Tiles wait for this part of what they fetch; the rest comes in time. What is read in order comes ahead into the second-level
 * cache; of what is read by jumps, more is late that lies beyond it.
 */
const awaited = { inOrder: 0.1, byJumps: { near: 0.06, far: 0.6 } };
/** What packing elements costs that are not beside their neighbours, against those that are. */
const gathered = 2;
/** Seconds that a loop over terms takes to begin and end, and an iteration. */
const loopSeconds = 2e-9;
const iterationSeconds = 10e-9;
/** The same to find an element whose place grows with no step, such as a row that is looked up. */
const addressSeconds = 0.5e-9;
/** Parts of a launch that threads share well; the last of fewer keeps the others waiting for half of it. */
const shares = 8;
/** Bytes in the first-level cache beside what streams through it. */
const nearestBytes = 28 * 1024;
const secondLevelBytes = 512 * 1024;

/** Seconds that a contraction takes by a schedule, on one thread or its part of several. */
export function productCost(facts: ContractionFacts): (schedule: ContractionSchedule) => number {
  const { rows, columns, batches, item, contiguous, rightStep, leftStep, leftRowStep } = facts;
  // An empty sum costs as one of one term.
  const [terms, innerTerms] = [Math.max(1, facts.terms), Math.max(1, facts.innerTerms)];
  const [allRight, allLeft, results] = [columns * terms * item, rows * terms * item, rows * columns * item];
  const evicted = { right: terms > residentTerms(rightStep, item), left: terms > residentTerms(leftStep, item) };
  const apart = fallsTogether((leftRowStep ?? 1) * item) && allLeft > secondLevelBytes;
  const work = arithmetic(facts);
  const packed = { right: packing(allRight, contiguous), left: packing(allLeft, leftRowStep === 1) };

  return (schedule) => {
    const { tileRows, tileColumns, inner, packLeft, blockTerms } = schedule;
    const packRight = schedule.packRight || !contiguous;
    const [down, across] = [Math.min(rows, schedule.chunkRows), Math.min(columns, schedule.chunkColumns)];
    const chunks = Math.ceil(rows / schedule.chunkRows);
    const wholeTiles = Math.floor(columns / tileColumns);
    const groups =
      Math.ceil((wholeTiles * tileColumns) / schedule.chunkColumns) + (columns % tileColumns === 0 ? 0 : 1);
    const byRows = inner === "rows";
    const block = (packRight ? Math.min(terms, blockTerms) : terms) * item;
    const [wide, high] = [tileColumns * item, tileRows * item];

    // What a tile waits for in one term: what is gone through again for every tile, and what is new to the iteration, which its
    // other tiles share. Packed, it was just written.
    const panel = (byRows ? tileColumns : across) * block;
    let right = waitFor(wide, panel, false);
    if (!packRight && evicted.right) right = waitFor(lineBytes, allRight, true);
    else if (!packRight) {
      const line = Math.min(lineBytes, Math.max(wide, (rightStep ?? lineBytes) * item));
      right = waitFor(line, panel, true) + (waitFor(wide, allRight, true) * tileRows) / down;
    }
    let left = waitFor(high, (byRows ? down : tileRows) * block, false);
    if (!packLeft && evicted.left) left = waitFor((leftRowStep === 1 ? 1 : tileRows) * lineBytes, allLeft, true);
    else if (!packLeft) {
      if (apart && byRows) left = waitFor(high, allLeft, true);
      left += (waitFor(high, allLeft, apart) * tileColumns) / across;
    }
    if (!packLeft && leftStep === null && terms > 1) left += tileRows * addressSeconds;

    const blocks = packRight ? Math.ceil(terms / blockTerms) : 1;
    const loops = packRight ? blocks : terms / innerTerms;
    const waiting = blocks > 1 ? secondsToMove(2 * blocks * results, secondLevelBytes) : 0;
    // Results go to memory a cache line at a time only where tiles beside each other follow.
    const twice = byRows && down * lineBytes > nearestBytes ? 2 : 1;
    const storing = secondsToMove(twice * results, results) + waiting;
    const packs = (packRight ? chunks * packed.right : 0) + (packLeft ? groups * packed.left : 0);
    const each = work.seconds + work.tiles * (terms * (right + left) + loops * loopSeconds) + packs + storing;
    const parts = batches * chunks * groups;
    return (batches * each + parts * iterationSeconds) * (1 + 0.5 / Math.min(parts, shares));
  };
}

/** The tiles of a contraction, and the seconds of their sums: those at the edges are smaller, and may have to wait. */
function arithmetic({ rows, columns, terms, item }: ContractionFacts) {
  const [lanes, tileColumns] = [laneBytes / item, tileBytes / item];
  let [tiles, seconds] = [0, 0];
  for (const high of [tileRows, rows % tileRows]) {
    for (const wide of [tileColumns, columns % tileColumns]) {
      const count = (high === tileRows ? Math.floor(rows / tileRows) : 1) * (wide === tileColumns ? Math.floor(columns / tileColumns) : 1); // prettier-ignore
      if (high * wide * count === 0) continue;
      const sums = Math.max(fewestSums, high * Math.ceil(wide / lanes));
      tiles += count;
      seconds += count * terms * secondsOf({ flops: 2 * lanes * sums, bytes: 0 });
    }
  }
  return { tiles, seconds };
}

/** Seconds that a tile waits for bytes of so many that are gone through, in order or by jumps; none for the first-level cache. */
function waitFor(bytes: number, size: number, jumps: boolean): number {
  if (size <= nearestBytes) return 0;
  if (!jumps) return secondsToMove(bytes, secondLevelBytes) * awaited.inOrder;
  return secondsToMove(bytes, size) * (size <= secondLevelBytes ? awaited.byJumps.near : awaited.byJumps.far);
}

/** Seconds in which a factor is read where it lies, and written nearby. */
function packing(bytes: number, evenly: boolean): number {
  return (secondsToMove(bytes, bytes) + secondsToMove(bytes, secondLevelBytes)) * (evenly ? 1 : gathered);
}

/** Whether rows so many bytes apart fall into few sets of every cache. */
export function fallsTogether(bytes: number): boolean {
  return bytes % 2048 === 0;
}

/** How many elements `step` apart stay in the first-level cache: those far apart share few sets, and lie in many pages. */
function residentTerms(step: number | null, item: number): number {
  if (step === null) return 0;
  const [sets, ways, pages] = [64, 8, 48];
  const bytes = step * item;
  if (bytes <= lineBytes) return Infinity;
  let spread = sets;
  for (let apart = bytes / lineBytes; apart % 2 === 0 && spread > 1; apart /= 2) spread /= 2;
  return Math.min(spread * ways, (pages * 4096) / bytes);
}
