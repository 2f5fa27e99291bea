// Sums over the positions of windows, kept in memory while images come and go, in two forms. Panels: the other factor's columns
// are copied side by side and are the lanes. Dots, where few rows would share a panel: the lanes are neighbouring positions of
// both factors, and those of each sum are added up at the end.
import { add, call, type Expr, floorDiv, floorMod, indexLocal, literal, load, type Local, mul } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import { decode, product } from "./contraction-axes.js";
import { packedPanel } from "./contraction-panel.js";
import { laneBytes, tileBytes } from "./register-tile.js";
import { linearIndex } from "./element.js";
import { emitLoops } from "./emit-loops.js";
import { scratchOf, serial, storeAt, vector } from "./loop-parts.js";
import { rejoin } from "./rejoin.js";
import { coefficient, substitute } from "./rewrite-expr.js";
import type { WindowTiles } from "./window-tiles.js";

/** What is summed: over `flat`, for every row and column. */
export interface SummedWindows {
  readonly rows: number;
  readonly column: Local;
  readonly flat: readonly Local[];
  /** The staged factor's element in a row, at a position in `flat`. */
  readonly left: (row: Expr, position: Expr) => Expr;
  /** The other one's, in terms of `column` and `flat`. */
  readonly right: Expr;
  /** The array of the sums. */
  readonly sums: string;
}

export interface WindowSums {
  /** Elements of the array. */
  readonly size: number;
  /** Adds what is staged now. */
  readonly adding: readonly Stmt[];
  readonly sum: (row: Expr, column: Expr) => Expr;
}

export function panelSums(s: SummedWindows, tiles: WindowTiles): WindowSums {
  const { dtype, item, buffers } = tiles;
  const lanes = tileBytes / item;
  const { rows, column, flat, sums } = s;
  const k = indexLocal(buffers.fresh("k"), product(flat));
  const extents = flat.map((l) => l.extent!);
  const terms = { blocks: [], loops: flat.map(serial), own: new Map(), count: k.extent!, place: linearIndex(extents, flat) }; // prettier-ignore
  const sumAt = (firstColumn: Expr, row: Expr, lane: Expr) =>
    add(add(mul(firstColumn, literal(rows)), mul(row, literal(lanes))), lane);
  const adding = tiles.columns(column.extent!, lanes, (firstColumn, lane, width) => {
    const inside = lane.extent === width ? lane : call("minimum", lane, literal(width - 1));
    const value = substitute(s.right, new Map([[column.name, add(firstColumn, inside)]]));
    const { pack, element } = packedPanel(value, lane, terms, buffers);
    const { buffer } = element as Expr & { kind: "load" };
    const panel = load(buffer, add(mul(k, literal(lane.extent!)), lane), dtype);
    const inTiles = tiles.rows(rows, (row, count) => {
      const lefts = Array.from({ length: count }, (_, i) => s.left(add(row, literal(i)), k));
      const { names, scratch } = tiles.accumulators(count, lane);
      const places = names.map((_, i) => sumAt(firstColumn, add(row, literal(i)), lane));
      const starts = names.map((name, i) => storeAt(name, lane, load(sums, places[i]!, dtype)));
      const ends = names.map((name, i) => storeAt(sums, places[i]!, load(name, lane, dtype)));
      return [
        ...scratch,
        ...emitLoops([vector(lane)], starts, buffers),
        ...tiles.addTerms([serial(k)], lane, names, lefts, panel),
        ...emitLoops([vector(lane)], ends, buffers),
      ];
    });
    return [...pack, ...inTiles];
  });
  const whole = (at: Expr) => mul(floorDiv(at, lanes), literal(lanes));
  return {
    size: Math.ceil(column.extent! / lanes) * lanes * rows,
    adding,
    sum: (row, at) => load(sums, sumAt(whole(at), row, floorMod(at, lanes)), dtype),
  };
}

export function dotSums(s: SummedWindows, tiles: WindowTiles): WindowSums {
  const { dtype, item, buffers } = tiles;
  const { rows, column, flat, sums } = s;
  const columns = column.extent!;
  const lanes = columns > 1 ? laneBytes / item : (tileBytes / item) * (rows > 2 ? 1 : 2);
  const { pack, element } = walkable(s, tiles);
  // The loop over all columns, if there are several.
  const [each, loops] = columns > 1 ? [column, [serial(column)]] : [literal(0), []];
  const sumAt = (row: Expr, at: Expr, lane: Expr) => add(mul(add(mul(at, literal(rows)), row), literal(lanes)), lane);
  const terms = product(flat);
  const block = indexLocal(buffers.fresh("k"), Math.floor(terms / lanes));
  const lane = indexLocal(buffers.fresh("j"), lanes);
  const position = add(mul(block, literal(lanes)), lane);
  const tileOf = (row: Expr, height: number, first: Expr, width: number): readonly Stmt[] => {
    const cells = Array.from({ length: height * width }, (_, i) => {
      const [r, c] = [literal(i % height), literal(Math.floor(i / height))];
      return [add(row, r), add(first, c)] as const;
    });
    const { names, scratch } = tiles.accumulators(cells.length, lane);
    const places = cells.map(([r, c]) => sumAt(r, c, lane));
    const starts = names.map((name, i) => storeAt(name, lane, load(sums, places[i]!, dtype)));
    const ends = names.map((name, i) => storeAt(sums, places[i]!, load(name, lane, dtype)));
    const products = cells.map(([r, c]) => call("mul", s.left(r, position), element(c, position)));
    const added = names.map((name, i) => storeAt(name, lane, call("add", load(name, lane, dtype), products[i]!)));
    return [
      ...scratch,
      ...emitLoops([vector(lane)], starts, buffers),
      ...emitLoops([serial(block), vector(lane)], added, buffers, {}, new Set(names)),
      ...emitLoops([vector(lane)], ends, buffers),
    ];
  };
  const inTiles = tiles.rows(
    columns,
    (first, width) => tiles.rows(rows, (row, height) => tileOf(row, height, first, width)),
    Math.min(columns, 2),
  );
  const [line, last] = [indexLocal(buffers.fresh("i"), rows), indexLocal(buffers.fresh("j"), terms % lanes)];
  const end = add(literal(terms - last.extent!), last);
  const at = sumAt(line, each, last);
  const more = storeAt(
    sums,
    at,
    call("add", load(sums, at, dtype), call("mul", s.left(line, end), element(each, end))),
  );
  const restLoops = [...loops, serial(line), vector(last)];
  const rest = last.extent === 0 ? [] : emitLoops(restLoops, [more], buffers, {}, new Set([sums]));
  return {
    size: rows * columns * lanes,
    adding: [...pack, ...(block.extent === 0 ? [] : inTiles), ...rest],
    sum: (row, c) => total(Array.from({ length: lanes }, (_, i) => load(sums, sumAt(row, c, literal(i)), dtype))),
  };
}

/** The other factor's elements in the order of `flat`: where they lie, if that is side by side, else copied. */
function walkable({ right, flat, column }: SummedWindows, { dtype, buffers }: WindowTiles) {
  const k = indexLocal(buffers.fresh("k"), product(flat));
  const joined = rejoin(substitute(right, decode(flat, k)));
  const put = (e: Expr) => (c: Expr, at: Expr) => {
    const places = [
      [column.name, c],
      [k.name, at],
    ] as const;
    return substitute(e, new Map(places));
  };
  if (joined.kind === "load" && coefficient(joined.offset, k) === 1) return { pack: [], element: put(joined) };
  const name = buffers.fresh("panel");
  const panel = (position: Expr) => add(mul(column, literal(k.extent!)), position);
  const extents = flat.map((l) => l.extent!);
  const loops = [...(column.extent! > 1 ? [column] : []), ...flat];
  const nest = loops.map((l, i) => (i === loops.length - 1 ? vector(l) : serial(l)));
  const first = new Map(column.extent! > 1 ? [] : [[column.name, literal(0)]]);
  const copied = storeAt(name, substitute(panel(linearIndex(extents, flat)), first), right);
  const pack = [scratchOf(name, dtype, k.extent! * column.extent!), ...emitLoops(nest, [copied], buffers)];
  return { pack, element: put(load(name, panel(k), dtype)) };
}

/** The sum of all, halves first. */
function total(all: readonly Expr[]): Expr {
  if (all.length === 1) return all[0]!;
  const half = all.length >> 1;
  return total(Array.from({ length: half }, (_, i) => call("add", all[i]!, all[i + half]!)));
}
