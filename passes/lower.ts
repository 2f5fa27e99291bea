// Lowering: a launch of groups becomes a kernel.
import { InternalError } from "#ir/errors.js";
import type { Kernel, Space } from "#ir/kernel.js";
import type { Node, Value } from "#ir/node.js";
import { costOfLaunch } from "./cost.js";
import type { FusedGraph, Group } from "./group.js";
import { hoistUniform } from "./hoist-uniform.js";
import { type FailureTable, KernelBuffers, type Layouts } from "./kernel-buffers.js";
import { lowerContraction } from "./lower-contraction.js";
import { lowerRoutine } from "./lower-routine.js";
import { lowerRows } from "./lower-rows.js";
import { lowerScatter } from "./lower-scatter.js";
import type { LaunchGroups } from "./schedule.js";
import { type Schedules, usualSchedules } from "./contraction-schedules.js";
import { splitReductions } from "./split-reductions.js";

/** A kernel and the values that its buffers hold, in the same order. */
export interface LoweredLaunch {
  readonly kernel: Kernel;
  readonly values: readonly Value[];
}

/** The kernel of a launch; its nodes are numbered from `first` on. */
export function lower(
  launch: LaunchGroups,
  fused: FusedGraph,
  layouts: Layouts,
  failures: FailureTable,
  chosen: Partial<Schedules> = {},
  first = 0,
): LoweredLaunch {
  const buffers = new KernelBuffers(layouts, failures);
  const { products, windows } = { ...usualSchedules, ...chosen };
  const schedules: Schedules = {
    products: (facts, node) => products(facts, first + node),
    windows: (facts, node) => windows(facts, first + node),
  };
  const escapes = (node: Node) => fused.escaping.has(node.results[0]!);
  // A group may need a second stage of its own, to combine partial results.
  const context: Context = { escapes, buffers, schedules, inPlace: fused.inPlace };
  const work = launch.work.map((group) => stagesOf(group, context));
  const combine = launch.combine.flatMap((group) => spacesOf(group, context));
  const stages = [work.flatMap(([first]) => first!), work.flatMap(([, second]) => second ?? []), combine].filter(
    (spaces) => spaces.length > 0,
  );
  const nodes = [...launch.work, ...launch.combine].flatMap((g) => g.nodes);
  const kernelBuffers = buffers.buffers();
  const readOnly = new Set(kernelBuffers.filter((b) => b.access === "read").map((b) => b.name));
  const kernel: Kernel = {
    name: nameOf(nodes),
    buffers: kernelBuffers,
    stages: stages.map((spaces) => spaces.map((space) => hoistUniform(space, readOnly))),
    ...costOfLaunch(nodes, kernelBuffers, buffers.values),
    ops: nodes.map((n) => n.op.name),
    nodes: nodes.map((n) => first + n.id),
  };
  return { kernel, values: buffers.values };
}

interface Context {
  readonly escapes: (node: Node) => boolean;
  readonly buffers: KernelBuffers;
  readonly schedules: Schedules;
  readonly inPlace: FusedGraph["inPlace"];
}

function stagesOf(group: Group, context: Context): readonly (readonly Space[])[] {
  const spaces = spacesOf(group, context);
  if (group.kind !== "rows") return [spaces];
  return splitReductions(spaces[0]!, context.buffers, group.nodes[0]!).map((space) => [space]);
}

function spacesOf(group: Group, { escapes, buffers, schedules, inPlace }: Context): readonly Space[] {
  switch (group.kind) {
    case "rows":
      return [lowerRows(group, escapes, buffers)];
    case "contraction":
      return lowerContraction(group, escapes, buffers, schedules);
    case "scatter":
      return [lowerScatter(group.nodes[0]!, buffers)];
    case "routine":
      return [lowerRoutine(group, escapes, buffers, inPlace)];
    case "control":
      throw new InternalError("lower: a loop or a branch is no kernel");
  }
}

/** The names of the first ops, enough to recognise the kernel by. */
function nameOf(nodes: readonly Node[]): string {
  const names = [...new Set(nodes.map((n) => n.op.name))];
  return names.length > 4 ? `${names.slice(0, 4).join("_")}_and_${names.length - 4}_more` : names.join("_");
}
