// Layers that tell a sequence where each of its elements stands, by adding a row for every place.
import type { DType } from "#ir/dtype.js";
import { ShapeError } from "#ir/errors.js";
import { iota } from "#ir/ops/leaves.js";
import { atUserLine } from "#ir/origin.js";
import { ops } from "../ops.js";
import { type Parameter, parameter } from "../parameter.js";
import { Tensor } from "../tensor.js";
import { nextName, nextSource } from "./context.js";
import { type Initializer, initialize, normal } from "./initializers.js";
import { defineLayer, type Layer } from "./layer.js";

/**
 * Adds waves to x `[..., length, width]` (Vaswani et al., 2017): at place p, feature 2i gets `sin(p / 10000^(2i/width))` and
 * feature 2i + 1 the cosine of the same. Any length, no parameters.
 */
export function sinusoidalPositions(options: { readonly name?: string } = {}): Layer {
  const name = nextName("positions", options.name);
  return defineLayer({ name, kind: "positions", parameters: [], layers: [] }, (x) => x.add(waves(x)));
}

/** How learned positions may differ from normal numbers of a small deviation. */
export interface PositionOptions {
  /** Initial rows; normal with a deviation of 0.02 where nothing is said. */
  readonly init?: Initializer;
  readonly name?: string;
  readonly seed?: number;
  readonly dtype?: DType;
}

/** Positions that are learned, with their table. */
export interface LearnedPositions extends Layer {
  /** `[longest, width]`. */
  readonly weight: Parameter;
}

/** Adds row p of a table to place p of x `[..., length, width]`. Throws a ShapeError where x is longer than the table. */
export function learnedPositions(longest: number, width: number, options: PositionOptions = {}): LearnedPositions {
  const { dtype = "f32", seed } = options;
  const source = seed === undefined ? nextSource() : { seed, stream: 0 };
  const name = nextName("positions", options.name);
  const initial = initialize(options.init ?? normal({ std: 0.02 }), source);
  const weight = parameter([longest, width], initial, { name: `${name}/weight`, dtype }) as unknown as Parameter;
  const layer = defineLayer({ name, kind: "positions", parameters: [weight], layers: [], parts: { weight } }, (x) => {
    const length = x.shape.at(-2) ?? 1;
    if (typeof length === "number" && length > longest) {
      throw atUserLine(() => new ShapeError(`${name}: x has ${length} places, but the table has ${longest}`));
    }
    return x.add(weight.slice([0, 0], [length, width]));
  });
  return Object.assign(layer, { weight });
}

/** Sines and cosines by turns, `[length, width]`. */
function waves(x: Tensor): Tensor {
  const [length, width] = x.type.shape.slice(-2);
  const count = (axis: number) => new Tensor(iota(x.handle, [length!, width!], axis, x.dtype));
  const feature = count(1);
  const odd = feature.mod(2);
  const features = typeof width === "number" ? width : Number.NaN;
  const angle = count(0).mul(
    feature
      .sub(odd)
      .mul(-Math.log(10000) / features)
      .exp(),
  );
  return ops.where(odd.greater(0), angle.cos(), angle.sin());
}
