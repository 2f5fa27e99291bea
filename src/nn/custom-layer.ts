// A layer of one's own: parts with names, and a function that computes with them.
import { Parameter } from "../parameter.js";
import type { Tensor } from "../tensor.js";
import { nextName } from "./context.js";
import { type Call, type CallOptions, defineLayer, type Layer, type LayerInfo } from "./layer.js";

/** Children and parameters by the names that they have in paths. */
export type Parts = Readonly<Record<string, LayerInfo | Parameter>>;

/**
 * A layer of kind `kind` made of `parts`. `forward` hands the options of the call on to the children:
 * `layer("block", { conv, norm }, (x, call) => norm(conv(x, call), call))`.
 */
export function layer<C extends CallOptions = CallOptions>(
  kind: string,
  parts: Parts,
  forward: (x: Tensor, call: Call<C>) => Tensor,
  options: { readonly name?: string } = {},
): Layer<C> {
  const all = Object.values(parts);
  const parameters = [...new Set(all.flatMap((part) => (part instanceof Parameter ? [part] : part.parameters)))];
  const layers = all.filter((part): part is LayerInfo => !(part instanceof Parameter));
  return defineLayer({ name: nextName(kind, options.name), kind, parameters, layers, parts }, forward);
}
