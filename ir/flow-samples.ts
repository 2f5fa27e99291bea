// Sub-graphs for the samples of loops and branches.
import { Builder } from "./builder.js";
import type { Graph } from "./graph.js";
import type { Value } from "./node.js";
import { add, mul, sub } from "./ops/arithmetic.js";
import { input } from "./ops/leaves.js";
import type { AnyOp } from "./op.js";

/** A closed graph of f32 inputs. */
function graphOf(
  name: string,
  shapes: readonly (readonly number[])[],
  build: (...inputs: Value[]) => readonly unknown[],
): Graph {
  const builder = new Builder(name);
  return builder.inherit([], () => {
    const inputs = shapes.map(
      (shape, i) => builder.apply(input as AnyOp, [], { name: `x${i}`, dtype: "f32", shape })[0]!,
    );
    const outputs = build(...inputs) as readonly Value[];
    return {
      name,
      builder,
      inputs: inputs.map((x) => x.node),
      parameters: [],
      outputs: new Map(outputs.map((value, i) => [`y${i}`, value])),
      updates: new Map(),
      effects: [],
    };
  });
}

/** Three turns of `s ← a·s + x` that also give every s. */
export function arithmeticBody() {
  const body = graphOf("body", [[], [2], [2]], (a, s, x) => {
    const next = add(mul(s!, a!), x!);
    return [next, next];
  });
  return { turns: 3, captures: 1, states: 1, body };
}

/** `x·y`, or else `x − y`. */
export function choiceBody() {
  const shapes = [[2], [2]];
  return {
    then: graphOf("then", shapes, (x, y) => [mul(x!, y!)]),
    otherwise: graphOf("otherwise", shapes, (x, y) => [sub(x!, y!)]),
  };
}
