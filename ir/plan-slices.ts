// Parts of buffers that move with loops: where they begin, in what bounds, and whether two of them can meet.
import { holds, mostTurns } from "./plan-flow.js";
import type { Region, Slice, SliceTerm } from "./plan.js";

/** The first element of a part, with `positionOf` saying how far a term's loop is: its turn, or that from its end. */
export function startOf({ start, terms }: Slice, positionOf: (term: SliceTerm) => number): number {
  let sum = start;
  for (let i = 0; i < terms.length; i++) {
    const { step, plus = 0, wrap } = terms[i]!;
    const moved = positionOf(terms[i]!) + plus;
    sum += step * (wrap === undefined ? moved : remainder(moved, wrap));
  }
  return sum;
}

const remainder = (n: number, by: number): number => n - by * Math.floor(n / by);

/** Inclusive bounds. */
type Interval = readonly [low: number, high: number];

/** The least and the greatest first element of a part, at a step. */
export function boundsOf({ start, terms }: Slice, regions: readonly Region[], step: number): Interval {
  return sum([[start, start], ...terms.map((term) => boundsOfTerm(term, regions[term.region]!, step))]);
}

function boundsOfTerm({ step, plus = 0, wrap }: SliceTerm, region: Region, at: number): Interval {
  const [low, high] = positionsOf(region, at).map((position) => position + plus) as [number, number];
  if (wrap === undefined) return scaled([low, high], step);
  const whole = high - low >= wrap - 1 || Math.floor(low / wrap) !== Math.floor(high / wrap);
  return scaled(whole ? [0, wrap - 1] : [remainder(low, wrap), remainder(high, wrap)], step);
}

/** The positions that a loop can have at a step inside or behind it. */
function positionsOf(region: Region, step: number): Interval {
  const most = mostTurns(region);
  if (!holds(region, step))
    return region.kind === "loop" && typeof region.times === "number" ? [most, most] : [0, most];
  return [0, Math.max(0, region.kind === "while" && step < region.test ? most : most - 1)];
}

/** Whether parts of `lengthA` and `lengthB` elements of one buffer never meet; null is a whole buffer. Says no where it cannot tell. */
export function areApart(
  [a, lengthA]: readonly [Slice | null, number],
  [b, lengthB]: readonly [Slice | null, number],
  regions: readonly Region[],
  step: number,
): boolean {
  const whole: Slice = { start: 0, terms: [] };
  return differences(a ?? whole, b ?? whole, regions, step).every(([low, high]) => high <= -lengthA || low >= lengthB);
}

/** More combinations of positions than so many are not tried. */
const mostCases = 1024;

/** Intervals that hold every difference between the starts of two parts. */
function differences(a: Slice, b: Slice, regions: readonly Region[], step: number): readonly Interval[] {
  const left = a.terms.filter((term) => !b.terms.some((other) => isSame(term, other)));
  const right = b.terms.filter((term) => !a.terms.some((other) => isSame(term, other)));
  const all = [...left, ...right.map((term) => ({ ...term, step: -term.step }))];
  let found: readonly Interval[] = [[a.start - b.start, a.start - b.start]];
  const keys = new Set(all.map(({ region, backwards = false }) => `${region} ${backwards}`));
  for (const key of keys) {
    const terms = all.filter(({ region, backwards = false }) => key === `${region} ${backwards}`);
    const cases = casesOf(terms, regions[terms[0]!.region]!, step);
    if (found.length * cases.length > mostCases) return [[-Infinity, Infinity]];
    found = found.flatMap((one): readonly Interval[] => cases.map((other) => sum([one, other])));
  }
  return found;
}

/** What terms of one loop and direction add up to: a case for each position of those that wrap. */
function casesOf(terms: readonly SliceTerm[], region: Region, step: number): readonly Interval[] {
  const straight = terms.filter(({ wrap }) => wrap === undefined);
  const net = straight.reduce((n, term) => n + term.step, 0);
  const ahead = straight.reduce((n, term) => n + term.step * (term.plus ?? 0), 0);
  const rest = sum([[ahead, ahead], scaled(positionsOf(region, step), net)]);
  const wrapping = terms.filter(({ wrap }) => wrap !== undefined);
  const period = wrapping.reduce((product, { wrap }) => product * wrap!, 1);
  if (period > mostCases) return [[-Infinity, Infinity]];
  return Array.from({ length: period }, (_, position): Interval => {
    const at = startOf({ start: 0, terms: wrapping }, () => position);
    return sum([rest, [at, at]]);
  });
}

function isSame(a: SliceTerm, b: SliceTerm): boolean {
  const sameLoop = a.region === b.region && (a.backwards ?? false) === (b.backwards ?? false);
  return sameLoop && a.step === b.step && (a.plus ?? 0) === (b.plus ?? 0) && a.wrap === b.wrap;
}

const sum = (list: readonly Interval[]): Interval =>
  list.reduce(([low, high], [l, h]): Interval => [low + l, high + h], [0, 0]);

const scaled = ([low, high]: Interval, by: number): Interval =>
  by >= 0 ? [low * by, high * by] : [high * by, low * by];
