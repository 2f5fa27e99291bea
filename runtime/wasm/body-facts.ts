// Facts about lists of statements that the emitter asks for before it emits them.
import { approximated } from "#ir/scalar.js";
import { bitFns, type Expr, type Local, type Reducer } from "#ir/expr.js";
import { forEachExpr, type Stmt } from "#ir/kernel.js";

const written = new WeakMap<readonly Stmt[], ReadonlySet<string>>();

/** Names of the buffers, scratch arrays and locals that statements change. */
export function writesOf(stmts: readonly Stmt[]): ReadonlySet<string> {
  const known = written.get(stmts);
  if (known) return known;
  const names = new Set<string>();
  const addAll = (inner: readonly Stmt[]): void => writesOf(inner).forEach((name) => names.add(name));
  for (const s of stmts) {
    if (s.kind === "store") names.add(s.buffer);
    else if (s.kind === "set" || s.kind === "accumulate") names.add(s.local.name);
    else if (s.kind === "for") addAll(s.body);
    else if (s.kind === "if") [s.then, s.else ?? []].forEach(addAll);
  }
  written.set(stmts, names);
  return names;
}

/** Visits every statement, nested ones included, outer ones first. */
export function forEachStatement(stmts: readonly Stmt[], visit: (s: Stmt) => void): void {
  for (const s of stmts) {
    visit(s);
    if (s.kind === "for") forEachStatement(s.body, visit);
    else if (s.kind === "if") {
      forEachStatement(s.then, visit);
      if (s.else) forEachStatement(s.else, visit);
    }
  }
}

/** Whether a body holds only what can be done for several iterations at once. */
export function isVectorizable(body: readonly Stmt[]): boolean {
  return body.every((s) => {
    if (s.kind === "for") return s.as === "unrolled" && s.extent.kind === "literal" && isVectorizable(s.body);
    return s.kind === "let" || s.kind === "store" || s.kind === "accumulate";
  });
}

/** The locals that a body accumulates, and how. */
export function accumulationsOf(body: readonly Stmt[]): readonly { readonly local: Local; readonly fn: Reducer }[] {
  const found = new Map<string, { local: Local; fn: Reducer }>();
  forEachStatement(body, (s) => {
    if (s.kind === "accumulate") found.set(s.local.name, { local: s.local, fn: s.fn });
  });
  return [...found.values()];
}

/** Every expression of a body, inner ones included, shared ones once. */
export function expressionsOf(body: readonly Stmt[]): ReadonlySet<Expr> {
  const seen = new Set<Expr>();
  const visit = (x: Expr): void => {
    if (seen.has(x)) return;
    seen.add(x);
    if (x.kind === "call") x.args.forEach(visit);
    if (x.kind === "load") visit(x.offset);
  };
  forEachExpr(body, visit);
  return seen;
}

const costly: ReadonlySet<string> = new Set(approximated);

/** Roughly how many instructions a body becomes; unrolled loops count once per iteration. */
export function sizeOf(body: readonly Stmt[]): number {
  let size = 0;
  for (const x of expressionsOf(body.filter((s) => s.kind !== "for"))) {
    if (x.kind === "load") size += 1;
    else if (x.kind === "call" && (x.dtype !== "i32" || bitFns.has(x.fn))) size += costly.has(x.fn) ? 16 : 1;
  }
  for (const s of body) {
    if (s.kind === "for") size += sizeOf(s.body) * (s.extent.kind === "literal" ? s.extent.value : 1);
  }
  return size;
}
