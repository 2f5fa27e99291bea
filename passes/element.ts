// What a node computes, element by element: its expression over its operands' elements, and what that makes it for
// fusion (a view, a map, a reduction, a contraction …). Read off the expression, never off the op's name.
import { launchSeconds, secondsOf } from "#ir/cost.js";
import { InternalError } from "#ir/errors.js";
import { add as plus, type Expr, indexLocal, literal, type Local, mul, type Read, type Reducer } from "#ir/expr.js";
import type { Node, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { reshape } from "#ir/ops/movement.js";
import { readerOf } from "#ir/reader.js";
import { approximated } from "#ir/scalar.js";
import { stridesOf } from "#ir/type.js";
import { accessOf, mentions, partsOf, rewriteExpr, substitute, walkExpr } from "./rewrite-expr.js";
import { asDecay } from "./never-positive.js";
import { slidingPairs } from "./sliding-pairs.js";
import { isShortWindow, writtenOut } from "./short-window.js";

/**
 * - `leaf`: input, parameter, array constant: it has a buffer before the run.
 * - `free`: reads nothing (a number, an iota): computed wherever it is needed.
 * - `view`: another tensor's elements at other indices: never computed.
 * - `map`: elements from elements; `reduce`: one reduction over elements; `contraction`: a sum over a product with
 *   axes of its own in both factors; `scatter`: puts elements where they belong; `routine`: statements of its own.
 * - `control`: a loop or a branch, whose results have buffers.
 */
export type Role = "leaf" | "free" | "view" | "map" | "reduce" | "contraction" | "scatter" | "routine" | "control";

/** A node's element at `index`: `fn` over each of `over` of `inner`, or just `inner` where `over` is empty. */
export interface Element {
  readonly role: Role;
  readonly index: readonly Local[];
  readonly fn: Reducer;
  readonly over: readonly Local[];
  /** Over `read`s of the operands. */
  readonly inner: Expr;
  /** Scalar operations of one evaluation of `inner`; a transcendental function counts 16. */
  readonly cost: number;
  /** The factors of a contraction. */
  readonly factors: readonly [Expr, Expr] | null;
}

const elements = new WeakMap<Node, Element>();

/** What result 0 of a node computes. Sizes must be numbers. */
export function elementOf(node: Node): Element {
  let element = elements.get(node);
  if (!element) elements.set(node, (element = analyse(node)));
  return element;
}

export function shapeOf(value: Value): readonly number[] {
  return value.type.shape as readonly number[];
}

export function countOf(value: Value): number {
  const shape = shapeOf(value);
  let count = 1;
  for (let axis = 0; axis < shape.length; axis++) count *= shape[axis]!;
  return count;
}

function analyse(node: Node): Element {
  const { lower } = node.op;
  const value = node.results[0]!;
  const index = shapeOf(value).map((extent, axis) => indexLocal(`n${node.id}_${axis}`, extent));
  const none = { index, fn: "sum" as const, over: [], inner: literal(0), cost: 0, factors: null };
  if (lower.kind === "leaf") {
    const number = node.attrs.value;
    if (typeof number !== "number") return { ...none, role: "leaf" };
    return { ...none, role: "free", inner: literal(number, value.type.dtype) };
  }
  if (lower.kind === "scatter" || lower.kind === "routine" || lower.kind === "control")
    return { ...none, role: lower.kind };
  if (lower.kind !== "compute") throw new InternalError(`fuse: ${node.op.name} was not decomposed`);
  let inner = expressionAt(node, index);
  const over: Local[] = [];
  const fn = inner.kind === "reduce" ? inner.fn : "sum";
  while (inner.kind === "reduce" && inner.fn === fn) {
    over.push(inner.over);
    inner = inner.body;
  }
  let reads = 0;
  walkExpr(inner, (e) => {
    if (e.kind === "read") reads++;
    if (e.kind !== "reduce") return;
    throw new InternalError(
      `lower: ${node.op.name} reduces inside other arithmetic: compose it of a reduction and the rest`,
    );
  });
  if (isShortWindow(inner, index, over)) {
    inner = writtenOut(inner, fn, over);
    over.length = 0;
  }
  const factors = over.length > 0 && fn === "sum" ? contraction(inner, index, over) : null;
  return { role: roleOf(inner, reads, over, factors), index, fn, over, inner, cost: costOf(inner), factors };
}

function roleOf(inner: Expr, reads: number, over: readonly Local[], factors: unknown): Role {
  if (factors) return "contraction";
  if (over.length > 0) return "reduce";
  if (reads === 0) return "free";
  return inner.kind === "read" && reads === 1 ? "view" : "map";
}

/**
 * The factors of a product, each with an output axis that the other lacks, and the last axis in only one of them; where only
 * one factor has axes of its own, windows must slide along them. Other sums of products are reductions.
 */
function contraction(inner: Expr, index: readonly Local[], over: readonly Local[]): readonly [Expr, Expr] | null {
  if (inner.kind !== "call" || inner.fn !== "mul" || inner.dtype === "bool") return null;
  const [a, b] = inner.args as [Expr, Expr];
  if (!over.every((k) => mentions(a, k) && mentions(b, k))) return null;
  const axes = index.filter((i) => i.extent! > 1);
  const last = axes.at(-1);
  if (last === undefined || mentions(a, last) === mentions(b, last)) return null;
  const onlyLeft = axes.filter((i) => mentions(a, i) && !mentions(b, i));
  const onlyRight = axes.filter((i) => mentions(b, i) && !mentions(a, i));
  if (onlyLeft.length > 0 && onlyRight.length > 0) return [a, b];
  const [alone, own] = onlyLeft.length > 0 ? [a, onlyLeft] : [b, onlyRight];
  const terms = over.filter((k) => k.extent! > 1);
  return slidingPairs(alone, own, terms).length > 0 ? [a, b] : null;
}

/** The expression with every promised index made the promise of `node`. */
export function ownBounds(x: Expr, node: Node): Expr {
  if (!promises(x, new Set())) return x;
  const seen = new Map<Expr, Expr>();
  return rewriteExpr(x, (e) => {
    if (e.kind !== "bounded" || "node" in e) return null;
    let own = seen.get(e);
    if (!own) seen.set(e, (own = { ...e, value: ownBounds(e.value, node), node } as Expr));
    return own;
  });
}

function promises(x: Expr, seen: Set<Expr>): boolean {
  if (x.kind === "bounded") return true;
  if (x.kind === "literal" || x.kind === "local" || seen.has(x)) return false;
  seen.add(x);
  for (const part of partsOf(x)) if (promises(part, seen)) return true;
  return false;
}

const expensive: ReadonlySet<string> = new Set(approximated);

/** Scalar operations of an expression, indices not counted. */
export function costOf(x: Expr): number {
  let cost = 0;
  const seen = new Set<Expr>();
  const count = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    if (e.kind === "call") {
      cost += expensive.has(e.fn) ? 16 : e.fn === "div" || e.fn === "sqrt" || e.fn === "mod" ? 4 : 1;
      e.args.forEach(count);
    } else if (e.kind === "reduce") {
      cost += 64;
    }
  };
  count(x);
  return cost;
}

/**
 * The element of `value` at `index`, over accesses of tensors that have or will have a buffer: views and free nodes are
 * followed, and so are the nodes that `inlined` names.
 */
export function resolve(value: Value, index: readonly Expr[], inlined: (node: Node) => boolean): Expr {
  let linear: Expr | null = null;
  for (;;) {
    const { node } = value;
    const element = elementOf(node);
    if (element.role === "view") {
      linear = keepsOrder(node) ? (linear ?? linearIndex(shapeOf(value), index)) : null;
      index = viewed(node, element, index);
      value = node.operands[(element.inner as Read).operand]!;
      continue;
    }
    if (element.inner.kind === "literal" && element.role === "free") return element.inner;
    if (element.role !== "free" && !inlined(node)) return accessOf(value, index, linear);
    return resolveReads(instantiate(node, index), node, inlined);
  }
}

/** Where a view reads its operand for its own element at `index`. */
function viewed(view: Node, element: Element, index: readonly Expr[]): readonly Expr[] {
  const own = (element.inner as Read).index;
  const plain = own.every((x) => x.kind === "literal" || x.kind === "local");
  if (!plain) return (instantiate(view, index) as Read).index;
  return own.map((x) => (x.kind === "local" ? index[element.index.indexOf(x)]! : x));
}

/** Operations in one lane of four that take as long as a launch: numbers that cost no more are computed where they are needed. */
const cheapNumber = launchSeconds / secondsOf({ flops: 4, bytes: 0 });
const numberCosts = new WeakMap<Node, number>();

/** Whether every kernel computes the number for itself: it is made of those that are there before the run, as the count of steps. */
function isOwnNumber(node: Node): boolean {
  return elementOf(node).role !== "leaf" && costOfNumber(node) <= cheapNumber;
}

/** Operations of a number made of leaves, counted once per use; infinite for everything else. */
function costOfNumber(node: Node): number {
  let cost = numberCosts.get(node);
  if (cost === undefined) numberCosts.set(node, (cost = countedCost(node)));
  return cost;
}

function countedCost(node: Node): number {
  const { role, cost } = elementOf(node);
  if (shapeOf(node.results[0]!).length > 0) return Infinity;
  if (role === "leaf" || role === "free") return 0;
  if (role !== "map" && role !== "view") return Infinity;
  return node.operands.reduce((sum, x) => (sum > cheapNumber ? sum : sum + costOfNumber(x.node)), cost);
}

const resolved = new WeakMap<Node, Map<Expr, Expr>>();

/** A part of a node's expression over accesses of what has a buffer: only views and free nodes are followed. */
export function overAccesses(x: Expr, node: Node): Expr {
  let memo = resolved.get(node);
  if (!memo) resolved.set(node, (memo = new Map()));
  return resolveReads(x, node, never, memo);
}
const never = (): boolean => false;

/** An expression over `read`s of a node's operands as one over accesses. */
function resolveReads(x: Expr, node: Node, given: (node: Node) => boolean, memo = new Map<Expr, Expr>()): Expr {
  const inlined = shapeOf(node.results[0]!).length === 0 ? given : (n: Node) => given(n) || isOwnNumber(n);
  const replace = (e: Expr): Expr | null => {
    if (e.kind !== "read") return null;
    const index = e.index.map((i) => rewriteExpr(i, replace, memo));
    return resolve(node.operands[e.operand]!, index, inlined);
  };
  return rewriteExpr(x, replace, memo);
}

/** The element expression of a compute node at any index. */
function instantiate(node: Node, index: readonly Expr[]): Expr {
  const made = expressionAt(node, index);
  const element = elementOf(node);
  if (made.kind !== "reduce" || element.over.length > 0) return made;
  return substitute(element.inner, new Map(element.index.map((l, axis) => [l.name, index[axis]!])));
}

function expressionAt(node: Node, index: readonly Expr[]): Expr {
  const { lower } = node.op;
  if (lower.kind === "leaf") return elementOf(node).inner;
  if (lower.kind !== "compute") throw new InternalError(`lower: ${node.op.name} has no element`);
  return asDecay(ownBounds(lower.at(index, readerOf(node), 0), node), node);
}

/** Whether a view lists the same elements in the same order: a reshape, or what a few elements show to be one. */
export function keepsOrder(view: Node): boolean {
  let answer = orders.get(view);
  if (answer === undefined) orders.set(view, (answer = findsOrder(view)));
  return answer;
}
const orders = new WeakMap<Node, boolean>();

function findsOrder(view: Node): boolean {
  const [to, from] = [shapeOf(view.results[0]!), shapeOf(view.operands[0]!)];
  const count = countOf(view.results[0]!);
  if (count !== countOf(view.operands[0]!) || count === 0) return false;
  if (view.op === (reshape as AnyOp)) return true;
  const { index, inner } = elementOf(view);
  const own = (inner as Read).index;
  if (own.every((x) => x.kind === "literal" || x.kind === "local")) {
    const axes = index.filter((l) => l.extent !== 1);
    const read = own.filter((x) => x.kind === "local" && x.extent !== 1);
    return read.length === axes.length && read.every((x, i) => x === axes[i]);
  }
  const strides = stridesOf(from);
  const probe = (position: number): boolean => {
    const at = stridesOf(to).map((s, axis) => literal(Math.floor(position / s) % to[axis]!));
    const read = instantiate(view, at) as Read;
    return read.index.reduce((sum, x, axis) => sum + (x as { value: number }).value * strides[axis]!, 0) === position;
  };
  // Index maps of views are affine, or a reshape's: if every unit step and the last element agree, all do.
  const steps = stridesOf(to).filter((s) => s < count);
  return (
    probe(count - 1) && steps.every(probe) && steps.every((s) => probe(Math.floor((count - 1) / s) * s)) && probe(0)
  );
}

/** The row-major position of an index. */
export function linearIndex(shape: readonly number[], index: readonly Expr[]): Expr {
  return offsetOf(stridesOf(shape), index);
}

/** `Σ index·stride`. */
export function offsetOf(strides: readonly number[], index: readonly Expr[]): Expr {
  let sum: Expr = literal(0);
  index.forEach((i, axis) => {
    const term: Expr = mul(i, literal(strides[axis]!));
    sum = plus(sum, term);
  });
  return sum;
}
