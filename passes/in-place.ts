// May a kernel write a result over one of its operands? Only where every element is read at the place, and in the turn,
// at which it is overwritten: then the operand's last reader can leave its memory to the result.
import type { Expr } from "#ir/expr.js";
import type { Kernel, Stmt } from "#ir/kernel.js";
import { partsOf } from "./rewrite-expr.js";

/** Whether buffer `to` of the kernel may share the memory of its buffer `from`. Both have equal lengths and item sizes. */
export function mayShare(kernel: Kernel, from: string, to: string): boolean {
  const places = kernel.stages.flatMap((spaces) => spaces.map((space) => touches(space.body, from, to)));
  const touched = places.filter((p) => p.length > 0);
  if (touched.length !== 1 || kernel.stages[0]!.length !== places.length) return false;
  const all = touched[0]!;
  const stores = all.filter((p) => p.stores);
  if (stores.length !== 1) return false;
  const { body, offset } = stores[0]!;
  return all.every((p) => p.body === body && sameExpr(p.offset, offset));
}

interface Touch {
  readonly stores: boolean;
  /** The list of statements it stands in. */
  readonly body: readonly Stmt[];
  readonly offset: Expr;
}

function touches(body: readonly Stmt[], from: string, to: string): readonly Touch[] {
  return body.flatMap((s): readonly Touch[] => {
    switch (s.kind) {
      case "for":
        return [...loads(s.extent, body, from, to), ...touches(s.body, from, to)];
      case "if":
        return [...loads(s.test, body, from, to), ...touches(s.then, from, to), ...touches(s.else ?? [], from, to)];
      case "let":
      case "set":
      case "accumulate":
        return loads(s.value, body, from, to);
      case "check":
        return [...loads(s.test, body, from, to), ...loads(s.value, body, from, to)];
      case "store": {
        const own = s.buffer === to ? [{ stores: true, body, offset: s.offset }] : [];
        return [...loads(s.offset, body, from, to), ...loads(s.value, body, from, to), ...own];
      }
      case "scratch":
        return [];
    }
  });
}

function loads(x: Expr, body: readonly Stmt[], from: string, to: string): readonly Touch[] {
  const found: Touch[] = [];
  const seen = new Set<Expr>();
  const visit = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    if (e.kind === "load" && (e.buffer === from || e.buffer === to)) found.push({ stores: false, body, offset: e.offset });
    partsOf(e).forEach(visit);
  };
  visit(x);
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
