// Brings nodes that say the same in different ways to one form, so that later rules have one case to look at: operands of
// commutative ops in one order, signs as far outside as they go (where they meet and cancel).
import { isFloat } from "#ir/dtype.js";
import { constantValue, madeBy } from "#ir/facts.js";
import type { Graph } from "#ir/graph.js";
import type { Node, Operand, Value } from "#ir/node.js";
import type { AnyOp, Rule } from "#ir/op.js";
import { add, div, mul, neg, sub } from "#ir/ops/arithmetic.js";
import { sum } from "#ir/ops/reductions.js";
import type { ReductionAttrs } from "#ir/reduction.js";
import { isCommutative } from "./elementwise.js";
import type { Pass } from "./pass.js";
import { firstRule, namesOfRules, ruleSet, transform, type Replacement, type RuleSet, type Step } from "./rewrite.js";

const constantsRight = "c ∘ x → x ∘ c, ∘ commutative";
const olderFirst = "y ∘ x → x ∘ y, x made before y, ∘ commutative";

const negated = (x: Operand): Operand | null => madeBy(x, neg)?.[0] ?? null;

const signs: RuleSet = ruleSet(
  [mul as AnyOp, signRule("−x · y → −(x · y)", ([x, y]) => (negated(x!) ? neg(mul(negated(x!)!, y!)) : null))],
  [mul as AnyOp, signRule("x · −y → −(x · y)", ([x, y]) => (negated(y!) ? neg(mul(x!, negated(y!)!)) : null))],
  [div as AnyOp, signRule("−x / y → −(x / y)", ([x, y]) => (negated(x!) ? neg(div(negated(x!)!, y!)) : null))],
  [div as AnyOp, signRule("x / −y → −(x / y)", ([x, y]) => (negated(y!) ? neg(div(x!, negated(y!)!)) : null))],
  [sub as AnyOp, signRule("−x − y → −(x + y)", ([x, y]) => (negated(x!) ? neg(add(negated(x!)!, y!)) : null))],
  [sum as AnyOp, { name: "sum(−x) → −sum(x)", apply: sumOfNegatives }],
);

/** The rules of `canonicalize`, for sets of rules that count on canonical operands. */
export const canonicalStep: Step = (node) => reordered(node) ?? outwards(node);
const outwards = firstRule(signs);

export const canonicalize: Pass<Graph> = {
  name: "canonicalize",
  doc: "Constants stand right of commutative ops, other operands in the order they were made; signs move outwards.",
  rules: [constantsRight, olderFirst, ...namesOfRules(signs)],
  run: (graph, note) => transform(graph, canonicalStep, note),
};

function reordered(node: Node): Replacement | null {
  if (!isCommutative(node)) return null;
  const [x, y] = node.operands as [Value, Value];
  const [first, second] = [constantValue(x) !== null, constantValue(y) !== null];
  const rule = first !== second ? constantsRight : olderFirst;
  const swap = first !== second ? first : y.node.id < x.node.id;
  return swap ? { rule, values: x.owner.apply(node.op, [y, x], node.attrs) as readonly Value[] } : null;
}

/** Floats only: division of integers rounds towards −∞. A constant factor takes the sign by a rule of its own op. */
function signRule(name: string, apply: (operands: readonly Value[]) => Operand | null): Rule {
  return {
    name,
    apply: (_, operands) => {
      if (!operands.some(negated) || !isFloat(operands[0]!.type.dtype)) return null;
      const plain = operands.every((x) => constantValue(x) === null);
      return plain ? apply(operands) : null;
    },
  };
}

function sumOfNegatives(node: Node, [x]: readonly Value[]): Operand | null {
  const { axes, keepDims } = node.attrs as ReductionAttrs;
  const inner = negated(x!);
  return inner && neg(sum(inner, axes, { keepDims }));
}
