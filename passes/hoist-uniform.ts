// What every iteration of a space would compute alike, such as the bias corrections of Adam, is computed once at its head.
// Inner loops have been left by then (`emitLoops` sees to that), but an iteration has many tiles.
import type { Expr, Local } from "#ir/expr.js";
import { mapExprs, type Space, type Stmt } from "#ir/kernel.js";
import { costOf } from "./element.js";
import { sameExpr } from "./in-place.js";
import { partsOf } from "#ir/subexpressions.js";
import { rewriteExpr } from "./rewrite-expr.js";

/** Operations; a register taken all along costs more than fewer of them. */
const worthwhile = 4;

interface Let {
  readonly local: Local;
  readonly value: Expr;
}

/**
 * The space with the `let`s moved to its head that depend on no loop, on nothing that is set again and on no array but the
 * buffers in `readOnly`. Only costly values move, with what they need; equal ones become one.
 */
export function hoistUniform(space: Space, readOnly: ReadonlySet<string>): Space {
  const uniform = uniformLets(space.body, readOnly);
  if (![...uniform.values()].some(({ value }) => costOf(value) >= worthwhile)) return space;
  const head: Let[] = [];
  const moved = new Map<string, Local>();
  const move = (name: string): Local => {
    const done = moved.get(name);
    if (done) return done;
    const { local, value } = uniform.get(name)!;
    const own = rewriteExpr(value, (e) => (e.kind === "local" ? move(e.name) : null));
    const known = head.find((other) => other.local.dtype === local.dtype && sameExpr(other.value, own));
    if (!known) head.push({ local, value: own });
    moved.set(name, known?.local ?? local);
    return known?.local ?? local;
  };
  for (const [name, { value }] of uniform) if (costOf(value) >= worthwhile) move(name);
  const statements = head.map(({ local, value }): Stmt => ({ kind: "let", local, value }));
  return { ...space, body: [...statements, ...renamed(space.body, moved)] };
}

/** The `let`s, at any depth of loops, that have one value in the whole space; each after those it depends on. */
function uniformLets(body: readonly Stmt[], readOnly: ReadonlySet<string>): ReadonlyMap<string, Let> {
  const mutable = new Set<string>();
  forEachStmt(body, (s) => {
    if (s.kind === "set" || s.kind === "accumulate") mutable.add(s.local.name);
  });
  const uniform = new Map<string, Let>();
  const isUniform = (e: Expr): boolean => {
    if (e.kind === "literal") return true;
    if (e.kind === "local") return uniform.has(e.name);
    if (e.kind === "load" && !readOnly.has(e.buffer)) return false;
    return partsOf(e).every(isUniform);
  };
  forEachStmt(body, (s) => {
    if (s.kind === "let" && !mutable.has(s.local.name) && isUniform(s.value)) uniform.set(s.local.name, s);
  });
  return uniform;
}

/** Visits statements in order, those in loops too; what stands behind an `if` may not be computed without it. */
function forEachStmt(body: readonly Stmt[], visit: (s: Stmt) => void, conditional = false): void {
  for (const s of body) {
    if (!conditional || s.kind === "set" || s.kind === "accumulate") visit(s);
    if (s.kind === "for") forEachStmt(s.body, visit, conditional);
    if (s.kind === "if") for (const part of [s.then, s.else ?? []]) forEachStmt(part, visit, true);
  }
}

/** The statements without the `let`s that have moved, locals in their place. */
function renamed(body: readonly Stmt[], moved: ReadonlyMap<string, Local>): readonly Stmt[] {
  const memo = new Map<Expr, Expr>();
  return mapExprs(
    body,
    (x) => rewriteExpr(x, (e) => (e.kind === "local" ? (moved.get(e.name) ?? null) : null), memo),
    (s) => (s.kind === "let" && moved.has(s.local.name) ? null : s),
  );
}
