// `scan` for states whose trees only the caller of a layer knows: its own types follow trees to any depth, that of a tree of
// unknown depth without end.
import { scan, type ScanOptions } from "../loops.js";
import type { TensorTree } from "../tensor-trees.js";

/** `scan`, with types that say nothing of the trees. */
export const scanTrees = scan as (
  step: never,
  init: TensorTree,
  sequences: TensorTree,
  options: ScanOptions,
) => readonly [state: unknown, outputs: unknown];
