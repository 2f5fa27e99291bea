// Computes at compile time what depends on constants alone, by the reference interpreter. What would only grow (a
// broadcast of a constant, an iota) stays as it is: kernels compute it where they need it.
import type { Builder } from "#ir/builder.js";
import { zeros, type DType, type TypedArray } from "#ir/dtype.js";
import { RunError } from "#ir/errors.js";
import type { Graph } from "#ir/graph.js";
import type { Node, Operand, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { constant } from "#ir/ops/leaves.js";
import { broadcast } from "#ir/ops/movement.js";
import { evaluateNode } from "#ir/reference.js";
import { isConcrete } from "#ir/type.js";
import { countOf, elementOf } from "./element.js";
import type { Pass } from "./pass.js";
import { routineWork } from "./routine.js";
import { transform, type Replacement } from "./rewrite.js";

/** The most elements that a folded constant may have. */
const maxElements = 64 * 1024;
/** The most element evaluations spent on one node. */
const maxWork = 1 << 20;

const compute = "f(constants) → constant";
const uniform = "a constant of equal numbers → broadcast of the number";

export const foldConstants: Pass<Graph> = {
  name: "fold-constants",
  doc: `What depends on constants alone is computed, up to ${maxElements} elements; equal elements become one number.`,
  rules: [compute, uniform],
  run: (graph, note) => {
    const effects = new Set(graph.effects);
    return transform(graph, (node) => (effects.has(node) ? null : fold(node)), note, settled);
  },
};

/** The numbers of values that are constant, and nodes that need not be looked at again: the pass runs twice. */
const known = new WeakMap<Value, () => TypedArray>();
const settled = new WeakSet<Node>();

function fold(node: Node): Replacement | null {
  const { op, operands, results } = node;
  const [result] = results;
  if (results.length !== 1 || !isConcrete(result!.type) || countOf(result!) > maxElements) return null;
  if (op === (constant as AnyOp)) return foldLeaf(node);
  if (op.lower.kind === "leaf" || !operands.every((value) => known.has(value))) return null;
  const data = () => evaluateNode(node, operands.map((value) => known.get(value)!()))[0]!; // prettier-ignore
  if (growsOnly(node)) {
    known.set(result!, data);
    return null;
  }
  if (workOf(node) > maxWork) return null;
  try {
    return { rule: compute, values: [constantOf(result!, data())] };
  } catch (error) {
    // An index out of range stops the run, not the compilation.
    if (error instanceof RunError) return null;
    throw error;
  }
}

/** Notes a constant's numbers; an array of equal ones, or of one, becomes a number. */
function foldLeaf(node: Node): Replacement | null {
  const { value, dtype } = node.attrs as { value: number | TypedArray; dtype: DType };
  const [result] = node.results;
  known.set(result!, () => (typeof value === "number" ? zeros(dtype, countOf(result!)).fill(value) : value));
  if (typeof value === "number" && result!.type.shape.length === 0) return null;
  if (typeof value !== "number" && !allEqual(value)) return null;
  return { rule: uniform, values: [constantOf(result!, known.get(result!)!())] };
}

/** The constant with these elements: a number, the broadcast of a number, or an array. */
function constantOf({ type, owner }: Value, data: TypedArray): Value {
  const { dtype, shape } = type;
  const make = (attrs: { value: number | TypedArray; shape: readonly number[] }): Value =>
    (owner as Builder).apply(constant as AnyOp, [], { ...attrs, dtype })[0]!;
  if (!allEqual(data)) return make({ value: data, shape: shape as readonly number[] });
  const number: Operand = make({ value: data[0]!, shape: [] });
  return (shape.length === 0 ? number : broadcast(number, shape)) as Value;
}

/** Whether there is an element, and all others are the same number. */
function allEqual(data: TypedArray): boolean {
  return data.length > 0 && data.every((x) => Object.is(x, data[0]));
}

/** Whether a node computes nothing, and its result would take more room than what it is made of. */
function growsOnly(node: Node): boolean {
  if (node.op.lower.kind !== "compute") return false;
  const { role } = elementOf(node);
  const [[from], to] = [node.operands, countOf(node.results[0]!)];
  if (!from) return role === "free" && to > 1;
  const repeatsNumber = node.op === (broadcast as AnyOp) && from.type.shape.length === 0;
  return repeatsNumber || (role === "view" && to > countOf(from));
}

/** Element evaluations that the reference spends on a node, about. */
function workOf(node: Node): number {
  if (node.op.lower.kind === "routine") return routineWork(node);
  const sizes = node.operands.map(countOf);
  if (node.op.lower.kind !== "compute") return Math.max(countOf(node.results[0]!), ...sizes);
  const { over } = elementOf(node);
  return over.reduce((work, axis) => work * axis.extent!, countOf(node.results[0]!));
}
