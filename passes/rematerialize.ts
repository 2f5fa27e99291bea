// Rematerialisation: values of the forward part that the backward part reads much later are computed again in place of being
// kept, so that a training step needs less memory and more time. On request, and last of the graph passes: no pass behind it
// may take the values that are computed twice for one.
//
// It works on the launches as they would run, splits them where the most bytes wait to be read (recompute/timeline.ts), and
// chooses among √n segments and the like (recompute/segments.ts) and minimum cuts (recompute/min-cut.ts); within a budget
// the one that computes the least again, measured by planning it.
import { MemoryError } from "#ir/errors.js";
import { type Graph, nodesOf } from "#ir/graph.js";
import type { AnyOp } from "#ir/op.js";
import { after } from "#ir/ops/ordering.js";
import { fuse } from "./fuse.js";
import type { Pass } from "./pass.js";
import { allCuts, allSegments, type Candidate, leastOf, usualByCut, usualBySegments } from "./recompute/candidates.js";
import { schedule } from "./schedule.js";

/**
 * - `segments`: the forward part falls into segments; only what crosses their borders is kept. At most one more forward.
 * - `min-cut`: what is cheap, element by element, is computed again, so that the fewest bytes are kept.
 */
export type RecomputeMethod = "segments" | "min-cut";

export interface RematerializeOptions {
  /**
   * The most bytes that inputs, outputs and all between may take, parameters and constants not counted: what
   * `plan.memory.planned` says. Where nothing is said, √n segments, or the cut that needs the least.
   */
  readonly budget?: number;
  /** Where nothing is said: segments without a budget; with one, both, also together. */
  readonly method?: RecomputeMethod;
}

/** The bytes that a plan of the graph needs. */
export type MeasureBytes = (graph: Graph) => number;

/**
 * The pass; where there is a budget it needs `measure`. Throws a MemoryError where no way of recomputing meets the budget,
 * which says the least that was reached. A graph that was rematerialised before stays as it is.
 */
export function rematerialize(options: RematerializeOptions = {}, measure?: MeasureBytes): Pass<Graph> {
  const { budget, method } = options;
  return {
    name: "rematerialize",
    doc: "Values that wait long for a reader are computed again in place of being kept: √n segments, or within a budget.",
    run: (graph) => {
      if (nodesOf(graph).some((node) => node.op === (after as AnyOp))) return graph;
      if (budget !== undefined) return within(graph, budget, method, measure!);
      return (method === "min-cut" ? usualByCut(graph) : usualBySegments(graph))?.graph ?? graph;
    },
  };
}

/** The graph that computes least again of those whose plan fits the budget. */
function within(graph: Graph, budget: number, method: RecomputeMethod | undefined, measure: MeasureBytes): Graph {
  const whole = measure(graph);
  if (whole <= budget) return graph;
  const candidates = [...candidatesOf(graph, method)].sort((a, b) => a.work - b.work || a.peak - b.peak);
  // What the scheduler counts leaves out feeds and results that share memory; both about in proportion.
  const share = whole / schedule(fuse(graph)).peak;
  const hopeful = 1.15 * Math.max(budget, share * (leastOf(candidates)?.peak ?? 0));
  let least = whole;
  for (const { graph: found, peak } of candidates) {
    if (share * peak > hopeful) continue;
    const planned = measure(found);
    if (planned <= budget) return found;
    least = Math.min(least, planned);
  }
  throw new MemoryError(
    `rematerialize: the budget is ${inBytes(budget)}, but ${graph.name} needs at least ${inBytes(least)} beside its parameters`,
    { help: `a budget of ${least} bytes or more` },
  );
}

/** Everything that a budget may choose from. */
function candidatesOf(graph: Graph, method: RecomputeMethod | undefined): readonly Candidate[] {
  if (method === "segments") return allSegments(graph);
  const cuts = allCuts(graph);
  if (method === "min-cut") return cuts.flat();
  // Segments of what a minimum cut keeps need the least, and compute some of it three times.
  const both = cuts.flatMap((list) => {
    const least = leastOf(list);
    return least ? allSegments(least.graph).map((one) => ({ ...one, work: one.work + least.work })) : [];
  });
  return [...cuts.flat(), ...allSegments(graph), ...both];
}

const inBytes = (n: number): string => `${n.toLocaleString("en")} bytes`;
