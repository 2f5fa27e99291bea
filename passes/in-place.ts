// May a kernel write a result over one of its operands? Only where every element is read before it is overwritten: at the
// same place in the same turn, or in an earlier loop of the one iteration that reads and writes the row around it. Then the
// operand's last reader can leave its memory to the result.
import { type Expr, literal, type Local, rangeOf } from "#ir/expr.js";
import type { Kernel, Space, Stmt } from "#ir/kernel.js";
import { coefficient, partsOf, rewriteExpr, walkExpr } from "./rewrite-expr.js";

/** Whether buffer `to` of the kernel may share the memory of its buffer `from`. Both have equal lengths and item sizes. */
export function mayShare(kernel: Kernel, from: string, to: string): boolean {
  const places = touchesOf(kernel);
  const touched = places.filter(({ of }) => of.has(to) || (of.get(from)?.some((p) => !p.stores) ?? false));
  if (touched.length !== 1 || kernel.stages[0]!.length !== places.length) return false;
  const { space, of } = touched[0]!;
  const stores = (of.get(to) ?? []).filter((p) => p.stores);
  if (stores.length !== 1) return false;
  const store = stores[0]!;
  const inTurn = (p: Touch): boolean => p.body === store.body && p.at <= store.at && sameExpr(p.offset, store.offset);
  const loads = [...(of.get(from) ?? []), ...(of.get(to) ?? [])].filter((p) => !p.stores);
  const earlier = loads.filter((p) => !inTurn(p));
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

/** Of a space, what touches each buffer. */
interface SpaceTouches {
  readonly space: Space;
  readonly of: Map<string, Touch[]>;
}

const known = new WeakMap<Kernel, readonly SpaceTouches[]>();

function touchesOf(kernel: Kernel): readonly SpaceTouches[] {
  let found = known.get(kernel);
  if (!found) {
    found = kernel.stages.flat().map((space) => {
      const of = new Map<string, Touch[]>();
      collectTouches(space.body, null, (buffer, touch) => {
        const list = of.get(buffer);
        if (list) list.push(touch);
        else of.set(buffer, [touch]);
      });
      return { space, of };
    });
    known.set(kernel, found);
  }
  return found;
}

function collectTouches(
  body: readonly Stmt[],
  nest: number | null,
  found: (buffer: string, touch: Touch) => void,
): void {
  body.forEach((s, at) => {
    const own = nest ?? at;
    const touch = (buffer: string, offset: Expr, stores: boolean): void => {
      found(buffer, { stores, body, at, nest: own, offset });
    };
    const seen = new Set<Expr>();
    const loads = (x: Expr): void => {
      walkExpr(x, (e) => { if (e.kind === "load") touch(e.buffer, e.offset, false); }, seen); // prettier-ignore
    };
    switch (s.kind) {
      case "for":
        loads(s.extent);
        return collectTouches(s.body, own, found);
      case "if":
        loads(s.test);
        collectTouches(s.then, own, found);
        return collectTouches(s.else ?? [], own, found);
      case "let":
      case "set":
      case "accumulate":
        return loads(s.value);
      case "check":
        loads(s.test);
        return loads(s.value);
      case "store":
        loads(s.offset);
        loads(s.value);
        return touch(s.buffer, s.offset, true);
      case "scratch":
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
