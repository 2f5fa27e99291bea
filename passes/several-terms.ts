// Sums of whole vectors, such as the sums of a matrix's columns or a vector times a matrix, several terms at a time: the sums
// then go to memory and back once for all of these, and memory is read in several places at once. The order of additions,
// and so every bit of the result, is that of one term after the other.
import { add, call, type Expr, indexLocal, literal, mul } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import { costOf } from "./element.js";
import { emitLoops, type Loop, type Names, type Root } from "./emit-loops.js";
import { serial } from "./loop-parts.js";
import { mentions, substitute } from "./rewrite-expr.js";

/** Terms at a time, and operations of one at most: loops should stay short. */
const atOnce = 4;
const mostWork = 8;

/**
 * The nest whose roots all add something to arrays, `current + term`, in a loop over terms around the loop over vectors;
 * null where it is not of that form.
 */
export function severalTerms(
  loops: readonly Loop[],
  roots: readonly Root[],
  names: Names,
  changing: ReadonlySet<string>,
): readonly Stmt[] | null {
  const [terms, lanes] = loops.slice(-2) as [Loop?, Loop?];
  if (!terms || lanes?.as !== "vector" || terms.extent.kind !== "literal" || terms.extent.value < atOnce) return null;
  const sums = roots.map((root) => sumOf(root, changing));
  if (sums.some((sum, i) => !sum || mentions(roots[i]!.offset!, terms.local) || costOf(sum.term) > mostWork))
    return null;
  const extent = terms.extent.value;
  const whole = Math.floor(extent / atOnce);
  const part = (first: number, count: number, each: number): readonly Stmt[] => {
    const local = indexLocal(names.fresh(terms.local.name), count);
    const own = roots.map((root, i): Root => {
      const { fn, current, term } = sums[i]!;
      const at = (k: number) => substitute(term, new Map([[terms.local.name, add(mul(local, literal(each)), literal(first + k))]])); // prettier-ignore
      const value = Array.from({ length: each }, (_, k) => at(k)).reduce((sum, x) => call(fn, sum, x), current);
      return { ...root, value };
    });
    return emitLoops([...loops.slice(0, -2), serial(local), lanes], own, names, {}, changing);
  };
  return [...part(0, whole, atOnce), ...(extent % atOnce === 0 ? [] : part(whole * atOnce, extent % atOnce, 1))];
}

/** `fn(current, term)` of a store into an array that changes, whose term reads none of these. */
function sumOf({ kind, value }: Root, changing: ReadonlySet<string>) {
  if (kind !== "store" || value.kind !== "call" || value.args.length !== 2) return null;
  const [current, term] = value.args as [Expr, Expr];
  if (current.kind !== "load" || !changing.has(current.buffer)) return null;
  return { fn: value.fn, current, term };
}
