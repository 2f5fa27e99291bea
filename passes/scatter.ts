// What a scatter node says of itself: initial values, and for every source element a destination and a value.
import { InternalError } from "#ir/errors.js";
import { type Expr, indexLocal, type Local } from "#ir/expr.js";
import type { Node } from "#ir/node.js";
import { readerOf } from "#ir/reader.js";
import { ownBounds, shapeOf } from "./element.js";

export interface Scatter {
  /** Axes of the result, in which `init` is written. */
  readonly index: readonly Local[];
  readonly init: Expr;
  /** Axes of the source, in which `put` is written. */
  readonly source: readonly Local[];
  readonly put: { readonly index: readonly Expr[]; readonly value: Expr };
  readonly combine: "add" | "set";
}

const scatters = new WeakMap<Node, Scatter>();

/** The scatter of a node whose lowering is one. */
export function scatterOf(node: Node): Scatter {
  let scatter = scatters.get(node);
  if (!scatter) scatters.set(node, (scatter = read(node)));
  return scatter;
}

function read(node: Node): Scatter {
  const { lower } = node.op;
  if (lower.kind !== "scatter") throw new InternalError(`lower: ${node.op.name} is not a scatter`);
  const k = readerOf(node);
  const index = shapeOf(node.results[0]!).map((extent, axis) => indexLocal(`n${node.id}_${axis}`, extent));
  const source = lower.over(k).map((extent, axis) => indexLocal(`s${node.id}_${axis}`, extent));
  const put = lower.put(source, k);
  const own = (x: Expr) => ownBounds(x, node);
  const owned = { index: put.index.map(own), value: own(put.value) };
  return { index, init: own(lower.init(index, k)), source, put: owned, combine: lower.combine };
}
