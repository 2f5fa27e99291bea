// Tiles of a contraction with windows: loops over columns and rows, sums in registers, and what is done with them.
import { add, call, type Expr, indexLocal, literal, load, type Local, mul } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import type { DType } from "#ir/dtype.js";
import type { ContractionEpilogue, Place } from "./contraction-epilogue.js";
import { emitLoops, type Loop } from "./emit-loops.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { scratchOf, serial, storeAt, vector } from "./loop-parts.js";

/** Rows of a tile, and the bytes of its columns and of a vector. */
const tileRows = 4;
export const tileBytes = 32;
export const laneBytes = 16;

/** Columns of a full tile: the fewer the rows, the more, so that additions need not wait for each other. */
export function tileLanes(rows: number, item: number): number {
  return (tileBytes / item) * (rows > 2 ? 1 : rows === 2 ? 2 : 4);
}

export class WindowTiles {
  constructor(
    readonly dtype: DType,
    /** Bytes of an element. */
    readonly item: number,
    readonly buffers: KernelBuffers,
  ) {}

  /** Whole tiles of so many lanes in a loop, then the columns left over in as many vectors as hold them. */
  columns(
    columns: number,
    lanes: number,
    tile: (firstColumn: Expr, lane: Local, width: number) => readonly Stmt[],
  ): readonly Stmt[] {
    const rest = columns % lanes;
    const whole = (columns - rest) / lanes;
    const body: Stmt[] = [];
    if (whole > 0) {
      const over = indexLocal(this.buffers.fresh("c"), whole);
      const lane = indexLocal(this.buffers.fresh("j"), lanes);
      const stmts = tile(mul(over, literal(lanes)), lane, lanes);
      body.push({ kind: "for", over, extent: literal(whole), as: "serial", body: stmts });
    }
    if (rest > 0) {
      const vectorLanes = laneBytes / this.item;
      const filled = rest === 1 ? 1 : Math.ceil(rest / vectorLanes) * vectorLanes;
      body.push(...tile(literal(columns - rest), indexLocal(this.buffers.fresh("j"), filled), rest));
    }
    return body;
  }

  /** Tiles of rows in a loop, then the rows left over. */
  rows(rows: number, tile: (row: Expr, count: number) => readonly Stmt[]): readonly Stmt[] {
    const even = rows % tileRows !== 0 && rows % 3 === 0 && rows < 4 * tileRows ? 3 : tileRows;
    const whole = Math.floor(rows / even);
    const body: Stmt[] = [];
    if (whole > 0) {
      const over = indexLocal(this.buffers.fresh("r"), whole);
      const stmts = tile(mul(over, literal(even)), even);
      body.push({ kind: "for", over, extent: literal(whole), as: "serial", body: stmts });
    }
    if (rows % even > 0) body.push(...tile(literal(rows - (rows % even)), rows % even));
    return body;
  }

  /** Registers for the sums of some rows. */
  accumulators(rows: number, lane: Local): { names: readonly string[]; scratch: readonly Stmt[] } {
    const names = Array.from({ length: rows }, () => this.buffers.fresh("acc"));
    const scratch = names.map((name): Stmt => {
      return { kind: "scratch", name, dtype: this.dtype, length: lane.extent!, in: "registers" };
    });
    return { names, scratch };
  }

  /** Adds `lefts · right` over the loops to the sums of some rows. */
  addTerms(
    loops: readonly Loop[],
    lane: Local,
    names: readonly string[],
    lefts: readonly Expr[],
    right: Expr,
  ): readonly Stmt[] {
    const sums = names.map((name, i) =>
      storeAt(name, lane, call("add", load(name, lane, this.dtype), call("mul", lefts[i]!, right))),
    );
    return emitLoops([...loops, vector(lane)], sums, this.buffers, {}, new Set(names));
  }

  /** The epilogue of a tile: row by row from the registers, or from memory in a loop where it is large. */
  finish(epilogue: ContractionEpilogue, tile: Place, row: Expr, names: readonly string[]): readonly Stmt[] {
    const { lane } = tile;
    const dtype = this.dtype;
    if (!epilogue.large || names.length === 1) {
      return names.flatMap((name, i) => epilogue.stores(tile, add(row, literal(i)), load(name, lane, dtype), []));
    }
    const spilt = this.buffers.fresh("tile");
    const place = (i: Expr) => add(mul(i, literal(lane.extent!)), lane);
    const spill = names.map((name, i) => storeAt(spilt, place(literal(i)), load(name, lane, dtype)));
    const line = indexLocal(this.buffers.fresh("i"), names.length);
    return [
      scratchOf(spilt, dtype, names.length * lane.extent!),
      ...emitLoops([vector(lane)], spill, this.buffers),
      ...epilogue.stores(tile, add(row, line), load(spilt, place(line), dtype), [serial(line)]),
    ];
  }
}
