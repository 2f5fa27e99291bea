// How a contraction is computed, chosen from its sizes and strides: tiles, chunks of rows, packed panels, blocks of terms.
// Every schedule gives the same numbers but for the order of additions, which a schedule alone decides, never the threads.

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
  /** Rows that one iteration of the space computes with one panel; a multiple of `tileRows`, or all rows. */
  readonly chunkRows: number;
  /** Which of an iteration's neighbours comes next: the same rows' next tile of columns, or the same columns' next rows. */
  readonly next: "columns" | "rows";
  /** Whether the right factor's columns of a tile are first copied side by side. A factor that needs it is packed anyway. */
  readonly packRight: boolean;
  /** Terms of a packed panel at most; with fewer than there are, sums wait in memory between the panels. */
  readonly blockTerms: number;
}

/** Chooses the schedule of a contraction; `node` is the id of the graph's node, among those of its kernel. */
export type ScheduleContraction = (facts: ContractionFacts, node: number) => ContractionSchedule;

const tileRows = 4;
const tileBytes = 32;
/** A right factor whose terms lie at least so far apart fills only few sets of the first-level cache. */
const farBytes = 1024;
/** What the left factor's rows of one chunk may take of the second-level cache. */
const chunkBytes = 512 * 1024;
const mostChunkRows = 128;
/** A panel of more than this is packed block by block, each small enough for the first-level cache. */
const maxPanelBytes = 64 * 1024;
const blockBytes = 24 * 1024;
/** A contiguous panel is packed for the sake of longer loops where its inner loop is shorter than this. */
const shortLoop = 16;
/** Packing pays where so many rows use a panel. */
const manyRows = 16;

export function chooseSchedule(facts: ContractionFacts): ContractionSchedule {
  const { rows, terms, item, contiguous, innerTerms } = facts;
  const tileColumns = tileBytes / item;
  const far = (facts.rightStep ?? Infinity) * item >= farBytes && terms * 64 > 8 * 1024;
  const short = innerTerms < terms && innerTerms < shortLoop;
  const panel = terms * tileBytes;
  return {
    tileRows,
    tileColumns,
    chunkRows: Math.min(rows, mostChunkRows),
    next: rows * terms * item > chunkBytes ? "columns" : "rows",
    packRight: !contiguous || (rows >= manyRows && (far || short)),
    blockTerms: panel <= maxPanelBytes ? terms : Math.floor(blockBytes / tileBytes),
  };
}

/** A few schedules that are worth measuring, the chosen one first. */
export function candidateSchedules(facts: ContractionFacts): readonly ContractionSchedule[] {
  const chosen = chooseSchedule(facts);
  const { rows, terms } = facts;
  const candidates: ContractionSchedule[] = [
    chosen,
    { ...chosen, next: chosen.next === "rows" ? "columns" : "rows" },
    { ...chosen, packRight: !chosen.packRight || !facts.contiguous },
    ...[64, 256].map((chunkRows) => ({ ...chosen, chunkRows: Math.min(rows, chunkRows) })),
    ...[256, 512].map((blockTerms) => ({ ...chosen, packRight: true, blockTerms: Math.min(terms, blockTerms) })),
  ];
  const texts = candidates.map((c) => JSON.stringify(c));
  return candidates.filter((_, i) => texts.indexOf(texts[i]!) === i);
}
