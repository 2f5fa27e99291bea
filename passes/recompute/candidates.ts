// Ways to recompute a graph: by segments, by minimum cuts, and by both, each with what it costs and what it saves.
import type { Graph } from "#ir/graph.js";
import type { Node } from "#ir/node.js";
import { fuse } from "../fuse.js";
import { schedule } from "../schedule.js";
import { minCut } from "./min-cut.js";
import { rebuild } from "./rebuild.js";
import { type Recomputation, regionsOf } from "./regions.js";
import { bordersOf, crossing, usualSegments } from "./segments.js";
import { type Grain, type Timeline, timelineOf } from "./timeline.js";

/** Borders inside kernels take these apart, which must save something. */
const muchLess = 0.9;

/** A graph that recomputes. */
export interface Candidate {
  readonly graph: Graph;
  /** Element operations that are done twice. */
  readonly work: number;
  /** The most bytes alive at once, as the scheduler counts: near to what a plan needs. */
  readonly peak: number;
}

/** About √n segments; null where they do not need less. */
export function usualBySegments(graph: Graph): Candidate | null {
  return chosenGrain(graph)?.usual ?? null;
}

/** The candidate that needs the least memory; null where there is none. */
export function leastOf(candidates: readonly Candidate[]): Candidate | null {
  return candidates.reduce<Candidate | null>((best, one) => (!best || one.peak < best.peak ? one : best), null);
}

/** The minimum cut that needs the least, between kernels unless inside them much less is kept; null where none needs less. */
export function usualByCut(graph: Graph): Candidate | null {
  const [between = null, inside = null] = allCuts(graph).map(leastOf);
  return between && !(inside && inside.peak < muchLess * between.peak) ? between : inside;
}

/**
 * Minimum cuts, those between kernels and those inside them; a long chain of cheap nodes is better not computed again at one
 * go, so segments bound some of them.
 */
export function allCuts(graph: Graph): readonly (readonly Candidate[])[] {
  return timelinesOf(graph).map((timeline) => {
    const candidates = new Candidates(timeline);
    for (const n of [1, usualSegments(timeline), timeline.needed.length]) {
      candidates.add(regionsOf(timeline, minCut(timeline, crossing(timeline, bordersOf(timeline, n)))));
    }
    return candidates.list;
  });
}

/** From 2 segments to one for every needed result, each number twice the one before. */
export function allSegments(graph: Graph): readonly Candidate[] {
  const { timeline } = chosenGrain(graph) ?? {};
  if (!timeline) return [];
  const candidates = new Candidates(timeline);
  candidates.add(bySegments(timeline, usualSegments(timeline)));
  for (let n = 2; n <= timeline.needed.length; n *= 2) candidates.add(bySegments(timeline, n));
  return candidates.list;
}

interface Chosen {
  readonly timeline: Timeline;
  /** About √n segments. */
  readonly usual: Candidate | null;
}

/** Borders fall between launches, unless √n segments that end inside them keep much less; null where nothing is kept. */
function chosenGrain(graph: Graph): Chosen | null {
  const [between, inside] = timelinesOf(graph).map((timeline): Chosen => {
    const candidates = new Candidates(timeline);
    candidates.add(bySegments(timeline, usualSegments(timeline)));
    return { timeline, usual: candidates.list[0] ?? null };
  });
  if (!inside) return between ?? null;
  const much = (inside.usual?.peak ?? Infinity) < muchLess * (between!.usual?.peak ?? between!.timeline.peak);
  return much ? inside : between!;
}

function timelinesOf(graph: Graph): readonly Timeline[] {
  const scheduled = schedule(fuse(graph));
  const grains: readonly Grain[] = ["launch", "node"];
  return grains.flatMap((grain) => timelineOf(scheduled, grain) ?? []);
}

/** Keeps what crosses the borders, and all of the last segment, which is needed first. */
function bySegments(timeline: Timeline, segments: number): Recomputation {
  const borders = bordersOf(timeline, segments);
  const end = Math.max(-1, ...borders);
  const kept = new Set<Node>(crossing(timeline, borders));
  for (const node of timeline.needed) if (timeline.step.get(node)! > end) kept.add(node);
  return regionsOf(timeline, kept);
}

/** Candidates that differ and that need less memory than the graph as it is. */
class Candidates {
  readonly list: Candidate[] = [];
  readonly #seen = new Set<string>();
  constructor(readonly timeline: Timeline) {}

  add({ regions, work }: Recomputation): void {
    const key = regions.map(({ nodes, waitsFor }) => [waitsFor.id, ...nodes.map((node) => node.id)].join()).join(";");
    if (key === "" || this.#seen.has(key)) return;
    this.#seen.add(key);
    const graph = rebuild(this.timeline, regions);
    const { peak } = schedule(fuse(graph));
    if (peak < this.timeline.peak) this.list.push({ graph, work, peak });
  }
}
