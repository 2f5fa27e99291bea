// A panel of a contraction's right factor: the columns of one tile, term by term side by side.
import { add, type Expr, literal, load, type Local, mul } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import type { Terms } from "./contraction-terms.js";
import { emitLoops, type Loop } from "./emit-loops.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { scratchOf, serial, storeAt, vector } from "./loop-parts.js";
import { coefficient, mentions, substitute, walkExpr } from "./rewrite-expr.js";

/**
 * The statements that pack the columns that `lane` counts, and an element of the panel. Columns that lie side by side are
 * copied as vectors, others one by one, what guards test in the outer loops, so that the inner ones only copy.
 */
export function packedPanel(
  right: Expr,
  lane: Local,
  { loops, own, count, place }: Terms,
  buffers: KernelBuffers,
): { readonly pack: readonly Stmt[]; readonly element: Expr } {
  const name = buffers.fresh("panel");
  const offset = add(mul(place, literal(lane.extent!)), lane);
  const value = substitute(right, own);
  const contiguous = value.kind === "load" && coefficient(value.offset, lane) === 1;
  const tests = guardsOf(value);
  const tested = ({ local }: Loop) => tests.some((test) => mentions(test, local));
  const byGuards = [...loops.filter(tested), ...loops.filter((loop) => !tested(loop))];
  const nest: readonly Loop[] = contiguous ? [...loops, vector(lane)] : [serial(lane), ...byGuards];
  const scratch = scratchOf(name, right.dtype, count * lane.extent!);
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
