// The order of the groups, and which of them share a launch: independent groups side by side in one stage, and in a last
// stage, behind a barrier, small reductions of their results, such as the mean of a loss.
//
// Several orders are tried (as the graph lists the groups, depth first, whatever frees most memory first) and the one
// with the least peak memory is kept; the first of them where they tie.
import { secondsOf } from "#ir/cost.js";
import { itemSize } from "#ir/dtype.js";
import type { Node, Value } from "#ir/node.js";
import { flopsOf } from "./cost.js";
import { countOf } from "./element.js";
import { accessesOf, canFail, type FusedGraph, type Group } from "./group.js";

/** One launch: groups side by side, then reductions that combine their results. */
export interface LaunchGroups {
  readonly work: readonly Group[];
  readonly combine: readonly Group[];
}

export interface Schedule {
  readonly fused: FusedGraph;
  readonly launches: readonly LaunchGroups[];
  /** The most bytes of results that are alive at once, before any share memory. */
  readonly peak: number;
}

/** Groups that together write more than this are not put side by side: their results would all be alive at once. */
const sideBySideBytes = 8 * 1024 * 1024;
const sideBySideGroups = 32;
/** Buffers of a launch, each a parameter of a function: engines allow 1000. */
const mostBuffers = 400;
/** Seconds that one thread may take while the others wait: less than another launch, for which all meet. */
const combineSeconds = 0.82e-6;

export function schedule(fused: FusedGraph): Schedule {
  const uses = usesOf(fused);
  const position = new Map(fused.groups.map((g, i) => [g, i]));
  const listed = new Map(fused.groups.map((g) => [g, g.nodes[g.nodes.length - 1]!.id]));
  const rankings: readonly ((g: Group) => number)[] = [
    (g) => listed.get(g)!,
    (g) => position.get(g)!,
    (g) => uses.written(g) - uses.freed(g),
  ];
  let best: { launches: readonly LaunchGroups[]; peak: number } | null = null;
  for (const rank of rankings) {
    const launches = inOrder(fused, rank, uses);
    const peak = peakBytes(launches, uses);
    if (!best || peak < best.peak) best = { launches, peak };
  }
  return { fused, ...best! };
}

interface Uses {
  readonly reads: ReadonlyMap<Group, ReadonlySet<Value>>;
  readonly writes: ReadonlyMap<Group, readonly Value[]>;
  /** What a group reads and writes, leaves and updates too. */
  readonly touches: ReadonlyMap<Group, ReadonlySet<Value>>;
  written(group: Group): number;
  /** Bytes of what only this group reads. */
  freed(group: Group): number;
}

function usesOf(fused: FusedGraph): Uses {
  const inPlace = new Set(fused.inPlace.values());
  const owner = new Map<Node, Group>();
  for (const group of fused.groups) for (const node of group.nodes) owner.set(node, group);
  const reads = new Map<Group, Set<Value>>();
  const touches = new Map<Group, Set<Value>>();
  const readers = new Map<Value, number>();
  for (const group of fused.groups) {
    const values = new Set<Value>();
    const touched = new Set(group.nodes.flatMap((n) => n.results).filter((v) => fused.escaping.has(v)));
    touches.set(group, touched);
    for (const node of group.nodes) {
      for (const { value } of accessesOf(node)) {
        const source = owner.get(value.node);
        if (source !== group) touched.add(value);
        if (source && source !== group && !inPlace.has(value)) values.add(value);
      }
    }
    reads.set(group, values);
    for (const value of values) readers.set(value, (readers.get(value) ?? 0) + 1);
  }
  const writes = new Map(
    fused.groups.map((g) => [
      g,
      g.nodes.flatMap((n) => n.results).filter((v) => fused.escaping.has(v) && !inPlace.has(v)),
    ]),
  );
  return {
    reads,
    writes,
    touches,
    written: (g) => writes.get(g)!.reduce((sum, v) => sum + bytesOf(v), 0),
    freed: (g) => [...reads.get(g)!].reduce((sum, v) => sum + (readers.get(v) === 1 ? bytesOf(v) : 0), 0),
  };
}

function bytesOf(value: Value): number {
  return countOf(value) * itemSize(value.type.dtype);
}

/** List scheduling: in every round the ready groups of lowest rank that may share a launch. */
function inOrder(fused: FusedGraph, rank: (g: Group) => number, uses: Uses): readonly LaunchGroups[] {
  const waiting = new Map(fused.groups.map((g) => [g, fused.before.get(g)!.size]));
  const after = new Map<Group, Group[]>(fused.groups.map((g) => [g, []]));
  for (const group of fused.groups) for (const earlier of fused.before.get(group)!) after.get(earlier)!.push(group);
  let ready = fused.groups.filter((g) => waiting.get(g) === 0);
  const updates = new Set(fused.inPlace.values());
  const launches: LaunchGroups[] = [];
  const finish = (groups: readonly Group[]): readonly Group[] =>
    groups.flatMap((g) =>
      after.get(g)!.filter((next) => {
        waiting.set(next, waiting.get(next)! - 1);
        return waiting.get(next) === 0;
      }),
    );
  while (ready.length > 0) {
    ready.sort((a, b) => rank(a) - rank(b));
    const work: Group[] = [];
    let bytes = 0;
    const touched = new Set<Value>();
    const fits = (group: Group): boolean => {
      let count = touched.size;
      for (const value of uses.touches.get(group)!) if (!touched.has(value)) count++;
      return count <= mostBuffers;
    };
    const take = (group: Group): void => uses.touches.get(group)!.forEach((value) => touched.add(value));
    const alone = ready[0]!.kind === "control";
    for (const group of ready) {
      // A loop or a branch is no kernel, which could do something else beside it.
      if (group.kind === "control" ? work.length > 0 : alone) continue;
      const own = uses.written(group);
      const full = bytes + own > sideBySideBytes || work.length >= sideBySideGroups || !fits(group);
      if (work.length > 0 && full) continue;
      work.push(group);
      take(group);
      bytes += own;
    }
    const fresh = finish(work);
    // An update in place waits for the next launch where a check in this one may still fail.
    const checks = work.some((g) => g.nodes.some(canFail));
    const combine: Group[] = [];
    for (const group of alone ? [] : fresh) {
      if (!isCombine(group) || !fits(group)) continue;
      if (checks && group.nodes.some((n) => updates.has(n.results[0]!))) continue;
      combine.push(group);
      take(group);
    }
    ready = [
      ...ready.filter((g) => !work.includes(g)),
      ...fresh.filter((g) => !combine.includes(g)),
      ...finish(combine),
    ];
    launches.push({ work, combine });
  }
  return launches;
}

/** Whether a group only makes single numbers, such as the mean of a loss or the count of steps. */
function isCombine(group: Group): boolean {
  if (group.kind !== "rows" || group.axes.length > 0) return false;
  const flops = group.nodes.reduce((sum, n) => sum + flopsOf(n), 0);
  return secondsOf({ flops, bytes: 0 }) <= combineSeconds;
}

function peakBytes(launches: readonly LaunchGroups[], uses: Uses): number {
  const last = new Map<Value, number>();
  launches.forEach(({ work, combine }, step) => {
    for (const group of [...work, ...combine]) for (const value of uses.reads.get(group)!) last.set(value, step);
  });
  let [alive, peak] = [0, 0];
  const dying: Value[][] = launches.map(() => []);
  for (const [value, step] of last) dying[step]!.push(value);
  launches.forEach(({ work, combine }, step) => {
    for (const group of [...work, ...combine]) alive += uses.written(group);
    peak = Math.max(peak, alive);
    for (const value of dying[step]!) alive -= bytesOf(value);
  });
  return peak;
}
