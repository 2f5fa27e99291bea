// Writes composite ops (softmax, layer norm, losses) with the ops they are made of.
import type { Graph } from "#ir/graph.js";
import type { Value } from "#ir/node.js";
import type { Pass } from "./pass.js";
import { transform } from "./rewrite.js";

export const decompose: Pass<Graph> = {
  name: "decompose",
  doc: "Every `compose` op becomes its expansion, until only primitive ops are left.",
  run: (graph, note) =>
    transform(
      graph,
      (node) => {
        const { op, operands, attrs } = node;
        if (op.lower.kind !== "compose") return null;
        return { rule: `expand ${op.name}`, values: op.lower.expand(operands, attrs) as readonly Value[] };
      },
      note,
    ),
};
