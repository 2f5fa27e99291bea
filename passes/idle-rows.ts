// Rows in which nothing happens: where nothing is added to a row of a table, a plain step down the gradient leaves it as it is,
// and what is updated in place need not be touched.
import { type Expr, literal } from "#ir/expr.js";
import type { Node, Value } from "#ir/node.js";
import { evaluate } from "#ir/scalar.js";
import type { Leaving } from "./epilogue.js";
import { sameExpr } from "./in-place.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { rebuild } from "./rewrite-expr.js";

/** Whether every store puts back what the parameter that it overwrites holds there. */
export function changesNothing(
  stores: readonly Leaving[],
  inPlace: ReadonlyMap<Node, Value>,
  buffers: KernelBuffers,
): boolean {
  return stores.every(({ node, value, offset }) => {
    const parameter = [...inPlace].find(([, update]) => update.node === node)?.[0];
    const left = settled(value);
    if (!parameter || left.kind !== "load" || left.buffer !== buffers.nameOf(parameter.results[0]!)) return false;
    return sameExpr(left.offset, offset);
  });
}

/** The expression with numbers worked out and zeros left out where that changes nothing but the sign of a zero. */
function settled(x: Expr): Expr {
  const memo = new Map<Expr, Expr>();
  const go = (e: Expr): Expr => {
    const known = memo.get(e);
    if (known) return known;
    const made = simplest(rebuild(e, go));
    memo.set(e, made);
    return made;
  };
  return go(x);
}

function simplest(e: Expr): Expr {
  if (e.kind !== "call" || e.dtype === "i32" || e.dtype === "bool") return e;
  const [a, b] = e.args as [Expr, Expr];
  if (e.args.every((x) => x.kind === "literal")) {
    const [values, dtypes] = [e.args.map((x) => x.value), e.args.map((x) => x.dtype)];
    return literal(evaluate(e.fn, e.dtype, values, dtypes), e.dtype);
  }
  if (e.fn === "sub" || e.fn === "add") {
    if (isZero(b)) return a;
    if (e.fn === "add" && isZero(a)) return b;
  }
  return e;
}

const isZero = (x: Expr): boolean => x.kind === "literal" && x.value === 0;
