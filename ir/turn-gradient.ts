// The gradient of a sub-graph, in a builder of its own: copies of what the sub-graph computes, and what follows from them.
import { Builder } from "./builder.js";
import { closedGraph, Inputs } from "./closed-graph.js";
import { copyNodes } from "./copy-nodes.js";
import { differentiate } from "./differentiate.js";
import { type Graph, topological } from "./graph.js";
import type { Node, Operand, Value } from "./node.js";
import type { AnyOp } from "./op.js";
import { broadcast, reshape, transpose } from "./ops/movement.js";

/** What a gradient keeps of the turn that it goes back through. */
export interface Kept {
  /** Values of the sub-graph. */
  readonly values: readonly Value[];
  /** What stands for them in the gradient. */
  readonly inputs: readonly Value[];
  /** The outputs, which read them there. */
  readonly outputs: readonly Value[];
  /** Whether an input of the sub-graph is read. */
  readonly uses: (x: Value) => boolean;
}

/** Ops that move elements alone: what they give is not worth keeping beside what they are given. */
const views: readonly AnyOp[] = [broadcast, reshape, transpose];

export class TurnGradient {
  /** The copy of a value of the sub-graph. */
  readonly of: (value: Value) => Value;
  readonly #builder: Builder;
  readonly #inputs: Inputs;
  readonly #originals = new Map<Value, Value>();
  /** Nodes with smaller ids compute what the sub-graph computes. */
  readonly #forward: number;
  /** Copies that differ from turn to turn. */
  readonly #varying = new Set<Node>();

  /** `fixed` are the inputs that are the same in all turns. */
  constructor(
    readonly body: Graph,
    fixed: ReadonlySet<Value>,
  ) {
    this.#builder = new Builder(`${body.name}_gradient`);
    this.#inputs = new Inputs(this.#builder);
    const inputs = body.inputs.map((node) => node.results[0]!);
    const outputs = [...body.outputs.values()];
    const known = new Map(inputs.map((x) => [x, this.declare(String(x.node.attrs.name), x)]));
    this.of = copyNodes(outputs, this.#builder, known);
    this.#forward = this.#builder.size;
    for (const x of inputs) if (!fixed.has(x)) this.#varying.add(known.get(x)!.node);
    for (const node of topological([...inputs, ...outputs])) {
      for (const value of node.results) this.#originals.set(this.of(value), value);
      const copy = this.of(node.results[0]!).node;
      if (copy.operands.some((x) => this.#varying.has(x.node))) this.#varying.add(copy);
    }
  }

  /** A new input, of the type of `like`. */
  declare(name: string, { type }: Value): Value {
    return this.#inputs.declare(name, type);
  }

  /** Something more, made of values of this builder. */
  build(make: () => Operand): Value {
    return this.#builder.inherit([], make) as Value;
  }

  /** The cotangents of some of the sub-graph's inputs where one flows, given those of its outputs. */
  pullBack(xs: readonly Value[], cotangents: readonly (Value | null)[]): ReadonlyMap<Value, Value> {
    const ys = [...this.body.outputs.values()].map(this.of);
    const found = this.#builder.inherit([], () => differentiate(ys, xs.map(this.of), cotangents)); // prettier-ignore
    return new Map(xs.flatMap((x, i) => (found[i] ? [[x, found[i]] as const] : [])));
  }

  /** What `outputs` must be given of the turn: all that they use of it, or but its inputs where the rest is to be recomputed. */
  keep(outputs: readonly Value[], recompute: boolean): Kept {
    const isKept = (node: Node): boolean => {
      if (node.id >= this.#forward || !this.#varying.has(node)) return false;
      return node.operands.length === 0 || !(recompute || views.includes(node.op));
    };
    const nodes = topological(outputs, isKept).filter((node) => !isKept(node));
    const read = [...outputs, ...nodes.flatMap((node) => node.operands)].filter((x) => isKept(x.node));
    const copies = [...new Set(read)];
    const inputs = copies.map((x, i) => (x.node.operands.length === 0 ? x : this.declare(`kept${i}`, x)));
    const of = copyNodes(outputs, this.#builder, new Map(copies.map((x, i) => [x, inputs[i]!])));
    const rebuilt = outputs.map(of);
    const leaves = new Set(topological(rebuilt));
    const uses = (x: Value): boolean => leaves.has(this.of(x).node);
    return { values: copies.map((x) => this.#originals.get(x)!), inputs, outputs: rebuilt, uses };
  }

  /** The graph from some inputs to some values. */
  graph(inputs: readonly Value[], outputs: readonly Value[]): Graph {
    return closedGraph(this.#builder, inputs, outputs);
  }
}
