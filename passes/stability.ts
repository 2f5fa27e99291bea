// Replaces formulas that overflow, underflow or cancel by forms that do not. The one pass that may turn an infinity into
// the right number; everything else it leaves within rounding. Runs before `decompose`, while softmax is still a node.
import { constantValue, madeBy, rangeOfValue } from "#ir/facts.js";
import type { Graph } from "#ir/graph.js";
import type { Node, Operand, Value } from "#ir/node.js";
import type { AnyOp, Rule } from "#ir/op.js";
import { softplus } from "#ir/ops/activations.js";
import { add, neg, sub } from "#ir/ops/arithmetic.js";
import { exp, expm1, log, log1p } from "#ir/ops/exponential.js";
import { sum } from "#ir/ops/reductions.js";
import { sigmoid } from "#ir/ops/sigmoidal.js";
import { logSoftmax, softmax } from "#ir/ops/softmax.js";
import { logSumExp } from "#ir/ops/statistics.js";
import type { ReductionAttrs } from "#ir/reduction.js";
import type { Pass } from "./pass.js";
import { namesOfRules, rewrite, ruleSet } from "./rewrite.js";

const rules = ruleSet(
  rule(log, "log(softmax(x)) → logSoftmax(x)", (x) => {
    const [logits] = madeBy(x, softmax) ?? [];
    return logits ? logSoftmax(logits, (x.node.attrs as { axis: number }).axis) : null;
  }),
  rule(log, "log(sum(exp(x))) → logSumExp(x)", (x) => {
    const [terms] = madeBy(x, sum) ?? [];
    const [exponents] = (terms && madeBy(terms, exp)) ?? [];
    if (!exponents) return null;
    const { axes, keepDims } = x.node.attrs as ReductionAttrs;
    return axes.length > 0 ? logSumExp(exponents, axes, { keepDims }) : null;
  }),
  rule(log, "log(sigmoid(x)) → −softplus(−x)", (x) => {
    const [logit] = madeBy(x, sigmoid) ?? [];
    return logit ? neg(softplus(neg(logit))) : null;
  }),
  rule(log, "log(1 − sigmoid(x)) → −softplus(x)", (x) => {
    const [one, p] = madeBy(x, sub) ?? [];
    const [logit] = (one && constantValue(one) === 1 && madeBy(p!, sigmoid)) || [];
    return logit ? neg(softplus(logit)) : null;
  }),
  rule(log, "log(1 + exp(x)) → softplus(x)", (x) => {
    const [exponent] = madeBy(addedToOne(x) ?? x, exp) ?? [];
    return addedToOne(x) && exponent ? softplus(exponent) : null;
  }),
  rule(log1p, "log1p(exp(x)) → softplus(x), x > 0 for some", (x) => {
    const [exponent] = madeBy(x, exp) ?? [];
    return exponent && rangeOfValue(exponent).high > 0 ? softplus(exponent) : null;
  }),
  rule(log, "log(exp(x)) → x", (x) => madeBy(x, exp)?.[0] ?? null),
  rule(log, "log(1 + x) → log1p(x)", (x) => {
    const small = addedToOne(x);
    return small && log1p(small);
  }),
  rule(log, "log(1 − x) → log1p(−x)", (x) => {
    const [one, small] = madeBy(x, sub) ?? [];
    return one && constantValue(one) === 1 ? log1p(neg(small!)) : null;
  }),
  rule(sub, "exp(x) − 1 → expm1(x)", (power, one) => {
    const [x] = madeBy(power, exp) ?? [];
    return x && constantValue(one!) === 1 ? expm1(x) : null;
  }),
  rule(add, "exp(x) + −1 → expm1(x)", (a, b) => {
    const [power, minusOne] = constantValue(a) === -1 ? [b!, a] : [a, b!];
    const [x] = madeBy(power, exp) ?? [];
    return x && constantValue(minusOne) === -1 ? expm1(x) : null;
  }),
);

export const stability: Pass<Graph> = {
  name: "stability",
  doc: "log(softmax), log(sum(exp)), log(sigmoid), log(1 + x), exp(x) − 1 become forms that neither overflow nor cancel.",
  rules: namesOfRules(rules),
  run: (graph, note) => rewrite(graph, rules, note),
};

function rule(root: AnyOp, name: string, apply: (x: Value, y?: Value) => Operand | null): readonly [AnyOp, Rule] {
  return [root, { name, apply: (_: Node, operands: readonly Value[]) => apply(operands[0]!, operands[1]) }];
}

/** The y of 1 + y or y + 1; null for anything else. */
function addedToOne(x: Value): Value | null {
  const [a, b] = madeBy(x, add) ?? [];
  if (!a || !b) return null;
  return constantValue(a) === 1 ? b : constantValue(b) === 1 ? a : null;
}
