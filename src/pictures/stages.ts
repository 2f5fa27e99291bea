// Every intermediate form of a training step, from what was declared to the plan, with the time of each pass.
import type { Graph } from "#ir/graph.js";
import type { Plan } from "#ir/plan.js";
import type { SizeBinding } from "#ir/size.js";
import { compileGraph } from "#passes/compile.js";
import type { FusedGraph } from "#passes/group.js";
import type { Schedule } from "#passes/schedule.js";

/** The stages that pictures and dumps can show, in order. */
export const stageNames = ["built", "gradient", "optimized", "fused", "scheduled", "buffers"] as const;
export type StageName = (typeof stageNames)[number];

/** One pass of one compilation. */
export interface PassRecord {
  readonly name: string;
  /** 1 for the outermost pass, 2 for those it runs, … */
  readonly depth: number;
  readonly ms: number;
  /** The rules that were applied, with how often. */
  readonly rules: ReadonlyMap<string, number>;
  /** What came out: a graph, a fused graph, a schedule, kernels, a plan. */
  readonly ir: unknown;
}

export interface Stages {
  /** What was declared: losses and outputs, without gradients. */
  readonly built: Graph;
  /** With gradients and updates, before any pass. */
  readonly gradient: Graph;
  readonly optimized: Graph;
  readonly fused: FusedGraph;
  readonly scheduled: Schedule;
  readonly buffers: Plan;
  /** In the order in which they ended. */
  readonly passes: readonly PassRecord[];
}

/** Compiles `gradient` for a binding of its named sizes, keeping every form on the way. Throws as `compileGraph` does. */
export function stagesOf(built: Graph, gradient: Graph, sizes: SizeBinding): Stages {
  const passes: PassRecord[] = [];
  const open: Map<string, number>[] = [];
  let [optimized, fused, scheduled]: [Graph, FusedGraph | null, Schedule | null] = [gradient, null, null];
  const buffers = compileGraph(gradient, {
    sizes,
    observe: {
      before: (pass, ir) => {
        open.push(new Map());
        // What fusion is given is what the graph passes have made.
        if (pass === "fuse") optimized = ir as Graph;
      },
      rule: (_, rule) => {
        const counts = open.at(-1)!;
        counts.set(rule, (counts.get(rule) ?? 0) + 1);
      },
      after: (pass, ir, ms) => {
        const depth = open.length;
        passes.push({ name: pass, depth, ms, rules: open.pop()!, ir });
        if (pass === "fuse") fused = ir as FusedGraph;
        if (pass === "schedule") scheduled = ir as Schedule;
      },
    },
  });
  return { built, gradient, optimized, fused: fused!, scheduled: scheduled!, buffers, passes };
}
