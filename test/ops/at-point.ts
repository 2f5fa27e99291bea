// A function of tensors and its gradient at one point, computed by the reference.
import type { DType } from "#ir/dtype.js";
import type { Operand, Value } from "#ir/node.js";
import type { Literal } from "#ir/op.js";
import { evaluateGraph } from "#ir/reference.js";
import { tensorType } from "#ir/type.js";
import { gradient } from "#passes/gradient.js";
import { constantLike } from "#ir/forms.js";
import { dataOf, graphOf, inputsOf } from "./cases.js";

/** The elements of `f(...at)`, and of the gradients of their sum with respect to every float among `at`. */
export function atPoint(f: (...xs: readonly Operand[]) => Operand, ...at: readonly Literal[]) {
  const { builder, inputs } = inputsOf(at.map((x) => tensorType(x.dtype, x.shape)));
  const y = f(...inputs) as Value;
  const floats = inputs.filter((x) => x.type.dtype === "f32" || x.type.dtype === "f64");
  const options = { cotangents: [constantLike(y, 1)], unconnected: "zero" } as const;
  const gradients = gradient([y], floats, options) as readonly Value[];
  const graph = graphOf(builder, inputs, [y, ...gradients]);
  const values = evaluateGraph(graph, new Map(inputs.map((x, i) => [x.node, dataOf(at[i]!)])));
  return { y: [...values.get(y)!], gradients: gradients.map((g) => [...values.get(g)!]) };
}

/** The gradient of the sum of `f(x)` as a function, to be differentiated once more. */
export function slopeOf(f: (x: Operand) => Operand): (x: Operand) => Operand {
  return (x) => {
    const y = f(x);
    return gradient([y], [x], { cotangents: [constantLike(y, 1)] })[0]!;
  };
}

/** A vector, or rows of equal length. */
export function floats(dtype: DType, data: readonly number[], shape: readonly number[] = [data.length]): Literal {
  return { dtype, shape, data };
}
