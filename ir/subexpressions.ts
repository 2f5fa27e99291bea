// Expressions as graphs: their parts, and which of them several places share.
import type { Expr } from "./expr.js";

/** The expressions that `x` is directly made of. */
export function partsOf(x: Expr): readonly Expr[] {
  switch (x.kind) {
    case "call":
      return x.args;
    case "load":
      return [x.offset];
    case "read":
      return x.index;
    case "reduce":
      return [x.body];
    case "bounded":
      return [x.value];
    case "literal":
    case "local":
      return [];
  }
}

/** Calls, loads and reads that occur more than once below the roots. */
export function sharedParts(roots: readonly Expr[]): ReadonlySet<Expr> {
  const seen = new Set<Expr>();
  const shared = new Set<Expr>();
  const stack = [...roots];
  for (let x = stack.pop(); x; x = stack.pop()) {
    if (seen.has(x)) {
      if (x.kind !== "literal" && x.kind !== "local") shared.add(x);
      continue;
    }
    seen.add(x);
    stack.push(...partsOf(x));
  }
  return shared;
}
