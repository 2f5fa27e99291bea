// Graph: declares inputs; everything computed from them grows the graph.
import { Builder } from "#ir/builder.js";
import type { DType } from "#ir/dtype.js";
import { GraphError, ShapeError } from "#ir/errors.js";
import { bring } from "#ir/forms.js";
import type { Applier, Node, Value } from "#ir/node.js";
import { atUserLine, withScope } from "#ir/origin.js";
import { input } from "#ir/ops/leaves.js";
import { liftParameter, Parameter } from "./parameter.js";
import { currentRandom, RandomState } from "./random-state.js";
import type { Dim, Mutable } from "./shapes.js";
import { sizesOf, Tensor } from "./tensor.js";

const graphs = new WeakMap<Applier, Graph>();

/** How a graph may be made. */
export interface GraphOptions {
  /**
   * A whole number from 0 that its random numbers follow from, and a counter of runs of its own; those in force, set by
   * `random.seed`, where nothing is said.
   */
  readonly seed?: number;
}

/** A static graph under construction. */
export class Graph {
  readonly name: string;
  readonly builder: Builder;
  readonly #inputs = new Map<string, Tensor>();

  constructor(name = "graph", options: GraphOptions = {}) {
    this.name = name;
    const state = options.seed === undefined ? currentRandom() : atUserLine(() => new RandomState(options.seed!), "Graph"); // prettier-ignore
    this.builder = new Builder(name, state.forGraph());
    graphs.set(this.builder, this);
  }

  /** The graph that owns a symbolic tensor; undefined for nodes built without one. */
  static of(owner: Applier): Graph | undefined {
    return graphs.get(owner);
  }

  /** The declared inputs, by name, in order. */
  get inputs(): ReadonlyMap<string, Tensor> {
    return this.#inputs;
  }

  /**
   * Declares a tensor fed at every run. Sizes are numbers or names such as "batch", bound by the feeds.
   * Throws a GraphError where the name is taken.
   */
  input<const S extends readonly Dim[], const D extends DType = "f32">(
    name: string,
    shape: S,
    dtype: D = "f32" as D,
  ): Tensor<Mutable<S>, D> {
    const tensor = atUserLine(() => new Tensor<Mutable<S>, D>(this.#declare(name, shape, dtype)), "input");
    this.#inputs.set(name, tensor as unknown as Tensor);
    return tensor;
  }

  #declare(name: string, shape: readonly Dim[], dtype: DType): Value {
    if (this.#inputs.has(name)) {
      throw new GraphError(`the graph "${this.name}" has an input called "${name}" already`);
    }
    if (name === "__proto__") throw new GraphError('no input can be called "__proto__"');
    if (!Array.isArray(shape)) throw new ShapeError(`the shape of ${name} is ${String(shape)}, not a list of sizes`);
    return this.builder.apply(input, [], { name, dtype, shape: sizesOf(shape) })[0]!;
  }

  /** A parameter, or an eager tensor's numbers, as a value of this graph. */
  read<T extends Tensor>(tensor: T): Tensor<T["shape"], T["dtype"]> {
    return new Tensor(valueIn(this.builder, tensor));
  }

  /** Runs `build` inside the name scope `name`, which errors, pictures and profiles show. */
  scope<T>(name: string, build: () => T): T {
    return withScope(name, build);
  }

  /** The `input` nodes in the order of declaration. */
  get inputNodes(): readonly Node[] {
    return [...this.#inputs.values()].map((x) => (x.handle as Value).node);
  }
}

/** A tensor as a value of the graph that `owner` builds. Throws a GraphError where it belongs to another graph. */
export function valueIn(owner: Applier, tensor: Tensor): Value {
  if (tensor instanceof Parameter) return liftParameter(tensor.record, owner) as Value;
  return bring(tensor.handle, owner) as Value;
}
