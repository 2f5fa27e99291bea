// What a routine node does, written out once per node, and what that costs.
import type { Expr } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import type { Node } from "#ir/node.js";
import { type Routine, routineOf } from "#ir/reader.js";
import { costOf } from "./element.js";

const routines = new WeakMap<Node, Routine>();

/** The routine of a node whose lowering is one. Sizes must be numbers. */
export function routineFor(node: Node): Routine {
  let routine = routines.get(node);
  if (!routine) routines.set(node, (routine = routineOf(node)));
  return routine;
}

/** Element operations of a routine, about: loops whose extents vary count as half of the most they can be. */
export function routineWork(node: Node): number {
  const { row, body } = routineFor(node);
  return row.reduce((work, over) => work * over.extent!, workOf(body));
}

function workOf(body: readonly Stmt[]): number {
  return body.reduce((sum, s) => sum + workOfOne(s), 0);
}

function workOfOne(s: Stmt): number {
  switch (s.kind) {
    case "for":
      return (s.about ?? timesOf(s.extent, s.over.extent!)) * workOf(s.body);
    case "if":
      return Math.max(1, costOf(s.test)) + Math.max(workOf(s.then), workOf(s.else ?? []));
    case "let":
    case "set":
    case "accumulate":
    case "store":
      return Math.max(1, costOf(s.value));
    case "check":
      return 1;
    case "scratch":
      return 0;
  }
}

function timesOf(extent: Expr, most: number): number {
  return extent.kind === "literal" ? extent.value : most / 2;
}
