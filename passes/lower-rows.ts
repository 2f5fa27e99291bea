// Lowers a `rows` group: for every point of the parallel axes, the loop nests of the group one after the other, values
// that later nests need in scalars, row scratch or the result's own buffer.
import {
  add,
  call,
  type Expr,
  floorDiv,
  floorMod,
  indexLocal,
  literal,
  load,
  local,
  type Local,
  mul,
  sub,
} from "#ir/expr.js";
import { combinerOf, identityOf, type Space, type Stmt } from "#ir/kernel.js";
import type { Node } from "#ir/node.js";
import { elementOf, linearIndex } from "./element.js";
import { emitBetweenEdges } from "./edges.js";
import { emitLoops, type Loop, type Root } from "./emit-loops.js";
import type { Group } from "./group.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { localAxes, type Nest, type NestPlan, type Placed, planNests } from "./nests.js";
import { type Axes, chooseAxes } from "./row-axes.js";
import { type Access, isAccess, rewriteExpr } from "./rewrite-expr.js";
import { severalTerms } from "./several-terms.js";

/** Where a value lies for the nests after the one that computes it. */
type Kept =
  | { readonly at: "scalar"; readonly local: Local }
  | { readonly at: "scratch"; readonly name: string }
  | { readonly at: "buffer" };

/** The group as one parallel space of its kernel. */
export function lowerRows(group: Group, escapes: (node: Node) => boolean, buffers: KernelBuffers): Space {
  const axes = chooseAxes(group, escapes, buffers);
  const plan = planNests(group, escapes, axes.lane === null ? null : group.axes.length - 1);
  return new RowLowering(group, escapes, buffers, axes, plan).lower();
}

class RowLowering {
  readonly #kept = new Map<Node, Kept>();
  readonly #laneLocal: Local | null;
  readonly #laneExtent: Expr;
  readonly #over: Local;
  readonly #units: readonly Expr[];

  constructor(
    readonly group: Group,
    readonly escapes: (node: Node) => boolean,
    readonly buffers: KernelBuffers,
    readonly axes: Axes,
    readonly plan: NestPlan,
  ) {
    const { units, lane } = axes;
    const outer = lane ? units.slice(0, -1) : units;
    const blocks = lane ? Math.ceil(units[units.length - 1]!.extent / Math.max(1, lane.block)) : 1;
    this.#over = indexLocal(
      "p",
      outer.reduce((n, u) => n * u.extent, blocks),
    );
    let rest: Expr = this.#over;
    const decoded: Expr[] = [];
    const extents = [...outer.map((u) => u.extent), ...(lane ? [blocks] : [])];
    const fastestFirst = extents.map((_, u) => u).reverse();
    const inside = lane?.inside ?? null;
    if (inside !== null) fastestFirst.unshift(...fastestFirst.splice(fastestFirst.indexOf(inside), 1));
    for (const u of fastestFirst) {
      decoded[u] = floorMod(rest, extents[u]!);
      rest = floorDiv(rest, extents[u]!);
    }
    this.#laneLocal = null;
    this.#laneExtent = literal(1);
    if (lane) {
      const extent = units[units.length - 1]!.extent;
      this.#laneLocal = indexLocal("l", lane.block);
      const base = mul(decoded.pop()!, literal(lane.block));
      decoded.push(add(base, this.#laneLocal));
      const left = sub(literal(extent), base);
      this.#laneExtent = extent % lane.block === 0 ? literal(lane.block) : call("minimum", literal(lane.block), left);
    }
    this.#units = decoded;
  }

  lower(): Space {
    const body = this.group.axes.includes(0) ? [] : this.plan.nests.flatMap((nest) => this.#nest(nest));
    return { over: this.#over, extent: this.#over.extent!, body };
  }

  #nest(nest: Nest): readonly Stmt[] {
    const lane = this.#laneLocal;
    const axes = lane && nest.axes.length > 0 ? [...nest.axes.slice(0, -1), lane] : nest.axes;
    const loops: Loop[] = axes.map((axis, i) => ({
      local: axis,
      extent: axis === lane ? this.#laneExtent : literal(axis.extent!),
      as: i === axes.length - 1 ? "vector" : "serial",
    }));
    const parts: Parts = { head: [], roots: [], before: new Map(), after: new Map(), changing: new Set() };
    const elements = new Map<Node, Expr>();
    for (const placed of nest.placed) {
      const own = this.#localsOf(placed, axes);
      const x = this.#element(placed, own, elements);
      const { over } = elementOf(placed.node);
      if (!placed.loops.some((l) => over.includes(l))) {
        elements.set(placed.node, x);
        this.#keepMap(placed, own, x, parts);
      } else this.#keepReduction(placed, own, axes, x, parts);
    }
    const { head, roots, changing } = parts;
    const alone = parts.before.size === 0 && parts.after.size === 0 && changing.size > 0;
    const summed = alone ? severalTerms(loops, roots, this.buffers, changing) : null;
    return [...head, ...(summed ?? emitBetweenEdges(loops, roots, this.buffers, parts, changing))];
  }

  /** The node's own locals as expressions of the space and of the nest's loops. */
  #localsOf(placed: Placed, axes: readonly Local[]): ReadonlyMap<string, Expr> {
    const { index } = elementOf(placed.node);
    const rows = this.group.rows.get(placed.node)!;
    const own = new Map<string, Expr>(index.filter((l) => l.extent === 1).map((l) => [l.name, literal(0)]));
    this.axes.units.forEach((unit, u) => {
      unit.axes.forEach((t, i) =>
        own.set(index[rows[t]!]!.name, i === unit.axes.length - 1 ? this.#units[u]! : literal(0)),
      );
    });
    const inner = this.#laneLocal ? placed.loops.slice(0, -1) : placed.loops;
    inner.forEach((l, q) => own.set(l.name, axes[q]!));
    return own;
  }

  /** The node's element (or what it reduces) in this nest: values of the same turn are shared, others are loaded. */
  #element(placed: Placed, own: ReadonlyMap<string, Expr>, elements: ReadonlyMap<Node, Expr>): Expr {
    const memo = new Map<Expr, Expr>();
    const replace = (e: Expr): Expr | null => {
      if (e.kind === "local") return own.get(e.name) ?? null;
      if (!isAccess(e)) return null;
      const index = e.index.map((x) => rewriteExpr(x, replace, memo));
      const linear = e.linear && rewriteExpr(e.linear, replace, memo);
      const access: Access = { ...e, index, linear };
      const source = this.plan.placed.get(e.value.node);
      if (!source) return this.buffers.load(access);
      return source.nest === placed.nest ? elements.get(e.value.node)! : this.#reload(source, access);
    };
    return rewriteExpr(placed.expr, replace, memo);
  }

  #reload(source: Placed, access: Access): Expr {
    const kept = this.#kept.get(source.node)!;
    if (kept.at === "scalar") return kept.local;
    if (kept.at === "buffer") return this.buffers.load(access);
    const { index } = elementOf(source.node);
    return load(
      kept.name,
      this.#scratchOffset(source, (l) => access.index[index.indexOf(l)]!),
      access.dtype,
    );
  }

  /** A placed value's position in its scratch array, from its local axes; the lane counts from its block's start. */
  #scratchOffset(placed: Placed, at: (local: Local) => Expr): Expr {
    const local = localAxes(placed);
    const lane = this.#laneLocal && local[local.length - 1];
    const extents = local.map((l) => (l === lane ? this.#laneLocal!.extent! : l.extent!));
    return linearIndex(
      extents,
      local.map((l) => (l === lane ? this.#laneLocal! : at(l))),
    );
  }

  #scratchFor(placed: Placed, parts: Parts): string {
    const name = this.buffers.fresh("row");
    const local = localAxes(placed);
    const length = local.reduce((n, l) => n * l.extent!, 1);
    const lane = this.#laneLocal ? this.#laneLocal.extent! / local[local.length - 1]!.extent! : 1;
    parts.head.push({
      kind: "scratch",
      name,
      dtype: placed.node.results[0]!.type.dtype,
      length: length * lane,
      in: "thread",
    });
    this.#kept.set(placed.node, { at: "scratch", name });
    return name;
  }

  /** An element computed in every turn: stored where somebody else reads it. */
  #keepMap(placed: Placed, own: ReadonlyMap<string, Expr>, x: Expr, parts: Parts): void {
    const { node } = placed;
    const value = node.results[0]!;
    const escaping = this.escapes(node);
    if (escaping) {
      this.#kept.set(node, { at: "buffer" });
      const offset = this.#resultOffset(placed, own);
      parts.roots.push({ kind: "store", value: x, offset, emit: (v, at) => this.buffers.store(value, at, v) });
    }
    if (!this.plan.stored.has(node)) return;
    if (placed.loops.length === 0) {
      const scalar = local(this.buffers.fresh("s"), x.dtype);
      this.#kept.set(node, { at: "scalar", local: scalar });
      parts.roots.push({ kind: "let", value: x, emit: (v) => ({ kind: "let", local: scalar, value: v }) });
    } else if (!escaping) {
      const name = this.#scratchFor(placed, parts);
      const offset = this.#scratchOffset(placed, (l) => own.get(l.name)!);
      parts.roots.push({
        kind: "store",
        value: x,
        offset,
        emit: (v, at) => ({ kind: "store", buffer: name, offset: at, value: v }),
      });
    }
  }

  #resultOffset(placed: Placed, own: ReadonlyMap<string, Expr>): Expr {
    const index = elementOf(placed.node).index.map((l) => own.get(l.name)!);
    return this.buffers.positionOf(placed.node.results[0]!, index);
  }

  /** A reduction: a scalar accumulator where the reduced loops are the innermost ones, else an array of them. */
  #keepReduction(placed: Placed, own: ReadonlyMap<string, Expr>, axes: readonly Local[], x: Expr, parts: Parts): void {
    const { node } = placed;
    const { fn, over } = elementOf(node);
    const value = node.results[0]!;
    const { dtype } = value.type;
    const identity = literal(identityOf(fn, dtype), dtype);
    const isOver = placed.loops.map((l) => over.includes(l));
    const first = isOver.indexOf(true);
    if (isOver.slice(first).every((reduced) => reduced)) {
      const scalar = local(this.buffers.fresh("s"), dtype);
      push(parts.before, first, { kind: "let", local: scalar, value: identity });
      const after = this.#flush(placed, own, scalar, first, parts);
      parts.roots.push({
        kind: "accumulate",
        value: x,
        emit: (v) => ({ kind: "accumulate", local: scalar, fn, value: v }),
      });
      for (const stmt of after) push(parts.after, first, stmt);
      return;
    }
    const array = this.escapes(node) ? null : this.#scratchFor(placed, parts);
    if (!array) this.#kept.set(node, { at: "buffer" });
    const offset = array ? this.#scratchOffset(placed, (l) => own.get(l.name)!) : this.#resultOffset(placed, own);
    const store = (at: Expr, v: Expr): Stmt =>
      array ? { kind: "store", buffer: array, offset: at, value: v } : this.buffers.store(value, at, v);
    const current = array ? load(array, offset, dtype) : this.buffers.loadAt(value, offset);
    parts.changing.add(array ?? this.buffers.nameOf(value));
    const outer = axes.filter((_, q) => !isOver[q]);
    const loops = outer.map((axis, i): Loop => ({
      local: axis,
      extent: axis === this.#laneLocal ? this.#laneExtent : literal(axis.extent!),
      as: i === outer.length - 1 ? "vector" : "serial",
    }));
    const start: Root = { kind: "store", value: identity, offset, emit: (v, at) => store(at, v) };
    parts.head.push(...emitLoops(loops, [start], this.buffers));
    const combined = call(combinerOf(fn), current, x);
    parts.roots.push({ kind: "store", value: combined, offset, emit: (v, at) => store(at, v) });
  }

  /** What to do with a scalar accumulator when its loops have ended. */
  #flush(placed: Placed, own: ReadonlyMap<string, Expr>, scalar: Local, depth: number, parts: Parts): readonly Stmt[] {
    const { node } = placed;
    const value = node.results[0]!;
    const after: Stmt[] = [];
    if (this.escapes(node)) {
      this.#kept.set(node, { at: "buffer" });
      after.push(this.buffers.store(value, this.#resultOffset(placed, own), scalar));
    }
    if (!this.plan.stored.has(node)) return after;
    if (depth === 0) this.#kept.set(node, { at: "scalar", local: scalar });
    else if (!this.escapes(node)) {
      const name = this.#scratchFor(placed, parts);
      after.push({
        kind: "store",
        buffer: name,
        offset: this.#scratchOffset(placed, (l) => own.get(l.name)!),
        value: scalar,
      });
    }
    return after;
  }
}

interface Parts {
  /** Before the loops: scratch arrays, initial values of accumulator arrays. */
  readonly head: Stmt[];
  readonly roots: Root[];
  readonly before: Map<number, Stmt[]>;
  readonly after: Map<number, Stmt[]>;
  readonly changing: Set<string>;
}

function push(map: Map<number, Stmt[]>, depth: number, stmt: Stmt): void {
  const list = map.get(depth);
  if (list) list.push(stmt);
  else map.set(depth, [stmt]);
}
