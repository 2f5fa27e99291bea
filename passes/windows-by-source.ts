// A contraction with windows that hang far over the edges, such as the input gradient of a convolution without padding:
// most of what is outside would be multiplied for nothing. Here the elements of the source are the columns: for every term
// of the window their products are added to the results that they belong to.
import { add, call, type Expr, indexLocal, literal, load, type Local, mul, sub } from "#ir/expr.js";
import type { Space, Stmt } from "#ir/kernel.js";
import { decode, product } from "./contraction-axes.js";
import { ContractionEpilogue } from "./contraction-epilogue.js";
import { linearIndex } from "./element.js";
import { emitLoops } from "./emit-loops.js";
import { nested, scratchOf, serial, storeAt, vector } from "./loop-parts.js";
import { rejoin } from "./rejoin.js";
import { coefficient, mentions, substitute } from "./rewrite-expr.js";
import { reachOf, slid } from "./sliding-pairs.js";
import { testsOf, unclamped } from "./staged-window.js";
import { spaceOver, type WindowContraction } from "./window-contraction.js";
import { tileLanes, WindowTiles } from "./window-tiles.js";
import type { WindowSchedule } from "./window-schedule.js";

/** The elements that a window may cover. */
interface WindowSource {
  /** Along each pair of the window: the place of the first, and a local that counts them. */
  readonly first: readonly number[];
  readonly places: readonly Local[];
  /** The factor at the places. */
  readonly value: Expr;
}

/** The space runs over images, or groups of them. */
export function windowsBySource(
  c: WindowContraction,
  { places, first, value: element }: WindowSource,
  { together }: WindowSchedule & { form: "source" },
): Space {
  const { w, pairs, buffers, others, plain, dtype } = c;
  const results = pairs.map((p) => p.axis);
  const several = c.images.at(-1) ?? null;
  const cut = several && together > 1 ? [{ axis: several, count: together }] : [];
  const { over, known, locals } = spaceOver([...c.batch, ...c.images], cut, buffers);
  const taken = together > 1 ? [locals.get(several!)!] : [];
  const columns = [...taken, ...places];
  const count = product(columns);
  const lanes = tileLanes(product(others), c.item);
  // Tiles lie within lines of the cache, and neighbouring terms in different ones.
  const pitch = (Math.ceil(count / lanes) | 1) * lanes;
  const linear = (axes: readonly Local[], at: readonly Expr[] = axes) =>
    linearIndex(
      axes.map((l) => l.extent!),
      at,
    );
  const tiles = new WindowTiles(dtype, c.item, buffers);
  const tilesOf = (body: (first: Expr, lane: Local, width: number) => readonly Stmt[]) =>
    tiles.columns(count, lanes, body);
  const copy = buffers.fresh("stage");
  const depth = product(plain);
  const all = indexLocal(buffers.fresh("i"), count);
  const value = substitute(element, known);
  const joined = rejoin(substitute(value, decode(columns, all)));
  // Tile by tile where memory has the columns side by side, so that tiles are read from the first term to the last.
  const byTiles = joined.kind === "load" && coefficient(joined.offset, all) === 1;
  const inCopy = (first: Expr, lane: Expr) =>
    byTiles
      ? add(add(mul(first, literal(depth)), mul(linear(plain), literal(lanes))), lane)
      : add(mul(linear(plain), literal(pitch)), add(first, lane));
  const copyLoops = [...plain, ...columns].map((l, i, all) => (i === all.length - 1 ? vector(l) : serial(l)));
  const fill = byTiles
    ? nested(
        plain.map(serial),
        tilesOf((first, lane, width) => {
          const at = add(first, lane);
          const stored = lane.extent === width ? lane : indexLocal(lane.name, width);
          return emitLoops(
            [vector(stored)],
            [storeAt(copy, inCopy(first, lane), substitute(joined, new Map([[all.name, at]])))],
            buffers,
          );
        }),
      )
    : emitLoops(copyLoops, [storeAt(copy, inCopy(linear(columns), literal(0)), value)], buffers);
  const column = indexLocal(`c${c.node.id}`, product(results));
  const axes = { left: w, right: c.x, rows: others, columns: results, column, outer: [], over: [], contiguous: true };
  const epilogue = new ContractionEpilogue(c.group, c.node, axes, c.escapes, buffers);
  const rows = tiles.rows(product(others), (row, height) => {
    const [sums, products] = [buffers.fresh("sums"), buffers.fresh("products")];
    const line = indexLocal(buffers.fresh("i"), height);
    const owned = [line, ...taken, ...results];
    const every = indexLocal(buffers.fresh("i"), product(owned));
    const multiplied = tilesOf((firstColumn, lane) => {
      const { names, scratch } = tiles.accumulators(height, lane);
      const starts = names.map((name) => storeAt(name, lane, literal(0, dtype)));
      const lefts = names.map((_, i) => substitute(w, new Map([...known, ...decode(others, add(row, literal(i)))])));
      const right = load(copy, inCopy(firstColumn, lane), dtype);
      const ends = names.map((name, i) =>
        storeAt(products, add(add(literal(i * pitch), firstColumn), lane), load(name, lane, dtype)),
      );
      return [
        ...scratch,
        ...emitLoops([vector(lane)], starts, buffers),
        ...tiles.addTerms(plain.map(serial), lane, names, lefts, right),
        ...emitLoops([vector(lane)], ends, buffers),
      ];
    });
    const target = pairs.map((p, j) => sub(add(places[j]!, literal(first[j]!)), mul(p.term, literal(p.b))));
    const at = linear(owned, [line, ...taken, ...target]);
    const own = load(products, add(mul(line, literal(pitch)), linear(columns)), dtype);
    const sum = storeAt(sums, at, call("add", load(sums, at, dtype), own));
    const adding = [line, ...columns].map((l, i) => (i === columns.length ? vector(l) : serial(l)));
    const ofTerm = [
      scratchOf(products, dtype, height * pitch),
      ...multiplied,
      ...emitLoops(adding, [sum], buffers, {}, new Set([sums])),
    ];
    const lane = indexLocal(buffers.fresh("j"), product(results));
    const here = new Map([...known, ...taken.map((l) => [l.name, l] as const)]);
    const place = { own: here, firstColumn: literal(0), lane, width: product(results) };
    const result = load(sums, add(mul(linear([line, ...taken]), literal(product(results))), lane), dtype);
    return [
      scratchOf(sums, dtype, product(owned)),
      ...emitLoops([vector(every)], [storeAt(sums, every, literal(0, dtype))], buffers),
      ...nested(
        pairs.map((p) => serial(p.term)),
        ofTerm,
      ),
      ...epilogue.stores(place, add(row, line), result, [line, ...taken].map(serial)),
    ];
  });
  const body = [scratchOf(copy, dtype, product(plain) * pitch), ...fill, ...rows];
  return { over, extent: over.extent!, body };
}

/** The source's elements, where every one of them belongs to a result for every term of the window; else null. */
export function sourceOf({ x, pairs, plain, buffers }: WindowContraction): WindowSource | null {
  if (plain.length === 0) return null;
  if (pairs.some((p) => p.a !== 1)) return null;
  const reached = pairs.map((p) => indexLocal(buffers.fresh("u"), reachOf(p)));
  const tests = testsOf(pairs.reduce((value, p, j) => slid(value, p, reached[j]!), x));
  if (!tests) return null;
  const low = pairs.map(() => 0);
  const high = reached.map((l) => l.extent!);
  for (const { fn, args } of tests.all) {
    const [index, limit] = args;
    const j = reached.findIndex((l) => mentions(index, l));
    if (j < 0 || coefficient(index, reached[j]!) !== 1) return null;
    const rest = substitute(index, new Map([[reached[j]!.name, literal(0)]]));
    if (rest.kind !== "literal") return null;
    const bound = limit.value - rest.value;
    if (fn === "ge") low[j] = Math.max(low[j]!, bound);
    else high[j] = Math.min(high[j]!, bound);
  }
  const whole = pairs.every((p, j) => low[j]! >= p.b * (p.term.extent! - 1) && high[j]! <= p.axis.extent!);
  if (!whole || low.some((n, j) => n >= high[j]!)) return null;
  const places = low.map((n, j) => indexLocal(buffers.fresh("u"), high[j]! - n));
  const at = new Map(places.map((l, j) => [reached[j]!.name, add(l, literal(low[j]!))]));
  return { first: low, places, value: substitute(unclamped(tests.then, tests.all), at) };
}
