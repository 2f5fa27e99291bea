// Lowers a contraction and the element-by-element work on its result: tiles of the result in registers, a panel of the
// right factor packed where its layout does not suit vectors, and the rest of the group as the tile's epilogue.
//
// Factors are any expressions over any index maps: transposes, windows and guards cost their index arithmetic once per
// element of a panel, which all rows share. What is left of the columns after whole tiles gets a tile of as many lanes as
// hold it; those too many compute something that nobody stores. Long sums go panel by panel over partial sums.
import {
  add,
  call,
  eq,
  type Expr,
  floorDiv,
  floorMod,
  indexLocal,
  literal,
  load,
  type Local,
  mul,
  sub,
} from "#ir/expr.js";
import type { Space, Stmt } from "#ir/kernel.js";
import type { Node } from "#ir/node.js";
import { type ContractionAxes, contractionAxes, contractionFacts, decode, product } from "./contraction-axes.js";
import { ContractionEpilogue } from "./contraction-epilogue.js";
import { packedPanel } from "./contraction-panel.js";
import type { ContractionSchedule, ScheduleContraction } from "./contraction-schedule.js";
import { allTerms, joinedTerms, type Terms, termsInBlocks } from "./contraction-terms.js";
import { countOf, elementOf } from "./element.js";
import { emitLoops } from "./emit-loops.js";
import type { Group } from "./group.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { scratchOf, serial, storeAt, vector } from "./loop-parts.js";
import { lowerWindows } from "./lower-windows.js";
import { coefficient, substitute } from "./rewrite-expr.js";

const laneBytes = 16;

/** The group as parallel spaces of its kernel: full tiles, and the columns left over. */
export function lowerContraction(
  group: Group,
  escapes: (node: Node) => boolean,
  buffers: KernelBuffers,
  scheduleOf: ScheduleContraction,
): readonly Space[] {
  const node = group.nodes.find((n) => elementOf(n).role === "contraction")!;
  const windows = lowerWindows(group, node, escapes, buffers);
  if (windows) return windows;
  const lowering = new ContractionLowering(group, node, escapes, buffers, scheduleOf);
  const { columns, item, rows } = lowering;
  const { tileRows, tileColumns: width } = lowering.schedule;
  const rest = columns % width;
  const spaces = columns < width ? [] : [lowering.space(width, width, 0, (columns - rest) / width)];
  if (rest === 0) return spaces;
  // Whole vectors, unless it is one column, or so few rows that packing it costs more than vectors gain.
  const lanes = laneBytes / item;
  const filled = rest === 1 || rows < 2 * tileRows ? rest : Math.ceil(rest / lanes) * lanes;
  return [...spaces, lowering.space(rest, filled, columns - rest, 1)];
}

class ContractionLowering {
  readonly columns: number;
  readonly rows: number;
  /** Bytes of an element of the result. */
  readonly item: number;
  readonly schedule: ContractionSchedule;
  readonly #axes: ContractionAxes;
  readonly #epilogue: ContractionEpilogue;

  constructor(
    group: Group,
    readonly node: Node,
    escapes: (node: Node) => boolean,
    readonly buffers: KernelBuffers,
    scheduleOf: ScheduleContraction,
  ) {
    this.#axes = contractionAxes(node, buffers);
    this.#epilogue = new ContractionEpilogue(group, node, this.#axes, escapes, buffers);
    this.columns = this.#axes.column.extent!;
    this.rows = product(this.#axes.rows);
    this.item = node.results[0]!.type.dtype === "f64" ? 8 : 4;
    this.schedule = scheduleOf(contractionFacts(this.#axes, this.item), node.id);
  }

  /** `tiles` tiles of `width` columns each, from column `start` on, in `lanes` lanes. */
  space(width: number, lanes: number, start: number, tiles: number): Space {
    const { outer, column } = this.#axes;
    const { chunkRows: chunk, next } = this.schedule;
    const chunks = Math.ceil(this.rows / chunk);
    const over = indexLocal("p", product(outer) * tiles * chunks);
    const neighbours = next === "columns" ? tiles : chunks;
    const [inner, middle] = [floorMod(over, neighbours), floorDiv(over, neighbours)];
    const others = (tiles * chunks) / neighbours;
    const [tile, part] = next === "columns" ? [inner, floorMod(middle, others)] : [floorMod(middle, others), inner];
    const own = new Map(decode(outer, floorDiv(middle, others)));
    const firstColumn = add(mul(tile, literal(width)), literal(start));
    const firstRow = mul(part, literal(chunk));
    const lane = indexLocal(this.buffers.fresh("j"), lanes);
    const inside = lanes === width ? lane : call("minimum", lane, literal(width - 1));
    own.set(column.name, add(firstColumn, inside));
    const right = substitute(this.#axes.right, own);
    const terms = this.#terms(right, lane);
    const { pack, element } = terms ? packedPanel(right, lane, terms, this.buffers) : { pack: [], element: right };
    const columns: Tile = { own, firstColumn, lane, width, element, terms: terms ?? allTerms(this.#axes.over) };
    const rows = { first: firstRow, chunk, chunks };
    const sums = columns.terms.blocks.length > 0 ? this.#inBlocks : this.#atOnce;
    const body = sums.call(this, columns, rows, pack, terms !== null);
    return { over, extent: over.extent!, body };
  }

  /** The terms of a panel of the right factor; null where the factor is read where it lies. */
  #terms(right: Expr, lane: Local): Terms | null {
    const { over } = this.#axes;
    const { packRight, blockTerms } = this.schedule;
    const contiguous = right.kind === "load" && coefficient(right.offset, lane) === 1;
    if (contiguous && !packRight) return null;
    if (product(over) <= blockTerms) return allTerms(over);
    return termsInBlocks(over, blockTerms, (stem) => this.buffers.fresh(stem));
  }

  /** Sums in registers from the first term to the last. */
  #atOnce(tile: Tile, rows: Rows, pack: readonly Stmt[], packed: boolean): readonly Stmt[] {
    const { dtype } = this.node.results[0]!.type;
    return [
      ...pack,
      ...this.#overRows(rows, (row, count) => {
        const { names, scratch } = this.#accumulators(count, tile.lane);
        const starts = names.map((name) => storeAt(name, tile.lane, literal(0, dtype)));
        return [
          ...scratch,
          ...emitLoops([vector(tile.lane)], starts, this.buffers),
          ...this.#addTerms(tile, row, names, packed),
          ...this.#finish(tile, row, names),
        ];
      }),
    ];
  }

  /** Sums in memory, to which each panel adds. */
  #inBlocks(tile: Tile, rows: Rows, pack: readonly Stmt[], packed: boolean): readonly Stmt[] {
    const { dtype } = this.node.results[0]!.type;
    const { lane } = tile;
    const lanes = lane.extent!;
    const partial = this.buffers.fresh("partial");
    const all = indexLocal(this.buffers.fresh("i"), rows.chunk * lanes);
    const place = (row: Expr, i: Expr) => add(mul(add(sub(row, rows.first), i), literal(lanes)), lane);
    const addPanel = this.#overRows(rows, (row, count) => {
      const { names, scratch } = this.#accumulators(count, lane);
      const places = names.map((_, i) => place(row, literal(i)));
      const starts = names.map((name, i) => storeAt(name, lane, load(partial, places[i]!, dtype)));
      const ends = names.map((name, i) => storeAt(partial, places[i]!, load(name, lane, dtype)));
      return [
        ...scratch,
        ...emitLoops([vector(lane)], starts, this.buffers),
        ...this.#addTerms(tile, row, names, packed),
        ...emitLoops([vector(lane)], ends, this.buffers),
      ];
    });
    const blocks = tile.terms.blocks.reduceRight(
      (body: readonly Stmt[], { local: over, extent, as }): readonly Stmt[] => [
        { kind: "for", over, extent, as, body },
      ],
      [...pack, ...addPanel],
    );
    return [
      scratchOf(partial, dtype, rows.chunk * lanes),
      ...emitLoops([vector(all)], [storeAt(partial, all, literal(0, dtype))], this.buffers),
      ...blocks,
      ...this.#overRows(rows, (row, count) => {
        const line = indexLocal(this.buffers.fresh("i"), count);
        const sum = load(partial, place(row, line), dtype);
        return this.#epilogue.stores(tile, add(row, line), sum, [serial(line)]);
      }),
    ];
  }

  /** All tiles of a chunk of rows, the rows left over last. */
  #overRows({ first, chunk, chunks }: Rows, tile: (row: Expr, rows: number) => readonly Stmt[]): readonly Stmt[] {
    const body: Stmt[] = [];
    const { tileRows } = this.schedule;
    const left = this.rows % tileRows;
    const tilesInChunk = Math.floor(chunk / tileRows);
    if (tilesInChunk > 0) {
      const over = indexLocal(this.buffers.fresh("r"), tilesInChunk);
      const even = this.rows % chunk === 0 || chunks === 1;
      const rest = floorDiv(sub(literal(this.rows), first), tileRows);
      const extent = even ? literal(tilesInChunk) : call("minimum", literal(tilesInChunk), rest);
      const rows = tile(add(first, mul(over, literal(tileRows))), tileRows);
      body.push({ kind: "for", over, extent, as: "serial", body: rows });
    }
    if (left > 0) {
      const rows = tile(add(first, literal(this.rows - left - (chunks - 1) * chunk)), left);
      const last = eq(first, literal((chunks - 1) * chunk));
      if (chunks === 1) body.push(...rows);
      else body.push({ kind: "if", test: last, then: rows });
    }
    return body;
  }

  #accumulators(rows: number, lane: Local): { names: readonly string[]; scratch: readonly Stmt[] } {
    const { dtype } = this.node.results[0]!.type;
    const names = Array.from({ length: rows }, () => this.buffers.fresh("acc"));
    const scratch = names.map((name): Stmt => ({
      kind: "scratch",
      name,
      dtype,
      length: lane.extent!,
      in: "registers",
    }));
    return { names, scratch };
  }

  /** Adds the terms of a panel to the accumulators of some rows. */
  #addTerms(
    { own, lane, element, terms }: Tile,
    row: Expr,
    names: readonly string[],
    packed: boolean,
  ): readonly Stmt[] {
    const { dtype } = this.node.results[0]!.type;
    const inBlock = substitute(this.#axes.left, terms.own);
    const fresh = (stem: string) => this.buffers.fresh(stem);
    const { loops, own: joined } =
      packed && inBlock.kind === "load"
        ? joinedTerms(terms.loops, inBlock.offset, fresh)
        : { ...terms, own: new Map() };
    const right = substitute(element, joined);
    const sums = names.map((name, i) => {
      const locals = new Map([...own, ...joined, ...decode(this.#axes.rows, add(row, literal(i)))]);
      const left = substitute(inBlock, locals);
      return storeAt(name, lane, call("add", load(name, lane, dtype), call("mul", left, right)));
    });
    return emitLoops([...loops, vector(lane)], sums, this.buffers, {}, new Set(names));
  }

  /** The epilogue of a tile: row by row from the registers, or from memory in a loop where it is large. */
  #finish(tile: Tile, row: Expr, names: readonly string[]): readonly Stmt[] {
    const { dtype } = this.node.results[0]!.type;
    const { lane } = tile;
    if (!this.#epilogue.large || names.length === 1) {
      return names.flatMap((name, i) => this.#epilogue.stores(tile, add(row, literal(i)), load(name, lane, dtype), []));
    }
    const spilt = this.buffers.fresh("tile");
    const place = (i: Expr) => add(mul(i, literal(lane.extent!)), lane);
    const spill = names.map((name, i) => storeAt(spilt, place(literal(i)), load(name, lane, dtype)));
    const line = indexLocal(this.buffers.fresh("i"), names.length);
    return [
      scratchOf(spilt, dtype, names.length * lane.extent!),
      ...emitLoops([vector(lane)], spill, this.buffers),
      ...this.#epilogue.stores(tile, add(row, line), load(spilt, place(line), dtype), [serial(line)]),
    ];
  }
}

/** Columns that are computed together. */
interface Tile {
  /** What outer axes and the column are. */
  readonly own: ReadonlyMap<string, Expr>;
  readonly firstColumn: Expr;
  /** Counts the lanes; `width` of them are columns. */
  readonly lane: Local;
  readonly width: number;
  /** The right factor. */
  readonly element: Expr;
  readonly terms: Terms;
}

interface Rows {
  readonly first: Expr;
  readonly chunk: number;
  readonly chunks: number;
}

/** Multiplications and additions of the group's contraction. */
export function contractionFlops(node: Node): number {
  return elementOf(node).over.reduce((n, l) => n * l.extent!, 2 * countOf(node.results[0]!));
}
