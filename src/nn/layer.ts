// What a layer is: a function of a tensor that knows its parameters. Layers run in both modes; whether they train or infer
// is said by each call, so a layer has no state beside its parameters.
import { GraphError } from "#ir/errors.js";
import { atUserLine, withScope } from "#ir/origin.js";
import type { Parameter } from "../parameter.js";
import type { CheckLast, Dim, WithLast } from "../shapes.js";
import type { Tensor } from "../tensor.js";

/** How a layer is called. Containers hand it on to their children. */
export interface CallOptions {
  /** Whether this is a step of training: dropout drops, batch norm normalises by the batch and notes statistics. It is not, where nothing is said. */
  readonly training?: boolean;
}

/** The options of a call as a layer's function sees them. */
export type Call<C extends CallOptions = CallOptions> = C & { readonly training: boolean };

/** Facts about a layer. */
export interface LayerInfo {
  /** `dense1`; a name scope in graphs. */
  readonly name: string;
  /** `dense`, `sequential`, … */
  readonly kind: string;
  /** Its own parameters and those of its children, those that are not trained (running statistics) too. */
  readonly parameters: readonly Parameter[];
  /** Its children; empty for the layers that compute. */
  readonly layers: readonly LayerInfo[];
  /** Children and own parameters by the names they have in paths; made from the names of layers where it is not given. */
  readonly parts?: Readonly<Record<string, LayerInfo | Parameter>>;
}

/** A layer: call it on a tensor of either mode. */
export interface Layer<C extends CallOptions = CallOptions> extends LayerInfo {
  (x: Tensor, call?: C): Tensor;
}

/** A layer that turns rows of `In` features into rows of `Out`; `number` where a size is not known. */
export interface FeatureLayer<In extends Dim, Out extends Dim> extends LayerInfo {
  <X extends Tensor>(
    x: X & CheckLast<X["shape"], In>,
    call?: CallOptions,
  ): Tensor<WithLast<X["shape"], Out>, X["dtype"]>;
  /** The two sizes, for the types of `sequential`. */
  readonly features: readonly [In, Out];
}

/** Watches layers being called: it is told of a call before it, and what it returns is told of the output. */
export type LayerObserver = (layer: LayerInfo, input: Tensor) => (output: Tensor) => void;
let observer: LayerObserver | null = null;

/** Runs `build`, telling `watch` of every layer that is called. */
export function observeLayers<T>(watch: LayerObserver, build: () => T): T {
  const before = observer;
  observer = watch;
  try {
    return build();
  } finally {
    observer = before;
  }
}

/**
 * Makes a layer of a function; calls run in the layer's name scope. The layer throws a GraphError where the options of a
 * call are none.
 */
export function defineLayer<C extends CallOptions = CallOptions>(
  info: LayerInfo,
  forward: (x: Tensor, call: Call<C>) => Tensor,
): Layer<C> {
  const scope = info.name.slice(info.name.lastIndexOf("/") + 1);
  const layer = (x: Tensor, call?: C): Tensor => {
    const options = atUserLine(() => checkedCall(info, call));
    const done = observer?.(info, x);
    const y = withScope(scope, () => forward(x, options));
    done?.(y);
    return y;
  };
  Object.defineProperty(layer, "name", { value: info.name });
  const { kind, parameters, layers, parts } = info;
  return Object.assign(layer, { kind, parameters, layers, ...(parts ? { parts } : {}) });
}

const inference = { training: false };

// `xs.map(layer)` calls it with an index, and `layer(x, true)` looks as if it trained.
function checkedCall<C extends CallOptions>(info: LayerInfo, call: C | undefined): Call<C> {
  if (call === undefined) return inference as Call<C>;
  const given: unknown = call;
  if (typeof given !== "object" || given === null) {
    throw new GraphError(`${info.name}: it is called with ${String(given)} beside its input`, {
      help: "options of a call are a record: layer(x, { training: true })",
    });
  }
  const { training = false } = call;
  if (typeof training !== "boolean")
    throw new GraphError(`${info.name}: training is ${String(training)}, not a boolean`);
  return { ...call, training };
}

/** Whether a value is a layer, made by any of the functions of `nn`. */
export function isLayer(x: unknown): x is Layer {
  return typeof x === "function" && "parameters" in x && "layers" in x;
}
