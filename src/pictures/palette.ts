// Colours by role: what a node is for, told from its op's record and its place in the graph, never from its name.
import type { Graph } from "#ir/graph.js";
import { topological } from "#ir/graph.js";
import type { Node, Value } from "#ir/node.js";
import { input, parameter } from "#ir/ops/leaves.js";

/**
 * - `input`, `parameter`, `constant`: what the graph starts from
 * - `forward`: what outputs need
 * - `backward`: what only updates need: gradients
 * - `update`: the next value of a parameter
 * - `output`: what a run returns
 */
export type Role = "input" | "parameter" | "constant" | "forward" | "backward" | "update" | "output";

/** Fill, border and text. */
export interface Paint {
  readonly fill: Color;
  readonly line: Color;
  readonly text: Color;
}
type Color = `#${string}`;

export const paints: Readonly<Record<Role, Paint>> = {
  input: { fill: "#d8e9fb", line: "#2f6fb2", text: "#123a63" },
  parameter: { fill: "#fdebc8", line: "#c98a12", text: "#5e3f04" },
  constant: { fill: "#eef0f2", line: "#9aa3ad", text: "#4a525b" },
  forward: { fill: "#ffffff", line: "#5b6672", text: "#1f2730" },
  backward: { fill: "#f8e6ee", line: "#b0527d", text: "#5a1c3a" },
  update: { fill: "#dff3e0", line: "#3a8f46", text: "#154a1d" },
  output: { fill: "#2f6fb2", line: "#1d4e82", text: "#ffffff" },
};

/** Soft backgrounds for groups of nodes, one after the other. */
export const tints: readonly Color[] = ["#f3f7fc", "#fdf6ea", "#f1f8f1", "#faf1f6", "#f2f5f0", "#f4f2fb", "#eff8f8"];

/** Text that stands back, arrows, lines around groups. */
export const ink = { faint: "#75808c", edge: "#8a949f", frame: "#c3cbd4", title: "#1f2730" } as const;

/** What stands for outputs, text and pictures alike; found on most systems. */
export const fontName = "Helvetica";

/** The role of every node of a graph. */
export function rolesOf(graph: Graph): (node: Node) => Role {
  const outputs: readonly Value[] = [...graph.outputs.values(), ...graph.effects.flatMap((n) => n.results)];
  const forward = new Set(topological(outputs));
  const returned = new Set(outputs.map((value) => value.node));
  const updates = new Set([...graph.updates.values()].map((value) => value.node));
  return (node) => {
    if (node.op === (input as unknown)) return "input";
    if (node.op === (parameter as unknown)) return "parameter";
    if (node.op.lower.kind === "leaf") return "constant";
    if (updates.has(node)) return "update";
    if (returned.has(node)) return "output";
    return forward.has(node) ? "forward" : "backward";
  };
}
