// The Kernel IR: loops over flat typed arrays. Backends print it; nothing in it knows which one.
import type { DType } from "./dtype.js";
import type { Expr, Local, Reducer } from "./expr.js";

/**
 * A statement. Locals and scratch arrays are known to the end of their block, and never hide another name.
 *
 * A `vector` loop promises that its iterations are independent but for `accumulate`; its body holds only `let`, `store`
 * and `accumulate`. A backend may run it several lanes at a time, keep several accumulators, and finish with scalars.
 *
 * A scratch array in `registers` has a small constant length. It is indexed by literals, by variables of `unrolled`
 * loops and of `vector` loops with a literal extent, and sums of these times literals: backends unroll those loops and
 * keep the elements in locals. A scratch array of a `thread` is memory that the next iteration of the space may reuse.
 */
export type Stmt =
  /** `over` runs from 0 to `extent` − 1; where only the run knows the extent, `about` is what costs take it to be. */
  | {
      readonly kind: "for";
      readonly over: Local;
      readonly extent: Expr;
      readonly about?: number;
      readonly as: "serial" | "vector" | "unrolled";
      readonly body: readonly Stmt[];
    }
  | { readonly kind: "if"; readonly test: Expr; readonly then: readonly Stmt[]; readonly else?: readonly Stmt[] }
  /** Names a value; `let` once, `set` changes a local that a `let` outside the innermost loop has named. */
  | { readonly kind: "let" | "set"; readonly local: Local; readonly value: Expr }
  /** `local = local fn value`, in any order of the loop's iterations. The local was named by a `let` outside the loop. */
  | { readonly kind: "accumulate"; readonly local: Local; readonly fn: Reducer; readonly value: Expr }
  | {
      readonly kind: "scratch";
      readonly name: string;
      readonly dtype: DType;
      readonly length: number;
      readonly in: "registers" | "thread";
    }
  /** `buffer[offset] = value`; the buffer is one of the kernel's or a scratch array. */
  | { readonly kind: "store"; readonly buffer: string; readonly offset: Expr; readonly value: Expr }
  /** Stops the run with entry `failure` of the plan's table, and `value` for its message, unless `test` holds. */
  | { readonly kind: "check"; readonly test: Expr; readonly value: Expr; readonly failure: number };

/**
 * A parallel iteration space: `body` runs for every `over` in `0 ≤ over < extent`, in any order, and no iteration reads
 * what another writes. Threads take whole iterations.
 */
export interface Space {
  readonly over: Local;
  readonly extent: number;
  readonly body: readonly Stmt[];
}

/** A buffer as a kernel sees it: a flat array. */
export interface KernelBuffer {
  readonly name: string;
  readonly dtype: DType;
  /** Elements that may be touched; offsets lie below it. */
  readonly length: number;
  readonly access: "read" | "write" | "update";
}

/** One launch. */
export interface Kernel {
  readonly name: string;
  readonly buffers: readonly KernelBuffer[];
  /** Spaces of one stage run side by side; a barrier stands between stages. */
  readonly stages: readonly (readonly Space[])[];
  /** Arithmetic operations and bytes moved, known at compile time: for fusion, threads and profiles. */
  readonly flops: number;
  readonly bytes: number;
  /** What it computes, for people: the names of its ops, in order. */
  readonly ops: readonly string[];
  /** Numbers of the nodes it computes: ids in the graph that was lowered, and further on for the graphs of its loops and branches. */
  readonly nodes: readonly number[];
}

/** Calls `visit` for every expression of a statement, nested statements included, outermost expressions only. */
export function forEachExpr(stmts: readonly Stmt[], visit: (x: Expr) => void): void {
  for (const s of stmts) {
    switch (s.kind) {
      case "for":
        visit(s.extent);
        forEachExpr(s.body, visit);
        break;
      case "if":
        visit(s.test);
        forEachExpr(s.then, visit);
        forEachExpr(s.else ?? [], visit);
        break;
      case "let":
      case "set":
      case "accumulate":
        visit(s.value);
        break;
      case "store":
        visit(s.offset);
        visit(s.value);
        break;
      case "check":
        visit(s.test);
        visit(s.value);
        break;
      case "scratch":
        break;
    }
  }
}

/**
 * The statements with `fn` applied to every expression, nested statements included. `put` says what stands in the place of a
 * mapped statement; null for nothing.
 */
export function mapExprs(
  stmts: readonly Stmt[],
  fn: (x: Expr) => Expr,
  put: (s: Stmt) => Stmt | null = (s) => s,
): readonly Stmt[] {
  const out: Stmt[] = [];
  for (const s of stmts) {
    const made = put(mapOne(s, fn, put));
    if (made) out.push(made);
  }
  return out;
}

function mapOne(s: Stmt, fn: (x: Expr) => Expr, put: (s: Stmt) => Stmt | null): Stmt {
  switch (s.kind) {
    case "for":
      return { ...s, extent: fn(s.extent), body: mapExprs(s.body, fn, put) };
    case "if": {
      const otherwise = s.else && mapExprs(s.else, fn, put);
      return { ...s, test: fn(s.test), then: mapExprs(s.then, fn, put), else: otherwise };
    }
    case "let":
    case "set":
    case "accumulate":
      return { ...s, value: fn(s.value) };
    case "store":
      return { ...s, offset: fn(s.offset), value: fn(s.value) };
    case "check":
      return { ...s, test: fn(s.test), value: fn(s.value) };
    case "scratch":
      return s;
  }
}

/** What a reduction starts from. Integers start max and min at their extremes. */
export function identityOf(fn: Reducer, dtype: DType): number {
  switch (fn) {
    case "sum":
    case "any":
      return 0;
    case "prod":
    case "all":
      return 1;
    case "max":
      return dtype === "i32" ? -(2 ** 31) : dtype === "u8" || dtype === "bool" ? 0 : -Infinity;
    case "min":
      return dtype === "i32" ? 2 ** 31 - 1 : dtype === "u8" ? 255 : dtype === "bool" ? 1 : Infinity;
  }
}

/** The scalar function that combines two elements of a reduction. */
export function combinerOf(fn: Reducer) {
  return ({ sum: "add", prod: "mul", max: "maximum", min: "minimum", any: "or", all: "and" } as const)[fn];
}
