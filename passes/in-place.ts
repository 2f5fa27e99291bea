// May a kernel write a result over one of its operands? Only where every element is read before it is overwritten: at the
// same place in the same turn, or in an earlier loop of the one iteration that reads and writes the row around it. Then the
// operand's last reader can leave its memory to the result.
import { type Expr, literal, type Local, rangeOf } from "#ir/expr.js";
import type { Kernel, Space, Stmt } from "#ir/kernel.js";
import { coefficient, partsOf, rewriteExpr, walkExpr } from "./rewrite-expr.js";

/** Whether buffer `to` of the kernel may share the memory of its buffer `from`. Both have equal lengths and item sizes. */
export function mayShare(kernel: Kernel, from: string, to: string): boolean {
  const places = kernel.stages.flatMap((spaces) =>
    spaces.map((space) => ({ space, all: touches(space.body, from, to, null) })),
  );
  const touched = places.filter(({ all }) => all.length > 0);
  if (touched.length !== 1 || kernel.stages[0]!.length !== places.length) return false;
  const { space, all } = touched[0]!;
  const stores = all.filter((p) => p.stores);
  if (stores.length !== 1) return false;
  const store = stores[0]!;
  const inTurn = (p: Touch): boolean => p.body === store.body && p.at <= store.at && sameExpr(p.offset, store.offset);
  const earlier = all.filter((p) => !inTurn(p));
  if (earlier.length === 0) return true;
  if (earlier.some((p) => p.nest >= store.nest)) return false;
  const rows = [store, ...earlier].map((p) => rowLength(p.offset, space));
  return rows[0] !== null && rows.every((length) => length === rows[0]);
}

interface Touch {
  readonly stores: boolean;
  /** The list of statements it stands in, and where. */
  readonly body: readonly Stmt[];
  readonly at: number;
  /** Which statement of an iteration it belongs to. */
  readonly nest: number;
  readonly offset: Expr;
}

function touches(body: readonly Stmt[], from: string, to: string, nest: number | null): readonly Touch[] {
  return body.flatMap((s, at): readonly Touch[] => {
    const own = nest ?? at;
    const loads = (x: Expr) => loadsOf(x, from, to).map((offset) => ({ stores: false, body, at, nest: own, offset }));
    switch (s.kind) {
      case "for":
        return [...loads(s.extent), ...touches(s.body, from, to, own)];
      case "if":
        return [...loads(s.test), ...touches(s.then, from, to, own), ...touches(s.else ?? [], from, to, own)];
      case "let":
      case "set":
      case "accumulate":
        return loads(s.value);
      case "check":
        return [...loads(s.test), ...loads(s.value)];
      case "store": {
        const stored = s.buffer === to ? [{ stores: true, body, at, nest: own, offset: s.offset }] : [];
        return [...loads(s.offset), ...loads(s.value), ...stored];
      }
      case "scratch":
        return [];
    }
  });
}

/** n, where iteration p of the space touches only elements n·p to n·p + n − 1; null where that is not known. */
function rowLength(offset: Expr, { over, body }: Space): number | null {
  const lets = new Map<string, Expr>();
  collectLets(body, lets);
  const memo = new Map<Expr, Expr>();
  const whole = (x: Expr): Expr =>
    rewriteExpr(
      x,
      (e) => {
        const value = e.kind === "local" ? lets.get(e.name) : undefined;
        return value ? whole(value) : null;
      },
      memo,
    );
  const position = whole(offset);
  const length = coefficient(position, over);
  if (length === null || length <= 0) return null;
  const isOver = (e: Expr): e is Local => e.kind === "local" && e.name === over.name;
  const range = rangeOf(rewriteExpr(position, (e) => (isOver(e) ? literal(0) : null)));
  return range !== null && range[0] >= 0 && range[1] < length ? length : null;
}

function collectLets(body: readonly Stmt[], lets: Map<string, Expr>): void {
  for (const s of body) {
    if (s.kind === "let" && s.value.dtype === "i32") lets.set(s.local.name, s.value);
    else if (s.kind === "for") collectLets(s.body, lets);
    else if (s.kind === "if") [s.then, s.else ?? []].forEach((part) => collectLets(part, lets));
  }
  for (const s of body) if (s.kind === "set" || s.kind === "accumulate") lets.delete(s.local.name);
}

/** The offsets at which an expression reads one of the two. */
function loadsOf(x: Expr, from: string, to: string): readonly Expr[] {
  const found: Expr[] = [];
  walkExpr(x, (e) => {
    if (e.kind === "load" && (e.buffer === from || e.buffer === to)) found.push(e.offset);
  });
  return found;
}

/** Structural equality. */
export function sameExpr(a: Expr, b: Expr): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.dtype !== b.dtype) return false;
  if (a.kind === "literal" && b.kind === "literal") return a.value === b.value;
  if (a.kind === "local" && b.kind === "local") return a.name === b.name;
  if (a.kind === "load" && b.kind === "load" && a.buffer !== b.buffer) return false;
  if (a.kind === "call" && b.kind === "call" && a.fn !== b.fn) return false;
  const [p, q] = [partsOf(a), partsOf(b)];
  return p.length === q.length && p.length > 0 && p.every((x, i) => sameExpr(x, q[i]!));
}
