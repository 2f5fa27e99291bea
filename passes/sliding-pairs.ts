// Windows found by their indices alone: pairs of an axis of the result and a summed axis that a factor of a contraction
// depends on only through `a · axis + b · term`, so that neighbouring sums read the same elements.
import { add, type Expr, literal, type Local, mul } from "#ir/expr.js";
import { coefficient, mentions, partsOf, rewriteExpr, substitute } from "./rewrite-expr.js";

/** The factor depends on `a · axis + b · term`; both are positive, without a common divisor. */
export interface SlidingPair {
  readonly axis: Local;
  readonly term: Local;
  readonly a: number;
  readonly b: number;
}

/** The pairs of a factor, in the order of the axes; none of them where its elements are read but once. */
export function slidingPairs(x: Expr, axes: readonly Local[], terms: readonly Local[]): readonly SlidingPair[] {
  const found: SlidingPair[] = [];
  for (const axis of axes) {
    for (const term of terms) {
      const pair = pairOf(x, axis, term);
      if (pair && reachOf(pair) < axis.extent! * term.extent!) found.push(pair);
    }
  }
  found.sort((p, q) => p.a + p.b - q.a - q.b);
  const chosen = found.filter((p, i) => !found.slice(0, i).some((q) => q.axis === p.axis || q.term === p.term));
  return axes.flatMap((axis) => chosen.filter((p) => p.axis === axis));
}

/** How many values `a · axis + b · term` runs through, those between included. */
export function reachOf({ axis, term, a, b }: SlidingPair): number {
  return a * (axis.extent! - 1) + b * (term.extent! - 1) + 1;
}

/** The factor where `a · axis + b · term` is `at`. */
export function slid(x: Expr, { axis, term, a }: SlidingPair, at: Expr): Expr {
  const none = new Map([axis, term].map((l) => [l.name, literal(0)]));
  return rewriteExpr(x, (e) => {
    const times = e.dtype === "i32" ? coefficient(e, axis) : null;
    if (times === null || times === 0 || coefficient(e, term) === null) return null;
    return add(substitute(e, none), mul(at, literal(times / a)));
  });
}

function pairOf(x: Expr, axis: Local, term: Local): SlidingPair | null {
  let ratio = null as readonly [number, number] | null;
  const seen = new Set<Expr>();
  /** Whether all affine parts agree on the ratio. */
  const agrees = (e: Expr): boolean => {
    if (seen.has(e)) return true;
    seen.add(e);
    const [p, q] = e.dtype === "i32" ? [coefficient(e, axis), coefficient(e, term)] : [null, null];
    if (p === null || q === null) return partsOf(e).every(agrees);
    if (p === 0 && q === 0) return true;
    if (p * q <= 0) return false;
    const by = divisorOf(Math.abs(p), Math.abs(q));
    ratio ??= [Math.abs(p) / by, Math.abs(q) / by];
    return Math.abs(p) / by === ratio[0] && Math.abs(q) / by === ratio[1];
  };
  if (!mentions(x, axis) || !mentions(x, term) || !agrees(x) || !ratio) return null;
  const [a, b] = ratio;
  return { axis, term, a, b };
}

function divisorOf(a: number, b: number): number {
  return b === 0 ? a : divisorOf(b, a % b);
}
