// The picture of a stage: which frames go around which nodes, what the title says.
import { nodesOf, type Graph } from "#ir/graph.js";
import type { Node } from "#ir/node.js";
import { holds } from "#ir/plan-flow.js";
import type { Group } from "#passes/group.js";
import { inUnits } from "#runtime/device.js";
import type { RootGraphModel } from "ts-graphviz";
import { withCommas } from "../amounts.js";
import { type Frame, graphPicture } from "./graph-picture.js";
import { memoryMap } from "./memory-map.js";
import { rolesOf } from "./palette.js";
import type { Layout } from "./render.js";
import type { StageName, Stages } from "./stages.js";

/** A picture and the engine that lays it out. */
export interface StagePicture {
  readonly picture: RootGraphModel;
  readonly layout: Layout;
}

/** The picture of one stage of a model's training step. */
export function stagePicture(stages: Stages, stage: StageName): StagePicture {
  switch (stage) {
    case "built":
      return graphStage(stages.built, "as declared");
    case "gradient":
      return graphStage(stages.gradient, "with gradients and updates");
    case "optimized":
      return graphStage(stages.optimized, "after the graph passes");
    case "fused":
      return fusedStage(stages);
    case "scheduled":
      return scheduledStage(stages);
    case "buffers":
      return { picture: memoryMap(stages.buffers), layout: "neato" };
  }
}

function graphStage(graph: Graph, what: string): StagePicture {
  const picture = graphPicture(graph, {
    title: `${graph.name}, ${what}`,
    note: nodeCount(graph),
    frameOf: scopeFrames(graph),
  });
  return { picture, layout: "dot" };
}

function fusedStage({ fused }: Stages): StagePicture {
  const frames = new Map<Node, Frame>();
  fused.groups.forEach((group, i) => {
    for (const node of group.nodes) frames.set(node, groupFrame(group, `g${i}`, `group ${i}`));
  });
  const picture = graphPicture(fused.graph, {
    title: `${fused.graph.name}, fused`,
    note: `${nodeCount(fused.graph)} in ${fused.groups.length} groups; dashed ones are views, which cost nothing`,
    frameOf: (node) => frames.get(node),
    repeated: (node) => !frames.has(node),
  });
  return { picture, layout: "dot" };
}

function scheduledStage({ scheduled, buffers }: Stages): StagePicture {
  const { graph } = scheduled.fused;
  const frames = new Map<Node, Frame>();
  // What is inside loops and branches was numbered in graphs of its own.
  const outside = buffers.steps.filter((_, i) => !buffers.regions.some((r) => holds(r, i))).map(({ kernel }) => kernel);
  scheduled.launches.forEach(({ work, combine }, i) => {
    const [first] = work[0]?.nodes ?? [];
    const kernel = outside.find((k) => first !== undefined && k.nodes.includes(first.id));
    const cost = kernel ? `${withCommas(kernel.flops)} flops, ${inUnits(kernel.bytes)}` : "several launches";
    const launch: Frame = { key: `l${i}`, title: `launch ${i + 1}`, note: cost };
    const groups = [...work, ...combine];
    groups.forEach((group, g) => {
      const title = combine.includes(group) ? "combine" : `side ${g + 1}`;
      const frame = groups.length === 1 ? launch : { ...groupFrame(group, `l${i}g${g}`, title), inside: launch };
      for (const node of group.nodes) frames.set(node, frame);
    });
  });
  const picture = graphPicture(graph, {
    title: `${graph.name}, scheduled`,
    note: `${scheduled.launches.length} launches, in the order of their numbers`,
    frameOf: (node) => frames.get(node),
    repeated: (node) => !frames.has(node),
  });
  return { picture, layout: "dot" };
}

function groupFrame(group: Group, key: string, title: string): Frame {
  const axes = group.axes.length > 0 ? `parallel over ${group.axes.join(" × ")}` : "one point";
  return { key, title, note: `${group.kind}, ${axes}` };
}

/** Frames of name scopes; nested scopes are nested frames. What only updates need has frames of its own. */
function scopeFrames(graph: Graph): (node: Node) => Frame | undefined {
  const roleOf = rolesOf(graph);
  const scopesOf = (node: Node) => [...new Set(graph.builder.originsOf(node).map((origin) => origin.scope))];
  // The optimiser's own arithmetic is no gradient of anything.
  const optimizing = new Set([...graph.updates.values()].flatMap((value) => scopesOf(value.node)));
  return (node) => {
    const [scope, ...others] = scopesOf(node);
    if (!scope || others.length > 0) return undefined;
    const kind = roleOf(node) === "backward" && !optimizing.has(scope) ? " gradient" : "";
    let frame: Frame | undefined;
    scope.split("/").forEach((title, i, parts) => {
      const key = parts.slice(0, i + 1).join("/") + kind;
      frame = { key, title: title + (i === 0 ? kind : ""), inside: frame };
    });
    return frame;
  };
}

function nodeCount(graph: Graph): string {
  const count = nodesOf(graph).length;
  return `${count} node${count === 1 ? "" : "s"}`;
}
