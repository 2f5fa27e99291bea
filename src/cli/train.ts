// Trains a model script for `run`: `fit` with the command's options.
import { InternalError } from "#ir/errors.js";
import * as callbacks from "../fit/callbacks.js";
import type { Callback } from "../fit/callbacks.js";
import { evaluate } from "../fit/evaluate.js";
import { fit } from "../fit/fit.js";
import type { History } from "../fit/history.js";
import type { ModelInstance } from "../model-instance.js";
import { predictIn } from "../in-mode.js";
import type { Mode } from "../mode.js";
import type { DataFolder, Figures, ModelData, ModelDefinition } from "../define-model.js";
import type { Report } from "../report.js";

export interface TrainOptions {
  readonly mode: Mode;
  readonly epochs?: number;
  readonly steps?: number;
  readonly seed?: number;
  /** Whether contractions are tuned; compiled only. */
  readonly tune?: boolean;
  /** Whether to print losses on the way. */
  readonly log: boolean;
  /** Where the data are, if not where the script has them. */
  readonly from: DataFolder;
  /** What the script tells at its end. */
  readonly report: Report;
  /** A folder for checkpoints. */
  readonly checkpoint?: string;
  /** Epochs between checkpoints. */
  readonly every?: number;
  /** Whether to go on from the latest one. */
  readonly resume?: boolean;
}

/** What a training gave. */
export interface Training {
  readonly history: History;
  /** What the script's `evaluate` says. */
  readonly figures: Figures;
}

/** Trains a fresh instance of the model. */
export async function train(definition: ModelDefinition, options: TrainOptions): Promise<Training> {
  const { mode, steps, tune = false } = options;
  const data = await definition.data(options.from);
  const instance = definition.create(options.seed === undefined ? {} : { seed: options.seed });
  tellLayers(instance, options.report);
  // `--steps` alone goes on for as many epochs as it takes.
  const epochs = options.epochs ?? (steps === undefined ? (definition.epochs ?? 1) : undefined);
  const history = await fit(instance, data, {
    ...(epochs === undefined ? {} : { epochs }),
    ...(steps === undefined ? {} : { steps }),
    mode,
    settings: { tune },
    callbacks: callbacksFor(definition, options),
  });
  const figures = definition.evaluate?.(predictIn(mode, instance), data, options.report) ?? {};
  return { history, figures: { ...tested(definition, instance, data, mode), ...figures } };
}

/** The table of layers, where there are any. A pass of one example may be too small for a model: then nothing is lost but the table. */
function tellLayers(instance: ModelInstance, report: Report): void {
  try {
    const summary = instance.summary();
    if (summary.rows.some((row) => row.kind !== "parameter")) summary.tell(report);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof InternalError) throw error;
    report.line(`no table of layers: ${error.message.split("\n")[0]!}`);
  }
}

/** The loss and the script's metrics on the data that were not trained on. */
function tested(definition: ModelDefinition, instance: ModelInstance, data: ModelData, mode: Mode): Figures {
  const { metrics } = definition;
  if (!metrics || !data.test) return {};
  const found = evaluate(instance, () => data.test!(), { metrics, mode });
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [`test ${name}`, value]));
}

function callbacksFor(definition: ModelDefinition, options: TrainOptions): readonly Callback[] {
  const { log, checkpoint, every = 1, resume = false } = options;
  return [
    ...(log ? [callbacks.progressBar({ every: definition.logEvery ?? 1 })] : []),
    ...(checkpoint === undefined ? [] : [callbacks.checkpoints(checkpoint, { every, resume })]),
  ];
}
