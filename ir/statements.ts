// Statements of routines, as functions: loops, locals and branches of the Kernel IR with names that nothing else has.
import type { DType } from "./dtype.js";
import { add, type Expr, indexLocal, literal, load, local, type Local, mul } from "./expr.js";
import type { Reducer } from "./expr.js";
import type { Stmt } from "./kernel.js";
import { stridesOf } from "./type.js";

/** Who gives out names: the reader of a routine. */
interface Names {
  fresh(stem: string): string;
}

/** `body(i)` for `i` from 0 to before `extent`, in order. */
export function loop(k: Names, extent: number, body: (i: Expr) => readonly Stmt[]): Stmt {
  return boundedLoop(k, literal(extent), extent, body);
}

/** The same where the extent is known at run time only: it is at most `most`. */
export function boundedLoop(k: Names, extent: Expr, most: number, body: (i: Expr) => readonly Stmt[]): Stmt {
  return counted(k, extent, most, body, "serial");
}

/** The same, of `about` so many iterations as far as costs are concerned. */
export function aboutLoop(
  k: Names,
  extent: Expr,
  most: number,
  about: number,
  body: (i: Expr) => readonly Stmt[],
): Stmt {
  return { ...counted(k, extent, most, body, "serial"), about };
}

/** The same, of independent iterations: several may run at once. They hold only `let`, `store` and `accumulate`. */
export function lanes(k: Names, extent: Expr, most: number, body: (i: Expr) => readonly Stmt[]): Stmt {
  return counted(k, extent, most, body, "vector");
}

function counted(
  k: Names,
  extent: Expr,
  most: number,
  body: (i: Expr) => readonly Stmt[],
  as: "serial" | "vector",
): Extract<Stmt, { kind: "for" }> {
  const over = indexLocal(k.fresh("i"), most);
  return { kind: "for", over, extent, as, body: body(over) };
}

/** A local of its own, and the statement that gives it its first value; `set` and `accumulate` change it. */
export function variable(k: Names, stem: string, value: Expr): { readonly local: Local; readonly declare: Stmt } {
  const own = local(k.fresh(stem), value.dtype);
  return { local: own, declare: { kind: "let", local: own, value } };
}

/** An index that is computed once: i32, known to lie in `0 ≤ value < extent`. */
export function index(k: Names, value: Expr, extent: number): { readonly local: Local; readonly declare: Stmt } {
  const own = indexLocal(k.fresh("n"), extent);
  return { local: own, declare: { kind: "let", local: own, value } };
}

/** Changes a variable that stands outside the innermost loop. */
export const set = (local: Local, value: Expr): Stmt => ({ kind: "set", local, value });

/** `local = local fn value`, in any order of the iterations. */
export const accumulate = (local: Local, fn: Reducer, value: Expr): Stmt => ({ kind: "accumulate", local, fn, value });

export const when = (test: Expr, then: readonly Stmt[], otherwise: readonly Stmt[] = []): Stmt => {
  return { kind: "if", test, then, else: otherwise.length > 0 ? otherwise : undefined };
};

/** Stores into scratch memory. */
export const put = (buffer: string, offset: Expr, value: Expr): Stmt => ({ kind: "store", buffer, offset, value });

/** An element of scratch memory. */
export const get = (buffer: string, offset: Expr, dtype: DType): Expr => load(buffer, offset, dtype);

/** The row-major position of an index. */
export function positionOf(shape: readonly number[], at: readonly Expr[]): Expr {
  const strides = stridesOf(shape);
  return at.reduce<Expr>((sum, i, axis) => add(sum, mul(i, literal(strides[axis]!))), literal(0));
}
