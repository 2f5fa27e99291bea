// May a kernel write a result over one of its operands? Only where every element is read at the place, and in the turn,
// at which it is overwritten: then the operand's last reader can leave its memory to the result.
import type { Expr } from "#ir/expr.js";
import type { Kernel, Stmt } from "#ir/kernel.js";
import { partsOf, walkExpr } from "./rewrite-expr.js";

/** Whether buffer `to` of the kernel may share the memory of its buffer `from`. Both have equal lengths and item sizes. */
export function mayShare(kernel: Kernel, from: string, to: string): boolean {
  const places = kernel.stages.flatMap((spaces) => spaces.map((space) => touches(space.body, from, to)));
  const touched = places.filter((p) => p.length > 0);
  if (touched.length !== 1 || kernel.stages[0]!.length !== places.length) return false;
  const all = touched[0]!;
  const stores = all.filter((p) => p.stores);
  if (stores.length !== 1) return false;
  const { body, at, offset } = stores[0]!;
  return all.every((p) => p.body === body && p.at <= at && sameExpr(p.offset, offset));
}

interface Touch {
  readonly stores: boolean;
  /** The list of statements it stands in, and where. */
  readonly body: readonly Stmt[];
  readonly at: number;
  readonly offset: Expr;
}

function touches(body: readonly Stmt[], from: string, to: string): readonly Touch[] {
  return body.flatMap((s, at): readonly Touch[] => {
    const loads = (x: Expr) => loadsOf(x, from, to).map((offset) => ({ stores: false, body, at, offset }));
    switch (s.kind) {
      case "for":
        return [...loads(s.extent), ...touches(s.body, from, to)];
      case "if":
        return [...loads(s.test), ...touches(s.then, from, to), ...touches(s.else ?? [], from, to)];
      case "let":
      case "set":
      case "accumulate":
        return loads(s.value);
      case "check":
        return [...loads(s.test), ...loads(s.value)];
      case "store": {
        const own = s.buffer === to ? [{ stores: true, body, at, offset: s.offset }] : [];
        return [...loads(s.offset), ...loads(s.value), ...own];
      }
      case "scratch":
        return [];
    }
  });
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
