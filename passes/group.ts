// Fusion groups: nodes computed together, row by row over common parallel axes. What may be merged is decided from the
// indices at which consumers read producers.
import { type Expr, literal } from "#ir/expr.js";
import { forEachExpr } from "#ir/kernel.js";
import type { Node, Value } from "#ir/node.js";
import { type Graph, nodesOf, subgraphsOf } from "#ir/graph.js";
import { countOf, elementOf, overAccesses, shapeOf } from "./element.js";
import { type Access, accessOf, isAccess, walkExpr } from "./rewrite-expr.js";
import { routineFor } from "./routine.js";
import { scatterOf } from "./scatter.js";

/**
 * - `rows`: stages of loops inside every point of the parallel axes.
 * - `contraction`, `routine`: one of them and element-by-element work on its result; the axes are all axes of the result. A
 *   routine that comes back to elements of its result stands alone, and has no axes.
 * - `scatter`, `control`: one of them.
 */
export interface Group {
  readonly kind: "rows" | "contraction" | "scatter" | "routine" | "control";
  /** In evaluation order. */
  readonly nodes: readonly Node[];
  /** Extents of the parallel axes. */
  readonly axes: readonly number[];
  /** For every node, which axis of its result each parallel axis is. */
  readonly rows: ReadonlyMap<Node, readonly number[]>;
}

/** The groups of a graph in an order in which they can run, and which of their values others need. */
export interface FusedGraph {
  readonly graph: Graph;
  readonly groups: readonly Group[];
  /** Values that are read by another group or leave the graph. */
  readonly escaping: ReadonlySet<Value>;
  /** Parameters whose update is written in place, by the node that computes it. */
  readonly inPlace: ReadonlyMap<Node, Value>;
  /** For every group, the groups that must run before it. */
  readonly before: ReadonlyMap<Group, ReadonlySet<Group>>;
}

/** A group of one node, its parallel axes all axes of its result. */
export function groupOfOne(node: Node): Group {
  const { role } = elementOf(node);
  if (role === "control") return { kind: role, nodes: [node], axes: [], rows: new Map([[node, []]]) };
  const shape = shapeOf(node.results[0]!);
  const kind = role === "contraction" || role === "scatter" || role === "routine" ? role : "rows";
  const alone = kind === "scatter" || (kind === "routine" && !storesOnce(node));
  const rows = alone ? [] : shape.flatMap((extent, axis) => (extent === 1 ? [] : [axis]));
  return { kind, nodes: [node], axes: rows.map((axis) => shape[axis]!), rows: new Map([[node, rows]]) };
}

/** Whether work on the result of a routine may be done where it stores it. */
export function storesOnce({ op: { lower } }: Node): boolean {
  return lower.kind === "routine" && lower.once === true;
}

interface Reads {
  readonly accesses: readonly Access[];
  readonly canFail: boolean;
}
const reads = new WeakMap<Node, Reads>();

/** Every element that a node reads, at indices in its own result's axes and reduction variables; views are seen through. */
export function accessesOf(node: Node): readonly Access[] {
  return readsOf(node).accesses;
}

/** Whether computing the node can stop the run: an index out of range, a check of a routine. */
export function canFail(node: Node): boolean {
  return readsOf(node).canFail;
}

function readsOf(node: Node): Reads {
  let found = reads.get(node);
  if (!found && elementOf(node).role === "control") reads.set(node, (found = readsOfControl(node)));
  if (!found) {
    const accesses: Access[] = [];
    let fails = elementOf(node).role === "routine" && routineFor(node).messages.length > 0;
    const seen = new Set<Expr>();
    for (const x of expressionsOf(node)) {
      const visit = (e: Expr): void => {
        if (e.kind === "load" && isAccess(e)) accesses.push(e);
        else if (e.kind === "bounded") fails = true;
      };
      walkExpr(overAccesses(x, node), visit, seen);
    }
    reads.set(node, (found = { accesses, canFail: fails }));
  }
  return found;
}

/** A loop or a branch reads its operands whole. It can fail where something inside it can, or where it has a limit. */
function readsOfControl(node: Node): Reads {
  const accesses = node.operands.map((x) => accessOf(x, x.type.shape.map(() => literal(0)), null)); // prettier-ignore
  const inner = subgraphsOf(node).map(([, graph]) => graph);
  const fails = inner.some((graph) => nodesOf(graph).some((n) => n.op.lower.kind !== "leaf" && canFail(n)));
  return { accesses, canFail: fails || node.attrs.test !== undefined };
}

/** Pairs of parallel axes (of `a`, of `b`) along which row r of `b` reads only row r of `a`. */
export function commonAxes(a: Group, b: Group): readonly (readonly [number, number])[] {
  const inA = new Set(a.nodes);
  let pairs = a.axes.flatMap((extent, t) => b.axes.flatMap((other, u) => (extent === other ? [[t, u] as const] : [])));
  let reads = 0;
  for (const reader of b.nodes) {
    for (const access of accessesOf(reader)) {
      const source = access.value.node;
      if (!inA.has(source)) continue;
      reads++;
      const [mine, theirs] = [b.rows.get(reader)!, a.rows.get(source)!];
      const { index } = elementOf(reader);
      pairs = pairs.filter(([t, u]) => {
        const at = access.index[theirs[t]!]!;
        return at.kind === "local" && at.name === index[mine[u]!]!.name;
      });
    }
  }
  if (reads === 0) pairs = sameAxes(a, b) ? a.axes.map((_, t) => [t, t] as const) : [];
  const seen = new Set<number>();
  return pairs.filter(([t, u]) => {
    if (seen.has(t) || seen.has(~u)) return false;
    seen.add(t).add(~u);
    return true;
  });
}

export function sameAxes(a: Group, b: Group): boolean {
  return a.axes.length === b.axes.length && a.axes.every((extent, t) => extent === b.axes[t]);
}

/** The tensors that one of the groups reads along their rows and the other along their columns: as one they would jump through memory. */
export function crossing(a: Group, b: Group): readonly Node[] {
  const axesIn = (group: Group): ReadonlyMap<Node, readonly number[]> => {
    const found = new Map<Node, number[]>();
    for (const reader of group.nodes) {
      const own = group.rows.get(reader)!.map((axis) => elementOf(reader).index[axis]!);
      for (const { value, index } of accessesOf(reader)) {
        const at = own.map((l) => index.findIndex((x) => x.kind === "local" && x.name === l.name));
        if (!found.has(value.node) && !at.includes(-1)) found.set(value.node, at);
      }
    }
    return found;
  };
  const theirs = axesIn(b);
  return [...axesIn(a)]
    .filter(([node, at]) => theirs.get(node)?.some((axis, t) => axis !== at[t]) ?? false)
    .map(([node]) => node);
}

/** Both groups as one, over the given pairs of axes; nodes sorted by `position`. */
export function joined(
  a: Group,
  b: Group,
  pairs: readonly (readonly [number, number])[],
  position: ReadonlyMap<Node, number>,
): Group {
  const rows = new Map<Node, readonly number[]>();
  for (const node of a.nodes)
    rows.set(
      node,
      pairs.map(([t]) => a.rows.get(node)![t]!),
    );
  for (const node of b.nodes)
    rows.set(
      node,
      pairs.map(([, u]) => b.rows.get(node)![u]!),
    );
  const nodes = merged(a.nodes, b.nodes, position);
  const kind = [a.kind, b.kind].find((of) => of !== "rows") ?? "rows";
  return { kind, nodes, axes: pairs.map(([t]) => a.axes[t]!), rows };
}

/** Two sorted lists as one. */
function merged(a: readonly Node[], b: readonly Node[], position: ReadonlyMap<Node, number>): readonly Node[] {
  const out: Node[] = [];
  let next = 0;
  for (const node of a) {
    const place = position.get(node)!;
    while (next < b.length && position.get(b[next]!)! < place) out.push(b[next++]!);
    out.push(node);
  }
  while (next < b.length) out.push(b[next++]!);
  return out;
}

/** Whether every node is computed element by element with all its axes parallel. */
export function isPureMap(group: Group): boolean {
  const points = group.axes.reduce((x, y) => x * y, 1);
  return (
    group.kind === "rows" &&
    group.nodes.every((n) => elementOf(n).over.length === 0 && countOf(n.results[0]!) === points)
  );
}

function expressionsOf(node: Node) {
  const element = elementOf(node);
  if (element.role === "routine") return routineExpressions(node);
  return element.role === "scatter" ? scatterExpressions(node) : [element.inner];
}

/** Everything a routine reads, and what it computes on the way. */
function routineExpressions(node: Node): readonly Expr[] {
  const found: Expr[] = [];
  forEachExpr(routineFor(node).body, (x) => found.push(x));
  return found;
}

/** Everything a scatter reads: initial values, destinations and values put there. */
function scatterExpressions(node: Node) {
  const { init, put } = scatterOf(node);
  return [init, put.value, ...put.index];
}
