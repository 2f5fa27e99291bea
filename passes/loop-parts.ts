// Loops, stores and scratch arrays that lowerings put together.
import { type Expr, literal, type Local } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import type { Loop, Root } from "./emit-loops.js";

/** A loop over all values of a local, one after the other. */
export function serial(local: Local): Loop {
  return { local, extent: literal(local.extent!), as: "serial" };
}

/** A loop over all values of a local, several at once. */
export function vector(local: Local): Loop {
  return { local, extent: literal(local.extent!), as: "vector" };
}

/** Memory of one iteration of the space. */
export function scratchOf(name: string, dtype: Expr["dtype"], length: number): Stmt {
  return { kind: "scratch", name, dtype, length, in: "thread" };
}

/** A store into a scratch array. */
export function storeAt(name: string, offset: Expr, value: Expr): Root {
  const emit = (v: Expr, at: Expr): Stmt => ({ kind: "store", buffer: name, offset: at, value: v });
  return { kind: "store", value, offset, emit };
}

/** The statements inside the loops. */
export function nested(loops: readonly Loop[], body: readonly Stmt[]): readonly Stmt[] {
  return loops.reduceRight(
    (inner: readonly Stmt[], { local: over, extent, as }): readonly Stmt[] => [
      { kind: "for", over, extent, as, body: inner },
    ],
    body,
  );
}
