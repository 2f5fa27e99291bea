// From images to rows of numbers.
import { elementCount } from "#ir/size.js";
import { callOp } from "../tensor.js";
import { reshape } from "#ir/ops/movement.js";
import { nextName } from "./context.js";
import { defineLayer, type Layer } from "./layer.js";

/** All axes after the first as one: `[batch, channels, …]` becomes `[batch, n]`. */
export function flatten(options: { readonly name?: string } = {}): Layer {
  const info = { name: nextName("flatten", options.name), kind: "flatten", parameters: [], layers: [] };
  return defineLayer(info, (x) => {
    const [batch = 1, ...rest] = x.type.shape;
    return callOp(reshape, [x, [batch, elementCount(rest)]]) as typeof x;
  });
}
