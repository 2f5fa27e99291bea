// The loop nests inside a row of a group: which of its nodes share a loop, in which order the loops run, and which values
// must be kept in row scratch between them.
//
// A node that is computed sooner than it is kept and fetched, or is read once, index for index, is inlined into its readers. Every other node is placed in the nest
// of its level and extents: its level is that of its operands, plus one for every operand that it does not read element
// by element in the same loop (a reduction's result, a shifted or broadcast read).
import { secondsOf, secondsToMove } from "#ir/cost.js";
import { itemSize } from "#ir/dtype.js";
import { indexLocal, type Expr, type Local, literal } from "#ir/expr.js";
import type { Node } from "#ir/node.js";
import { countOf, elementOf, overAccesses } from "./element.js";
import { accessesOf, type Group } from "./group.js";
import { type Access, isAccess, rewriteExpr, substitute, walkExpr } from "./rewrite-expr.js";

/** Bytes of an element in a vector, whose lanes are no narrower. */
const narrowestLane = 4;

/** A node that gets a value of its own. */
export interface Placed {
  readonly node: Node;
  readonly nest: Nest;
  /** The node's own axes and reduction variables that the nest's loops stand for, outermost first. */
  readonly loops: readonly Local[];
  /** Its element (or what it reduces), over accesses, in the node's own locals. */
  readonly expr: Expr;
  /** Every element of another placed node or of a buffer that the expression reads. */
  readonly accesses: readonly Access[];
}

export interface Nest {
  readonly level: number;
  readonly axes: readonly Local[];
  readonly placed: Placed[];
}

export interface NestPlan {
  /** In the order in which they run. */
  readonly nests: readonly Nest[];
  readonly placed: ReadonlyMap<Node, Placed>;
  /** Nodes whose values later nests read. */
  readonly stored: ReadonlySet<Node>;
}

/**
 * Plans the nests of a group. `lane` is the parallel axis (its position) that is kept as the innermost loop of every
 * nest, so that loops run along contiguous memory; null where there is none.
 */
export function planNests(group: Group, escapes: (node: Node) => boolean, lane: number | null): NestPlan {
  let plans = known.get(group);
  if (!plans) known.set(group, (plans = { elements: expandedNodes(group, escapes), byLane: new Map() }));
  let plan = plans.byLane.get(lane);
  if (!plan) plans.byLane.set(lane, (plan = planned(group, plans.elements, lane)));
  return plan;
}

/** What a node that is not inlined computes, and all that it reads. */
type Expanded = Pick<Placed, "expr" | "accesses">;

/** What is known of a group, from which the same nodes escape for good. */
interface Plans {
  readonly elements: ReadonlyMap<Node, Expanded>;
  readonly byLane: Map<number | null, NestPlan>;
}
const known = new WeakMap<Group, Plans>();

function planned(group: Group, elements: ReadonlyMap<Node, Expanded>, lane: number | null): NestPlan {
  const nests = new Map<string, Nest>();
  const placed = new Map<Node, Placed>();
  for (const [node, { expr, accesses }] of elements) {
    const loops = loopsOf(node, group, lane, accesses);
    let level = 0;
    for (const access of accesses) {
      const source = placed.get(access.value.node);
      if (source) level = Math.max(level, source.nest.level + (readsInStep(loops, access, source) ? 0 : 1));
    }
    const key = `${level}:${loops.map((l) => l.extent).join()}`;
    let nest = nests.get(key);
    if (!nest) {
      const id = nests.size;
      nests.set(key, (nest = { level, axes: loops.map((l, i) => indexLocal(`j${id}_${i}`, l.extent!)), placed: [] }));
    }
    const entry = { node, nest, loops, expr, accesses };
    nest.placed.push(entry);
    placed.set(node, entry);
  }
  const stored = new Set<Node>();
  for (const { nest, accesses } of placed.values()) {
    for (const access of accesses) {
      const source = placed.get(access.value.node);
      if (source && source.nest !== nest) stored.add(source.node);
    }
  }
  return { nests: [...nests.values()].sort((a, b) => a.level - b.level), placed, stored };
}

/** Bytes of scratch that one row of the group needs. */
export function scratchBytesOf(group: Group, escapes: (node: Node) => boolean): number {
  const plan = planNests(group, escapes, null);
  let bytes = 0;
  for (const node of plan.stored) {
    if (escapes(node)) continue;
    const local = localAxes(plan.placed.get(node)!);
    if (local.length > 0) bytes += local.reduce((n, l) => n * l.extent!, itemSize(node.results[0]!.type.dtype));
  }
  return bytes;
}

/** Whether every read of `source` in the group happens before, or in the turn in which, `writer` computes the element at its place. */
export function overwritesInStep(group: Group, escapes: (node: Node) => boolean, source: Node, writer: Node): boolean {
  const { placed } = planNests(group, escapes, null);
  const target = placed.get(writer);
  if (!target) return false;
  /** Which parallel axis or loop a node's own axis is. */
  const turn = (p: Placed, local: Local | undefined): string => {
    const row = group.rows.get(p.node)!.findIndex((axis) => elementOf(p.node).index[axis]!.name === local?.name);
    return row >= 0 ? `row ${row}` : `loop ${p.loops.findIndex((l) => l.name === local?.name)}`;
  };
  return [...placed.values()].every((p) =>
    p.accesses.every((access) => {
      if (access.value.node !== source) return true;
      // An earlier nest of the row has read all it needs before this one writes.
      if (p.nest !== target.nest && p.nest.level >= target.nest.level) return false;
      return access.index.every((x, axis) => {
        const own = elementOf(writer).index[axis]!;
        return own.extent === 1 || (x.kind === "local" && turn(p, x) === turn(target, own));
      });
    }),
  );
}

/** The loops of a placed node that are axes of its result, not reduction variables. */
export function localAxes(placed: Placed): readonly Local[] {
  const { over } = elementOf(placed.node);
  return placed.loops.filter((l) => !over.includes(l));
}

function inlinedNodes(group: Group, escapes: (node: Node) => boolean): ReadonlySet<Node> {
  const inside = new Set(group.nodes);
  const reads = new Map<Node, { count: number; reader: Node }>();
  for (const node of group.nodes) {
    for (const access of accessesOf(node)) {
      const source = access.value.node;
      if (inside.has(source)) reads.set(source, { count: (reads.get(source)?.count ?? 0) + 1, reader: node });
    }
  }
  const points = group.axes.reduce((x, y) => x * y, 1);
  const inlined = new Set<Node>();
  const costs = new Map<Node, number>();
  for (const node of group.nodes) {
    const element = elementOf(node);
    if (element.over.length > 0 || element.role === "contraction" || escapes(node)) continue;
    const sources = new Set(accessesOf(node).map((a) => a.value.node));
    const count = countOf(node.results[0]!);
    // What has fewer elements, such as a mean of the row, is computed outside the loop over these.
    const repeated = [...sources].filter((s) => inlined.has(s) && countOf(s.results[0]!) >= count);
    const cost = repeated.reduce((sum, s) => sum + costs.get(s)!, element.cost);
    const read = reads.get(node);
    const item = Math.max(narrowestLane, itemSize(node.results[0]!.type.dtype));
    const keeping = secondsToMove(2 * item, (count / points) * item);
    if (secondsOf({ flops: cost, bytes: 0 }) < keeping || (read?.count === 1 && sameSpace(read.reader, node))) {
      inlined.add(node);
      costs.set(node, cost);
    }
  }
  return inlined;
}

/** Whether the reader evaluates its expression as often as the node has elements. */
function sameSpace(reader: Node, node: Node): boolean {
  const { index, over } = elementOf(reader);
  const points = (locals: readonly Local[]) => locals.reduce((n, l) => n * l.extent!, 1);
  return points(index) * points(over) === points(elementOf(node).index);
}

/** The elements of the nodes that are not inlined, those of inlined nodes put in. */
function expandedNodes(group: Group, escapes: (node: Node) => boolean): ReadonlyMap<Node, Expanded> {
  const inlined = inlinedNodes(group, escapes);
  const bodies = new Map<Node, Expr>();
  const elements = new Map<Node, Expanded>();
  for (const node of group.nodes) {
    const element = elementOf(node);
    const plain = overAccesses(element.inner, node);
    let expr = plain;
    if (accessesOf(node).some((a) => bodies.has(a.value.node))) expr = withBodies(expr, bodies);
    if (inlined.has(node)) {
      bodies.set(node, expr);
      continue;
    }
    const ones = [...element.index, ...element.over].filter((l) => l.extent === 1);
    expr = substitute(expr, new Map(ones.map((l) => [l.name, literal(0)])));
    elements.set(node, { expr, accesses: expr === plain ? accessesOf(node) : accessesIn(expr) });
  }
  return elements;
}

function accessesIn(x: Expr): readonly Access[] {
  const accesses: Access[] = [];
  walkExpr(x, (e) => {
    if (e.kind === "load" && isAccess(e)) accesses.push(e);
  });
  return accesses;
}

/** The expression with accesses of nodes that have a body replaced by it, at the index of the access. */
function withBodies(x: Expr, bodies: ReadonlyMap<Node, Expr>): Expr {
  const memo = new Map<Expr, Expr>();
  const replace = (e: Expr): Expr | null => {
    if (e.kind !== "load" || !isAccess(e)) return null;
    const body = bodies.get(e.value.node);
    if (!body) return null;
    const own = elementOf(e.value.node).index;
    return substitute(body, new Map(own.map((l, axis) => [l.name, rewriteExpr(e.index[axis]!, replace, memo)])));
  };
  return rewriteExpr(x, replace, memo);
}

/** A node's loops, in the order in which its largest read walks memory; the lane innermost. */
function loopsOf(node: Node, group: Group, lane: number | null, accesses: readonly Access[]): readonly Local[] {
  const { index, over } = elementOf(node);
  const rows = group.rows.get(node)!;
  const laneLocal = lane === null ? null : index[rows[lane]!]!;
  const locals = [...index.filter((_, axis) => !rows.includes(axis)), ...over].filter((l) => l.extent! !== 1);
  const order = new Map<Local, number>();
  let most = 0;
  for (const access of accesses) {
    const found = locals.filter((l) => access.index.some((x) => x.kind === "local" && x.name === l.name));
    if (found.length <= most) continue;
    most = found.length;
    for (const l of found)
      order.set(
        l,
        access.index.findIndex((x) => x.kind === "local" && x.name === l.name),
      );
  }
  const sorted = most === locals.length ? [...locals].sort((a, b) => order.get(a)! - order.get(b)!) : locals;
  return laneLocal && laneLocal.extent! !== 1 ? [...sorted, laneLocal] : sorted;
}

/** Whether the access reads, in every turn of the loops, just the element that `source` computes in that turn. */
function readsInStep(loops: readonly Local[], access: Access, source: Placed): boolean {
  const element = elementOf(source.node);
  if (element.over.length > 0 || source.loops.length !== loops.length) return false;
  return source.loops.every((own, q) => {
    const at = access.index[element.index.indexOf(own)]!;
    return own.extent === loops[q]!.extent && at.kind === "local" && at.name === loops[q]!.name;
  });
}
