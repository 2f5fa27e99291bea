// A contraction with windows whose other factor has few rows, such as a depthwise convolution: copies of the windows would
// cost as much as the products. The factor is copied once, with its padding, and the tiles are lines of the result.
import { add, type Expr, indexLocal, literal, load, type Local, mul } from "#ir/expr.js";
import type { Space } from "#ir/kernel.js";
import { decode, product } from "./contraction-axes.js";
import { ContractionEpilogue } from "./contraction-epilogue.js";
import { laneBytes, tileRows } from "./register-tile.js";
import { emitLoops } from "./emit-loops.js";
import { nested, serial, storeAt, vector } from "./loop-parts.js";
import { substitute } from "./rewrite-expr.js";
import { stagedPlaces } from "./staged-window.js";
import { type Cut, spaceOver, substituteAll, type WindowContraction } from "./window-contraction.js";
import type { WindowSchedule } from "./window-schedule.js";
import { WindowTiles } from "./window-tiles.js";
import { termsOf } from "./windows-along-result.js";

/** Vectors of sums in registers. */
const vectors = 8;

/** The space runs over images and bands of their lines. */
export function windowsByLine(c: WindowContraction, { bands }: WindowSchedule & { form: "line" }): Space {
  const { x, w, pairs, images, buffers, others, dtype } = c;
  const width = pairs.at(-1)!.axis.extent!;
  const tall = pairs[0]!.axis;
  const cut: Cut[] = pairs.length > 1 ? [{ axis: tall, count: tall.extent! / bands }] : [];
  const { over, known, locals } = spaceOver([...c.batch, ...images], cut, buffers);
  const own = pairs.map((p) => ({ ...p, axis: locals.get(p.axis) ?? p.axis }));
  const columns = own.map((p) => p.axis);
  const lines = columns.slice(0, -1);
  const column = indexLocal(`c${c.node.id}`, product(columns));
  const copy = stagedPlaces(substitute(x, known), c.plain, own, laneBytes / c.item, buffers);
  const { offset } = copy.element;
  const zero = (locals: readonly Local[]) => new Map(locals.map((l) => [l.name, literal(0)]));
  const terms = [...c.plain, ...own.map((p) => p.term)];
  const { loops, prepare, at, joined } = termsOf(c, substitute(offset, zero(columns)), own);
  const place = substituteAll(known, decode(columns, column));
  const epilogue = new ContractionEpilogue(c.group, c.node, { rows: others, columns, column }, c.escapes, buffers);
  const tiles = new WindowTiles(dtype, c.item, buffers);
  const row = indexLocal(buffers.fresh("r"), product(others));
  const weight = substitute(w, new Map([...known, ...joined, ...decode(others, row)]));
  const body = tiles.columns(width, (vectors * laneBytes) / c.item, (firstColumn, lane, stored) => {
    const high = Math.min(tileRows, Math.max(1, Math.floor((vectors * laneBytes) / (lane.extent! * c.item))));
    return tiles.rows(
      product(lines),
      (line, count) => {
        const { names, scratch } = tiles.accumulators(count, lane);
        const starts = names.map((name) => storeAt(name, lane, literal(0, dtype)));
        const lefts = names.map((_, i) => {
          const inLine = new Map<string, Expr>([
            ...zero(terms),
            ...decode(lines, add(line, literal(i))),
            [columns.at(-1)!.name, add(firstColumn, lane)],
          ]);
          return load(copy.element.buffer, add(at, substitute(offset, inLine)), dtype);
        });
        const tile = { own: place, firstColumn: add(mul(line, literal(width)), firstColumn), lane, width: stored };
        return nested(product(others) === 1 ? [] : [serial(row)], [
          ...scratch,
          ...emitLoops([vector(lane)], starts, buffers),
          ...tiles.addTerms(loops, lane, names, lefts, weight),
          ...epilogue.finish(tile, product(others) === 1 ? literal(0) : row, names, width),
        ]);
      },
      high,
    );
  });
  return { over, extent: over.extent!, body: [...copy.fill, ...prepare, ...body] };
}
