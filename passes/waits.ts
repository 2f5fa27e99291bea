// Order without data: a view waits for the operands that it does not read, and so does whatever is computed from it.
import type { Read } from "#ir/expr.js";
import type { Node } from "#ir/node.js";
import { elementOf } from "./element.js";

/** The computed nodes of which `node` reads nothing but for which a view that it reads waits. Sizes must be numbers. */
export function waitsOf(node: Node): readonly Node[] {
  const found = new Set<Node>();
  const seen = [new Set<Node>(), new Set<Node>()] as const;
  const pending: { readonly node: Node; readonly waited: boolean }[] = [];
  const visit = (next: Node, waited: boolean): void => {
    const { role } = elementOf(next);
    if (role === "view") pending.push({ node: next, waited });
    else if (waited && role !== "leaf" && role !== "free") found.add(next);
  };
  if (elementOf(node).role === "view") visit(node, false);
  else for (const value of node.operands) visit(value.node, false);
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { waited } = next;
    const known = seen[waited ? 1 : 0];
    if (known.has(next.node)) continue;
    known.add(next.node);
    const read = elementOf(next.node).inner as Read;
    next.node.operands.forEach((value, i) => visit(value.node, waited || i !== read.operand));
  }
  return [...found];
}
