// Short forms for hand-written kernels in tests: data, statements, and a run on the wasm backend.
import type { DType } from "#ir/dtype.js";
import { type Expr, indexLocal, literal, type Local, type Reducer } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import { type Data, kernelOf, runWasm } from "./run-kernel.js";

/** Lengths around one and several vectors of 2, 4 and 16 lanes. */
export const lengths = [1, 2, 3, 4, 5, 7, 8, 17, 33, 65];

/** Buffers that hold these numbers at first. */
export const f32 = (data: readonly number[]): Data => ({ dtype: "f32", data });
export const f64 = (data: readonly number[]): Data => ({ dtype: "f64", data });
export const i32 = (data: readonly number[]): Data => ({ dtype: "i32", data });
export const zeros = (n: number, dtype: DType = "f32"): Data => ({ dtype, data: new Array<number>(n).fill(0) });
/** 0, 1, … n − 1. */
export const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

type As = "serial" | "vector" | "unrolled";
/** A loop over the extent of its local, or another one that is known at run time only. */
export const loop = (over: Local, as: As, body: readonly Stmt[], extent: Expr = literal(over.extent!)): Stmt => ({
  kind: "for",
  over,
  extent,
  as,
  body,
});
/** One element of a buffer. */
export const store = (buffer: string, offset: Expr, value: Expr): Stmt => ({ kind: "store", buffer, offset, value });
/** The first value of a local. */
export const let_ = (of: Local, value: Expr): Stmt => ({ kind: "let", local: of, value });
/** One more value for a reduction. */
export const accumulate = (of: Local, fn: Reducer, value: Expr): Stmt => ({
  kind: "accumulate",
  local: of,
  fn,
  value,
});

/** The buffers after a run of a body, once or for each `over`. */
export function run(
  buffers: Readonly<Record<string, Data>>,
  body: readonly Stmt[],
  over = indexLocal("p", 1),
  options: Parameters<typeof runWasm>[2] = {},
) {
  return runWasm(kernelOf(buffers, { over, extent: over.extent!, body }), buffers, options);
}
