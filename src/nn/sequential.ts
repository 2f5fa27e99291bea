// Layers one after the other.
import { GraphError } from "#ir/errors.js";
import type { Dim } from "../shapes.js";
import type { Tensor } from "../tensor.js";
import { nextName } from "./context.js";
import { defineLayer, type FeatureLayer, isLayer, type Layer, type LayerInfo } from "./layer.js";

/** What `sequential` takes: layers, and plain functions of a tensor. */
export type Stage = LayerInfo | ((x: Tensor) => Tensor);

interface Ends<In extends Dim, Out extends Dim> {
  readonly features: readonly [In, Out];
}
type FirstIn<L extends readonly unknown[]> = L extends readonly [Ends<infer In, infer _>, ...unknown[]] ? In : number;
type LastOut<L extends readonly unknown[]> = L extends readonly [...unknown[], Ends<infer _, infer Out>] ? Out : number;
type AllFeatures<L extends readonly unknown[]> = L extends readonly Ends<Dim, Dim>[] ? true : false;
/** The type of a chain: sizes of its ends are known where every stage says its own. */
export type Sequential<L extends readonly unknown[]> =
  AllFeatures<L> extends true ? FeatureLayer<FirstIn<L>, LastOut<L>> : Layer;

/** A layer that hands its argument through `stages` in turn; layers get the options of the call, plain functions do not. */
export function sequential<const L extends readonly Stage[]>(...stages: L): Sequential<L> {
  const layers = stages.map(asLayer);
  const parameters = [...new Set(layers.flatMap((layer) => layer.parameters))];
  const info: LayerInfo = { name: nextName("sequential"), kind: "sequential", parameters, layers };
  const chain = defineLayer(info, (x, call) => layers.reduce((y, layer) => layer(y, call), x));
  const ends = layers as unknown as readonly Partial<FeatureLayer<Dim, Dim>>[];
  const features = [ends[0]?.features?.[0], ends.at(-1)?.features?.[1]];
  return Object.assign(chain, { features }) as unknown as Sequential<L>;
}

/** A stage as a layer: itself, or a plain function under its name. Throws a GraphError where it is neither. */
export function asLayer(stage: Stage): Layer {
  if (isLayer(stage)) return stage;
  if (Array.isArray(stage))
    throw new GraphError("sequential: a list is neither a layer nor a function", { help: "sequential(...layers)" });
  if (typeof stage !== "function")
    throw new GraphError(`sequential: ${String(stage)} is neither a layer nor a function`);
  const forward = stage as (x: Tensor) => Tensor;
  const kind = forward.name || "function";
  return defineLayer({ name: nextName(kind), kind, parameters: [], layers: [] }, (x) => forward(x));
}
