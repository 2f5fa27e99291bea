// Algebraic simplification: the rules that ops state of themselves (`simplify` in their records), the rules of
// `canonicalize`, which they count on, and the rules below, which are about two families at once.
import { isFloat, toDType } from "#ir/dtype.js";
import { constantValue, madeBy } from "#ir/facts.js";
import type { Graph } from "#ir/graph.js";
import type { Node, Operand, Value } from "#ir/node.js";
import type { AnyOp, Rule } from "#ir/op.js";
import { mul } from "#ir/ops/arithmetic.js";
import { broadcast, reshape } from "#ir/ops/movement.js";
import { max, min, sum } from "#ir/ops/reductions.js";
import { opTable } from "#ir/ops/table.js";
import { mulSizes } from "#ir/size.js";
import type { ReductionAttrs } from "#ir/reduction.js";
import { canonicalStep } from "./canonicalize.js";
import type { Pass } from "./pass.js";
import { firstRule, namesOfRules, ruleSet, transform, type RuleSet, type Step } from "./rewrite.js";

const between: readonly (readonly [AnyOp, Rule])[] = [
  [mul, { name: "(x · a) · b → x · ab, a and b both ≤ 1 or both ≥ 1", apply: (_, [x, y]) => mergedFactors(x!, y!) }],
  [sum, { name: "sum(broadcast x) → sum(x) · n", apply: (node, [x]) => overRepeats(node, x!, times) }],
  [max, { name: "max(broadcast x) → max(x)", apply: (node, [x]) => overRepeats(node, x!, once) }],
  [min, { name: "min(broadcast x) → min(x)", apply: (node, [x]) => overRepeats(node, x!, once) }],
];

const rules: RuleSet = ruleSet(
  ...[...opTable.values()].flatMap((op) => (op.simplify ?? []).map((rule) => [op, rule] as const)),
  ...between,
);

const step: Step = (node) => ownRules(node) ?? canonicalStep(node);
const ownRules = firstRule(rules);
/** It runs twice, and changes little the second time. */
const settled = new WeakSet<Node>();

export const algebra: Pass<Graph> = {
  name: "algebra",
  doc: "Identities: x · 1 → x, x − x → 0 where x is finite, views that cancel. Rounding may change, nothing else.",
  rules: namesOfRules(rules),
  run: (graph, note) => transform(graph, step, note, settled),
};

const times = (x: Operand, n: number): Operand => mul(x, n);
const once = (x: Operand): Operand => x;

/**
 * Two constant factors as one. With one above 1 and one below, `x · a` could overflow or vanish where `x · ab` does not.
 */
function mergedFactors(x: Value, y: Value): Operand | null {
  const [inner, first] = madeBy(x, mul) ?? [];
  const [a, b] = [first ? constantValue(first) : null, constantValue(y)];
  if (!inner || a === null || b === null || !isFloat(x.type.dtype)) return null;
  const product = toDType(x.type.dtype, a * b);
  const [p, q] = [Math.abs(a), Math.abs(b)];
  const oneWay = (p <= 1 && q <= 1) || (p >= 1 && q >= 1);
  return oneWay && Math.abs(product) > 1e-30 && Math.abs(product) < 1e30 ? mul(inner, product) : null;
}

/** A reduction over axes that a broadcast made anew: `combine` says what n equal elements come to. */
function overRepeats(node: Node, x: Value, combine: (x: Operand, n: number) => Operand): Operand | null {
  if (x.node.op !== (broadcast as AnyOp)) return null;
  const { axes: places, shape } = x.node.attrs as { axes: readonly number[]; shape: readonly number[] };
  const { axes, keepDims } = node.attrs as ReductionAttrs;
  const repeated = axes.filter((axis) => !places.includes(axis));
  const n = mulSizes(...repeated.map((axis) => shape[axis]!));
  if (repeated.length === 0 || typeof n !== "number" || n === 0) return null;
  const left = shape.map((_, axis) => axis).filter((axis) => !repeated.includes(axis));
  const leftSizes = left.map((axis) => shape[axis]!);
  const onLeft = (list: readonly number[]) => list.map((axis) => left.indexOf(axis));
  const others = onLeft(axes.filter((axis) => places.includes(axis)));
  const source = x.node.operands[0]!;
  const spread = (of: Operand) => broadcast(of, leftSizes, onLeft(places));
  const apply = (of: Operand) => of.owner.apply(node.op, [of], { axes: others, keepDims: false })[0]!;
  const value = others.length === 0 ? spread(combine(source, n)) : combine(apply(spread(source)), n);
  return keepDims ? reshape(value, node.results[0]!.type.shape) : value;
}
