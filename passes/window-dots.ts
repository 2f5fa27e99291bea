// Sums of windows for a single column, such as a depthwise convolution's weight gradient: the lanes of vectors are terms, and
// each row's lanes are added up at the end.
import { add, call, type Expr, indexLocal, literal, load, type Local, mul } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import { decode, product } from "./contraction-axes.js";
import { tileBytes } from "./contraction-schedule.js";
import { linearIndex } from "./element.js";
import { emitLoops } from "./emit-loops.js";
import { scratchOf, serial, storeAt, vector } from "./loop-parts.js";
import { rejoin } from "./rejoin.js";
import { coefficient, substitute } from "./rewrite-expr.js";
import type { WindowTiles } from "./window-tiles.js";

/** The rows' sums in memory, which everything staged adds to. */
interface Dots {
  /** Elements of the array `sums`. */
  readonly size: number;
  readonly adding: readonly Stmt[];
  /** The sum of a row. */
  readonly sum: (row: Expr) => Expr;
}

/** Adds `left · right` over `flat` to the sums of so many rows: `left` gives a row's element at a position in `flat`. */
export function windowDots(
  tiles: WindowTiles,
  rows: number,
  flat: readonly Local[],
  left: (row: Expr, position: Expr) => Expr,
  right: Expr,
  sums: string,
): Dots {
  const { dtype, item, buffers } = tiles;
  const lanes = (tileBytes / item) * (rows > 2 ? 1 : 2);
  const count = product(flat);
  const whole = Math.floor(count / lanes);
  const { pack, element } = walkable(right, flat, tiles);
  const sumAt = (row: Expr, lane: Expr) => add(mul(row, literal(lanes)), lane);
  const block = indexLocal(buffers.fresh("k"), whole);
  const lane = indexLocal(buffers.fresh("j"), lanes);
  const position = add(mul(block, literal(lanes)), lane);
  const inTiles = tiles.rows(rows, (row, height) => {
    const lefts = Array.from({ length: height }, (_, i) => left(add(row, literal(i)), position));
    const { names, scratch } = tiles.accumulators(height, lane);
    const places = names.map((_, i) => sumAt(add(row, literal(i)), lane));
    const starts = names.map((name, i) => storeAt(name, lane, load(sums, places[i]!, dtype)));
    const ends = names.map((name, i) => storeAt(sums, places[i]!, load(name, lane, dtype)));
    return [
      ...scratch,
      ...emitLoops([vector(lane)], starts, buffers),
      ...tiles.addTerms([serial(block)], lane, names, lefts, element(position)),
      ...emitLoops([vector(lane)], ends, buffers),
    ];
  });
  const [line, last] = [indexLocal(buffers.fresh("i"), rows), indexLocal(buffers.fresh("j"), count % lanes)];
  const end = add(literal(whole * lanes), last);
  const at = sumAt(line, last);
  const more = storeAt(sums, at, call("add", load(sums, at, dtype), call("mul", left(line, end), element(end))));
  const rest = last.extent === 0 ? [] : emitLoops([serial(line), vector(last)], [more], buffers, {}, new Set([sums]));
  return {
    size: rows * lanes,
    adding: [...pack, ...(whole === 0 ? [] : inTiles), ...rest],
    sum: (row) => total(Array.from({ length: lanes }, (_, i) => load(sums, sumAt(row, literal(i)), dtype))),
  };
}

/** The factor's elements in the order of `flat`: where they lie, if that is side by side, else copied. */
function walkable(x: Expr, flat: readonly Local[], { dtype, buffers }: WindowTiles) {
  const k = indexLocal(buffers.fresh("k"), product(flat));
  const joined = rejoin(substitute(x, decode(flat, k)));
  const put = (e: Expr) => (at: Expr) => substitute(e, new Map([[k.name, at]]));
  if (joined.kind === "load" && coefficient(joined.offset, k) === 1) return { pack: [], element: put(joined) };
  const name = buffers.fresh("panel");
  const place = linearIndex(
    flat.map((l) => l.extent!),
    flat,
  );
  const loops = flat.map((l, i) => (i === flat.length - 1 ? vector(l) : serial(l)));
  const pack = [scratchOf(name, dtype, k.extent!), ...emitLoops(loops, [storeAt(name, place, x)], buffers)];
  return { pack, element: put(load(name, k, dtype)) };
}

/** The sum of all, halves first. */
function total(all: readonly Expr[]): Expr {
  if (all.length === 1) return all[0]!;
  const half = all.length >> 1;
  return total(Array.from({ length: half }, (_, i) => call("add", all[i]!, all[i + half]!)));
}
