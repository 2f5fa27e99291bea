// Makes graphs for tests, and runs them on the reference interpreter.
import { Builder } from "#ir/builder.js";
import { arrayOf, type DType, type TypedArray } from "#ir/dtype.js";
import type { Graph } from "#ir/graph.js";
import type { Node, Operand, Parameter, Value } from "#ir/node.js";
import { input, parameter } from "#ir/ops/leaves.js";
import { makeParameter } from "#ir/parameter.js";
import { evaluateValues } from "#ir/reference.js";
import { namedSize, type Size } from "#ir/size.js";

/** A graph under construction. */
export class GraphMaker {
  readonly builder: Builder;
  readonly #inputs = new Map<string, Value>();
  readonly #parameters: Node[] = [];

  constructor(name = "g") {
    this.builder = new Builder(name);
  }

  /** An input; sizes are numbers or names. */
  input(name: string, shape: readonly (number | string)[], dtype: DType = "f64"): Value {
    const sizes: readonly Size[] = shape.map((size) => (typeof size === "string" ? namedSize(size) : size));
    const value = this.builder.apply(input, [], { name, dtype, shape: sizes })[0]!;
    this.#inputs.set(name, value);
    return value;
  }

  /** A parameter that starts with zeros. */
  parameter(name: string, shape: readonly number[], dtype: DType = "f64"): Value {
    return this.hold(makeParameter(name, { dtype, shape }));
  }

  hold(record: Parameter): Value {
    const value = this.builder.apply(parameter, [], { parameter: record })[0]!;
    this.#parameters.push(value.node);
    return value;
  }

  /** The graph of these outputs and updates (pairs of parameter and new value). */
  graph(outputs: Readonly<Record<string, Operand>>, updates: readonly (readonly [Operand, Operand])[] = []): Graph {
    const { builder } = this;
    return {
      name: builder.name,
      builder,
      inputs: [...this.#inputs.values()].map((value) => value.node),
      parameters: this.#parameters,
      outputs: new Map(Object.entries(outputs) as [string, Value][]),
      updates: new Map(updates.map(([target, value]) => [(target as Value).node, value as Value])),
      effects: [],
    };
  }

  /** The elements of values, given those of inputs. */
  run(values: readonly Operand[], feeds: Readonly<Record<string, readonly number[]>>): readonly TypedArray[] {
    const fed = Object.entries(feeds).map(([name, data]): [Node, TypedArray] => {
      const value = this.#inputs.get(name)!;
      return [value.node, arrayOf(value.type.dtype, data)];
    });
    const known = evaluateValues(values as readonly Value[], new Map(fed));
    return values.map((value) => known.get(value as Value)!);
  }
}
