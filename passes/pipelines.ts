// The order of the passes, and the only place that knows it.
import type { Graph } from "#ir/graph.js";
import { algebra } from "./algebra.js";
import { canonicalize } from "./canonicalize.js";
import { cse } from "./cse.js";
import { dce } from "./dce.js";
import { decompose } from "./decompose.js";
import { foldConstants } from "./fold-constants.js";
import { groupScatters } from "./group-scatters.js";
import { liftInvariants } from "./lift-invariants.js";
import { mergeLoops } from "./merge-loops.js";
import { move } from "./move.js";
import type { Pass } from "./pass.js";
import { pruneLoops } from "./prune-loops.js";
import { splitLoops } from "./split-loops.js";
import { stability } from "./stability.js";
import { winograd } from "./winograd.js";

/** Graph to Graph, after `specialize`. */
export const graphPasses: readonly Pass<Graph>[] = [
  // Before anything makes equal bodies differ.
  mergeLoops,
  pruneLoops,
  // Before decompose, which takes softmax and sigmoid's neighbours apart.
  stability,
  decompose,
  canonicalize,
  algebra,
  foldConstants,
  // After folding, so that numbers are scalars behind a broadcast and let other views pass.
  move,
  // Where contractions are primitive, and their operands views.
  liftInvariants,
  splitLoops,
  pruneLoops,
  // Where gradients are convolutions too, and nobody looks for contractions any more.
  winograd,
  // Views that move have brought together cancel, and numbers that met fold.
  algebra,
  foldConstants,
  // Behind all that knows what a scatter is.
  groupScatters,
  cse,
  dce,
];
