// The truth of loops and branches: their sub-graphs measured turn by turn.
import type { Graph } from "#ir/graph.js";
import type { Node, Value } from "#ir/node.js";
import type { Flow } from "#ir/flow.js";
import { elementCount } from "#ir/size.js";
import type { ConcreteType } from "#ir/type.js";
import { type Measured, measure } from "./magnitudes.js";

/** The results of a control node, in order. */
export function measureFlow(node: Node, flow: Flow, operands: readonly Measured[]): readonly Measured[] {
  const results = (graph: Graph, inputs: readonly Measured[]): readonly Measured[] => {
    const known = new Map(graph.inputs.map((x, i) => [x.results[0]!, inputs[i]!]));
    const roots = [...graph.outputs.values()];
    const found = measure(roots, new Map(), known);
    return roots.map((x) => found.get(x)!);
  };
  if (flow.kind === "branch") return results(operands[0]!.value[0] ? flow.then : flow.otherwise, operands.slice(1));
  const own = flow.counted ? operands.slice(1) : operands;
  const times = flow.counted ? operands[0]!.value[0]! : (flow.turns as number);
  const captures = own.slice(0, flow.captures);
  const sequences = own.slice(flow.captures + flow.states);
  const stacks = node.results.slice(flow.states).map(empty);
  let states = own.slice(flow.captures, flow.captures + flow.states);
  for (let turn = 0; turn < times; turn++) {
    if (flow.test && results(flow.test, [...captures, ...states])[0]!.value[0] === 0) break;
    const position = flow.reverse ? times - 1 - turn : turn;
    const part = (x: Measured): Measured => {
      const cut = (list: Float64Array) => {
        const length = list.length / (flow.turns as number);
        return list.subarray(position * length, (position + 1) * length);
      };
      return { value: cut(x.value), scale: cut(x.scale) };
    };
    const given = results(flow.body, [...captures, ...states, ...sequences.map(part)]);
    states = given.slice(0, flow.states);
    stacks.forEach((stack, i) => {
      part(stack).value.set(given[flow.states + i]!.value);
      part(stack).scale.set(given[flow.states + i]!.scale);
    });
  }
  return [...states, ...stacks];
}

function empty({ type }: Value): Measured {
  const count = elementCount((type as ConcreteType).shape);
  return { value: new Float64Array(count), scale: new Float64Array(count) };
}
