// The slow truth of loops and branches: evaluates their sub-graphs turn by turn.
import { type TypedArray, zeros } from "./dtype.js";
import { RunError } from "./errors.js";
import type { Graph } from "./graph.js";
import type { Node, Value } from "./node.js";
import type { BranchFlow, Flow, LoopFlow } from "./flow.js";
import { concreteType } from "./reader.js";
import { elementCount } from "./size.js";

type Arrays = readonly TypedArray[];
/** Evaluates a graph whose inputs are fed. */
export type EvaluateGraph = (graph: Graph, feeds: ReadonlyMap<Node, TypedArray>) => ReadonlyMap<Value, TypedArray>;

/** The results of a control node, given its operands' elements. Throws RunErrors. */
export function evaluateFlow(node: Node, flow: Flow, operands: Arrays, evaluate: EvaluateGraph): Arrays {
  const results = (graph: Graph, inputs: Arrays): Arrays => {
    const known = evaluate(graph, new Map(graph.inputs.map((input, i) => [input, inputs[i]!])));
    return [...graph.outputs.values()].map((value) => known.get(value)!);
  };
  return flow.kind === "branch" ? chosen(flow, operands, results) : looped(node, flow, operands, results);
}

type Results = (graph: Graph, inputs: Arrays) => Arrays;

function chosen({ then, otherwise }: BranchFlow, [predicate, ...operands]: Arrays, results: Results): Arrays {
  return results(predicate![0] ? then : otherwise, operands);
}

function looped(node: Node, flow: LoopFlow, operands: Arrays, results: Results): Arrays {
  const most = flow.turns as number;
  const own = flow.counted ? operands.slice(1) : operands;
  const captures = own.slice(0, flow.captures);
  const sequences = own.slice(flow.captures + flow.states);
  const stacks = node.results.slice(flow.states).map((value) => {
    const type = concreteType(value);
    return zeros(type.dtype, elementCount(type.shape));
  });
  const part = (stack: TypedArray, position: number): TypedArray => {
    const length = stack.length / most;
    return stack.subarray(position * length, (position + 1) * length);
  };
  const times = flow.counted ? Math.max(0, Math.min(most, operands[0]![0]!)) : most;
  let states = own.slice(flow.captures, flow.captures + flow.states);
  for (let turn = 0; flow.test || turn < times; turn++) {
    if (flow.test && !results(flow.test, [...captures, ...states])[0]![0]) break;
    if (turn === most) throw new RunError(limitMessage(most));
    const position = flow.reverse ? times - 1 - turn : turn;
    const given = results(flow.body, [...captures, ...states, ...sequences.map((x) => part(x, position))]);
    states = given.slice(0, flow.states);
    given.slice(flow.states).forEach((value, i) => part(stacks[i]!, position).set(value));
  }
  // A state that never changed is its operand's own memory.
  return [...states.map((value) => value.slice()), ...stacks];
}

/** What a loop says whose test still holds when it has had all its turns. */
export function limitMessage(most: number | "{value}"): string {
  return `loop: the condition still holds after ${most} turns, which is the limit`;
}
