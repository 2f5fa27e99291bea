// How the parallel axes of a `rows` group become loops: which neighbours count as one, and whether the last one is kept
// inside, as the lane along which vectors run.
import { itemSize } from "#ir/dtype.js";
import type { Expr, Local } from "#ir/expr.js";
import type { Node } from "#ir/node.js";
import { elementOf } from "./element.js";
import { type Group, isPureMap } from "./group.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { localAxes, type NestPlan, planNests } from "./nests.js";
import { type Access, accessOf, coefficient, isAccess, partsOf } from "./rewrite-expr.js";

/** Parallel axes that run as one index, and how far it runs. */
export interface Unit {
  readonly axes: readonly number[];
  readonly extent: number;
}

/** How the last unit is cut. */
interface Lane {
  readonly block: number;
  /** The unit that runs through its whole extent before the next block begins; null: the blocks of a row come first. */
  readonly inside: number | null;
}

export interface Axes {
  readonly units: readonly Unit[];
  /** The last unit is cut into blocks, each the innermost loop of every nest; null: it is decoded like the others. */
  readonly lane: Lane | null;
}

/** Turns of the innermost loop in one iteration of a map's space. */
const mapBlock = 4096;
/** Lanes of a block: the more, the longer memory is read in order; but so many parts are left for threads where there are many. */
const rowBlock = { least: 128, most: 1024 };
const enoughBlocks = 4;
/** Bytes of scratch that the rows of a block may keep: within second-level caches, so that blocks are some cache lines wide. */
const laneScratchBytes = 512 * 1024;
/** Columns of a cache line: blocks are multiples of it. */
const narrowestBlock = 16;

export function chooseAxes(group: Group, escapes: (node: Node) => boolean, buffers: KernelBuffers): Axes {
  const single = group.axes.map((extent, t) => ({ axes: [t], extent }));
  if (single.length === 0) return { units: single, lane: null };
  const rows = planNests(group, escapes, null);
  if (isPureMap(group)) {
    const units = merged(group, rows, buffers);
    const { extent } = units[units.length - 1]!;
    const large = group.axes.reduce((n, m) => n * m, 1) > mapBlock && extent > narrowestBlock;
    const inside = large ? contiguousElsewhere(group, units, rows, buffers) : null;
    const block = inside === null ? (extent > 2 * mapBlock ? mapBlock : extent) : Math.min(extent, 2 * narrowestBlock);
    return { units, lane: { block, inside } };
  }
  if (!runsAlongRows(group, rows, buffers)) return { units: single, lane: null };
  const lanes = planNests(group, escapes, group.axes.length - 1);
  const extent = group.axes.at(-1)!;
  const product = group.axes.reduce((n, m) => n * m, 1);
  const bytes = [...lanes.stored].reduce((sum, node) => {
    const local = localAxes(lanes.placed.get(node)!);
    return sum + local.slice(0, -1).reduce((n, l) => n * l.extent!, itemSize(node.results[0]!.type.dtype));
  }, 0);
  const fitting = Math.round(laneScratchBytes / Math.max(1, bytes) / narrowestBlock) * narrowestBlock;
  const even = Math.ceil(product / enoughBlocks / narrowestBlock) * narrowestBlock;
  const wide = Math.max(rowBlock.least, Math.min(rowBlock.most, even));
  return { units: single, lane: { block: Math.min(extent, wide, Math.max(narrowestBlock, fitting)), inside: null } };
}

/**
 * A unit along which some read or write is contiguous that jumps along the last one, as in a transpose: the few cache lines of
 * a narrow block are then used whole before they are evicted. Null where there is none.
 */
function contiguousElsewhere(
  group: Group,
  units: readonly Unit[],
  plan: NestPlan,
  buffers: KernelBuffers,
): number | null {
  for (const { node, accesses } of plan.placed.values()) {
    const { index } = elementOf(node);
    const rows = group.rows.get(node)!;
    const locals = units.map(({ axes }) => index[rows[axes.at(-1)!]!]!);
    for (const access of [...accesses, accessOf(node.results[0]!, index, null)]) {
      const offset = buffers.offsetOf(access);
      const along = coefficient(offset, locals.at(-1)!);
      if (along === null || Math.abs(along) < narrowestBlock) continue;
      const unit = locals.findIndex((l, u) => units[u]!.extent >= narrowestBlock && coefficient(offset, l) === 1);
      if (unit >= 0) return unit;
    }
  }
  return null;
}

/** Whether more elements are read and written contiguously along the last parallel axis than along the innermost loops. */
function runsAlongRows(group: Group, plan: NestPlan, buffers: KernelBuffers): boolean {
  let [alongRows, alongLoops] = [0, 0];
  for (const placed of plan.placed.values()) {
    const { node, loops, accesses } = placed;
    const { index } = elementOf(node);
    const last = index[group.rows.get(node)!.at(-1)!]!;
    const inner = loops[loops.length - 1];
    const count = (access: Access, over: readonly Local[]): void => {
      const source = plan.placed.get(access.value.node);
      // What has one element in a row, such as its mean, is a scalar where rows are walked.
      if (source && localAxes(source).length === 0 && inner) return;
      const offset = buffers.offsetOf(access);
      const turns = over.reduce((n, l) => n * l.extent!, 1);
      const [byRow, byTurn] = [coefficient(offset, last), inner ? coefficient(offset, inner) : null];
      // What stays the same along the other axis costs nothing there.
      if (byRow === 1 && byTurn !== 0) alongRows += turns;
      if (byTurn === 1 && byRow !== 0) alongLoops += turns;
    };
    for (const access of accesses) count(access, loops);
    count(accessOf(node.results[0]!, index, null), localAxes(placed));
  }
  return alongRows > alongLoops;
}

/** Neighbouring axes of a map that every read and write walks as one. */
function merged(group: Group, plan: NestPlan, buffers: KernelBuffers): readonly Unit[] {
  const units: { axes: number[]; extent: number }[] = [];
  for (let t = group.axes.length - 1; t >= 0; t--) {
    const last = units[0];
    if (last && walksAsOne(group, plan, buffers, t, last.axes[last.axes.length - 1]!, last.extent)) {
      last.axes.unshift(t);
      last.extent *= group.axes[t]!;
    } else units.unshift({ axes: [t], extent: group.axes[t]! });
  }
  return units;
}

function walksAsOne(
  group: Group,
  plan: NestPlan,
  buffers: KernelBuffers,
  t: number,
  inner: number,
  extent: number,
): boolean {
  for (const { node, expr, accesses } of plan.placed.values()) {
    const { index } = elementOf(node);
    const rows = group.rows.get(node)!;
    const [a, b] = [index[rows[t]!]!, index[rows[inner]!]!];
    if (mentionsOutsideReads(expr, [a, b])) return false;
    for (const access of [...accesses, accessOf(node.results[0]!, index, null)]) {
      const offset = buffers.offsetOf(access);
      const [p, q] = [coefficient(offset, a), coefficient(offset, b)];
      if (p === null || q === null || p !== q * extent) return false;
    }
  }
  return true;
}

/** Whether the expression computes with an index itself, not only with what is read there. */
function mentionsOutsideReads(x: Expr, locals: readonly Local[]): boolean {
  const seen = new Set<Expr>();
  const visit = (e: Expr): boolean => {
    if (seen.has(e) || isAccess(e)) return false;
    seen.add(e);
    if (e.kind === "local") return locals.some((l) => l.name === e.name);
    return partsOf(e).some(visit);
  };
  return visit(x);
}
