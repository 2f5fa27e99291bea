// The summary of a model of the command line: of its outputs and its loss, as inference computes them.
import type { SizeBinding } from "#ir/size.js";
import type { Outputs } from "./compile.js";
import type { ModelOptions } from "./define-model.js";
import { Graph } from "./graph.js";
import { declareInputs, type InputSpecs, typeOfSpec } from "./input-specs.js";
import { force } from "./lazy.js";
import { summaryOf } from "./nn/summary.js";
import type { Summary } from "./nn/summary-table.js";
import { type RandomState, withRandom } from "./random-state.js";
import type { Tensor } from "./tensor.js";

/** What a summary is of. */
export interface SummaryOptions {
  /** Numbers for named sizes, in operations and memory; 1 where nothing is said. */
  readonly sizes?: SizeBinding;
  /** Whether to compile inference and a training step, for the memory that they plan. */
  readonly plan?: boolean;
}

/** The layers of a model. Throws a GraphError for sizes that it does not have. */
export function summaryOfModel<I extends InputSpecs, M, O extends Outputs>(
  options: ModelOptions<I, M, O>,
  model: M,
  random: RandomState,
  sizes: SizeBinding,
): Summary {
  const specs = Object.entries(options.inputs).map(([name, spec]) => [name, typeOfSpec(spec)] as const);
  const chosen = options.parameters?.(model);
  return summaryOf({
    shapes: specs.map(([, { shape }]) => shape),
    sizes,
    trains: (p) => chosen?.includes(p) ?? p.trainable,
    trace: (sized) => {
      const inputs = specs.map(([name, { shape, dtype }]) => [name, { shape: sized(shape), dtype }]);
      const graph = withRandom(random, () => new Graph(options.name));
      const declared = declareInputs(graph, Object.fromEntries(inputs) as I);
      const { loss, outputs } = options.build(declared, model, { training: false });
      return [...Object.values<Tensor>(outputs ? force(outputs) : {}), force(loss)];
    },
  });
}
