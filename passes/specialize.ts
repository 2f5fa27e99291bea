// Puts numbers in the place of named sizes. The specialised graph has a builder of its own, so that what the passes after
// this one add dies with the executable and leaves the user's graph as it was.
import type { Builder } from "#ir/builder.js";
import { GraphCopier } from "#ir/copy-graph.js";
import type { DType } from "#ir/dtype.js";
import { GraphError, placeError } from "#ir/errors.js";
import { operandName } from "#ir/define-op.js";
import { isGraph, nodesOf, type Graph } from "#ir/graph.js";
import type { Attr, Attrs, Node, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { constant, size } from "#ir/ops/leaves.js";
import { evaluateSize, namesIn, printSize, type SizeBinding, type SizeExpr } from "#ir/size.js";
import { printType } from "#ir/type.js";
import type { Pass } from "./pass.js";

/**
 * The pass for one binding of named sizes. `run` throws GraphErrors where a name is not bound to a size, and ShapeErrors,
 * placed at the user's line, where sizes that were not provably unequal turn out to be.
 */
export function specialize(binding: SizeBinding): Pass<Graph> {
  return {
    name: "specialize",
    doc: "Named sizes become numbers, in a new builder; `size` becomes a constant.",
    run: (graph) => specialized(graph, binding),
  };
}

/** Every named size that occurs in a graph, in the order of first use. */
export function namedSizesOf(graph: Graph): readonly string[] {
  const names = new Set<string>();
  for (const node of nodesOf(graph)) {
    for (const value of node.results) for (const s of value.type.shape) for (const name of namesIn(s)) names.add(name);
    collectNames(node.attrs, names);
  }
  return [...names];
}

function specialized(graph: Graph, binding: SizeBinding): Graph {
  const names = namedSizesOf(graph);
  for (const name of names) checkBound(name, binding[name]);
  // Where no size has a name, only loops and branches have attributes to look through: their graphs.
  const isFixed = names.length === 0 && !graph.builder.hasControl;
  const copier: GraphCopier = new GraphCopier((node, operands, builder) =>
    copy(node, operands, isFixed ? node.attrs : (numbered(node.attrs, binding, copier) as Attrs), builder),
  );
  return copier.copy(graph);
}

function checkBound(name: string, value: number | undefined): void {
  if (value === undefined) throw new GraphError(`specialize: the size "${name}" is not bound to a number`);
  if (Number.isInteger(value) && value >= 0) return;
  throw new GraphError(`specialize: "${name}" is bound to ${value}, which is no size`);
}

function copy(node: Node, operands: readonly Value[], attrs: Attrs, builder: Builder): readonly Value[] {
  if (node.op === (size as AnyOp)) {
    const { size: value, dtype } = attrs as { size: number; dtype: DType };
    return builder.apply(constant as AnyOp, [], { value, dtype, shape: [] });
  }
  try {
    return builder.apply(node.op, operands, attrs);
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    const shown = node.operands.map((value, i) => ({
      name: operandName(node.op, i),
      type: printType(operands[i]!.type),
      from: printType(value.type),
    }));
    const [origin] = (node.results[0]!.owner as Builder).originsOf(node);
    throw placeError(error, node.op.name, shown, origin ?? null);
  }
}

/** The attribute with every named size evaluated, at any depth; the same object where it has none. */
function numbered(attr: Attr, binding: SizeBinding, copier: GraphCopier): Attr {
  if (typeof attr !== "object" || attr === null || ArrayBuffer.isView(attr)) return attr;
  if (Array.isArray(attr)) return attr.some(holdsSize) ? attr.map((x: Attr) => numbered(x, binding, copier)) : attr;
  if (isGraph(attr)) return copier.copy(attr);
  const record = attr as { readonly [key: string]: Attr };
  if (record.kind === "parameter") return attr;
  if (record.kind === "size") return checkedSize(attr as SizeExpr, binding);
  if (!holdsSize(record) && !Object.values(record).some(isGraph)) return attr;
  return Object.fromEntries(Object.entries(record).map(([key, x]) => [key, numbered(x, binding, copier)]));
}

function checkedSize(of: SizeExpr, binding: SizeBinding): number {
  const value = evaluateSize(of, binding);
  if (Number.isInteger(value)) return value;
  throw new GraphError(`specialize: the size ${printSize(of)} is ${value}`);
}

function holdsSize(attr: Attr): boolean {
  const names = new Set<string>();
  collectNames(attr, names);
  return names.size > 0;
}

function collectNames(attr: Attr, into: Set<string>): void {
  if (typeof attr !== "object" || attr === null || ArrayBuffer.isView(attr)) return;
  if (isGraph(attr)) {
    for (const name of namedSizesOf(attr)) into.add(name);
    return;
  }
  const record = attr as { readonly [key: string]: Attr };
  if (record.kind === "parameter") return;
  if (record.kind === "size") for (const name of namesIn(attr as SizeExpr)) into.add(name);
  else for (const x of Object.values(record)) collectNames(x, into);
}
