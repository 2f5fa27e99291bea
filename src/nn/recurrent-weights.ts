// The parameters of recurrent layers.
import type { DType } from "#ir/dtype.js";
import { type Parameter, parameter } from "../parameter.js";
import type { CellWeights } from "./cells.js";
import { nextName, nextSource } from "./context.js";
import { type Initializer, initialize, orthogonal, xavierUniform, zeros } from "./initializers.js";
import type { LayerInfo } from "./layer.js";
import type { Returns } from "./recurrent.js";

/** What all recurrent layers take. */
export interface RecurrentOptions {
  /** "sequence" where nothing is said. */
  readonly returns?: Returns;
  /** Whether it adds a bias; it does where nothing is said. */
  readonly bias?: boolean;
  /** Initial weights for inputs, all gates as one matrix; Xavier uniform where nothing is said. */
  readonly init?: Initializer;
  /** Initial weights for states, all gates as one matrix; orthogonal where nothing is said. */
  readonly recurrentInit?: Initializer;
  readonly name?: string;
  /** For the initial values; every layer has its own where nothing is said. */
  readonly seed?: number;
  readonly dtype?: DType;
}

interface Sizes {
  readonly inputs: number;
  readonly units: number;
  readonly gates: number;
}
interface Extras<K extends string> {
  /** Initial bias; zeros where nothing is said. */
  readonly bias?: Initializer;
  readonly others?: { readonly [key in K]?: { readonly shape: readonly number[]; readonly init: Initializer } };
}

/** What a layer of kind `kind` is, and its weights by the names that cells know them by. */
export function recurrentWeights<K extends string = never>(
  kind: string,
  { inputs, units, gates }: Sizes,
  options: RecurrentOptions,
  extras: Extras<K> = {},
): { readonly info: LayerInfo; readonly weights: CellWeights & { readonly [key in K]?: Parameter } } {
  const { bias = true, init = xavierUniform(), recurrentInit = orthogonal(), dtype = "f32", seed } = options;
  const source = seed === undefined ? nextSource() : { seed, stream: 0 };
  const name = nextName(kind, options.name);
  const width = gates * units;
  const wanted = {
    inputWeight: { shape: [inputs, width], init },
    recurrentWeight: { shape: [units, width], init: recurrentInit },
    ...(bias ? { bias: { shape: [width], init: extras.bias ?? zeros() } } : {}),
    ...(extras.others as Record<string, { readonly shape: readonly number[]; readonly init: Initializer }> | undefined),
  };
  const parts = Object.fromEntries(
    Object.entries(wanted).map(([part, own], i) => [
      part,
      parameter(own.shape, initialize(own.init, source, i), { name: `${name}/${part}`, dtype }) as unknown as Parameter,
    ]),
  );
  const info: LayerInfo = { name, kind, parameters: Object.values(parts), layers: [], parts };
  return { info, weights: parts as never };
}
