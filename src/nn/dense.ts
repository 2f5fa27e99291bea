// The fully connected layer.
import type { DType } from "#ir/dtype.js";
import { ShapeError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import { printShape } from "#ir/size.js";
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
  /** A parameter to share: `[in, out]`, or `[out, in]` with `transposed`. */
  readonly weight?: Parameter;
  /** Whether the weight is `[out, in]`, as that of an embedding whose rows are the outputs. */
  readonly transposed?: boolean;
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
  /** `[in, out]`; `[out, in]` where it is transposed. */
  readonly weight: Parameter<[In, Out]>;
  /** `[out]`; null without bias. */
  readonly bias: Parameter<[Out]> | null;
}

/**
 * `activation(x · W + b)` on rows of `inputs` numbers, giving rows of `outputs`. Throws a ShapeError where a weight to share
 * has another shape.
 */
export function dense<const In extends number, const Out extends number>(
  inputs: In,
  outputs: Out,
  options: DenseOptions = {},
): Dense<In, Out> {
  const { activation, dtype = "f32", seed, transposed = false } = options;
  const source = seed === undefined ? nextSource() : { seed, stream: 0 };
  const name = nextName("dense", options.name);
  const shape = transposed ? [outputs, inputs] : [inputs, outputs];
  if (options.weight) atUserLine(() => requireShape(name, options.weight!, shape));
  const weight =
    options.weight ??
    parameter(shape, initialize(options.init ?? xavierUniform(), source, 0), { name: `${name}/weight`, dtype });
  const bias =
    options.bias === false
      ? null
      : parameter([outputs], initialize(options.biasInit ?? zeros(), source, 1), { name: `${name}/bias`, dtype });
  const [w, b]: readonly [Parameter, Parameter | null] = [weight, bias] as never;
  const layer = defineLayer({ name, kind: "dense", parameters: b ? [w, b] : [w], layers: [] }, (x) => {
    const product = x.matmul(transposed ? w.transpose() : w);
    const sum = b ? product.add(b) : product;
    return activation ? applyActivation(activation, sum) : sum;
  });
  return Object.assign(layer, { weight, bias, features: [inputs, outputs] }) as unknown as Dense<In, Out>;
}

function requireShape(name: string, { dtype, record }: Parameter, want: readonly number[]): void {
  const { shape } = record.type;
  if (shape.join() === want.join()) return;
  const given = `${dtype}${printShape(shape)}`;
  throw new ShapeError(`${name}: the weight to share is ${given}, not ${dtype}${printShape(want)}`);
}
