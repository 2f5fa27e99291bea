// One training step, one prediction and one evaluation of a model in either mode.
import { zeros } from "#ir/dtype.js";
import type { CompileSettings, Outputs } from "./compile.js";
import type { Predict } from "./define-model.js";
import type { Feeds } from "./feeds.js";
import type { InputSpecs } from "./input-specs.js";
import type { Mode } from "./mode.js";
import type { Evaluated, ModelInstance } from "./model-instance.js";

/** Takes a training step and gives the loss before it. */
export function stepIn<I extends InputSpecs, M, O extends Outputs>(
  mode: Mode,
  model: ModelInstance<I, M, O>,
  settings?: CompileSettings,
): (feeds: Feeds) => number {
  if (mode === "eager") return (feeds) => model.eagerStep(feeds);
  const executable = model.train(settings);
  const loss = zeros(executable.graph.outputs.get("loss")!.type.dtype, 1);
  const target = { loss };
  return (feeds) => {
    executable.runInto(feeds, target);
    return loss[0]!;
  };
}

/** Gives the outputs, changing nothing. */
export function predictIn<I extends InputSpecs, M, O extends Outputs>(
  mode: Mode,
  model: ModelInstance<I, M, O>,
  settings?: CompileSettings,
): Predict<O> {
  if (mode === "eager") return (feeds) => model.eagerPredict(feeds);
  const executable = model.predict(settings);
  return (feeds) => executable.run(feeds);
}

/** Gives the loss and the outputs of inference, changing nothing. */
export function evaluateIn<I extends InputSpecs, M, O extends Outputs>(
  mode: Mode,
  model: ModelInstance<I, M, O>,
  settings?: CompileSettings,
): (feeds: Feeds) => Evaluated<O> {
  return mode === "eager" ? (feeds) => model.eagerEvaluate(feeds) : model.evaluator(settings);
}
