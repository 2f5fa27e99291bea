// Loops whose elements lie inside of something but for a few at the ends, as the windows of padded pools do: the ends get
// loops of their own, and in the one between them no test is left, so that it loads whole vectors.
import { add, and, type Call, type Expr, ge, indexLocal, literal, type Local, lt, rangeOf } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import { type Beside, emitLoops, type Loop, type Names, type Root } from "./emit-loops.js";
import { mentions, rebuild, substitute, walkExpr } from "./rewrite-expr.js";

/** Elements at an end at most, and elements of a loop that is worth it. */
const widestEdge = 8;
const shortestLoop = 12;

/** As `emitLoops`, with the ends of the innermost loop apart where tests hold between them only. */
export function emitBetweenEdges(
  loops: readonly Loop[],
  roots: readonly Root[],
  names: Names,
  beside: Beside,
  changing: ReadonlySet<string>,
): readonly Stmt[] {
  const plain = !beside.before?.size && !beside.after?.size && changing.size === 0;
  const inner = loops.at(-1);
  const parts = plain && inner && roots.every((r) => r.kind === "store") ? partsOf(inner, roots) : null;
  if (!parts) return emitLoops(loops, roots, names, beside, changing);
  return parts.flatMap(({ from, count }) => {
    const local = indexLocal(names.fresh(inner!.local.name), count);
    const here = new Map([[inner!.local.name, add(local, literal(from))]]);
    const [placed, known] = [new Map<Expr, Expr>(), new Map<Expr, Expr>()];
    const settle = (x: Expr) => settled(substitute(x, here, placed), known);
    const own = roots.map((r) => ({ ...r, value: settle(r.value), ...(r.offset && { offset: settle(r.offset) }) }));
    return emitLoops([...loops.slice(0, -1), { ...inner!, local, extent: literal(count) }], own, names);
  });
}

interface Part {
  readonly from: number;
  readonly count: number;
}

/** The loop's values before, where and after all tests hold; null where it is better left as it is. */
function partsOf({ local, extent, as }: Loop, roots: readonly Root[]): readonly Part[] | null {
  if (as !== "vector" || extent.kind !== "literal" || extent.value < shortestLoop) return null;
  const tests = testsOn(local, roots);
  if (tests.length === 0) return null;
  const fails = (i: number) =>
    tests.some((test) => {
      const found = settled(substitute(test, new Map([[local.name, literal(i)]])));
      return found.kind === "literal" && found.value === 0;
    });
  const whole = extent.value;
  const edge = Array.from({ length: widestEdge + 1 }, (_, i) => i);
  const first = edge.find((i) => !fails(i));
  const last = edge.find((i) => !fails(whole - 1 - i));
  if (first === undefined || last === undefined || first + last === 0) return null;
  const parts = [
    { from: 0, count: first },
    { from: first, count: whole - first - last },
    { from: whole - last, count: last },
  ];
  return parts.filter(({ count }) => count > 0);
}

/** The tests of an index against a number that mention the local. */
function testsOn(local: Local, roots: readonly Root[]): readonly Expr[] {
  const tests: Expr[] = [];
  const seen = new Set<Expr>();
  const visit = (e: Expr): void => {
    if (e.kind !== "call" || (e.fn !== "ge" && e.fn !== "lt")) return;
    const [x, limit] = e.args as [Expr, Expr];
    if (x.dtype === "i32" && limit.kind === "literal" && mentions(x, local)) tests.push(e);
  };
  for (const { value } of roots) walkExpr(value, visit, seen);
  return tests;
}

/** The expression without the tests and clamps that ranges decide. */
function settled(x: Expr, memo = new Map<Expr, Expr>()): Expr {
  const go = (e: Expr): Expr => {
    if (e.kind === "literal" || e.kind === "local") return e;
    let out = memo.get(e);
    if (out === undefined) {
      const made = rebuild(e, go);
      memo.set(e, (out = made.kind === "call" ? decided(made) : made));
    }
    return out;
  };
  return go(x);
}

function decided(e: Call): Expr {
  const [a, b, c] = e.args as [Expr, Expr, Expr];
  switch (e.fn) {
    case "ge":
      return a.dtype === "i32" ? ge(a, b) : e;
    case "lt":
      return a.dtype === "i32" ? lt(a, b) : e;
    case "and":
      return e.dtype === "bool" ? and(a, b) : e;
    case "select":
      return a.kind === "literal" ? (a.value ? b : c) : e;
    case "minimum":
    case "maximum": {
      const [p, q] = [rangeOf(a), rangeOf(b)];
      if (!p || !q) return e;
      if (p[1] <= q[0]) return e.fn === "minimum" ? a : b;
      return q[1] <= p[0] ? (e.fn === "minimum" ? b : a) : e;
    }
    default:
      return e;
  }
}
