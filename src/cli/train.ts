// The training loop of `run`: epochs of batches in either mode, with a progress bar on a terminal.
import type { Figures, ModelDefinition, Predict } from "../define-model.js";
import { countIn, type Feeds, shapeIn } from "../feeds.js";
import { typeOfSpec } from "../input-specs.js";
import type { ModelInstance } from "../model-instance.js";
import type { Mode } from "../mode.js";
import { Progress } from "./progress.js";

export interface TrainOptions {
  readonly mode: Mode;
  readonly epochs?: number;
  readonly steps?: number;
  readonly seed?: number;
  /** Whether contractions are tuned; compiled only. */
  readonly tune?: boolean;
  /** Whether to print losses on the way. */
  readonly log: boolean;
}

/** What a training gave. */
export interface Training {
  /** Of every step. */
  readonly losses: readonly number[];
  /** The mean loss of every epoch. */
  readonly epochLosses: readonly number[];
  /** Of the loop, compiling included, loading and evaluation not. */
  readonly seconds: number;
  /** Rows of the batches, summed. */
  readonly items: number;
  /** What the script's `evaluate` says. */
  readonly figures: Figures;
}

/** Trains a fresh instance of the model. */
export async function train(definition: ModelDefinition, options: TrainOptions): Promise<Training> {
  const data = await definition.data();
  const instance = definition.create(options.seed === undefined ? {} : { seed: options.seed });
  // `--steps` alone goes on for as many epochs as it takes.
  const endless = options.epochs === undefined && options.steps !== undefined;
  const epochs = endless ? Infinity : (options.epochs ?? definition.epochs ?? 1);
  const most = options.steps ?? Infinity;
  const total = Math.min(most, epochs * (data.batchesPerEpoch ?? Infinity));
  const progress = options.log ? new Progress(Number.isFinite(total) ? total : epochs) : null;
  const [losses, epochLosses]: [number[], number[]] = [[], []];
  let items = 0;
  const start = performance.now();
  const step = stepOf(instance, options);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const before = losses.length;
    for (const feeds of data.batches(epoch)) {
      if (losses.length >= most) break;
      losses.push(step(feeds));
      items += itemsIn(definition, feeds);
      progress?.update(Number.isFinite(total) ? losses.length : epoch, losses.at(-1)!, items);
    }
    if (losses.length === before) break;
    epochLosses.push(meanFrom(losses, before));
    const every = definition.logEvery ?? 1;
    if (progress && epoch % every === 0) progress.print(epochLine(epoch, losses.length - before, epochLosses.at(-1)!));
    if (losses.length >= most) break;
  }
  const seconds = (performance.now() - start) / 1000;
  progress?.stop();
  const figures = definition.evaluate?.(predictOf(instance, options.mode), data) ?? {};
  return { losses, epochLosses, seconds, items, figures };
}

function stepOf(instance: ModelInstance, { mode, tune = false }: TrainOptions): (feeds: Feeds) => number {
  if (mode === "eager") return (feeds) => instance.eagerStep(feeds);
  const executable = instance.train({ tune });
  return (feeds) => executable.run(feeds).loss.data[0]!;
}

function predictOf(instance: ModelInstance, mode: Mode): Predict {
  if (mode === "eager") return (feeds) => instance.eagerPredict(feeds);
  const executable = instance.predict();
  return (feeds) => executable.run(feeds);
}

/** Where an epoch is one step, epochs count the steps before it, as in `loss after 0 steps`. */
function epochLine(epoch: number, steps: number, loss: number): string {
  const label = steps === 1 ? `step ${epoch}` : `epoch ${epoch + 1}`;
  return `${label.padEnd(14)} loss ${loss.toPrecision(6)}`;
}

function meanFrom(values: readonly number[], from: number): number {
  let sum = 0;
  for (let i = from; i < values.length; i++) sum += values[i]!;
  return sum / (values.length - from);
}

/** The rows of a batch: the first size of the first input that has one. */
function itemsIn(definition: Pick<ModelDefinition, "inputs">, feeds: Feeds): number {
  for (const [name, spec] of Object.entries(definition.inputs)) {
    const feed = feeds[name];
    const [first, ...others] = typeOfSpec(spec).shape;
    if (feed === undefined || first === undefined) continue;
    if (typeof first === "number") return first;
    const known = others.reduce<number>((product, size) => (typeof size === "number" ? product * size : product), 1);
    return shapeIn(feed)?.[0] ?? countIn(feed) / known;
  }
  return 1;
}
