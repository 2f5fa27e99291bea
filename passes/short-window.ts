// Reductions over a few elements of a window that moves with the result, as in pooling: written out, they are element-by-element
// work, and neighbours in the result are the lanes of vectors.
import { call, type Expr, literal, type Local, type Reducer } from "#ir/expr.js";
import { combinerOf } from "#ir/kernel.js";
import { mentions, substitute, walkExpr } from "./rewrite-expr.js";

/** Windows of at most so many elements are written out. */
const shortWindow = 12;

/** Whether every reduced axis is one of a window, and there are few elements; products are contractions. */
export function isShortWindow(inner: Expr, index: readonly Local[], over: readonly Local[]): boolean {
  if (over.length === 0 || over.reduce((n, l) => n * l.extent!, 1) > shortWindow || over.some((l) => l.extent === 0))
    return false;
  const moving = new Set<Local>();
  let products = false;
  walkExpr(inner, (e) => {
    if (e.kind === "call" && e.fn === "mul" && e.dtype !== "i32") products = true;
    if (e.kind !== "read") return;
    for (const at of e.index) {
      if (index.some((l) => mentions(at, l))) over.filter((l) => mentions(at, l)).forEach((l) => moving.add(l));
    }
  });
  return !products && over.every((l) => l.extent === 1 || moving.has(l));
}

/** A reduction as one expression, element after element. */
export function writtenOut(inner: Expr, fn: Reducer, over: readonly Local[]): Expr {
  let places: readonly ReadonlyMap<string, Expr>[] = [new Map()];
  for (const { name, extent } of over) {
    const at = Array.from({ length: extent! }, (_, i) => literal(i));
    places = places.flatMap((own) => at.map((i) => new Map<string, Expr>([...own, [name, i]])));
  }
  const elements = places.map((own) => substitute(inner, own));
  const combined = (a: Expr, b: Expr) => call(combinerOf(fn), a, b);
  // Extremes are the same in any order: in pairs they need not wait for each other.
  return fn === "max" || fn === "min" ? inPairs(elements, combined) : elements.reduce(combined);
}

function inPairs(all: readonly Expr[], combine: (a: Expr, b: Expr) => Expr): Expr {
  if (all.length === 1) return all[0]!;
  const half = Math.ceil(all.length / 2);
  return combine(inPairs(all.slice(0, half), combine), inPairs(all.slice(half), combine));
}
