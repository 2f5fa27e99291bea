// How a contraction with windows is computed, chosen from its sizes: which factor's elements are the lanes of tiles, how many
// images are copied together, and into how many parts one is cut. Every schedule gives the same numbers but for the order of
// additions, which never depends on the threads.
import { laneBytes, tileBytes } from "./register-tile.js";

/** What a schedule is chosen from. Equal facts get equal schedules, so their JSON is a key. */
export interface WindowFacts {
  /** Of each axis that a window slides along: sizes in the result and in the sum, and the steps from one to the next. */
  readonly pairs: readonly (readonly [axis: number, term: number, a: number, b: number])[];
  /** Sizes of the axes of the result that only the factor with windows has, those of windows left out. */
  readonly images: readonly number[];
  /** Sizes of the axes that are summed, those of windows left out. */
  readonly plain: readonly number[];
  /** Sizes of the axes of the result that only the other factor has. */
  readonly others: readonly number[];
  /** How often the whole is done: axes that both factors have. */
  readonly batches: number;
  /** Whether the positions are summed, as in a convolution's weight gradient, and not the taps. */
  readonly summed: boolean;
  /** Elements that the windows cover, where each belongs to a result for every tap; null where they may not be the columns. */
  readonly source: number | null;
  /** Bytes of an element of the result. */
  readonly item: number;
}

/**
 * - `result`: a copy of the windows, in which neighbouring positions are the columns of tiles; `panels`: of which each tile's
 *   columns are copied once more, side by side.
 * - `source`: the elements that windows cover are the columns; products are added where they belong.
 * - `line`: a copy without repetition; tiles are lines of the result.
 * - `sum`: a copy in which positions are terms; `dots`: lanes are neighbouring terms and not columns.
 *
 * `together` images share a copy, which is made for each of so many `bands` of an image, or parts of its channels (`down`);
 * the other factor's columns are cut into `across` parts.
 */
export type WindowSchedule =
  | { readonly form: "result"; readonly together: number; readonly bands: number; readonly panels: boolean }
  | { readonly form: "source"; readonly together: number }
  | { readonly form: "line"; readonly bands: number }
  | { readonly form: "sum"; readonly together: number; readonly down: number; readonly across: number; readonly dots: boolean }; // prettier-ignore

/** Chooses the schedule of a contraction with windows; `node` is the id of the graph's node, among those of its kernel. */
export type ScheduleWindows = (facts: WindowFacts, node: number) => WindowSchedule;

/** A staged copy should leave room in the second-level cache. */
const mostStaged = 512 * 1024;
/** Columns by the source must save multiplications, and sum so many terms that one addition to memory costs little. */
const worthwhile = 0.9;
const leastTerms = 16;
/** With so few rows, of one channel or of many, and lines at least so long, a copy of the windows costs as much as the products. */
const fewRows = { ofOne: 6, ofMany: 2 };
const shortLine = 7;
/** Images whose positions fill less of the tiles' columns are taken together. */
const wellFilled = 0.85;
/** So many rows share a panel at least for it to be packed. */
const rowsOfPanel = 16;
/** Of sums over positions: terms that a copy holds at least, where small images are taken together. */
const fewTerms = 64;
/** Rows that share a panel at least where the work is split for threads, columns that share a copy, and how many parts are enough. */
const partRows = 96;
const partColumns = 16;
const enoughParts = 4;
/** With so few rows panels would cost as much as the products. */
const rowsOfDots = 32;

export function chooseWindowSchedule(facts: WindowFacts): WindowSchedule {
  const { pairs, plain, others, source } = facts;
  if (facts.summed) return sumSchedule(facts);
  const saved = worthwhile * product(pairs.map(([n]) => n));
  if (source !== null && product(plain) >= leastTerms && source <= saved) return sourceSchedule(facts, source);
  const rows = product(plain) === 1 ? fewRows.ofOne : fewRows.ofMany;
  if (product(others) <= rows && pairs.at(-1)![0] >= shortLine) return lineSchedule(facts);
  return resultSchedule(facts);
}

/** A few schedules that are worth measuring, the chosen one first. */
export function candidateWindowSchedules(facts: WindowFacts): readonly WindowSchedule[] {
  const chosen = chooseWindowSchedule(facts);
  const candidates = [chosen, ...(facts.summed ? otherSums(facts) : otherForms(facts, chosen))];
  const texts = candidates.map((c) => JSON.stringify(c));
  return candidates.filter((_, i) => texts.indexOf(texts[i]!) === i);
}

function otherForms(facts: WindowFacts, chosen: WindowSchedule): readonly WindowSchedule[] {
  const { others, source } = facts;
  const usual = resultSchedule(facts);
  return [
    usual,
    ...(chosen.form === "result" ? [{ ...usual, panels: !usual.panels }, withMoreImages(facts, usual)] : []),
    ...(product(others) <= rowsOfPanel ? [lineSchedule(facts)] : []),
    ...(source === null ? [] : [sourceSchedule(facts, source)]),
  ];
}

function withMoreImages(facts: WindowFacts, usual: WindowSchedule & { form: "result" }): WindowSchedule {
  const perImage = stagedBytes(facts, facts.plain);
  const fits = (n: number) => n > usual.together && n * perImage <= mostStaged;
  const together = divisorsOf(facts.images.at(-1) ?? 1).find(fits) ?? usual.together;
  return { ...usual, together, bands: bandsOf(facts, perImage * together) };
}

function otherSums(facts: WindowFacts): readonly WindowSchedule[] {
  const usual = sumSchedule(facts);
  const bytes = stagedBytes(facts, facts.images);
  const fits = (n: number) => n > usual.together && (n * bytes) / usual.down <= mostStaged;
  const together = divisorsOf(facts.plain.at(-1) ?? 1).find(fits) ?? usual.together;
  const whole = usual.together * bytes <= mostStaged ? { ...usual, down: 1, across: 1 } : usual;
  return [{ ...usual, dots: !usual.dots }, { ...usual, together }, whole];
}

function resultSchedule(facts: WindowFacts): WindowSchedule & { form: "result" } {
  const { pairs, plain, others, images, item } = facts;
  const perImage = stagedBytes(facts, plain);
  const together = takenTogether(images.at(-1) ?? null, product(pairs.map(([n]) => n)), perImage, item);
  return {
    form: "result",
    together,
    bands: bandsOf(facts, perImage * together),
    panels: product(others) >= rowsOfPanel,
  };
}

function sourceSchedule({ plain, images, item }: WindowFacts, source: number): WindowSchedule {
  return {
    form: "source",
    together: takenTogether(images.at(-1) ?? null, source, product(plain) * source * item, item),
  };
}

function lineSchedule(facts: WindowFacts): WindowSchedule {
  const { pairs, plain, item } = facts;
  if (pairs.length === 1) return { form: "line", bands: 1 };
  return { form: "line", bands: bandsOf(facts, product(plain) * pairs.reduce((n, p) => n * reachOf(p), item)) };
}

/** Parts of an image, along the first axis of its windows, of whose copies each is small enough. */
function bandsOf({ pairs }: WindowFacts, bytes: number): number {
  const tall = pairs[0]![0];
  return divisorsOf(tall).find((n) => bytes / n <= mostStaged) ?? tall;
}

/** Columns are cut for threads, rows for them and for the size of the copy. */
function sumSchedule(facts: WindowFacts): WindowSchedule & { form: "sum" } {
  const { pairs, plain, images, others, batches, item } = facts;
  const terms = product(pairs.map(([, term]) => term));
  const perImage = stagedBytes(facts, images);
  const several = plain.at(-1);
  const together = several === undefined ? 1 : enoughTerms(several, terms, perImage);
  const rows = product(images) * product(pairs.map(([n]) => n));
  const columns = product(others);
  const dots = columns === 1 || (rows <= rowsOfDots && terms * together >= 2 * fewTerms);
  const wanted = enoughParts / batches;
  const whole = tileBytes / item;
  const fits = (n: number) => n === 1 || (n <= wanted && columns / n >= partColumns && (columns / n) % whole === 0);
  const across = others.length > 0 ? divisorsOf(others[0]!).findLast(fits)! : 1;
  const parts = divisorsOf(images[0] ?? 1);
  const least = parts.findLast((n) => n === 1 || (n <= wanted / across && rows / n >= partRows))!;
  const down = parts.find((n) => n >= least && (perImage * together) / n <= mostStaged) ?? parts.at(-1)!;
  return { form: "sum", together, down, across, dots };
}

function enoughTerms(images: number, terms: number, perImage: number): number {
  const counts = divisorsOf(images).filter((n) => n === 1 || n * perImage <= mostStaged);
  return counts.find((n) => n * terms >= fewTerms) ?? counts.at(-1)!;
}

/** How many images are taken together, each with so many columns and bytes of a staged copy. */
function takenTogether(images: number | null, columns: number, bytes: number, item: number): number {
  if (images === null || fill(columns, item) >= wellFilled) return 1;
  const counts = divisorsOf(images).filter((n) => n === 1 || n * bytes <= mostStaged);
  return counts.reduce((best, n) => (fill(n * columns, item) > fill(best * columns, item) + 0.01 ? n : best), 1);
}

/** How much of their tiles so many columns fill. */
function fill(columns: number, item: number): number {
  const [wide, lanes] = [tileBytes / item, laneBytes / item];
  const rest = columns % wide;
  return columns / (columns - rest + Math.ceil(rest / lanes) * lanes);
}

/** Whether a copy of the windows becomes small enough where it is cut. */
export function mayStage(facts: WindowFacts): boolean {
  return stagedBytes(facts, []) <= mostStaged;
}

/** Bytes of a copy of the windows for all of `beside`. */
function stagedBytes({ pairs, item }: WindowFacts, beside: readonly number[]): number {
  const [first, ...rest] = pairs;
  return product(beside) * product(rest.map(([axis, term]) => axis * term)) * reachOf(first!) * item;
}

/** How many places a window runs through, those between included. */
function reachOf([axis, term, a, b]: WindowFacts["pairs"][number]): number {
  return a * (axis - 1) + b * (term - 1) + 1;
}

/** The divisors of a number, from 1 on. */
function divisorsOf(n: number): readonly number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0);
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((n, m) => n * m, 1);
}
