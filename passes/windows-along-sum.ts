// A contraction with windows whose positions are summed, such as a convolution's weight gradient: the factor with windows has
// the rows, which are its channels and the window's terms, the other one the columns. Sums over all images are kept in memory,
// to which each staged image, or a few small ones, adds.
import { add, type Expr, indexLocal, literal, load, type Local, mul } from "#ir/expr.js";
import type { Space } from "#ir/kernel.js";
import { decode, product } from "./contraction-axes.js";
import { ContractionEpilogue } from "./contraction-epilogue.js";
import { emitLoops } from "./emit-loops.js";
import { nested, scratchOf, serial, storeAt, vector } from "./loop-parts.js";
import { rejoin } from "./rejoin.js";
import { substitute } from "./rewrite-expr.js";
import { stagedWindows } from "./staged-window.js";
import { type Cut, spaceOver, substituteAll, type WindowContraction } from "./window-contraction.js";
import type { WindowSchedule } from "./window-schedule.js";
import { dotSums, panelSums } from "./window-sums.js";
import { WindowTiles } from "./window-tiles.js";

/** The space runs over parts of the columns, and of the rows, which are the window's terms of some channels. */
export function windowsAlongSum(
  c: WindowContraction,
  { together, down, across, dots }: WindowSchedule & { form: "sum" },
): Space {
  const { x, w, pairs, buffers, dtype } = c;
  const several = c.plain.at(-1) ?? null;
  const cut: Cut[] = [
    ...c.images.slice(0, 1).map((axis) => ({ axis, count: axis.extent! / down })),
    ...c.others.slice(0, 1).map((axis) => ({ axis, count: axis.extent! / across })),
  ];
  const cutAxes = cut.map(({ axis }) => axis);
  const { over, known, locals } = spaceOver([...c.batch, ...cutAxes], cut, buffers);
  const inPart = (l: Local) => locals.get(l) ?? l;
  const [rowAxes, columnAxes] = [c.own.map(inPart), c.others.map(inPart)];
  const images = together > 1 ? [indexLocal(buffers.fresh("n"), together)] : [];
  const block = several ? indexLocal(buffers.fresh("b"), several.extent! / together) : null;
  const inBlock = new Map(known);
  if (several) inBlock.set(several.name, add(mul(block!, literal(together)), images[0] ?? literal(0)));
  const blocks = [...c.plain.slice(0, -1), ...(block ? [block] : [])].map(serial);
  const plain = rowAxes.filter((l) => !pairs.some((p) => p.axis === l));
  const copy = stagedWindows(substitute(x, inBlock), plain, pairs, "term", images, 0, buffers);
  const flat = [pairs[0]!.term, ...images, ...pairs.slice(1).map((p) => p.term)];
  const start = substitute(copy.element.offset, new Map(flat.map((l) => [l.name, literal(0)])));
  const left = (row: Expr, position: Expr) =>
    substitute(load(copy.element.buffer, add(start, position), dtype), decode(rowAxes, row));
  const column = indexLocal(`c${c.node.id}`, product(columnAxes));
  const right = rejoin(substitute(substitute(w, inBlock), decode(columnAxes, column)));
  const rows = indexLocal(`r${c.node.id}`, product(rowAxes));
  const sums = buffers.fresh("partial");
  const summed = { rows: rows.extent!, column, flat, left, right, sums };
  const { size, adding, sum } = (dots ? dotSums : panelSums)(summed, new WindowTiles(dtype, c.item, buffers));
  const all = indexLocal(buffers.fresh("i"), size);
  // The result has the rows side by side.
  const axes = { rows: columnAxes, columns: rowAxes, column: rows };
  const epilogue = new ContractionEpilogue(c.group, c.node, axes, c.escapes, buffers);
  const line = indexLocal(buffers.fresh("i"), column.extent!);
  const lane = indexLocal(buffers.fresh("j"), rows.extent!);
  const own = substituteAll(known, new Map([...decode(rowAxes, rows), ...decode(columnAxes, line)]));
  const place = { own, firstColumn: literal(0), lane, width: rows.extent! };
  const body = [
    scratchOf(sums, dtype, size),
    ...emitLoops([vector(all)], [storeAt(sums, all, literal(0, dtype))], buffers),
    ...nested(blocks, [...copy.fill, ...adding]),
    ...epilogue.stores(place, line, sum(lane, line), [serial(line)]),
  ];
  return { over, extent: over.extent!, body };
}
