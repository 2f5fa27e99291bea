// From a declared graph to a Plan: every pass in order, every intermediate form shown to whoever watches.
import { type Graph, mapRoots } from "#ir/graph.js";
import type { Node, Value } from "#ir/node.js";
import { reshape } from "#ir/ops/index.js";
import type { Failure, Plan } from "#ir/plan.js";
import type { SizeBinding } from "#ir/size.js";
import { verifyGraph } from "#ir/verify-graph.js";
import { verifyKernel } from "#ir/verify-kernel.js";
import { verifyPlan } from "#ir/verify-plan.js";
import { fuse } from "./fuse.js";
import type { FusedGraph } from "./group.js";
import type { FailureTable, Layouts } from "./kernel-buffers.js";
import { KernelBuffers } from "./kernel-buffers.js";
import { inside } from "./inside.js";
import { lowerLaunches } from "./lower-control.js";
import { withoutOuterViews, withShapesOf } from "./outer-views.js";
import { type Observer, type Pass, runPass, runPasses, verifiesByDefault } from "./pass.js";
import { graphPasses } from "./pipelines.js";
import { planMemory } from "./plan-memory.js";
import { rematerialize, type RematerializeOptions } from "./rematerialize.js";
import { transform } from "./rewrite.js";
import type { Schedules } from "./contraction-schedules.js";
import { schedule } from "./schedule.js";
import { specialize } from "./specialize.js";

export interface CompileOptions {
  /** What named sizes stand for. */
  readonly sizes?: SizeBinding;
  readonly observe?: Observer;
  /** Whether to check every invariant after every pass; always in tests. */
  readonly verify?: boolean;
  /** Graph passes to run instead of all: to see what each brings. Composites are always decomposed. */
  readonly passes?: readonly Pass<Graph>[];
  /** False: a kernel for every node. */
  readonly fuse?: boolean;
  /** Eager: inputs, then outputs, are addresses given at the call. */
  readonly arguments?: boolean;
  /** Strides, in elements, of inputs that are not stored in row-major order. */
  readonly layouts?: Layouts;
  /** Computes again what would be kept long. */
  readonly rematerialize?: RematerializeOptions;
  /** Choose how each contraction is computed, in place of the usual schedules. */
  readonly schedules?: Partial<Schedules>;
}

/** The plan of a graph. Throws GraphErrors for the user's mistakes and InternalErrors that name the pass for ours. */
export function compileGraph(graph: Graph, options: CompileOptions = {}): Plan {
  const { observe, layouts = new Map() } = options;
  const verify = options.verify ?? verifiesByDefault();
  const checkGraph = verify ? { verify: (g: Graph) => verifyGraph(g) } : {};
  const concrete = options.arguments
    ? graph
    : runPass(graph, specialize(options.sizes ?? {}), { observe, ...checkGraph });
  const optimized = runPasses(concrete, (options.passes ?? graphPasses).map(inside), { observe, ...checkGraph });
  const ready = options.arguments ? mapRoots(withDenseOperands(optimized, layouts), copyOfLeaf) : optimized;
  const chosen = options.rematerialize
    ? runPass(ready, rematerialize(options.rematerialize, planned), { observe, ...checkGraph })
    : ready;
  return runPass(chosen, toPlan({ ...options, layouts }), { observe, verify: verify ? checkPlan : undefined });

  function planned(candidate: Graph): number {
    return toPlan({ ...options, observe: undefined, layouts }).run(candidate, () => {}).memory.planned;
  }
}

/** A result that is an operand as it stands still needs a kernel that copies it to where the caller wants it. */
function copyOfLeaf(value: Value): Value {
  if (value.node.op.lower.kind !== "leaf") return value;
  return value.owner.apply(reshape, [value], { shape: value.type.shape })[0] as Value;
}

/** Loops and branches read their operands as they lie in memory, so that those of other strides are copied. */
function withDenseOperands(graph: Graph, layouts: Layouts): Graph {
  if (!graph.builder.hasControl || layouts.size === 0) return graph;
  const dense = (x: Value): Value => {
    return layouts.has(x.node) ? (graph.builder.apply(reshape, [x], { shape: x.type.shape })[0]! as Value) : x;
  };
  return transform(graph, (node) => {
    if (node.op.lower.kind !== "control" || !node.operands.some((x) => layouts.has(x.node))) return null;
    const values = graph.builder.apply(node.op, node.operands.map(dense), node.attrs); // prettier-ignore
    return { rule: "", values };
  });
}

/** The passes below the Graph IR, each shown to the observer like the others. */
function toPlan(options: CompileOptions & { layouts: Layouts }): Pass<Graph, Plan> {
  const { observe } = options;
  return {
    name: "plan",
    doc: "Optimised graph → plan, by way of fusion, scheduling and lowering.",
    run: (declared) => {
      const graph = withoutOuterViews(declared, options.arguments ?? false);
      const failures = new Failures();
      const fused = runPass(graph, fusing(options), { observe });
      const scheduled = runPass(fused, scheduling, { observe });
      const lowering: Pass<typeof scheduled, ReturnType<typeof lowerLaunches>> = {
        name: "lower",
        doc: "Groups → kernels: loop nests, register tiles, checks.",
        run: (ordered) => lowerLaunches(ordered, { ...options, failures, numbers: { next: 0 } }),
      };
      const launches = runPass(scheduled, lowering, { observe });
      const planning: Pass<typeof launches, Plan> = {
        name: "plan-memory",
        doc: "Values → buffers with places.",
        run: () => {
          const plan = planMemory(graph, fused.inPlace, launches, failures, planOptions(options, graph));
          return withShapesOf(declared, plan);
        },
      };
      return runPass(launches, planning, { observe });
    },
  };
}

const fusing = (options: CompileOptions): Pass<Graph, FusedGraph> => ({
  name: "fuse",
  doc: "Nodes → groups that are computed together.",
  run: (graph) => fuse(graph, options),
});

const scheduling: Pass<FusedGraph, ReturnType<typeof schedule>> = {
  name: "schedule",
  doc: "Groups → launches in the order with the least peak memory.",
  run: schedule,
};

function planOptions(options: CompileOptions & { layouts: Layouts }, graph: Graph) {
  const buffers = new KernelBuffers(options.layouts, new Failures());
  const lengths = new Map(graph.inputs.map((n) => [n, buffers.lengthOf(n.results[0]!)]));
  return { arguments: options.arguments ?? false, lengths };
}

function checkPlan(plan: Plan): void {
  for (const { kernel } of plan.steps) verifyKernel(kernel);
  verifyPlan(plan);
}

/** Messages of the checks of a plan; equal ones are one entry. */
class Failures implements FailureTable {
  readonly list: Failure[] = [];

  add(node: Node, message: string): number {
    const known = this.list.findIndex((f) => f.message === message);
    if (known >= 0) return known;
    const { owner } = node.results[0]!;
    return (
      this.list.push({
        message,
        // Formatting stacks is slow, so it waits until the check fails.
        get origins() {
          return "originsOf" in owner ? (owner as { originsOf(n: Node): Failure["origins"] }).originsOf(node) : [];
        },
      }) - 1
    );
  }
}
