// Lowers a contraction and the element-by-element work on its result: tiles of the result in registers, panels of the
// factors packed where their layout does not suit vectors or the cache, and the rest of the group as the tile's epilogue.
//
// Factors are any expressions over any index maps: transposes, windows and guards cost their index arithmetic once per
// element of a panel, which all tiles share. What is left of the columns after whole tiles gets a tile of as many lanes as
// hold it; those too many compute something that nobody stores. Long sums go panel by panel over partial sums.
import { add, call, eq, type Expr, floorDiv, floorMod, indexLocal, literal, load, mul, sub } from "#ir/expr.js";
import type { Space, Stmt } from "#ir/kernel.js";
import type { Node } from "#ir/node.js";
import { type ContractionAxes, contractionAxes, contractionFacts, decode, product } from "./contraction-axes.js";
import { ContractionEpilogue } from "./contraction-epilogue.js";
import { packedPanel } from "./contraction-panel.js";
import type { ContractionSchedule } from "./contraction-schedule.js";
import { accumulators, addTerms, type RowTile, type Tile } from "./contraction-sums.js";
import { allTerms, type Terms, termsInBlocks } from "./contraction-terms.js";
import { elementOf } from "./element.js";
import { emitLoops, type Loop } from "./emit-loops.js";
import type { Group } from "./group.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { nested, scratchOf, serial, storeAt, vector } from "./loop-parts.js";
import { lowerWindows } from "./lower-windows.js";
import { laneBytes } from "./register-tile.js";
import { coefficient, substitute } from "./rewrite-expr.js";
import type { Schedules } from "./contraction-schedules.js";

/** The group as parallel spaces of its kernel: full tiles, and the columns left over. */
export function lowerContraction(
  group: Group,
  escapes: (node: Node) => boolean,
  buffers: KernelBuffers,
  schedules: Schedules,
): readonly Space[] {
  const node = group.nodes.find((n) => elementOf(n).role === "contraction")!;
  const windows = lowerWindows(group, node, escapes, buffers, schedules.windows);
  if (windows) return windows;
  const axes = contractionAxes(node, buffers);
  const item = node.results[0]!.type.dtype === "f64" ? 8 : 4;
  const chosen = schedules.products(contractionFacts(axes, item), node.id);
  const schedule = { ...chosen, chunkRows: Math.min(chosen.chunkRows, product(axes.rows)) };
  const epilogue = new ContractionEpilogue(group, node, axes, escapes, buffers);
  const lower = (part: Columns) => new ContractionLowering(node, axes, schedule, epilogue, buffers, part).space();
  const { tileColumns: width } = schedule;
  const columns = axes.column.extent!;
  const rest = columns % width;
  const whole = (columns - rest) / width;
  const spaces = whole === 0 ? [] : [lower({ start: 0, tiles: whole, width, lanes: width })];
  if (rest === 0) return spaces;
  // Whole vectors, unless it is one column, or so few rows that packing it costs more than vectors gain.
  const lanes = laneBytes / item;
  const filled = rest === 1 || product(axes.rows) < 2 * schedule.tileRows ? rest : Math.ceil(rest / lanes) * lanes;
  return [...spaces, lower({ start: columns - rest, tiles: 1, width: rest, lanes: filled })];
}

/** `tiles` tiles of `width` columns each, from column `start` on, in `lanes` lanes. */
interface Columns {
  readonly start: number;
  readonly tiles: number;
  readonly width: number;
  readonly lanes: number;
}

/** The rows of an iteration. */
interface Chunk {
  readonly first: Expr;
  readonly chunks: number;
  /** Tiles of full height in it, at most and now. */
  readonly tiles: number;
  readonly extent: Expr;
}

class ContractionLowering {
  readonly #rows: number;
  readonly #dtype;

  constructor(
    readonly node: Node,
    readonly axes: ContractionAxes,
    readonly schedule: ContractionSchedule,
    readonly epilogue: ContractionEpilogue,
    readonly buffers: KernelBuffers,
    readonly columns: Columns,
  ) {
    this.#rows = product(axes.rows);
    this.#dtype = node.results[0]!.type.dtype;
  }

  space(): Space {
    const { outer, column } = this.axes;
    const { start, tiles, width, lanes } = this.columns;
    const { chunkRows, next } = this.schedule;
    const chunks = Math.ceil(this.#rows / chunkRows);
    const many = Math.max(1, Math.min(tiles, Math.floor(this.schedule.chunkColumns / width)));
    const groups = Math.ceil(tiles / many);
    const over = indexLocal("p", product(outer) * groups * chunks);
    const neighbours = next === "columns" ? groups : chunks;
    const others = (groups * chunks) / neighbours;
    const [inner, middle] = [floorMod(over, neighbours), floorDiv(over, neighbours)];
    const [group, part] = next === "columns" ? [inner, floorMod(middle, others)] : [floorMod(middle, others), inner];
    const own = new Map(decode(outer, floorDiv(middle, others)));
    const firstTile = mul(group, literal(many));
    const tile = indexLocal(this.buffers.fresh("n"), many);
    const left = tiles % many === 0 ? literal(many) : call("minimum", literal(many), sub(literal(tiles), firstTile));
    const tileLoops: readonly Loop[] = many === 1 ? [] : [{ local: tile, extent: left, as: "serial" }];
    const tileNow = many === 1 ? firstTile : add(firstTile, tile);
    const firstColumn = add(mul(tileNow, literal(width)), literal(start));
    const lane = indexLocal(this.buffers.fresh("j"), lanes);
    const inside = lanes === width ? lane : call("minimum", lane, literal(width - 1));
    own.set(column.name, add(firstColumn, inside));
    const place = { own, firstColumn, lane, width };
    const body = this.#iteration(place, tileLoops, this.#chunk(mul(part, literal(chunkRows)), chunks));
    return { over, extent: over.extent!, body };
  }

  #iteration(place: Omit<Tile, "terms" | "left" | "right">, tiles: readonly Loop[], chunk: Chunk) {
    const { left, row } = this.axes;
    const right = substitute(this.axes.right, place.own);
    const contiguous = right.kind === "load" && coefficient(right.offset, place.lane) === 1;
    const packRight = this.schedule.packRight || !contiguous;
    const terms = this.#terms(packRight);
    const columns = packRight ? packedPanel(right, place.lane, terms, this.buffers, tiles) : null;
    const lines =
      this.schedule.packLeft && chunk.tiles > 0 ? this.#packedRows(place.own, terms, chunk, columns !== null) : null;
    const inBlock = substitute(left, terms.own);
    const offset = inBlock.kind === "load" ? inBlock.offset : null;
    const inPlace = ({ first }: RowTile) => ({
      at: (i: number) => substitute(inBlock, new Map([[row.name, add(first, literal(i))]])),
      walk: columns ? offset : null,
    });
    const tile: Tile = {
      ...place,
      terms,
      right: columns?.element ?? right,
      left: (rows) => (lines && rows.count === this.schedule.tileRows ? lines.left(rows) : inPlace(rows)),
    };
    const pack = [...(columns?.pack ?? []), ...(lines?.pack ?? [])];
    const sums = terms.blocks.length > 0 ? this.#inBlocks : this.#atOnce;
    return sums.call(this, tile, tiles, chunk, pack);
  }

  #terms(packed: boolean): Terms {
    const { over } = this.axes;
    const { blockTerms } = this.schedule;
    if (!packed || product(over) <= blockTerms) return allTerms(over);
    return termsInBlocks(over, blockTerms, (stem) => this.buffers.fresh(stem));
  }

  /** The whole tiles of rows of a chunk of the left factor, term by term side by side within each. */
  #packedRows(own: ReadonlyMap<string, Expr>, terms: Terms, chunk: Chunk, joined: boolean) {
    const { tileRows } = this.schedule;
    const line = indexLocal(this.buffers.fresh("i"), tileRows);
    const height = indexLocal(this.buffers.fresh("r"), chunk.tiles);
    const row = add(chunk.first, add(mul(height, literal(tileRows)), line));
    const all = substitute(this.axes.left, new Map([...own, [this.axes.row.name, row]]));
    const heights: Loop = { local: height, extent: chunk.extent, as: "serial" };
    const { pack, element } = packedPanel(all, line, terms, this.buffers, [heights]);
    const left = ({ index }: RowTile) => ({
      at: (i: number) =>
        substitute(
          element,
          new Map([
            [height.name, index],
            [line.name, literal(i)],
          ]),
        ),
      walk: joined ? terms.place : null,
    });
    return { pack, left };
  }

  /** Sums in registers from the first term to the last. */
  #atOnce(tile: Tile, tiles: readonly Loop[], chunk: Chunk, pack: readonly Stmt[]): readonly Stmt[] {
    return [
      ...pack,
      ...this.#overTiles(tiles, chunk, (rows) => {
        const { names, scratch } = accumulators(rows.count, tile.lane, this.#dtype, this.buffers);
        const starts = names.map((name) => storeAt(name, tile.lane, literal(0, this.#dtype)));
        return [
          ...scratch,
          ...emitLoops([vector(tile.lane)], starts, this.buffers),
          ...addTerms(tile, rows, names, this.#dtype, this.buffers),
          ...this.epilogue.finish(tile, rows.first, names),
        ];
      }),
    ];
  }

  /** Sums in memory, to which each panel adds. */
  #inBlocks(tile: Tile, tiles: readonly Loop[], chunk: Chunk, pack: readonly Stmt[]): readonly Stmt[] {
    const dtype = this.#dtype;
    const { lane } = tile;
    const lanes = lane.extent!;
    const { chunkRows } = this.schedule;
    const partial = this.buffers.fresh("partial");
    const size = tiles.reduce((n, { local }) => n * local.extent!, chunkRows * lanes);
    const first = tiles.reduce((sum: Expr, { local }) => add(sum, mul(local, literal(chunkRows))), literal(0));
    const place = (row: Expr, i: Expr) => add(mul(add(add(first, sub(row, chunk.first)), i), literal(lanes)), lane);
    const addPanel = this.#overTiles(tiles, chunk, (rows) => {
      const { names, scratch } = accumulators(rows.count, lane, dtype, this.buffers);
      const places = names.map((_, i) => place(rows.first, literal(i)));
      const starts = names.map((name, i) => storeAt(name, lane, load(partial, places[i]!, dtype)));
      const ends = names.map((name, i) => storeAt(partial, places[i]!, load(name, lane, dtype)));
      return [
        ...scratch,
        ...emitLoops([vector(lane)], starts, this.buffers),
        ...addTerms(tile, rows, names, dtype, this.buffers),
        ...emitLoops([vector(lane)], ends, this.buffers),
      ];
    });
    const store = (rows: RowTile) => {
      const line = indexLocal(this.buffers.fresh("i"), rows.count);
      const sum = load(partial, place(rows.first, line), dtype);
      return this.epilogue.stores(tile, add(rows.first, line), sum, [serial(line)]);
    };
    const all = indexLocal(this.buffers.fresh("i"), size);
    return [
      scratchOf(partial, dtype, size),
      ...emitLoops([vector(all)], [storeAt(partial, all, literal(0, dtype))], this.buffers),
      ...nested(tile.terms.blocks, [...pack, ...addPanel]),
      ...this.#overTiles(tiles, chunk, store, "columns"),
    ];
  }

  #chunk(first: Expr, chunks: number): Chunk {
    const { chunkRows, tileRows } = this.schedule;
    const tiles = Math.floor(chunkRows / tileRows);
    const rest = floorDiv(sub(literal(this.#rows), first), tileRows);
    const even = this.#rows % chunkRows === 0 || chunks === 1;
    return { first, chunks, tiles, extent: even ? literal(tiles) : call("minimum", literal(tiles), rest) };
  }

  /** All tiles of an iteration, the rows left over last. */
  #overTiles(
    tiles: readonly Loop[],
    chunk: Chunk,
    body: (rows: RowTile) => readonly Stmt[],
    inner = this.schedule.inner,
  ): readonly Stmt[] {
    const { tileRows, chunkRows } = this.schedule;
    const { first, chunks } = chunk;
    const left = this.#rows % tileRows;
    const [around, within] = inner === "rows" ? [tiles, []] : [[], tiles];
    const stmts: Stmt[] = [];
    if (chunk.tiles > 0) {
      const index = indexLocal(this.buffers.fresh("r"), chunk.tiles);
      const rows = { first: add(first, mul(index, literal(tileRows))), count: tileRows, index };
      const heights: Loop = { local: index, extent: chunk.extent, as: "serial" };
      stmts.push(...nested([heights, ...within], body(rows)));
    }
    if (left > 0) {
      const before = this.#rows - left - (chunks - 1) * chunkRows;
      const rows = { first: add(first, literal(before)), count: left, index: literal(before / tileRows) };
      const last = eq(first, literal((chunks - 1) * chunkRows));
      const then = nested(within, body(rows));
      stmts.push(...(chunks === 1 ? then : [{ kind: "if", test: last, then } as const]));
    }
    return nested(around, stmts);
  }
}
