// A contraction with windows whose positions are axes of the result: positions are columns, the other factor has the rows.
// Tiles read the staged copy where it lies, shifted by the terms of the window; where many rows share a tile's columns these
// are packed into a panel first.
import { add, type Expr, indexLocal, literal, load, type Local, mul } from "#ir/expr.js";
import type { Space } from "#ir/kernel.js";
import { decode, product } from "./contraction-axes.js";
import { ContractionEpilogue } from "./contraction-epilogue.js";
import { joinedTerms } from "./contraction-terms.js";
import { linearIndex } from "./element.js";
import { emitLoops, type Loop } from "./emit-loops.js";
import { scratchOf, serial, storeAt, vector } from "./loop-parts.js";
import { substitute } from "./rewrite-expr.js";
import type { SlidingPair } from "./sliding-pairs.js";
import { stagedWindows } from "./staged-window.js";
import { type Cut, spaceOver, substituteAll, type WindowContraction } from "./window-contraction.js";
import type { WindowSchedule } from "./window-schedule.js";
import { tileLanes, WindowTiles } from "./window-tiles.js";

/** A loop over so many terms is long enough. */
const longLoop = 32;

/** The space runs over images, or groups of them, and bands of their rows. */
export function windowsAlongResult(
  c: WindowContraction,
  { together, bands, panels }: WindowSchedule & { form: "result" },
): Space {
  const { x, w, pairs, images, buffers, others } = c;
  const several = images.at(-1) ?? null;
  const outer = [...c.batch, ...images];
  const tall = pairs[0]!.axis;
  const cut: Cut[] = [];
  if (several && together > 1) cut.push({ axis: several, count: together });
  cut.push({ axis: tall, count: tall.extent! / bands });
  const { over, known, locals } = spaceOver(outer, cut, buffers);
  const own = pairs.map((p) => (p.axis === tall ? { ...p, axis: locals.get(tall)! } : p));
  const taken = together > 1 ? [locals.get(several!)!] : [];
  const columns = [own[0]!.axis, ...taken, ...own.slice(1).map((p) => p.axis)];
  const column = indexLocal(`c${c.node.id}`, product(columns));
  const lanes = tileLanes(product(others), c.item);
  const copy = stagedWindows(substitute(x, known), c.plain, own, "axis", taken, lanes, buffers);
  const none = new Map(columns.map((l) => [l.name, literal(0)]));
  const start = copy.element.offset;
  const axes = { left: w, right: x, rows: others, columns, column, outer, over: [], contiguous: true };
  const epilogue = new ContractionEpilogue(c.group, c.node, axes, c.escapes, buffers);
  const place = substituteAll(known, decode(columns, column));
  const tiles = new WindowTiles(c.dtype, c.item, buffers);
  const { loops, prepare, at, joined } = termsOf(c, substitute(start, none), own);
  const element = load(copy.element.buffer, add(at, column), c.dtype);
  const body = tiles.columns(column.extent!, lanes, (firstColumn, lane, width) => {
    const here = substitute(element, new Map([[column.name, add(firstColumn, lane)]]));
    const tile = { own: place, firstColumn, lane, width };
    const { pack, right } = panels ? panelOf(c, loops, lane, here) : { pack: [], right: here };
    return [
      ...pack,
      ...tiles.rows(product(others), (row, count) => {
        const lefts = Array.from({ length: count }, (_, i) =>
          substitute(w, new Map([...known, ...joined, ...decode(others, add(row, literal(i)))])),
        );
        const { names, scratch } = tiles.accumulators(count, lane);
        const starts = names.map((name) => storeAt(name, lane, literal(0, c.dtype)));
        return [
          ...scratch,
          ...emitLoops([vector(lane)], starts, buffers),
          ...tiles.addTerms(loops, lane, names, lefts, right),
          ...epilogue.finish(tile, row, names),
        ];
      }),
    ];
  });
  return { over, extent: over.extent!, body: [...copy.fill, ...prepare, ...body] };
}

/**
 * The loops over the terms of a sum, as few and as long as can be: along all that the other factor walks as one, with a
 * table of places in the staged copy, or along terms that no window has. `at` is a place.
 */
export function termsOf(c: WindowContraction, place: Expr, pairs: readonly SlidingPair[]) {
  const { w, plain: others, buffers } = c;
  const fresh = (stem: string) => buffers.fresh(stem);
  const natural = [...others, ...pairs.map((p) => p.term)];
  const joined = w.kind === "load" ? joinedTerms(natural.map(serial), w.offset, fresh) : { loops: natural.map(serial), own: new Map<string, Expr>() }; // prettier-ignore
  const inner = joined.loops.at(-1)!.local.extent!;
  const plain = others.at(-1)?.extent ?? 1;
  if (inner < longLoop && plain >= inner) {
    const loops = [...pairs.map((p) => p.term), ...others].map(serial);
    return { loops, prepare: [], at: place, joined: new Map<string, Expr>() };
  }
  if (joined.loops.length === natural.length)
    return { loops: joined.loops, prepare: [], at: place, joined: joined.own };
  const extents = natural.map((l) => l.extent!);
  const table = fresh("places");
  const store = storeAt(table, linearIndex(extents, natural), place);
  const prepare = [scratchOf(table, "i32", product(natural)), ...emitLoops(natural.map(serial), [store], buffers)];
  const counters = joined.loops.map((l) => l.local);
  const k = linearIndex(
    counters.map((l) => l.extent!),
    counters,
  );
  return { loops: joined.loops, prepare, at: load(table, k, "i32"), joined: joined.own };
}

/** The columns of a tile, copied term by term side by side. */
function panelOf({ buffers, dtype }: WindowContraction, loops: readonly Loop[], lane: Local, element: Expr) {
  const name = buffers.fresh("panel");
  const counters = loops.map((l) => l.local);
  const extents = counters.map((l) => l.extent!);
  const at = add(mul(linearIndex(extents, counters), literal(lane.extent!)), lane);
  const scratch = scratchOf(name, dtype, product(counters) * lane.extent!);
  const pack = [scratch, ...emitLoops([...loops, vector(lane)], [storeAt(name, at, element)], buffers)];
  return { pack, right: load(name, at, dtype) };
}
