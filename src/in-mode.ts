// One training step, and one prediction, of a model in either mode.
import type { CompileSettings, Outputs } from "./compile.js";
import type { Predict } from "./define-model.js";
import type { Feeds } from "./feeds.js";
import type { InputSpecs } from "./input-specs.js";
import type { Mode } from "./mode.js";
import type { ModelInstance } from "./model-instance.js";

/** Takes a training step and gives the loss before it. */
export function stepIn<I extends InputSpecs, M, O extends Outputs>(
  mode: Mode,
  model: ModelInstance<I, M, O>,
  settings?: CompileSettings,
): (feeds: Feeds) => number {
  if (mode === "eager") return (feeds) => model.eagerStep(feeds);
  const executable = model.train(settings);
  return (feeds) => executable.run(feeds).loss.data[0]!;
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
