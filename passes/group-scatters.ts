// Rows added up by their destination. A scatter of rows runs through its source one row after the other, and leaves a whole
// table behind that others read again. Where the table has many rows it is turned around: the places of every row are
// found first, and then each row adds up what belongs to it, beside the others and with what is made of it (an
// optimiser's update), so that the gradient of an embedding never lies in memory.
import { secondsOf } from "#ir/cost.js";
import { itemSize } from "#ir/dtype.js";
import type { Graph } from "#ir/graph.js";
import type { Node, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { addGroups, groupIndices } from "#ir/ops/grouping.js";
import { reshape } from "#ir/ops/movement.js";
import { scatterAdd } from "#ir/ops/scattering.js";
import { subjectOf } from "#ir/subject.js";
import { countOf, shapeOf } from "./element.js";
import type { Pass } from "./pass.js";
import { type Replacement, transform } from "./rewrite.js";

const rule = "scatterAdd x i u → addGroups x (groupIndices i) u";

export const groupScatters: Pass<Graph> = {
  name: "group-scatters",
  doc: "Scattered additions of rows to large tables are grouped by destination.",
  rules: [rule],
  run: (graph, note) => transform(graph, grouped, note),
};

/** Seconds that grouping takes, measured: for each row of the table, each row that is added, and each byte of one. */
const grouping = { row: 12e-9, place: 20e-9, byte: 0.1e-9 };

/** Whether finding the places takes less than writing the table and reading it again. */
function pays(x: Value, updates: Value): boolean {
  const columns = shapeOf(x).at(-1)!;
  const bytes = columns * itemSize(x.type.dtype);
  const [rows, places] = [countOf(x) / columns, countOf(updates) / columns];
  const table = secondsOf({ flops: 0, bytes: 2 * rows * bytes });
  return rows * grouping.row + places * (grouping.place + bytes * grouping.byte) < table;
}

function grouped(node: Node): Replacement | null {
  if (node.op !== (scatterAdd as AnyOp)) return null;
  const [x, indices, updates] = node.operands as [Value, Value, Value];
  const { axis } = node.attrs as { axis: number };
  const [depth, places] = [shapeOf(x)[axis]!, countOf(indices)];
  // Along the last axis a row would be one number.
  if (axis === shapeOf(x).length - 1 || countOf(x) === 0 || places === 0 || !pays(x, updates)) return null;
  const { op, noun } = subjectOf(node);
  const apply = (other: AnyOp, operands: readonly Value[], attrs: Node["attrs"]) =>
    x.owner.apply(other, operands, attrs)[0] as Value;
  const groups = apply(groupIndices as AnyOp, [indices], { depth, what: `${op}: ${noun}` });
  const shape = shapeOf(x).with(axis, places);
  const rows = shapeOf(indices).length === 1 ? updates : (reshape(updates, shape) as Value);
  return { rule, values: [apply(addGroups as AnyOp, [x, groups, rows], { axis })] };
}
