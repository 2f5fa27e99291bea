// Activations: any op of the table that takes one tensor and keeps its shape, by name.
import { GraphError } from "#ir/errors.js";
import type { Form } from "#ir/forms.js";
import type { AnyOp, Op } from "#ir/op.js";
import type * as table from "#ir/ops/index.js";
import { opTable } from "#ir/ops/table.js";
import type { OpName } from "../signatures.js";
import { callOp, type Tensor } from "../tensor.js";
import { nextName } from "./context.js";
import { defineLayer, type Layer } from "./layer.js";

type FormOf<O> = O extends Op<infer F, infer _A, infer _Args> ? F : never;
/** The names of ops of form "unary" (relu, tanh, …) and "row" (softmax, …; along the last axis). */
export type Activation = {
  [K in OpName]: FormOf<(typeof table)[K]> extends "unary" | "row" ? K : never;
}[OpName];

/** The activation applied to `x`. Throws a GraphError where no op of that name takes one tensor and keeps its shape. */
export function applyActivation(name: Activation, x: Tensor): Tensor {
  return callOp(activationOp(name), [x]) as Tensor;
}

/** An activation as a layer of its own. */
export function activation(name: Activation): Layer {
  const op = activationOp(name);
  return defineLayer(
    { name: nextName(name), kind: name, parameters: [], layers: [] },
    (x) => callOp(op, [x]) as Tensor,
  );
}

function activationOp(name: string): AnyOp {
  const op = opTable.get(name);
  const form = op?.form as Form | undefined;
  if (op && (form === "unary" || form === "row")) return op;
  throw new GraphError(`activation: "${name}" is not an op that takes one tensor and keeps its shape`);
}
