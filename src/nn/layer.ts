// What a layer is: a function of a tensor that knows its parameters. Layers run in both modes.
import { withScope } from "#ir/origin.js";
import type { Parameter } from "../parameter.js";
import type { CheckLast, Dim, WithLast } from "../shapes.js";
import type { Tensor } from "../tensor.js";

/** Facts about a layer. */
export interface LayerInfo {
  /** `dense1`; a name scope in graphs. */
  readonly name: string;
  /** `dense`, `sequential`, … */
  readonly kind: string;
  /** Its own parameters and those of its children. */
  readonly parameters: readonly Parameter[];
  /** Its children; empty for the layers that compute. */
  readonly layers: readonly Layer[];
}

/** A layer: call it on a tensor of either mode. */
export interface Layer extends LayerInfo {
  (x: Tensor): Tensor;
}

/** A layer that turns rows of `In` features into rows of `Out`; `number` where a size is not known. */
export interface FeatureLayer<In extends Dim, Out extends Dim> extends LayerInfo {
  <X extends Tensor>(x: X & CheckLast<X["shape"], In>): Tensor<WithLast<X["shape"], Out>, X["dtype"]>;
  /** The two sizes, for the types of `sequential`. */
  readonly features: readonly [In, Out];
}

/** Watches layers being called. */
export type LayerObserver = (layer: LayerInfo, input: Tensor, output: Tensor) => void;
let observer: LayerObserver | null = null;

/** Runs `build`, telling `watch` of every layer that is called, children before their parents. */
export function observeLayers<T>(watch: LayerObserver, build: () => T): T {
  const before = observer;
  observer = watch;
  try {
    return build();
  } finally {
    observer = before;
  }
}

/** Makes a layer of a function; calls run in the layer's name scope. */
export function defineLayer(info: LayerInfo, forward: (x: Tensor) => Tensor): Layer {
  const layer = (x: Tensor): Tensor => {
    const y = withScope(info.name, () => forward(x));
    observer?.(info, x, y);
    return y;
  };
  Object.defineProperty(layer, "name", { value: info.name });
  return Object.assign(layer, { kind: info.kind, parameters: info.parameters, layers: info.layers }) as Layer;
}
