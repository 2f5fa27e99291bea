// Sub-graphs for the samples of loops and branches.
import { Builder } from "./builder.js";
import { closedGraph, declareInput } from "./closed-graph.js";
import type { Graph } from "./graph.js";
import type { Value } from "./node.js";
import { add, mul, sub } from "./ops/arithmetic.js";

/** A closed graph of f32 inputs. */
function graphOf(
  name: string,
  shapes: readonly (readonly number[])[],
  build: (...inputs: Value[]) => readonly unknown[],
): Graph {
  const builder = new Builder(name);
  const inputs = shapes.map((shape, i) => declareInput(builder, `x${i}`, { dtype: "f32", shape }));
  return closedGraph(
    builder,
    inputs,
    builder.inherit([], () => build(...inputs) as readonly Value[]),
  );
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
