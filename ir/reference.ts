// The slow truth: evaluates graphs straight from `lower`, one element after the other. Folds constants, and tests every
// backend.
import type { Builder } from "./builder.js";
import { arrayType, isFloat, toDType, type TypedArray, zeros } from "./dtype.js";
import { FeedError, InternalError, placeError, RunError } from "./errors.js";
import { evaluator, type Source } from "./evaluate.js";
import { evaluateFlow } from "./evaluate-flow.js";
import { evaluateRoutine } from "./evaluate-routine.js";
import { type Expr, indexLocal, type Local } from "./expr.js";
import { type Graph, rootsOf } from "./graph.js";
import type { Attrs, Node, Parameter, Value } from "./node.js";
import type { Lowering, Reader } from "./op.js";
import { concreteType, readerOf, routineOf } from "./reader.js";
import { elementCount } from "./size.js";
import { subjectOf } from "./subject.js";
import { type ConcreteType, printType, stridesOf } from "./type.js";

type Feeds = ReadonlyMap<Node, TypedArray>;
type Known = Map<Value, TypedArray>;
type Scatter = Extract<Lowering<Attrs>, { readonly kind: "scatter" }>;

/**
 * The elements, in row-major order, of every output, update and effect of a specialised graph, and of all values on the
 * way. `feeds` holds inputs and parameters; a parameter that is not among them has its initial value. Throws FeedError
 * where an input is missing or has another length, RunError where an index is out of range
 * or a check fails.
 */
export function evaluateGraph(graph: Graph, feeds: Feeds): ReadonlyMap<Value, TypedArray> {
  return evaluateValues(rootsOf(graph), feeds);
}

/** The same of any values of a builder whose sizes are numbers. */
export function evaluateValues(roots: readonly Value[], feeds: Feeds = new Map()): ReadonlyMap<Value, TypedArray> {
  const known: Known = new Map();
  settle(roots, known, feeds);
  return known;
}

/** The results of one node, given its operands' elements; for folding constants. Throws RunError as above. */
export function evaluateNode(node: Node, operands: readonly TypedArray[]): readonly TypedArray[] {
  const known: Known = new Map(node.operands.map((value, i) => [value, operands[i]!]));
  settle(node.results, known, new Map());
  return node.results.map((value) => known.get(value)!);
}

/** Makes the roots known, and before them whatever they need. Iterative, so that depth costs no stack. */
function settle(roots: readonly Value[], known: Known, feeds: Feeds): void {
  const enter = (node: Node) => ({ node, needs: needsOf(node), next: 0 });
  for (const root of roots) {
    const stack = known.has(root) ? [] : [enter(root.node)];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const need = top.needs[top.next++];
      if (need && !known.has(need)) stack.push(enter(need.node));
      if (need) continue;
      const parts = top.needs.map((value) => known.get(value)!);
      const results = top.node.op.lower.kind === "compose" ? parts : compute(top.node, parts, feeds);
      top.node.results.forEach((value, i) => known.set(value, results[i]!));
      stack.pop();
    }
  }
}

const expansions = new WeakMap<Node, readonly Value[]>();

/** What must be known before a node: its operands, or what a composed op is composed of. */
function needsOf(node: Node): readonly Value[] {
  const { op, operands, attrs, results } = node;
  if (op.lower.kind !== "compose") return operands;
  let expansion = expansions.get(node);
  if (!expansion) {
    const { expand } = op.lower;
    const builder = results[0]!.owner as Builder;
    expansion = builder.inherit([node], () => expand(operands, attrs)) as readonly Value[];
    expansions.set(node, expansion);
  }
  return expansion;
}

function compute(node: Node, operands: readonly TypedArray[], feeds: Feeds): readonly TypedArray[] {
  const { op, results } = node;
  const lower = op.lower as Lowering<Attrs>;
  if (lower.kind === "leaf") return [leafData(node, feeds)];
  if (lower.kind === "control") return evaluateFlow(node, lower.flow(node.attrs), operands, evaluateGraph);
  const sources = node.operands.map((value, i) => ({ type: concreteType(value), data: operands[i]! }));
  const reader = readerOf(node);
  try {
    return results.map((value) => {
      if (lower.kind === "routine") return evaluateRoutine(routineOf(node), concreteType(value), sources);
      if (lower.kind === "scatter") return scatter(lower, reader, concreteType(value), sources);
      if (lower.kind !== "compute") throw new InternalError(`reference: ${op.name} has no way to be computed`);
      return fill(concreteType(value), (index) => lower.at(index, reader, value.index), sources);
    });
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    const subject = subjectOf(node);
    const named = new RunError(error.message.replace(/^index/, subject.noun));
    throw placeError(named, subject.op, [], (results[0]!.owner as Builder).originsOf(node)[0] ?? null);
  }
}

/** A constant's elements, or what was fed. */
function leafData(node: Node, feeds: Feeds): TypedArray {
  const { attrs, results, op } = node;
  const type = concreteType(results[0]!);
  const { value, parameter, name } = attrs as { value?: number | TypedArray; parameter?: Parameter; name?: string };
  const length = elementCount(type.shape);
  const data = typeof value === "number" ? zeros(type.dtype, length).fill(value) : (value ?? feeds.get(node) ?? parameter?.initial()); // prettier-ignore
  if (!data) throw new FeedError(`${op.name} ${name ?? ""} is not fed`);
  if (data.length !== length) throw new FeedError(`${data.length} elements do not fill ${printType(type)}`);
  return data;
}

function indexLocals(extents: readonly number[]): readonly Local[] {
  return extents.map((extent, axis) => indexLocal(`i${axis}`, extent));
}

/** The array whose element at every index is the expression's value there. */
function fill(type: ConcreteType, at: (index: readonly Expr[]) => Expr, sources: readonly Source[]): TypedArray {
  const index = indexLocals(type.shape);
  const out = zeros(type.dtype, elementCount(type.shape));
  if (out.length === 0) return out;
  const names = index.map((i) => i.name);
  const { locals, run } = evaluator(at(index), names, sources);
  let offset = 0;
  eachIndex(type.shape, locals, () => (out[offset++] = run()));
  return out;
}

/** The initial array with every source element put where it belongs; float sums are rounded once. */
function scatter(lower: Scatter, reader: Reader<Attrs>, type: ConcreteType, sources: readonly Source[]): TypedArray {
  const initial = fill(type, (index) => lower.init(index, reader), sources);
  const out = isFloat(type.dtype) ? Float64Array.from(initial) : initial;
  const extents = lower.over(reader);
  if (elementCount(extents) === 0) return initial;
  const index = indexLocals(extents);
  const names = index.map((i) => i.name);
  const put = lower.put(index, reader);
  const strides = stridesOf(type.shape);
  const value = evaluator(put.value, names, sources);
  const places = put.index.map((place) => evaluator(place, names, sources));
  eachIndex(extents, value.locals, () => {
    let offset = 0;
    places.forEach(({ locals, run }, axis) => {
      for (let i = 0; i < extents.length; i++) locals[i] = value.locals[i]!;
      offset += run() * strides[axis]!;
    });
    const before = lower.combine === "add" ? out[offset]! : 0;
    out[offset] = isFloat(type.dtype) ? before + value.run() : toDType(type.dtype, before + value.run());
  });
  return arrayType(type.dtype).from(out);
}

/** Calls `visit` with `index` at every place of a shape, in row-major order. */
function eachIndex(shape: readonly number[], index: number[], visit: () => void): void {
  const rank = shape.length;
  for (let axis = 0; axis < rank; axis++) index[axis] = 0;
  for (;;) {
    visit();
    let axis = rank - 1;
    while (axis >= 0 && ++index[axis]! === shape[axis]) index[axis--] = 0;
    if (axis < 0) return;
  }
}
