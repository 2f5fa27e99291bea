// Contractions leave loops. What a turn computes of its sequences alone is computed for all turns before the loop; what
// becomes of its states but leads to no next state, after it; and a sum over turns (the gradient of a weight) is one
// reduction over what the turns have left. Both are done by the owner that maps ops over batches, the turns being the batch.
// What is left in the loop is the recurrence itself.
import { BatchingOwner } from "#ir/batching.js";
import type { Builder } from "#ir/builder.js";
import { givenValues, numbered } from "#ir/closed-graph.js";
import { applyAnew } from "#ir/copy-nodes.js";
import { type Graph, topological } from "#ir/graph.js";
import type { Node, Operand, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import { add } from "#ir/ops/arithmetic.js";
import { input } from "#ir/ops/leaves.js";
import type { LoopAttrs } from "#ir/flow.js";
import { loop } from "#ir/ops/loops.js";
import { sum } from "#ir/ops/reductions.js";
import { elementOf } from "./element.js";
import type { Pass } from "./pass.js";
import { type Replacement, transform } from "./rewrite.js";

const before = "a contraction of sequences in a loop → one of all turns before it";
const after = "a contraction that no next turn needs → one of all turns after the loop";

export const splitLoops: Pass<Graph> = {
  name: "split-loops",
  doc: "Contractions that do not belong to a recurrence are done for all turns at once.",
  rules: [before, after],
  run: (graph, note) => {
    if (!graph.builder.hasControl) return graph;
    return transform(graph, (node) => hoisted(node) ?? sunk(node), note);
  },
};

/** A loop, whose body's inputs and outputs are named for what they are. */
interface Parts {
  readonly node: Node;
  readonly builder: Builder;
  readonly attrs: LoopAttrs;
  readonly captures: readonly Value[];
  readonly states: readonly Value[];
  readonly sequences: readonly Value[];
  readonly next: readonly Value[];
  readonly stacked: readonly Value[];
}

/**
 * Null for what is no loop, for loops that may take fewer turns than their sequences have elements, and for those that save
 * memory by computing again: what leaves a loop lies in memory for all its turns.
 */
function partsOf(node: Node): Parts | null {
  if (node.op !== (loop as AnyOp)) return null;
  const attrs = node.attrs as LoopAttrs;
  if (attrs.counted || attrs.test || attrs.recompute || (attrs.turns as number) < 2) return null;
  const inputs = attrs.body.inputs.map((own) => own.results[0]!);
  const outputs = [...attrs.body.outputs.values()];
  const first = attrs.captures + attrs.states;
  return {
    node,
    builder: node.results[0]!.owner as Builder,
    attrs,
    captures: inputs.slice(0, attrs.captures),
    states: inputs.slice(attrs.captures, first),
    sequences: inputs.slice(first),
    next: outputs.slice(0, attrs.states),
    stacked: outputs.slice(attrs.states),
  };
}

/** The operand of the loop at an input of its body. */
function givenFor({ node, attrs }: Parts, x: Value): Value {
  return node.operands[attrs.body.inputs.indexOf(x.node)]!;
}

function isContraction(node: Node): boolean {
  return node.op.lower.kind === "compute" && node.results.length === 1 && elementOf(node).role === "contraction";
}

/** The loop with the contractions of its sequences done before it; null where there are none. */
function hoisted(node: Node): Replacement | null {
  const parts = partsOf(node);
  if (!parts) return null;
  const { attrs, builder, states, next, stacked } = parts;
  const outputs = [...next, ...stacked];
  const bound = new Set<Node>(states.map((x) => x.node));
  const moving = new Set<Node>();
  for (const own of topological(outputs)) {
    if (own.op.lower.kind === "control" || own.operands.some((x) => bound.has(x.node))) bound.add(own);
    else if (isContraction(own)) moving.add(own);
  }
  // Of a chain of contractions the loop reads the last one.
  const read = topological(outputs, (own) => moving.has(own)).filter((own) => moving.has(own));
  if (read.length === 0) return null;
  const values = read.map((own) => own.results[0]!);
  const all = allTurns(parts, values, new Map());
  const body = givenValues(attrs.body, values, attrs.body.inputs.length, "before");
  return { rule: before, values: builder.apply(loop as AnyOp, [...node.operands, ...all], { ...attrs, body }) };
}

/** A state that only sums: what every turn adds to it. */
function addendOf(parts: Parts, k: number): Value | null {
  const { next, states, stacked } = parts;
  const [end, start] = [next[k]!, states[k]!];
  if (end.node.op !== (add as AnyOp) || !end.node.operands.includes(start)) return null;
  const addend = end.node.operands.find((x) => x !== start);
  const others = [...next.filter((_, i) => i !== k), ...stacked, ...(addend ? [addend] : [])];
  const nodes = topological(others);
  return addend && !nodes.includes(start.node) && !nodes.includes(end.node) ? addend : null;
}

/** The loop without the contractions that no next turn needs; null where there are none. */
function sunk(node: Node): Replacement | null {
  const parts = partsOf(node);
  if (!parts) return null;
  const { attrs, builder, states, next, stacked } = parts;
  const addends = next.map((_, k) => addendOf(parts, k));
  const inputs = new Set(attrs.body.inputs);
  const core = new Set([...topological(next.filter((_, k) => !addends[k])), ...inputs]);
  const behind = (x: Value): readonly Node[] =>
    topological([x], (own) => core.has(own)).filter((own) => !core.has(own));
  const mayLeave = (x: Value): boolean => behind(x).every((own) => own.op.lower.kind !== "control");
  const leaves = (x: Value): boolean => mayLeave(x) && behind(x).some(isContraction);
  const going = new Set([...addends, ...stacked].filter((x): x is Value => x !== null && leaves(x)));
  if (going.size === 0) return null;
  const frontier = new Set([...going].flatMap((x) => frontierOf(x, core, parts)));
  // What can be summed up of the same things afterwards needs no state.
  for (const x of addends) {
    if (x && mayLeave(x) && frontierOf(x, core, parts).every((y) => frontier.has(y))) going.add(x);
  }

  const keptStates = next.flatMap((_, k) => (addends[k] && going.has(addends[k]) ? [] : [k]));
  const keptStacked = stacked.filter((x) => !going.has(x));
  const more = [...frontier].filter((x) => !keptStacked.includes(x));
  const isLost = (x: Value): boolean => states.includes(x) && !keptStates.includes(states.indexOf(x));
  const outputs = [...keptStates.map((k) => next[k]!), ...keptStacked, ...more];
  const body = {
    ...attrs.body,
    inputs: attrs.body.inputs.filter((own) => !isLost(own.results[0]!)),
    outputs: numbered(outputs),
  };
  const operands = node.operands.filter((_, i) => !isLost(attrs.body.inputs[i]!.results[0]!));
  const made = builder.apply(loop as AnyOp, operands, { ...attrs, states: keptStates.length, body });
  const stackOf = (x: Value): Value => made[keptStates.length + [...keptStacked, ...more].indexOf(x)]!;
  const list = [...going];
  const all = allTurns(parts, list, new Map([...frontier].map((x) => [x, stackOf(x)])));
  const wholeOf = new Map(list.map((x, i) => [x, all[i]!]));
  const values = [
    ...next.map((_, k) => {
      if (keptStates.includes(k)) return made[keptStates.indexOf(k)]!;
      return add(givenFor(parts, states[k]!), sum(wholeOf.get(addends[k]!)!, [0])) as Value;
    }),
    ...stacked.map((x) => wholeOf.get(x) ?? stackOf(x)),
  ];
  return { rule: after, values };
}

/** The values of a turn that `x` is made of and that the loop computes or carries; captures and sequences are there anyway. */
function frontierOf(x: Value, core: ReadonlySet<Node>, { captures, sequences }: Parts): readonly Value[] {
  const found = new Set<Value>();
  const stack = [x];
  for (let value = stack.pop(); value; value = stack.pop()) {
    const { node } = value;
    const isView = node.op.lower.kind === "compute" && elementOf(node).role === "view";
    if (core.has(node) && !(isView || node.operands.length === 0)) found.add(value);
    else if (core.has(node) && node.op === (input as AnyOp)) {
      if (!captures.includes(value) && !sequences.includes(value)) found.add(value);
    } else stack.push(...node.operands);
  }
  return [...found];
}

/** Values of a turn for all turns at once, along a new first axis. `known` holds what the loop has stacked. */
function allTurns(parts: Parts, values: readonly Value[], known: ReadonlyMap<Value, Value>): readonly Value[] {
  const { builder, attrs, captures, sequences } = parts;
  const owner = new BatchingOwner(builder, attrs.turns);
  const given = new Map<Value, Operand>([
    ...captures.map((x) => [x, owner.lift(givenFor(parts, x))] as const),
    ...sequences.map((x) => [x, owner.map(givenFor(parts, x))] as const),
    ...[...known].map(([x, stack]) => [x, owner.map(stack)] as const),
  ]);
  const of = applyAnew(values, given, (own, operands) =>
    builder.inherit([own], () => owner.apply(own.op, operands, own.attrs)),
  );
  return values.map((x) => builder.inherit([x.node], () => owner.collect(of(x))) as Value);
}
