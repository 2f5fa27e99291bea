// What becomes of a value where it is made: the element-by-element work of its group on it, and the stores of what leaves.
import { type Expr, literal } from "#ir/expr.js";
import type { Node } from "#ir/node.js";
import { elementOf, overAccesses } from "./element.js";
import type { Root } from "./emit-loops.js";
import type { Group } from "./group.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { isAccess, rewriteExpr, substitute } from "./rewrite-expr.js";

/** A store of an element of a node that leaves its group. */
export interface Leaving extends Root {
  readonly kind: "store";
  readonly offset: Expr;
  readonly node: Node;
}

/** What is stored of the group where `node` has the element `value`, `at` being the parallel axes of the group. */
export function epilogueOf(
  group: Group,
  node: Node,
  at: readonly Expr[],
  value: Expr,
  escapes: (node: Node) => boolean,
  buffers: KernelBuffers,
): readonly Leaving[] {
  const elements = new Map<Node, Expr>([[node, value]]);
  const stores: Leaving[] = [];
  for (const own of group.nodes) {
    const { index, inner } = elementOf(own);
    const locals = new Map<string, Expr>(index.map((l) => [l.name, literal(0)]));
    group.rows.get(own)!.forEach((axis, t) => locals.set(index[axis]!.name, at[t]!));
    if (own !== node) {
      const element = rewriteExpr(substitute(overAccesses(inner, own), locals), (e) => {
        if (!isAccess(e)) return null;
        return elements.get(e.value.node) ?? buffers.loaded(e);
      });
      elements.set(own, element);
    }
    if (!escapes(own)) continue;
    const result = own.results[0]!;
    const place = index.map((l) => locals.get(l.name)!);
    const offset = buffers.positionOf(result, place);
    const emit = (v: Expr, to: Expr) => buffers.store(result, to, v);
    stores.push({ kind: "store", node: own, value: elements.get(own)!, offset, emit });
  }
  return stores;
}
