// A contraction with windows whose positions are summed, such as a convolution's weight gradient: the factor with windows has
// the rows, which are its channels and the window's terms, and panels of the other one are the columns. Sums over all images
// are kept in memory, to which each staged image, or a few small ones, adds.
import { add, call, type Expr, indexLocal, literal, load, type Local, mul } from "#ir/expr.js";
import type { Space, Stmt } from "#ir/kernel.js";
import { decode, product } from "./contraction-axes.js";
import { ContractionEpilogue } from "./contraction-epilogue.js";
import { packedPanel } from "./contraction-panel.js";
import { tileBytes } from "./contraction-schedule.js";
import { linearIndex } from "./element.js";
import { emitLoops } from "./emit-loops.js";
import { nested, scratchOf, serial, storeAt, vector } from "./loop-parts.js";
import { rejoin } from "./rejoin.js";
import { substitute } from "./rewrite-expr.js";
import { stagedWindows } from "./staged-window.js";
import { divisorsOf, mostStaged, spaceOver, substituteAll, type WindowContraction } from "./window-contraction.js";
import { windowDots } from "./window-dots.js";
import { WindowTiles } from "./window-tiles.js";

/** Terms that a staged copy holds at least where small images are taken together. */
const fewTerms = 64;
/** Rows that share a panel at least where the work is split for threads, and how many parts are enough. */
const fewRows = 96;
const enoughParts = 4;

/** The space runs over parts of the rows, which are the window's terms of some channels. */
export function windowsAlongSum(c: WindowContraction): Space {
  const { x, w, pairs } = c;
  const { own: rowAxes, others: columnAxes, buffers, dtype } = c;
  const tiles = new WindowTiles(dtype, c.item, buffers);
  const several = c.plain.at(-1) ?? null;
  const terms = product(pairs.map((p) => p.term));
  const perImage = c.stagedBytes(c.images);
  const together = several ? enoughTerms(several.extent!, terms, perImage) : 1;
  const channels = c.images[0] ?? null;
  const rowCount = product(rowAxes);
  const parts = channels ? rowParts(channels.extent!, rowCount, perImage * together) : 1;
  const cut = channels ? [{ axis: channels, count: channels.extent! / parts }] : [];
  const { over, known, locals } = spaceOver([...c.batch, ...(channels ? [channels] : [])], cut, buffers);
  const rows = rowAxes.map((l) => (parts > 1 && l === channels ? locals.get(l)! : l));
  const images = together > 1 ? [indexLocal(buffers.fresh("n"), together)] : [];
  const block = several ? indexLocal(buffers.fresh("b"), several.extent! / together) : null;
  const inBlock = new Map(known);
  if (several) inBlock.set(several.name, add(mul(block!, literal(together)), images[0] ?? literal(0)));
  const blocks = [...c.plain.slice(0, -1), ...(block ? [block] : [])].map(serial);
  const lanes = tileBytes / c.item;
  const plain = rows.filter((l) => !pairs.some((p) => p.axis === l));
  const copy = stagedWindows(substitute(x, inBlock), plain, pairs, "term", images, 0, buffers);
  const flat = [pairs[0]!.term, ...images, ...pairs.slice(1).map((p) => p.term)];
  const k = indexLocal(buffers.fresh("k"), product(flat));
  const none = new Map(flat.map((l) => [l.name, literal(0)]));
  const leftAt = (row: Expr, position: Expr) =>
    substitute(
      load(copy.element.buffer, add(substitute(copy.element.offset, none), position), dtype),
      decode(rows, row),
    );
  const column = indexLocal(`c${c.node.id}`, product(columnAxes));
  const right = rejoin(substitute(substitute(w, inBlock), decode(columnAxes, column)));
  const count = product(rows);
  const sums = buffers.fresh("partial");
  const dots = columnAxes.length === 0 ? windowDots(tiles, count, flat, leftAt, right, sums) : null;
  const tilesOf = (body: (firstColumn: Expr, lane: Local, width: number) => readonly Stmt[]) =>
    tiles.columns(column.extent!, lanes, body);
  const sumAt = (firstColumn: Expr, row: Expr, lane: Local) =>
    add(add(mul(firstColumn, literal(count)), mul(row, literal(lanes))), lane);
  const inTiles = () =>
    tilesOf((firstColumn, lane, width) => {
      const inside = lane.extent === width ? lane : call("minimum", lane, literal(width - 1));
      const value = substitute(right, new Map([[column.name, add(firstColumn, inside)]]));
      const place = linearIndex(
        flat.map((l) => l.extent!),
        flat,
      );
      const panelTerms = { blocks: [], loops: flat.map(serial), own: new Map(), count: k.extent!, place };
      const { pack, element } = packedPanel(value, lane, panelTerms, buffers);
      const { buffer } = element as Expr & { kind: "load" };
      const panel = load(buffer, add(mul(k, literal(lane.extent!)), lane), dtype);
      return [
        ...pack,
        ...tiles.rows(count, (row, rowsHere) => {
          const lefts = Array.from({ length: rowsHere }, (_, i) => leftAt(add(row, literal(i)), k));
          const { names, scratch } = tiles.accumulators(rowsHere, lane);
          const places = names.map((_, i) => sumAt(firstColumn, add(row, literal(i)), lane));
          const starts = names.map((name, i) => storeAt(name, lane, load(sums, places[i]!, dtype)));
          const ends = names.map((name, i) => storeAt(sums, places[i]!, load(name, lane, dtype)));
          return [
            ...scratch,
            ...emitLoops([vector(lane)], starts, buffers),
            ...tiles.addTerms([serial(k)], lane, names, lefts, panel),
            ...emitLoops([vector(lane)], ends, buffers),
          ];
        }),
      ];
    });
  const size = dots?.size ?? Math.ceil(column.extent! / lanes) * lanes * count;
  const all = indexLocal(buffers.fresh("i"), size);
  const axes = { left: x, right: w, rows, columns: columnAxes, column, outer: [], over: [], contiguous: false };
  const epilogue = new ContractionEpilogue(c.group, c.node, axes, c.escapes, buffers);
  const finishing = tilesOf((firstColumn, lane, width) => {
    const line = indexLocal(buffers.fresh("i"), count);
    // The cut axis is known in terms of the row's.
    const own = substituteAll(known, decode(rows, line));
    const sum = dots?.sum(line) ?? load(sums, sumAt(firstColumn, line, lane), dtype);
    return epilogue.stores({ own, firstColumn, lane, width }, line, sum, [serial(line)]);
  });
  const body = [
    scratchOf(sums, dtype, size),
    ...emitLoops([vector(all)], [storeAt(sums, all, literal(0, dtype))], buffers),
    ...nested(blocks, [...copy.fill, ...(dots?.adding ?? inTiles())]),
    ...finishing,
  ];
  return { over, extent: over.extent!, body };
}

function enoughTerms(images: number, terms: number, perImage: number): number {
  const counts = divisorsOf(images).filter((n) => n === 1 || n * perImage <= mostStaged);
  return counts.find((n) => n * terms >= fewTerms) ?? counts.at(-1)!;
}

function rowParts(channels: number, rows: number, bytes: number): number {
  const parts = divisorsOf(channels);
  const wanted = parts.findLast((n) => n <= enoughParts && rows / n >= fewRows) ?? 1;
  return parts.find((n) => n >= wanted && bytes / n <= mostStaged) ?? channels;
}
