// The sums of a register tile: accumulators of a few rows and columns, and the loops that add terms to them.
import { call, type Expr, load, type Local } from "#ir/expr.js";
import type { DType } from "#ir/dtype.js";
import type { Stmt } from "#ir/kernel.js";
import type { Place } from "./contraction-epilogue.js";
import { joinedTerms, type Terms } from "./contraction-terms.js";
import { emitLoops } from "./emit-loops.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { storeAt, vector } from "./loop-parts.js";
import { substitute } from "./rewrite-expr.js";

/** A few neighbouring rows. */
export interface RowTile {
  readonly first: Expr;
  readonly count: number;
  /** Which tile of its chunk it is. */
  readonly index: Expr;
}

/** Columns that are computed together, and their factors. */
export interface Tile extends Place {
  readonly terms: Terms;
  readonly right: Expr;
  readonly left: (rows: RowTile) => LeftFactor;
}

export interface LeftFactor {
  /** Its element in one row of a tile, over what `terms` leaves of the reduction variables. */
  readonly at: (row: number) => Expr;
  /** A place in what is read along the terms, by whose steps loops are joined; null where loops stay as they are. */
  readonly walk: Expr | null;
}

/** Accumulators, one for each row, of the lanes of a tile. */
export function accumulators(rows: number, lane: Local, dtype: DType, buffers: KernelBuffers) {
  const names = Array.from({ length: rows }, () => buffers.fresh("acc"));
  const scratch = names.map((name): Stmt => ({
    kind: "scratch",
    name,
    dtype,
    length: lane.extent!,
    in: "registers",
  }));
  return { names, scratch };
}

/** Adds the terms to the accumulators `names` of the rows. */
export function addTerms(
  { own, lane, right, left, terms }: Tile,
  rows: RowTile,
  names: readonly string[],
  dtype: DType,
  buffers: KernelBuffers,
): readonly Stmt[] {
  const fresh = (stem: string) => buffers.fresh(stem);
  const { at, walk } = left(rows);
  const { loops, own: joined } = walk ? joinedTerms(terms.loops, walk, fresh) : { loops: terms.loops, own: new Map() };
  const locals = new Map([...own, ...joined]);
  const factor = substitute(right, joined);
  const sums = names.map((name, i) => {
    const product = call("mul", substitute(at(i), locals), factor);
    return storeAt(name, lane, call("add", load(name, lane, dtype), product));
  });
  return emitLoops([...loops, vector(lane)], sums, buffers, {}, new Set(names));
}
