// The graph in which late nodes read what was computed again. A node that is computed again reads kept values through `after`
// (ir/ops/ordering.ts), so that it equals no other node and waits for its turn.
import { type Graph, mapRoots } from "#ir/graph.js";
import type { Node, Value } from "#ir/node.js";
import { after } from "#ir/ops/ordering.js";
import { elementOf } from "../element.js";
import type { Region } from "./regions.js";
import type { Timeline } from "./timeline.js";

/** The graph with the regions computed again for the late part. */
export function rebuild(timeline: Timeline, regions: readonly Region[]): Graph {
  const { graph, order, step, turn } = timeline;
  const regionOf = new Map(regions.flatMap((region) => region.nodes.map((node) => [node, region] as const)));
  const late = new Map<Node, Value>();
  const again = new Map<Node, Value>();

  /** The operand of a late node. Regions are made when their first reader is, so that nodes are listed as they run. */
  const lateOperands = new Operands(graph, (value) => {
    const region = regionOf.get(value.node);
    if (region && !again.has(value.node)) compute(region);
    return again.get(value.node) ?? late.get(value.node) ?? value;
  });

  const compute = ({ nodes, waitsFor }: Region): void => {
    const awaited = late.get(waitsFor) ?? waitsFor.results[0]!;
    const operands = new Operands(graph, (value) => again.get(value.node) ?? (after(value, awaited) as Value));
    for (const node of nodes) {
      const seen = node.operands.map((value) => operands.of(value));
      const same = seen.every((value, i) => value === node.operands[i]);
      // What reads only numbers and positions would equal itself.
      if (same) seen[0] = after(seen[0]!, awaited) as Value;
      again.set(node, graph.builder.inherit([node], () => graph.builder.apply(node.op, seen, node.attrs))[0]!);
    }
  };

  for (const node of order) {
    if (step.get(node)! <= turn) continue;
    const operands = node.operands.map((value) => lateOperands.of(value));
    const make = () => graph.builder.apply(node.op, operands, node.attrs)[0]!;
    late.set(node, graph.builder.inherit([node], make));
  }
  return mapRoots(graph, (value) => late.get(value.node) ?? value);
}

/** Operands with what they view replaced: views and whatever reads nothing are followed, with an explicit stack. */
class Operands {
  readonly #known = new Map<Node, Value>();
  constructor(
    readonly graph: Graph,
    readonly replace: (value: Value) => Value,
  ) {}

  of(value: Value): Value {
    const stack = [value.node];
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!;
      const waiting = isSeenThrough(node) ? node.operands.filter((operand) => !this.#known.has(operand.node)) : [];
      if (waiting.length > 0) {
        stack.push(...waiting.map((operand) => operand.node));
        continue;
      }
      if (!this.#known.has(node)) this.#known.set(node, this.#one(node));
      stack.pop();
    }
    return this.#known.get(value.node)!;
  }

  #one(node: Node): Value {
    const { builder } = this.graph;
    if (elementOf(node).role === "free") return node.results[0]!;
    if (!isSeenThrough(node)) return this.replace(node.results[0]!);
    const operands = node.operands.map((operand) => this.#known.get(operand.node)!);
    if (operands.every((operand, i) => operand === node.operands[i])) return node.results[0]!;
    return builder.inherit([node], () => builder.apply(node.op, operands, node.attrs)[0]!);
  }
}

const isSeenThrough = (node: Node): boolean => elementOf(node).role === "view";
