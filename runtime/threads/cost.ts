// How the work of a launch is spread over its spaces: by it threads take even shares.
import type { Space, Stmt } from "#ir/kernel.js";
import type { Expr } from "#ir/expr.js";

/** Weighs an iteration of a space against those of the spaces beside it: roughly its instructions, at least 1. */
export function weightOf({ body }: Space): number {
  return Math.max(1, Math.round(Math.min(2 ** 30, sum(body))));
}

/** Taken for extents that only the run knows. */
const unknownExtent = 16;
const lanes = 4;

function sum(stmts: readonly Stmt[]): number {
  return stmts.reduce((total, s) => total + workOf(s), 0);
}

function workOf(s: Stmt): number {
  switch (s.kind) {
    case "for": {
      const extent = s.extent.kind === "literal" ? s.extent.value : (s.about ?? s.over.extent ?? unknownExtent);
      return (extent * sum(s.body)) / (s.as === "vector" ? lanes : 1);
    }
    case "if":
      return sizeOf(s.test) + Math.max(sum(s.then), sum(s.else ?? []));
    case "let":
    case "set":
    case "accumulate":
      return sizeOf(s.value);
    case "store":
      return 1 + sizeOf(s.value);
    case "check":
      return sizeOf(s.test);
    case "scratch":
      return 0;
  }
}

const sizes = new WeakMap<Expr, number>();

/** Calls and loads of an expression. */
function sizeOf(x: Expr): number {
  if (x.kind !== "call" && x.kind !== "load") return 0;
  const known = sizes.get(x);
  if (known !== undefined) return known;
  const size = x.kind === "load" ? 1 + sizeOf(x.offset) : x.args.reduce((n, arg) => n + sizeOf(arg), 1);
  sizes.set(x, size);
  return size;
}
