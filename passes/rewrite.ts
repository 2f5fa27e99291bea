// Rewrites a graph from its leaves to its roots until no rule applies, with an explicit stack in place of recursion.
//
// Every node is brought to its normal form once: first its operands, then the node itself over the normal operands; where
// a rule replaces it, its normal form is that of the replacement. So rules see operands that are in normal form already,
// and one sweep reaches the fixpoint.
import { InternalError } from "#ir/errors.js";
import { mapRoots, nodesOf, rootsOf, type Graph } from "#ir/graph.js";
import type { Node, Value } from "#ir/node.js";
import type { AnyOp, Rule } from "#ir/op.js";
import { printType, sameType } from "#ir/type.js";

/** A replacement for all results of a node. */
export interface Replacement {
  /** The rule, as one reads it. */
  readonly rule: string;
  readonly values: readonly Value[];
}

/** Says what replaces a node whose operands are in normal form; null where nothing does. */
export type Step = (node: Node) => Replacement | null;

/** Rules by the op they are rooted at. */
export type RuleSet = ReadonlyMap<AnyOp, readonly Rule[]>;

/** A rule set of pairs of root and rule. */
export function ruleSet(...pairs: readonly (readonly [AnyOp, Rule])[]): RuleSet {
  const rules = new Map<AnyOp, Rule[]>();
  for (const [op, rule] of pairs) rules.set(op, [...(rules.get(op) ?? []), rule]);
  return rules;
}

/** Names of the rules of a set. */
export function namesOfRules(rules: RuleSet): readonly string[] {
  return [...rules.values()].flatMap((list) => list.map((rule) => rule.name));
}

/** The graph after applying rules to fixpoint; the graph itself where none applied. */
export function rewrite(graph: Graph, rules: RuleSet, note: (rule: string) => void = () => {}): Graph {
  if (!nodesOf(graph).some((node) => rules.has(node.op))) return graph;
  return transform(graph, firstRule(rules), note);
}

/** The step that tries the rules of a node's op in order. */
export function firstRule(rules: RuleSet): Step {
  return (node) => {
    if (node.results.length !== 1) return null;
    for (const rule of rules.get(node.op) ?? []) {
      const value = rule.apply(node, node.operands) as Value | null;
      if (value) return { rule: rule.name, values: [value] };
    }
    return null;
  };
}

/**
 * The graph with `step` applied to every node until it says null. Replacements are normalised in turn; new nodes inherit
 * the origins of the node they replace. Throws an InternalError naming the rules where they go in circles.
 *
 * `settled` gathers nodes that are in normal form already, for a step that says the same of a node whenever it is asked: a
 * second run of the pass looks at what is new alone.
 */
export function transform(
  graph: Graph,
  step: Step,
  note: (rule: string) => void = () => {},
  settled = new WeakSet<Node>(),
): Graph {
  const normal = new Map<Node, readonly Value[]>();
  const budget = new Budget(() => 50 * nodesOf(graph).length);
  const fired = (rule: string) => (budget.spend(rule), note(rule));
  for (const root of rootsOf(graph)) {
    if (!normal.has(root.node)) normalize(graph, root.node, normal, step, fired, settled);
  }
  return mapRoots(graph, (value) => normal.get(value.node)![value.index]!);
}

/**
 * The graph with some nodes made anew, and with them what uses them, in one sweep. `remake` is asked for every node, with
 * its operands as they are now, and says what stands for its results: null for one that nothing uses, and instead of the
 * list where the node stays what it is.
 */
export function rebuild(
  graph: Graph,
  remake: (node: Node, operands: readonly Value[]) => readonly (Value | null)[] | null,
): Graph {
  const { builder } = graph;
  const now = new Map<Value, Value>();
  const of = (x: Value): Value => now.get(x) ?? x;
  for (const node of nodesOf(graph)) {
    const operands = node.operands.map(of);
    let made = remake(node, operands);
    if (!made && operands.some((x, i) => x !== node.operands[i])) {
      made = builder.inherit([node], () => builder.apply(node.op, operands, node.attrs));
    }
    made?.forEach((x, i) => x && now.set(node.results[i]!, x));
  }
  return mapRoots(graph, of);
}

interface Frame {
  readonly node: Node;
  /** The next operand to visit. */
  next: number;
  /** What replaces the node, once that is known. */
  becomes: Replacement | null;
}

function normalize(
  graph: Graph,
  start: Node,
  normal: Map<Node, readonly Value[]>,
  step: Step,
  fired: (rule: string) => void,
  settled: WeakSet<Node>,
): void {
  // The one node that what is made next inherits from.
  const place = [start];
  graph.builder.inherit(place, () => walk(graph, place, normal, step, fired, settled));
}

function walk(
  { builder }: Graph,
  place: Node[],
  normal: Map<Node, readonly Value[]>,
  step: Step,
  fired: (rule: string) => void,
  settled: WeakSet<Node>,
): void {
  const start = place[0]!;
  const stack: Frame[] = [{ node: start, next: 0, becomes: null }];
  const open = new Set<Node>([start]);
  const push = (node: Node) => {
    if (settled.has(node)) {
      normal.set(node, node.results);
      return;
    }
    if (open.has(node)) throw circle(stack, node);
    open.add(node);
    stack.push({ node, next: 0, becomes: null });
  };
  const finish = (node: Node, values: readonly Value[]) => {
    normal.set(node, values);
    open.delete(node);
    stack.pop();
  };
  while (stack.length > 0) {
    const frame = stack[stack.length - 1]!;
    const { node } = frame;
    if (frame.becomes) {
      const pending = frame.becomes.values.find((value) => !normal.has(value.node));
      if (pending) push(pending.node);
      else
        finish(
          node,
          frame.becomes.values.map((value) => normal.get(value.node)![value.index]!),
        );
    } else if (frame.next < node.operands.length) {
      const operand = node.operands[frame.next++]!.node;
      if (!normal.has(operand)) push(operand);
    } else {
      place[0] = node;
      const operands = changedOperands(node, normal);
      if (operands) {
        frame.becomes = { rule: "", values: builder.apply(node.op, operands, node.attrs) };
        continue;
      }
      const found = step(node);
      if (found && found.values.some((value, i) => value !== node.results[i])) {
        checkReplacement(node, found);
        fired(found.rule);
        frame.becomes = found;
      } else {
        settled.add(node);
        finish(node, node.results);
      }
    }
  }
}

/** The operands in normal form; null where they are so already. */
function changedOperands({ operands }: Node, normal: ReadonlyMap<Node, readonly Value[]>): readonly Value[] | null {
  for (let i = 0; i < operands.length; i++) {
    const value = operands[i]!;
    if (normal.get(value.node)![value.index] === value) continue;
    return operands.map((x) => normal.get(x.node)![x.index]!);
  }
  return null;
}

/** Counts what rules do, and stops rules that never end by making ever new nodes. */
class Budget {
  readonly #spent = new Map<string, number>();
  #left = 1000;
  #more: (() => number) | null;

  /** `more` is asked once, when a thousand are spent. */
  constructor(more: () => number) {
    this.#more = more;
  }

  spend(rule: string): void {
    this.#spent.set(rule, (this.#spent.get(rule) ?? 0) + 1);
    if (this.#left-- > 0) return;
    if (this.#more) {
      this.#left = this.#more() - 1;
      this.#more = null;
      return;
    }
    const [worst, times] = [...this.#spent].reduce((a, b) => (b[1] > a[1] ? b : a));
    throw new InternalError(`rewrite: no end in sight; the rule "${worst}" was applied ${times} times`);
  }
}

function circle(stack: readonly Frame[], node: Node): InternalError {
  const from = stack.findIndex((frame) => frame.node === node);
  const rules = stack.slice(from).flatMap((frame) => (frame.becomes?.rule ? [`"${frame.becomes.rule}"`] : []));
  return new InternalError(`rewrite: rules go in circles: ${rules.join(", ")}`);
}

function checkReplacement(node: Node, { rule, values }: Replacement): void {
  node.results.forEach((value, i) => {
    const now = values[i];
    if (!now || !sameType(now.type, value.type)) {
      const is = now ? printType(now.type) : "nothing";
      throw new InternalError(`rewrite: the rule "${rule}" makes ${is} of ${node.op.name}'s ${printType(value.type)}`);
    }
  });
}
