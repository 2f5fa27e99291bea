// Panels of a contraction's factors: the columns, or rows, of one tile, term by term side by side.
import { add, type Expr, literal, load, type Local, mul } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import type { Terms } from "./contraction-terms.js";
import { emitLoops, type Loop } from "./emit-loops.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { scratchOf, serial, storeAt, vector } from "./loop-parts.js";
import { coefficient, mentions, substitute, walkExpr } from "./rewrite-expr.js";

/** What of a factor is packed, and how its elements are found there. */
export interface Packed {
  readonly pack: readonly Stmt[];
  readonly element: Expr;
}

/** Elements between panels, so that equal terms of many panels do not fall into one set of the cache. */
const apart = 16;

/**
 * The statements that pack the columns that `lane` counts, and an element of the panel. Columns that lie evenly are
 * copied as vectors, others one by one, what guards test in the outer loops, so that the inner ones only copy. `tiles` counts panels, where there
 * are several.
 */
export function packedPanel(
  right: Expr,
  lane: Local,
  { loops, own, count, place }: Terms,
  buffers: KernelBuffers,
  tiles: readonly Loop[] = [],
): Packed {
  const name = buffers.fresh("panel");
  const lanes = lane.extent!;
  const size = count * lanes + (tiles.length > 0 ? apart : 0);
  const panels = tiles.reduce((n, tile) => n * tile.local.extent!, 1);
  const first = tiles.reduce((sum: Expr, { local }) => add(sum, mul(local, literal(size))), literal(0));
  const offset = add(add(first, mul(place, literal(lanes))), lane);
  const value = substitute(right, own);
  const step = value.kind === "load" ? coefficient(value.offset, lane) : null;
  const tests = guardsOf(value);
  const tested = ({ local }: Loop) => tests.some((test) => mentions(test, local));
  const byGuards = [...loops.filter(tested), ...loops.filter((loop) => !tested(loop))];
  const nest: readonly Loop[] =
    step === 1
      ? [...loops, ...tiles, vector(lane)]
      : step === null
        ? [...tiles, serial(lane), ...byGuards]
        : [...tiles, ...loops, vector(lane)];
  const scratch = scratchOf(name, right.dtype, panels * size);
  const pack = [scratch, ...emitLoops(nest, [storeAt(name, offset, value)], buffers)];
  return { pack, element: load(name, offset, right.dtype) };
}

/** The tests of an expression's choices. */
function guardsOf(x: Expr): readonly Expr[] {
  const tests: Expr[] = [];
  walkExpr(x, (e) => {
    if (e.kind === "call" && e.fn === "select") tests.push(e.args[0]!);
  });
  return tests;
}
