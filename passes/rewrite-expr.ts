// Rebuilding scalar expressions: substitution, walking, affine coefficients. Shared sub-expressions stay shared.
import { cast, type Expr, type Load, call, load, type Local } from "#ir/expr.js";
import type { Value } from "#ir/node.js";
import { partsOf as plainPartsOf } from "#ir/subexpressions.js";

/**
 * A read of a tensor's element, before the tensor has a buffer. `linear` is the row-major position in the tensor, kept
 * where it is simpler than the index (reads through a reshape).
 */
export interface Access extends Load {
  readonly value: Value;
  readonly index: readonly Expr[];
  readonly linear: Expr | null;
}

export function isAccess(x: Expr): x is Access {
  return x.kind === "load" && "value" in x;
}

/** The access of `value` at `index`. */
export function accessOf(value: Value, index: readonly Expr[], linear: Expr | null): Access {
  const offset = linear ?? index[0] ?? ({ kind: "literal", dtype: "i32", value: 0 } as const);
  return { kind: "load", dtype: value.type.dtype, buffer: "", offset, value, index, linear };
}

/**
 * The expression with `replace` applied to every sub-expression, outermost first: what it returns is taken as it is, null
 * means to go on inside. The same sub-expression is visited once per `memo`.
 */
export function rewriteExpr(x: Expr, replace: (x: Expr) => Expr | null, memo = new Map<Expr, Expr>()): Expr {
  const go = (e: Expr): Expr => {
    if (e.kind === "literal" || e.kind === "local") return replace(e) ?? e;
    let out = memo.get(e);
    if (out === undefined) {
      out = replace(e) ?? rebuild(e, go);
      memo.set(e, out);
    }
    return out;
  };
  return go(x);
}

/** The expression with `go` applied to its parts; itself where none changed. */
export function rebuild(e: Expr, go: (x: Expr) => Expr): Expr {
  switch (e.kind) {
    case "literal":
    case "local":
      return e;
    case "load": {
      if (isAccess(e)) {
        const index = mapped(e.index, go);
        const linear = e.linear && go(e.linear);
        return linear === e.linear && index === e.index ? e : accessOf(e.value, index, linear);
      }
      const offset = go(e.offset);
      return offset === e.offset ? e : load(e.buffer, offset, e.dtype);
    }
    case "call": {
      const { args: before } = e;
      let args: Expr[] | null = null;
      // As `mapped` does: most expressions are calls.
      for (let i = 0; i < before.length; i++) {
        const made = go(before[i]!);
        if (args === null && made !== before[i]) args = before.slice(0, i);
        if (args !== null) args.push(made);
      }
      if (args === null) return e;
      return args.length === 1 && e.fn.startsWith("to") ? cast(args[0]!, e.dtype) : call(e.fn, ...args);
    }
    case "reduce": {
      const body = go(e.body);
      return body === e.body ? e : { ...e, body };
    }
    case "read": {
      const index = mapped(e.index, go);
      return index === e.index ? e : { kind: "read", dtype: e.dtype, operand: e.operand, index };
    }
    case "bounded": {
      const value = go(e.value);
      return value === e.value ? e : { ...e, value };
    }
  }
}

/** Every part by `go`; the list itself where none changed. */
function mapped(parts: readonly Expr[], go: (x: Expr) => Expr): readonly Expr[] {
  let out: Expr[] | null = null;
  for (let i = 0; i < parts.length; i++) {
    const made = go(parts[i]!);
    if (out === null && made !== parts[i]) out = parts.slice(0, i);
    if (out !== null) out.push(made);
  }
  return out ?? parts;
}

/** Replaces locals, by name. */
export function substitute(x: Expr, locals: ReadonlyMap<string, Expr>, memo = new Map<Expr, Expr>()): Expr {
  if (locals.size === 0) return x;
  const go = (e: Expr): Expr => {
    if (e.kind === "local") return locals.get(e.name) ?? e;
    if (e.kind === "literal") return e;
    let out = memo.get(e);
    if (out === undefined) memo.set(e, (out = rebuild(e, go)));
    return out;
  };
  return go(x);
}

/** The parts of an expression; those of an access are its index and position, not the offset that it has none of yet. */
export function partsOf(e: Expr): readonly Expr[] {
  if (e.kind !== "load" || !isAccess(e)) return plainPartsOf(e);
  return e.linear ? [...e.index, e.linear] : e.index;
}

/** Visits every sub-expression once, parts first. */
export function walkExpr(x: Expr, visit: (e: Expr) => void, seen = new Set<Expr>()): void {
  if (seen.has(x)) return;
  seen.add(x);
  if (x.kind !== "literal" && x.kind !== "local") {
    const parts = partsOf(x);
    for (let i = 0; i < parts.length; i++) walkExpr(parts[i]!, visit, seen);
  }
  visit(x);
}

/** Whether the local occurs in the expression. */
export function mentions(x: Expr, local: Local): boolean {
  const seen = new Set<Expr>();
  const visit = (e: Expr): boolean => {
    if (e.kind === "local") return e.name === local.name;
    if (e.kind === "literal" || seen.has(e)) return false;
    seen.add(e);
    return partsOf(e).some(visit);
  };
  return visit(x);
}

/** How much an i32 expression grows when the local grows by one; null where that is not a constant. */
export function coefficient(x: Expr, local: Local): number | null {
  switch (x.kind) {
    case "literal":
      return 0;
    case "local":
      return x.name === local.name ? 1 : 0;
    case "call": {
      const [a, b] = x.args;
      if (x.fn === "add" || x.fn === "sub") {
        const [p, q] = [coefficient(a!, local), coefficient(b!, local)];
        return p === null || q === null ? null : x.fn === "add" ? p + q : p - q;
      }
      if (x.fn === "mul" && b!.kind === "literal") {
        const p = coefficient(a!, local);
        return p === null ? null : p * b!.value;
      }
      return x.args.every((arg) => !mentions(arg, local)) ? 0 : null;
    }
    default:
      return mentions(x, local) ? null : 0;
  }
}
