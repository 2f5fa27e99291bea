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

/** Rows of a tile of sums in registers, and the bytes of its columns and of a vector: eight accumulators. */
export const tileRows = 4;
export const tileBytes = 32;
export const laneBytes = 16;
/** A panel of more than this is packed block by block, each small enough for the first-level cache. */
const maxPanelBytes = 16 * 1024;
const blockTerms = 256;
/** A contiguous panel is packed for the sake of longer loops where its inner loop is shorter than this. */
const shortLoop = 16;
/** Packing the left factor pays where so many columns use it. */
const manyColumns = 32;
/** Packing the right factor pays where so many rows use it: more of them where it fits the second-level cache. */
const manyRows = { far: 8, near: 96, short: 16 };
const nearBytes = 512 * 1024;
/** Rows of a large left factor that lie a multiple of this apart fall into few sets of every cache. */
const aliasedBytes = 2048;
/** With so few terms rows are finished one after the other: what the epilogue reads and stores then runs along them. */
const fewTerms = 128;
/** Rows of an iteration at most, and columns where something is packed for all of them: blocks of both factors fit the second-level cache. */
const mostRows = 256;
const groupColumns = { left: 256, right: 128 };
/** What packing an element costs that is not beside its neighbour, against one that is. */
const gathered = 3;
/** Iterations that threads share evenly; a space is cut into so many while parts stay worth their packing. */
const shares = 8;

export function chooseSchedule(facts: ContractionFacts): ContractionSchedule {
  const { rows, columns, terms, item, contiguous, innerTerms } = facts;
  const tileColumns = tileBytes / item;
  const short = innerTerms < terms && innerTerms < shortLoop && rows >= manyRows.short;
  const near = terms * columns * item <= nearBytes;
  const apart = ((facts.leftRowStep ?? 1) * item) % aliasedBytes === 0 && rows * terms * item > nearBytes;
  const packLeft = columns >= manyColumns && rows >= tileRows && (apart || terms > residentTerms(facts.leftStep, item));
  const along = terms <= fewTerms;
  const worth = near ? manyRows.near : manyRows.far;
  const far = rows >= worth && terms > residentTerms(facts.rightStep, item);
  const cut = (right: boolean) => {
    const most = packLeft ? groupColumns.left : (far && right) || along ? groupColumns.right : tileColumns;
    const { chunks, groups } = shared(facts, { left: packLeft, right }, most);
    return { right, groups, chunkRows: chunks === 1 ? rows : Math.ceil(rows / chunks / tileRows) * tileRows };
  };
  // It is rows of one iteration that use what it packs.
  const packed = cut(!contiguous || far || short);
  const { right, groups, chunkRows } = contiguous && !short && packed.chunkRows < worth ? cut(false) : packed;
  return {
    tileRows,
    tileColumns,
    chunkRows,
    chunkColumns: Math.ceil(columns / groups / tileColumns) * tileColumns,
    next: "columns",
    inner: along ? "columns" : "rows",
    packRight: right,
    packLeft,
    blockTerms: terms * tileBytes <= maxPanelBytes ? terms : blockTerms,
  };
}

/** Into how many parts rows and columns are cut: what is packed of one factor is packed again for every part of the other. */
function shared(facts: ContractionFacts, packs: { left: boolean; right: boolean }, mostColumns: number) {
  const { rows, columns, batches } = facts;
  let chunks = Math.ceil(rows / mostRows);
  let groups = Math.ceil(columns / mostColumns);
  const cutRows = () => rows / chunks >= 64 && (chunks *= 2);
  const cutColumns = () => columns / groups >= 32 && (groups *= 2);
  while (chunks * groups * batches < shares) {
    const right = packs.right ? columns * chunks * (facts.contiguous ? 1 : gathered) : 0;
    const left = packs.left ? rows * groups * (facts.leftRowStep === 1 ? 1 : gathered) : 0;
    if (right <= left ? !(cutRows() || cutColumns()) : !(cutColumns() || cutRows())) break;
  }
  return { chunks, groups };
}

/** How many elements `step` apart stay in the first-level cache: those far apart share few sets, and lie in many pages. */
function residentTerms(step: number | null, item: number): number {
  if (step === null) return 0;
  const [line, sets, ways, pages] = [64, 64, 8, 48];
  const bytes = step * item;
  if (bytes <= line) return Infinity;
  let spread = sets;
  for (let apart = bytes / line; apart % 2 === 0 && spread > 1; apart /= 2) spread /= 2;
  return Math.min(spread * ways, (pages * 4096) / bytes);
}

/** A few schedules that are worth measuring, the chosen one first. */
export function candidateSchedules(facts: ContractionFacts): readonly ContractionSchedule[] {
  const chosen = chooseSchedule(facts);
  const { rows, columns, terms, contiguous } = facts;
  const candidates: ContractionSchedule[] = [
    chosen,
    { ...chosen, packLeft: !chosen.packLeft, chunkColumns: Math.min(columns, groupColumns.right) },
    { ...chosen, packRight: !chosen.packRight || !contiguous },
    { ...chosen, next: "rows" },
    { ...chosen, inner: "columns", chunkColumns: Math.min(columns, groupColumns.right) },
    ...[32, 128, 512].map((chunkRows) => ({ ...chosen, chunkRows: Math.min(rows, chunkRows) })),
    ...[256, 512].map((blockTerms) => ({ ...chosen, packRight: true, blockTerms: Math.min(terms, blockTerms) })),
  ];
  const texts = candidates.map((c) => JSON.stringify(c));
  return candidates.filter((_, i) => texts.indexOf(texts[i]!) === i);
}
