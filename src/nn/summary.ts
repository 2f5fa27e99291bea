// What a model consists of: a row per layer, found by calling it on a symbolic tensor, with what it computes and keeps.
import { type DType, itemSize } from "#ir/dtype.js";
import { GraphError } from "#ir/errors.js";
import { elementCount, evaluateSize, namesIn, type SizeBinding, toSize } from "#ir/size.js";
import { printType } from "#ir/type.js";
import { Graph } from "../graph.js";
import type { Parameter } from "../parameter.js";
import { countsRuns } from "../random-state.js";
import type { Dim } from "../shapes.js";
import type { Tensor } from "../tensor.js";
import { type LayerCall, layerCalls, workOfCalls } from "./layer-calls.js";
import { Summary, type SummaryRow } from "./summary-table.js";

/** Builds a model's graph on inputs whose sizes are named, or the numbers that `sized` makes of them; gives what is computed. */
type Trace = (sized: (shape: readonly Dim[]) => readonly Dim[]) => readonly Tensor[];

/** What to summarise. */
export interface Subject {
  readonly trace: Trace;
  /** The shapes of the inputs. */
  readonly shapes: readonly (readonly Dim[])[];
  /** Numbers for named sizes; 1 where nothing is said. */
  readonly sizes: SizeBinding;
  /** Whether a parameter is trained. */
  readonly trains: (parameter: Parameter) => boolean;
}

/**
 * The layers of a model in the order of their calls, for an input of a shape. Operations and memory are those of a pass with
 * `sizes` in the place of named sizes, 1 where nothing is said. Throws a GraphError for other names.
 */
export function summarize(
  model: (x: Tensor) => Tensor,
  shape: readonly Dim[],
  dtype: DType = "f32",
  sizes: SizeBinding = {},
): Summary {
  const trace: Trace = (sized) => [model(new Graph("summary").input("x", sized(shape), dtype))];
  return summaryOf({ trace, shapes: [shape], sizes, trains: (p) => p.trainable });
}

/** The summary of what a trace computes. */
export function summaryOf({ trace, shapes, sizes: given, trains }: Subject): Summary {
  const names = [...new Set(shapes.flat().flatMap((size) => namesIn(toSize(size))))];
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const have = names.length > 0 ? `its sizes are ${names.join(", ")}` : "it has no named sizes";
    throw new GraphError(`summary: the model has no size ${unknown}; ${have}`);
  }
  const sizes = Object.fromEntries(names.map((name) => [name, given[name] ?? 1]));
  const numbers = (shape: readonly Dim[]) => shape.map((size) => evaluateSize(toSize(size), sizes));
  const [roots, calls] = withSizes(sizes, () => layerCalls(() => trace(numbers)));
  const known = (size: Dim) => namesIn(toSize(size)).every((name) => name in given);
  const shown = (shape: readonly Dim[]) =>
    shape.map((size) => (known(size) ? evaluateSize(toSize(size), sizes) : size));
  const named = names.some((name) => !(name in given)) ? layerCalls(() => trace(shown))[1] : calls;
  const { of, parameters } = workOfCalls(roots, calls);
  const counts = new Counts(trains);
  const rows = calls.flatMap((call, i): readonly SummaryRow[] => {
    const { layer } = call;
    const own = counts.of(ownParameters(layer));
    const { computes, ...work } = of(call);
    if (layer.layers.length > 0 && own.parameterBytes === 0 && work.flops === 0) return [];
    const { output } = named[i]?.layer === layer ? named[i] : call;
    const { name, kind } = layer;
    return [{ name, kind, output: printType(output.type), ...own, ...work, outputBytes: computes ? bytesOf(call) : 0 }];
  });
  const inLayers = new Set(calls.flatMap(({ layer }) => layer.parameters));
  const alone = parameters.filter((p) => !inLayers.has(p) && !countsRuns(p.record));
  const others = alone.map((p): SummaryRow => {
    const row = { name: p.name, kind: "parameter", output: printType(p.type), ...counts.of([p]) };
    return { ...row, flops: 0, multiplyAdds: 0, atLeast: false, outputBytes: 0 };
  });
  const { flops, multiplyAdds, atLeast } = of(null);
  return new Summary([...rows, ...others], { flops, multiplyAdds, atLeast }, sizes);
}

/** The trace with numbers; where a number that nobody gave does not fit, the error says so. */
function withSizes<T>(sizes: SizeBinding, trace: () => T): T {
  try {
    return trace();
  } catch (error) {
    const names = Object.keys(sizes);
    if (!(error instanceof GraphError) || names.length === 0) throw error;
    const bound = names.map((name) => `${name} = ${sizes[name]}`).join(", ");
    throw new GraphError(`summary: with ${bound}: ${error.message}`, {}, true);
  }
}

/** The parameters of a layer that belong to none of its children. */
function ownParameters({ parameters, layers }: LayerCall["layer"]): readonly Parameter[] {
  const below = new Set(layers.flatMap((layer) => layer.parameters));
  return parameters.filter((p) => !below.has(p));
}

function bytesOf({ output }: LayerCall): number {
  const { dtype, shape } = output.type;
  return (elementCount(shape) as number) * itemSize(dtype);
}

/** Counts parameters, each once: with the layer that is the first to have it. */
class Counts {
  readonly #seen = new Set<Parameter>();

  constructor(readonly trains: (parameter: Parameter) => boolean) {}

  of(all: readonly Parameter[]): Pick<SummaryRow, "parameters" | "untrained" | "parameterBytes"> {
    const [counts, others] = [[], []] as [number[], number[]];
    let parameterBytes = 0;
    for (const p of all) {
      if (this.#seen.has(p)) continue;
      this.#seen.add(p);
      (this.trains(p) ? counts : others).push(p.count);
      parameterBytes += p.count * itemSize(p.dtype);
    }
    const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
    return { parameters: sum(counts), untrained: sum(others), parameterBytes };
  }
}
