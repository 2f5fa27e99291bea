// Tiles of a contraction with windows: loops over columns and rows, and sums in registers.
import { call, type Expr, indexLocal, literal, load, type Local, mul } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import type { DType } from "#ir/dtype.js";
import { laneBytes, tileBytes, tileRows } from "./register-tile.js";
import { accumulators } from "./contraction-sums.js";
import { emitLoops, type Loop } from "./emit-loops.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { storeAt, vector } from "./loop-parts.js";

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

  /** Tiles of rows in a loop, then the rows left over; tiles are `height` rows high where it is said. */
  rows(rows: number, tile: (row: Expr, count: number) => readonly Stmt[], height?: number): readonly Stmt[] {
    const even = height ?? (rows % tileRows !== 0 && rows % 3 === 0 && rows < 4 * tileRows ? 3 : tileRows);
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
    return accumulators(rows, lane, this.dtype, this.buffers);
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
}
