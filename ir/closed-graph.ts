// The graphs of loops and branches: closed, with inputs and outputs and nothing else. Outputs are called y0, y1, ….
import type { Builder } from "./builder.js";
import { copyNodes } from "./copy-nodes.js";
import type { Graph } from "./graph.js";
import type { Value } from "./node.js";
import type { AnyOp } from "./op.js";
import { input } from "./ops/leaves.js";
import type { TensorType } from "./type.js";

/** The graph from some inputs to some values of one builder. */
export function closedGraph(
  builder: Builder,
  inputs: readonly Value[],
  outputs: readonly Value[],
  name = builder.name,
): Graph {
  return {
    name,
    builder,
    inputs: inputs.map((x) => x.node),
    parameters: [],
    outputs: numbered(outputs),
    updates: new Map(),
    effects: [],
  };
}

/** Outputs by their names. */
export function numbered(outputs: readonly Value[]): ReadonlyMap<string, Value> {
  return new Map(outputs.map((x, i) => [`y${i}`, x]));
}

/** A new input that comes from no line of the user's. */
export function declareInput(builder: Builder, name: string, { dtype, shape }: TensorType): Value {
  return builder.inherit([], () => builder.apply(input as AnyOp, [], { name, dtype, shape }))[0]!;
}

/** Declares inputs whose names differ. */
export class Inputs {
  readonly #names = new Set<string>();

  constructor(readonly builder: Builder) {}

  declare(name: string, type: TensorType): Value {
    let own = name;
    for (let n = 2; this.#names.has(own); n++) own = `${name}_${n}`;
    this.#names.add(own);
    return declareInput(this.builder, own, type);
  }
}

/** The graph that is given some of its values: they are inputs from the place `at` on, called `name` and a number. */
export function givenValues(graph: Graph, values: readonly Value[], at: number, name: string): Graph {
  const { builder, inputs, outputs } = graph;
  const fresh = values.map(({ type }, i) => declareInput(builder, `${name}${inputs.length + i}`, type));
  const of = copyNodes([...outputs.values()], builder, new Map(values.map((x, i) => [x, fresh[i]!])));
  return {
    ...graph,
    inputs: inputs.toSpliced(at, 0, ...fresh.map((x) => x.node)),
    outputs: new Map([...outputs].map(([key, x]) => [key, of(x)])),
  };
}
