// Puts index arithmetic together again that was taken apart: `(a div n) · n · c + (a mod n) · c → a · c`. An axis that stands
// for several then walks memory as one where it is one.
import { add, type Expr, literal, mul } from "#ir/expr.js";
import { printExpr } from "#ir/print-expr.js";
import { rewriteExpr } from "./rewrite-expr.js";

interface Term {
  readonly of: Expr;
  readonly times: number;
}

/** The expression with the terms of every i32 sum rejoined; what expressions share is rejoined once per `memo`. */
export function rejoin(x: Expr, memo = new Map<Expr, Expr>()): Expr {
  const replace = (e: Expr): Expr | null => {
    if (e.dtype !== "i32" || e.kind !== "call" || e.fn !== "add") return null;
    const terms = termsOf(e);
    const joined = joinTerms(terms.map(({ of, times }) => ({ of: rewriteExpr(of, replace, memo), times })));
    if (joined.length === terms.length) return null;
    return joined.map(({ of, times }) => mul(of, literal(times))).reduce(add);
  };
  return rewriteExpr(x, replace, memo);
}

function joinTerms(terms: readonly Term[]): readonly Term[] {
  for (const low of terms) {
    if (!isCall(low.of, "floorMod")) continue;
    const [a, n] = low.of.args as [Expr, Expr];
    if (n.kind !== "literal") continue;
    const high = terms.find(
      ({ of, times }) => isCall(of, "floorDiv") && times === low.times * n.value && sameArgs(of, a, n.value),
    );
    if (!high) continue;
    return joinTerms([...terms.filter((t) => t !== low && t !== high), { of: a, times: low.times }]);
  }
  return terms;
}

function sameArgs(division: Expr & { kind: "call" }, a: Expr, n: number): boolean {
  const [of, by] = division.args as [Expr, Expr];
  if (by.kind !== "literal" || by.value !== n) return false;
  return of === a || printExpr(of) === printExpr(a);
}

function termsOf(e: Expr): readonly Term[] {
  if (isCall(e, "add")) return e.args.flatMap(termsOf);
  if (isCall(e, "mul") && e.args[1]!.kind === "literal") return [{ of: e.args[0]!, times: e.args[1]!.value }];
  return [{ of: e, times: 1 }];
}

function isCall(e: Expr, fn: string): e is Expr & { kind: "call" } {
  return e.kind === "call" && e.fn === fn;
}
