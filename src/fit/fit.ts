// fit: the training loop. Epochs of batches in either mode, validation after epochs, callbacks, and a stop where the loss is
// no number. The command line trains by it too.
import { GraphError, RunError } from "#ir/errors.js";
import type { CompileSettings, Outputs } from "../compile.js";
import type { Feeds } from "../feeds.js";
import { evaluateIn, stepIn } from "../in-mode.js";
import type { InputSpecs } from "../input-specs.js";
import type { Mode } from "../mode.js";
import type { ModelInstance } from "../model-instance.js";
import { mistake, requireCount, requireKnown } from "../optim/check.js";
import { asCallback, type Callback, type CallbackLike } from "./callback.js";
import { figuresOf, type Metrics } from "./evaluate.js";
import type { History } from "./history.js";
import { Run } from "./run.js";
import { type FitData, rowsIn, type Source, sourceOf } from "./sources.js";

/** Options of `fit`. */
export interface FitOptions<I extends InputSpecs = InputSpecs, O extends Outputs = Outputs> {
  /** How often to go through the data: once where nothing is said, as often as it takes where `steps` is. */
  readonly epochs?: number;
  /** Ends after so many steps, in the middle of an epoch if need be. */
  readonly steps?: number;
  /** Rows of a batch; 32 where nothing is said. Of data that come in batches, these are taken as they are. */
  readonly batchSize?: number;
  /**
   * Rows come in another random order every epoch, which follows from the seed of the model, or from this one; false: as they
   * are. Data that come in batches are taken as they are.
   */
  readonly shuffle?: boolean | number;
  /** Leaves a last batch out that is short. */
  readonly dropLast?: boolean;
  /** Data that are not trained on. */
  readonly validation?: FitData;
  /** Validates after every so many epochs, and after the last; after every one where nothing is said. */
  readonly validateEvery?: number;
  /** What to compute in validations beside the loss. */
  readonly metrics?: Metrics<I, O>;
  readonly callbacks?: readonly CallbackLike[];
  /** How to compute; compiled where nothing is said. */
  readonly mode?: Mode;
  /** How to compile. */
  readonly settings?: CompileSettings;
}

const known = ["epochs", "steps", "batchSize", "shuffle", "dropLast", "validation", "validateEvery", "metrics", "callbacks", "mode", "settings"]; // prettier-ignore
const validationRows = 256;

/**
 * Trains a model and tells how it went. Throws a RunError as soon as a loss is NaN or infinite; DataErrors and FeedErrors where
 * the data do not fit the model.
 */
export async function fit<I extends InputSpecs, M, O extends Outputs>(
  model: ModelInstance<I, M, O>,
  data: FitData,
  options: FitOptions<I, O> = {},
): Promise<History> {
  check(options);
  const {
    mode = "compiled",
    settings = {},
    validateEvery = 1,
    metrics = {},
    batchSize = 32,
    dropLast = false,
  } = options;
  const epochs = options.epochs ?? (options.steps === undefined ? 1 : Infinity);
  const most = options.steps ?? Infinity;
  const shuffle = shuffleSeed(options.shuffle ?? true, model.seed);
  const source = sourceOf("fit", model.inputs, data, { batchSize, shuffle, dropLast });
  const validation = options.validation && sourceOf("fit", model.inputs, options.validation, { batchSize: validationRows, shuffle: null, dropLast: false }); // prettier-ignore
  const callbacks = (options.callbacks ?? []).map(asCallback);
  checkNames(callbacks);
  const run = new Run(
    model as unknown as ModelInstance,
    epochs,
    Math.min(most, epochs * (source.batchesPerEpoch ?? Infinity)),
    validation ? ["loss", "validation loss", ...Object.keys(metrics).map((name) => `validation ${name}`)] : ["loss"],
    settingsOf(model, source, { batchSize, shuffle, dropLast }),
    callbacks,
  );
  try {
    for (const callback of callbacks) callback.reset?.();
    for (const callback of callbacks) await callback.restore?.(run);
    run.startClock();
    for (const callback of callbacks) await callback.begin?.(run);
    const step = stepIn(mode, run.model, settings);
    const evaluator = validation ? evaluateIn(mode, model, settings) : null;
    const validate = (): Readonly<Record<string, number>> => figuresOf("fit", model.inputs, validation!, evaluator!, metrics); // prettier-ignore
    while (run.epoch < epochs && run.losses.length < most && run.stopped === null) {
      const ended = await takeEpoch(run, source, step, most, callbacks);
      if (ended === "no batch") break;
      if (ended === "cut") for (const callback of callbacks) await callback.save?.(run, "cut");
      const last = ended === "cut" || run.epoch + 1 >= epochs || run.stopped !== null;
      const due = validation && (last || (run.epoch + 1) % validateEvery === 0);
      endEpoch(run, due ? validate() : {});
      for (const callback of callbacks) await callback.epochEnd?.(run.records.at(-1)!, run);
      if (ended !== "cut") for (const callback of callbacks) await callback.save?.(run, "epoch");
    }
    for (const callback of callbacks) await callback.end?.(run);
    return run.history();
  } finally {
    for (const callback of callbacks) callback.close?.();
  }
}

/** The batches of an epoch from where the run stands: all of them, or "cut" where it may take no more steps, or is stopped. */
async function takeEpoch(
  run: Run,
  source: Source,
  step: (feeds: Feeds) => number,
  most: number,
  callbacks: readonly Callback[],
): Promise<"all" | "cut" | "no batch"> {
  const watching = callbacks.filter((callback) => callback.stepEnd);
  const saving = callbacks.filter((callback) => callback.save);
  const { inputs } = run.model;
  let skip = run.stepInEpoch;
  for (const feeds of source.batches(run.epoch)) {
    if (skip > 0) {
      skip--;
      continue;
    }
    if (run.losses.length >= most || run.stopped !== null) return "cut";
    const loss = step(feeds);
    run.addStep(loss, rowsIn(inputs, feeds));
    if (!Number.isFinite(loss)) throw diverged(run);
    for (const callback of watching) callback.stepEnd!(loss, run);
    for (const callback of saving) {
      const saved = callback.save!(run, "step");
      if (saved) await saved;
    }
  }
  if (skip > 0) {
    throw new GraphError(`fit: epoch ${run.epoch + 1} has ${run.stepInEpoch - skip} batches, but ${run.stepInEpoch} were taken before it was resumed`); // prettier-ignore
  }
  return run.stepInEpoch === 0 ? "no batch" : "all";
}

function endEpoch(run: Run, validated: Readonly<Record<string, number>>): void {
  const figures: Record<string, number> = { loss: run.epochLoss };
  for (const [name, value] of Object.entries(validated)) figures[`validation ${name}`] = value;
  run.endEpoch(figures);
  const loss = validated.loss ?? 0;
  if (!Number.isFinite(loss))
    throw new RunError(`fit: the validation loss is ${loss} after epoch ${run.epoch}`, { help: remedy });
}

const remedy =
  "take a smaller learning rate, clip gradients (clip: { globalNorm: 1 } in the optimiser), or look for log(0) and 0/0 in the loss";

function diverged(run: Run): RunError {
  const { losses, epoch, stepInEpoch } = run;
  const before =
    losses.length > 1 ? `; the loss before was ${losses.at(-2)}` : "; it is the first one: look at the data, too";
  const where = `step ${losses.length} (batch ${stepInEpoch} of epoch ${epoch + 1})`;
  const wrong = run.model.parameters.filter((p) => !Array.from(p.data()).every(Number.isFinite)).map((p) => p.name);
  const lines = wrong.length > 0 ? [`  parameters that are not finite now: ${wrong.join(", ")}`] : [];
  return new RunError(`fit: the loss is ${losses.at(-1)} at ${where}${before}`, { lines, help: remedy });
}

function check(options: FitOptions<never, never>): void {
  requireKnown("fit", options, known);
  for (const name of ["epochs", "steps", "batchSize", "validateEvery"] as const) {
    const value = options[name];
    if (value !== undefined && !(name === "epochs" && value === Infinity)) requireCount("fit", name, value);
  }
  const { mode = "compiled", shuffle = true, metrics, validation } = options;
  if (mode !== "compiled" && mode !== "eager") throw mistake(`fit: mode is ${String(mode)}, not "compiled" or "eager"`);
  if (typeof shuffle !== "boolean" && !(Number.isSafeInteger(shuffle) && shuffle >= 0))
    throw mistake(`fit: shuffle is ${String(shuffle)}, neither true, false nor a seed`);
  if (metrics && !validation)
    throw mistake("fit: metrics are computed in validations, and there are no validation data");
}

function checkNames(callbacks: readonly Callback[]): void {
  const names = callbacks.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice) throw mistake(`fit: two callbacks are called "${twice}"`);
}

function shuffleSeed(shuffle: boolean | number, seed: number): number | null {
  if (typeof shuffle === "number") return shuffle;
  return shuffle ? seed : null;
}

/** What a checkpoint's training and the one that goes on from it must have in common. */
function settingsOf(
  model: Pick<ModelInstance, "name" | "seed" | "optimizer">,
  source: Source,
  {
    batchSize,
    shuffle,
    dropLast,
  }: { readonly batchSize: number; readonly shuffle: number | null; readonly dropLast: boolean },
) {
  const base = { model: model.name, seed: model.seed, optimizer: model.optimizer?.name ?? null };
  if (!source.columns) return { ...base, batchesPerEpoch: source.batchesPerEpoch };
  const rows = Object.values(source.columns)[0]!.shape[0]!;
  return { ...base, rows, batchSize, shuffle, dropLast };
}
