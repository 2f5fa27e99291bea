// A loop nest as statements: every expression is computed once, in the outermost loop that has all it needs. Shared and
// hoisted expressions become `let`s; index arithmetic is regrouped so that its outer part hoists.
import { add, bitFns, type Expr, load, local, lt, and, ge, literal, type Local } from "#ir/expr.js";
import type { Node } from "#ir/node.js";
import type { Stmt } from "#ir/kernel.js";
import { partsOf } from "#ir/subexpressions.js";
import { rebuild } from "./rewrite-expr.js";

/** A loop, outermost first in a list. */
export interface Loop {
  readonly local: Local;
  readonly extent: Expr;
  readonly as: "serial" | "vector";
}

/** A statement inside the innermost loop, over expressions that `emitLoops` prepares. */
export interface Root {
  readonly kind: "store" | "accumulate" | "let";
  readonly value: Expr;
  /** Where a store goes. */
  readonly offset?: Expr;
  readonly emit: (value: Expr, offset: Expr) => Stmt;
}

/** What stands beside the loops: `before[d]` and `after[d]` inside d loops, before and after the next one. */
export interface Beside {
  readonly before?: ReadonlyMap<number, readonly Stmt[]>;
  readonly after?: ReadonlyMap<number, readonly Stmt[]>;
}

/** Fresh names and the checks' messages, of one kernel. */
export interface Names {
  fresh(prefix: string): string;
  /** Entry of the plan's failure table for an index of `node` that must lie below `extent`. */
  failure(node: Node, extent: number): number;
}

/**
 * The nest as statements. `changing` names buffers that the nest both reads and writes: loads of them stay where they are.
 */
export function emitLoops(
  loops: readonly Loop[],
  roots: readonly Root[],
  names: Names,
  beside: Beside = {},
  changing: ReadonlySet<string> = new Set(),
): readonly Stmt[] {
  const empty = loops.findIndex((loop) => loop.extent.kind === "literal" && loop.extent.value === 0);
  if (empty >= 0) return new Emission(loops.slice(0, empty), names, changing).emit([], beside);
  return new Emission(loops, names, changing).emit(roots, beside);
}

class Emission {
  readonly #depths = new Map<string, number>();
  readonly #depthOf = new Map<Expr, number>();
  readonly #interned = new Map<string, Expr>();
  readonly #ids = new Map<Expr, number>();
  readonly #canonical = new Map<Expr, Expr>();
  readonly #lets: Stmt[][];
  readonly #named = new Map<Expr, Expr>();
  readonly #uses = new Map<Expr, number>();
  /** Index arithmetic without loads or checks. */
  readonly #plain = new Set<Expr>();
  #serial = false;

  constructor(
    readonly loops: readonly Loop[],
    readonly names: Names,
    readonly changing: ReadonlySet<string>,
  ) {
    loops.forEach((loop, i) => this.#depths.set(loop.local.name, i + 1));
    this.#lets = Array.from({ length: loops.length + 1 }, () => []);
  }

  emit(roots: readonly Root[], beside: Beside): readonly Stmt[] {
    const inner = this.loops.length;
    const ready = roots.map((r) => ({
      ...r,
      value: this.#intern(r.value),
      offset: r.offset && this.#intern(r.offset),
    }));
    const counted = new Set<Expr>();
    for (const root of ready) this.#count(root.value, counted);
    const stores = ready.filter((r) => r.kind === "store").length;
    const statements = ready.map((root) => {
      const alone = root.kind !== "store" || stores < 2 || root.value.kind === "literal" || root.value.kind === "local";
      const value = this.#value(root.value, inner, !alone);
      const offset = root.offset ? this.#index(root.offset, inner) : literal(0);
      return root.emit(value, offset);
    });
    const innermost = [...(beside.before?.get(inner) ?? []), ...(beside.after?.get(inner) ?? [])];
    let body: readonly Stmt[] = [...this.#lets[inner]!, ...innermost, ...statements];
    for (let d = inner - 1; d >= 0; d--) {
      const { local: over, extent, as } = this.loops[d]!;
      const kind = this.#serial && d === inner - 1 ? "serial" : as;
      const loop: Stmt = { kind: "for", over, extent, as: kind, body };
      body = [...this.#lets[d]!, ...(beside.before?.get(d) ?? []), loop, ...(beside.after?.get(d) ?? [])];
    }
    return body;
  }

  /** One object per structure. Sums of index terms are regrouped, those of outer loops first. */
  #intern(x: Expr): Expr {
    const memo = this.#canonical;
    const go = (e: Expr): Expr => {
      const done = memo.get(e);
      if (done) return done;
      const made =
        e.kind === "literal" || e.kind === "local" ? e : (isSum(e) && this.#regroup(e, go)) || rebuild(e, go);
      const own = this.#unique(made);
      memo.set(e, own);
      return own;
    };
    return go(x);
  }

  #unique(e: Expr): Expr {
    if (this.#ids.has(e)) return e;
    let key = ownKey(e);
    if (e.kind !== "literal" && e.kind !== "local")
      for (const part of partsOf(e)) key += `,${this.#ids.get(part) ?? this.#idOf(this.#unique(part))}`;
    const known = this.#interned.get(key);
    if (known) return known;
    this.#interned.set(key, e);
    this.#ids.set(e, this.#ids.size);
    return e;
  }

  #idOf(e: Expr): number {
    return this.#ids.get(e)!;
  }

  /** A sum with its terms in the order of their depth; null where it must stay as it is. */
  #regroup(sum: Expr & { kind: "call" }, go: (e: Expr) => Expr): Expr | null {
    const byDepth: Expr[][] = [];
    let bits = false;
    const collect = (e: Expr): void => {
      if (isSum(e)) return e.args.forEach(collect);
      const term = go(e);
      if (isSum(term)) return term.args.forEach(collect);
      // Random bits are sums too, but each is a part of the next: regrouped, they would share nothing.
      if (term.kind === "call" && bitFns.has(term.fn)) bits = true;
      (byDepth[this.#depth(term)] ??= []).push(term);
    };
    collect(sum);
    if (bits) return null;
    let whole: Expr | null = null;
    for (const terms of byDepth) {
      if (!terms) continue;
      const group = terms.reduce((a, b) => this.#unique(add(a, b)));
      whole = whole ? this.#unique(add(whole, group)) : group;
    }
    return whole;
  }

  #depth(e: Expr): number {
    let depth = this.#depthOf.get(e);
    if (depth === undefined) {
      depth = e.kind === "local" ? (this.#depths.get(e.name) ?? 0) : 0;
      if (e.kind !== "local" && e.kind !== "literal")
        for (const part of partsOf(e)) if (part.kind !== "literal") depth = Math.max(depth, this.#depth(part));
      if (e.kind === "load" && this.changing.has(e.buffer)) depth = this.loops.length;
      this.#depthOf.set(e, depth);
    }
    return depth;
  }

  /** Counts the uses of expressions as values; index arithmetic inside offsets is left to `#index`. */
  #count(e: Expr, counted: Set<Expr>): void {
    this.#uses.set(e, (this.#uses.get(e) ?? 0) + 1);
    if (counted.has(e)) return;
    counted.add(e);
    if (e.kind === "load") void this.#countLoads(e.offset, counted);
    else for (const part of partsOf(e)) this.#count(part, counted);
  }

  /** Loads and checks inside index arithmetic are values again. Whether there are any. */
  #countLoads(e: Expr, counted: Set<Expr>): boolean {
    if (e.kind === "literal" || e.kind === "local" || this.#plain.has(e)) return false;
    if (e.kind === "load" || e.kind === "bounded") {
      this.#count(e, counted);
      return true;
    }
    let found = false;
    for (const part of partsOf(e)) if (this.#countLoads(part, counted)) found = true;
    if (!found) this.#plain.add(e);
    return found;
  }

  /** The expression as a value for a user at `depth`. */
  #value(e: Expr, depth: number, name = false): Expr {
    if (e.kind === "literal" || e.kind === "local") return e;
    const known = this.#named.get(e);
    if (known) return known;
    const own = this.#depth(e);
    const made = this.#rebuilt(e, own);
    if (e.kind === "bounded") return this.#check(e, made, own);
    if (name || own < depth || this.#uses.get(e)! > 1) return this.#name(e, made, own);
    return made;
  }

  /** An offset or a part of one: only what outer loops can compute gets a name. */
  #index(e: Expr, depth: number): Expr {
    if (e.kind === "literal" || e.kind === "local") return e;
    if (e.kind === "load" || e.kind === "bounded") return this.#value(e, depth);
    const known = this.#named.get(e);
    const own = this.#depth(e);
    if (known && own < depth) return known;
    const made = rebuild(e, (y) => this.#index(y, own));
    return own < depth && made.kind !== "literal" && made.kind !== "local" ? this.#name(e, made, own) : made;
  }

  #rebuilt(e: Expr, depth: number): Expr {
    if (e.kind === "load") return load(e.buffer, this.#index(e.offset, depth), e.dtype);
    return rebuild(e, (y) => this.#value(y, depth));
  }

  #name(e: Expr, made: Expr, depth: number): Expr {
    if (made.kind === "literal" || made.kind === "local") return made;
    const own = local(this.names.fresh("t"), e.dtype);
    this.#lets[depth]!.push({ kind: "let", local: own, value: made });
    this.#named.set(e, own);
    return own;
  }

  #check(e: Expr & { kind: "bounded" }, made: Expr, depth: number): Expr {
    const own: Local = { kind: "local", dtype: "i32", name: this.names.fresh("i"), extent: e.extent };
    const found = local(own.name, "i32");
    const value = made.kind === "bounded" ? made.value : made;
    const test = and(ge(found, literal(0)), lt(found, literal(e.extent)));
    const failure = this.names.failure((e as unknown as { node: Node }).node, e.extent);
    this.#lets[depth]!.push({ kind: "let", local: own, value }, { kind: "check", test, value: own, failure });
    if (depth === this.loops.length) this.#serial = true;
    this.#named.set(e, own);
    return own;
  }
}

function isSum(e: Expr): e is Expr & { kind: "call" } {
  return e.kind === "call" && e.fn === "add" && e.dtype === "i32";
}

/** What tells an expression from others with the same parts. */
function ownKey(e: Expr): string {
  switch (e.kind) {
    case "literal":
      return `=${Object.is(e.value, -0) ? "-0" : e.value} ${e.dtype}`;
    case "local":
      return `$${e.name}`;
    case "load":
      return `[${e.buffer}`;
    case "call":
      return `${e.fn} ${e.dtype}`;
    case "bounded":
      return `<${e.extent} ${(e as unknown as { node: Node }).node.id}`;
    default:
      return `${e.kind} ${e.dtype}`;
  }
}
