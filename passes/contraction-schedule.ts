// How a contraction is computed, chosen from its sizes and strides: tiles, chunks of rows, packed panels, blocks of terms.
// What takes least time by an estimate (`product-cost.ts`) is chosen. Every schedule gives the same numbers but for the order of
// additions, which a schedule alone decides, never the threads.

import { fallsTogether, productCost } from "./product-cost.js";
import { tileBytes, tileRows } from "./register-tile.js";

/** What a schedule is chosen from. Equal facts get equal schedules, so their JSON is a key. */
export interface ContractionFacts {
  readonly rows: number;
  readonly columns: number;
  /** Products that each element of the result sums. */
  readonly terms: number;
  /** The innermost axis of the terms; shorter than `terms` where they run over several axes. */
  readonly innerTerms: number;
  /** How often the whole is done: axes that both factors have. */
  readonly batches: number;
  /** Bytes of an element of the result. */
  readonly item: number;
  /** Whether neighbouring columns of the right factor lie side by side. */
  readonly contiguous: boolean;
  /** Elements from one term of the right factor to the next; null where no one number says it. */
  readonly rightStep: number | null;
  /** The same of the left factor: from one term, and one row, to the next. */
  readonly leftStep: number | null;
  readonly leftRowStep: number | null;
}

export interface ContractionSchedule {
  /** Rows and columns of a tile of sums in registers: four by thirty-two bytes are eight vectors. */
  readonly tileRows: number;
  readonly tileColumns: number;
  /** Rows and columns that one iteration of the space computes: multiples of a tile's, or all. */
  readonly chunkRows: number;
  readonly chunkColumns: number;
  /** What changes faster from one iteration to the next, and within one from tile to tile. */
  readonly next: "columns" | "rows";
  readonly inner: "columns" | "rows";
  /** Whether an iteration first copies its columns of the right factor, tile by tile. One that needs it is packed anyway. */
  readonly packRight: boolean;
  /** Whether it first copies its rows of the left factor, tile by tile. */
  readonly packLeft: boolean;
  /** Terms of a packed panel at most; with fewer than there are, sums wait in memory between the panels. */
  readonly blockTerms: number;
}

/** Chooses the schedule of a contraction; `node` is the number of the graph's node, among those of its kernel. */
export type ScheduleContraction = (facts: ContractionFacts, node: number) => ContractionSchedule;

/** A panel of more than this is packed block by block, each small enough for the first-level cache. */
const maxPanelBytes = 16 * 1024;
const blockTerms = 256;
/** Rows and columns of an iteration: blocks of so many fit the second-level cache, and smaller ones are not worth a thread. */
const most = 256;
const fewest = { rows: 32, columns: 16 };
/** Schedules that are worth measuring. */
const worthMeasuring = 8;

/** The schedule that takes least time by the estimate; the first of equal ones. */
export function chooseSchedule(facts: ContractionFacts): ContractionSchedule {
  const secondsOf = productCost(facts);
  let [best, least] = [null as ContractionSchedule | null, Infinity];
  for (const schedule of allSchedules(facts)) {
    const seconds = secondsOf(schedule);
    if (seconds < least) [best, least] = [schedule, seconds];
  }
  return best!;
}

/** The few schedules that take least time by the estimate, the chosen one first. */
export function candidateSchedules(facts: ContractionFacts): readonly ContractionSchedule[] {
  const secondsOf = productCost(facts);
  return allSchedules(facts)
    .map((schedule) => ({ schedule, seconds: secondsOf(schedule) }))
    .sort((a, b) => a.seconds - b.seconds)
    .slice(0, worthMeasuring)
    .map(({ schedule }) => schedule);
}

/** Everything that may be chosen, the simplest first. */
function allSchedules(facts: ContractionFacts): readonly ContractionSchedule[] {
  const { rows, columns, terms, item, contiguous } = facts;
  const tileColumns = tileBytes / item;
  const panel = terms * tileBytes <= maxPanelBytes ? Math.max(1, terms) : blockTerms;
  const schedules: ContractionSchedule[] = [];
  const heights = partsOf(rows, fewest.rows, tileRows);
  const widths = new Set([tileColumns, ...partsOf(columns, fewest.columns, tileColumns)]);
  const next = "columns";
  for (const packRight of contiguous ? [false, true] : [true]) {
    for (const packLeft of rows >= tileRows && !inOrder(facts) ? [false, true] : [false]) {
      for (const chunkRows of heights) {
        for (const chunkColumns of widths) {
          for (const inner of chunkColumns > tileColumns ? (["columns", "rows"] as const) : (["columns"] as const)) {
            schedules.push({ tileRows, tileColumns, chunkRows, chunkColumns, next, inner, packRight, packLeft, blockTerms: panel }); // prettier-ignore
          }
        }
      }
    }
  }
  return schedules;
}

/** Whether the left factor is read as it lies in memory, each of its rows for itself. */
function inOrder({ leftStep, leftRowStep, item }: ContractionFacts): boolean {
  return leftStep === 1 && !fallsTogether((leftRowStep ?? 1) * item);
}

/** The whole, or what is the most of it, its half, its quarter and so on down to the shortest, in whole tiles. */
function partsOf(whole: number, shortest: number, tile: number): readonly number[] {
  const sizes: number[] = [];
  for (let parts = Math.ceil(whole / most); sizes.length === 0 || whole / parts >= shortest; parts *= 2) {
    sizes.push(Math.ceil(whole / parts / tile) * tile);
  }
  return sizes;
}
