// The fully connected layer.
import type { DType } from "#ir/dtype.js";
import { type Parameter, parameter } from "../parameter.js";
import { type Activation, applyActivation } from "./activation.js";
import { nextName, nextSource } from "./context.js";
import { type Initializer, initialize, xavierUniform, zeros } from "./initializers.js";
import { defineLayer, type FeatureLayer } from "./layer.js";

/** How a dense layer may differ from `x · W + b`. */
export interface DenseOptions {
  /** An elementwise or row-wise op applied at the end; none where nothing is said. */
  readonly activation?: Activation;
  /** Whether it adds a bias; it does where nothing is said. */
  readonly bias?: boolean;
  /** Initial weights; Xavier uniform where nothing is said. */
  readonly init?: Initializer;
  /** Initial bias; zeros where nothing is said. */
  readonly biasInit?: Initializer;
  readonly name?: string;
  /** For the initial values; every layer has its own where nothing is said. */
  readonly seed?: number;
  readonly dtype?: DType;
}

/** A dense layer, with its parameters. */
export interface Dense<In extends number, Out extends number> extends FeatureLayer<In, Out> {
  /** `[in, out]`. */
  readonly weight: Parameter<[In, Out]>;
  /** `[out]`; null without bias. */
  readonly bias: Parameter<[Out]> | null;
}

/** `activation(x · W + b)` on rows of `inputs` numbers, giving rows of `outputs`. */
export function dense<const In extends number, const Out extends number>(
  inputs: In,
  outputs: Out,
  options: DenseOptions = {},
): Dense<In, Out> {
  const { activation, dtype = "f32", seed } = options;
  const source = seed === undefined ? nextSource() : { seed, stream: 0 };
  const name = options.name ?? nextName("dense");
  const weight = parameter([inputs, outputs], initialize(options.init ?? xavierUniform(), source, 0), {
    name: `${name}/weight`,
    dtype,
  });
  const bias =
    options.bias === false
      ? null
      : parameter([outputs], initialize(options.biasInit ?? zeros(), source, 1), { name: `${name}/bias`, dtype });
  const [w, b]: readonly [Parameter, Parameter | null] = [weight, bias] as never;
  const layer = defineLayer({ name, kind: "dense", parameters: b ? [w, b] : [w], layers: [] }, (x) => {
    const product = x.matmul(w);
    const sum = b ? product.add(b) : product;
    return activation ? applyActivation(activation, sum) : sum;
  });
  return Object.assign(layer, { weight, bias, features: [inputs, outputs] }) as unknown as Dense<In, Out>;
}
