// Drops what no root needs. Nodes that nothing reaches are not part of a graph in the first place; what can be left over
// are updates that change nothing and parameters that nothing reads. Inputs stay: they are the graph's signature.
import { rootsOf, topological, type Graph } from "#ir/graph.js";
import type { AnyOp } from "#ir/op.js";
import { parameter } from "#ir/ops/leaves.js";
import type { Pass } from "./pass.js";

const idle = "update w = w → nothing";
const unread = "a parameter that nothing reads or updates → nothing";

export const dce: Pass<Graph> = {
  name: "dce",
  doc: "Updates of a parameter by itself, and parameters that are neither read nor updated, go.",
  rules: [idle, unread],
  run: (graph, note) => {
    const updates = new Map([...graph.updates].filter(([node, value]) => value.node !== node));
    const needed = new Set(topological(rootsOf({ ...graph, updates })).filter((n) => n.op === (parameter as AnyOp)));
    for (const node of updates.keys()) needed.add(node);
    const parameters = graph.parameters.filter((node) => needed.has(node));
    if (updates.size === graph.updates.size && parameters.length === graph.parameters.length) return graph;
    if (updates.size < graph.updates.size) note(idle);
    if (parameters.length < graph.parameters.length) note(unread);
    return { ...graph, updates, parameters };
  },
};
