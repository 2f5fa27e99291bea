// evaluate: the loss and metrics of a model on data, without training.
import { arrayType, copyOf, type TypedArray } from "#ir/dtype.js";
import { DataError, GraphError } from "#ir/errors.js";
import { elementCount } from "#ir/size.js";
import type { CompileSettings, Outputs } from "../compile.js";
import type { Result, Results } from "../executable.js";
import { type Feed, type Feeds, numbersIn, shapeIn } from "../feeds.js";
import { evaluateIn } from "../in-mode.js";
import type { InputSpecs } from "../input-specs.js";
import type { Mode } from "../mode.js";
import type { Evaluated, ModelInstance } from "../model-instance.js";
import { requireKnown } from "../optim/check.js";
import { type FitData, rowsIn, type Source, sourceOf } from "./sources.js";

/** The feeds of all batches, joined: an array with its shape for every input that was fed. */
export type AllFeeds<I extends InputSpecs> = { readonly [K in keyof I]: AllRows };

/** Numbers of all batches one after the other. */
export interface AllRows {
  readonly data: TypedArray | readonly number[];
  readonly shape: readonly number[];
}

/**
 * A figure computed from the outputs of all batches, joined along the first axis, and from what was fed:
 * `(outputs, { y }) => metrics.accuracy(outputs.digit, y)`. Outputs without axes become lists with a number per batch.
 */
export type Metric<I extends InputSpecs, O extends Outputs> = (outputs: Results<O>, feeds: AllFeeds<I>) => number;
/** Figures by name. */
export type Metrics<I extends InputSpecs, O extends Outputs> = Readonly<Record<string, Metric<I, O>>>;

/** Options of `evaluate`. */
export interface EvaluateOptions<I extends InputSpecs = InputSpecs, O extends Outputs = Outputs> {
  readonly metrics?: Metrics<I, O>;
  /** Rows of a batch; 256 where nothing is said. Of data that come in batches, these are taken as they are. */
  readonly batchSize?: number;
  /** How to compute; compiled where nothing is said. */
  readonly mode?: Mode;
  /** How to compile. */
  readonly settings?: CompileSettings;
}

/** Programs that were compiled for evaluations without settings of their own. */
const compiled = new WeakMap<object, (feeds: Feeds) => Evaluated>();

/**
 * The mean loss of the rows, as inference sees it, and the metrics. Changes nothing in the model. Throws a DataError where
 * there is no batch.
 */
export function evaluate<I extends InputSpecs, M, O extends Outputs>(
  model: ModelInstance<I, M, O>,
  data: FitData,
  options: EvaluateOptions<I, O> = {},
): Readonly<Record<string, number>> {
  requireKnown("evaluate", options, ["metrics", "batchSize", "mode", "settings"]);
  const { batchSize = 256, mode = "compiled", settings } = options;
  const source = sourceOf("evaluate", model.inputs, data, { batchSize, shuffle: null, dropLast: false });
  let evaluator = mode === "compiled" && !settings ? compiled.get(model) : undefined;
  if (!evaluator) {
    evaluator = evaluateIn(mode, model, settings);
    if (mode === "compiled" && !settings) compiled.set(model, evaluator);
  }
  return figuresOf(
    "evaluate",
    model.inputs,
    source,
    evaluator as (feeds: Feeds) => Evaluated<O>,
    options.metrics ?? {},
  );
}

/** The loss and the metrics on a source. */
export function figuresOf<I extends InputSpecs, O extends Outputs>(
  who: string,
  inputs: I,
  source: Source,
  evaluator: (feeds: Feeds) => Evaluated<O>,
  metrics: Metrics<I, O>,
): Readonly<Record<string, number>> {
  if ("loss" in metrics) throw new GraphError(`${who}: no metric can be called "loss"; that is the model's own`);
  const needed = Object.keys(metrics).length > 0;
  const [outputs, feeds]: [Results<O>[], Feeds[]] = [[], []];
  let [sum, rows] = [0, 0];
  for (const batch of source.batches(0)) {
    const evaluated = evaluator(batch);
    const count = rowsIn(inputs, batch);
    sum += evaluated.loss * count;
    rows += count;
    if (needed) outputs.push(evaluated.outputs);
    // The arrays of a batch may be those of the next one.
    if (needed && !source.columns) feeds.push(ownFeeds(batch));
  }
  if (rows === 0) throw new DataError(`${who}: the data have no batch`);
  const figures: Record<string, number> = { loss: sum / rows };
  if (!needed) return figures;
  const all = joinOutputs(outputs) as Results<O>;
  const fed = (source.columns ?? joinFeeds(feeds)) as unknown as AllFeeds<I>;
  for (const [name, metric] of Object.entries(metrics)) figures[name] = metric(all, fed);
  return figures;
}

function joinOutputs(batches: readonly Readonly<Record<string, Result>>[]): Readonly<Record<string, Result>> {
  const joined = Object.keys(batches[0]!).map((name): [string, Result] => {
    const parts = batches.map((batch) => batch[name]!);
    const { dtype } = parts[0]!;
    const data = new (arrayType(dtype))(parts.reduce((sum, part) => sum + part.data.length, 0));
    let at = 0;
    for (const part of parts) {
      data.set(part.data, at);
      at += part.data.length;
    }
    const rest = commonRow(parts.map((part) => part.shape));
    return [name, { data, dtype, shape: [data.length / Math.max(1, elementCount(rest)), ...rest] } as Result];
  });
  return Object.fromEntries(joined);
}

/** The sizes after the first where all batches have the same; none where they do not, as with sequences of many lengths. */
function commonRow(shapes: readonly (readonly number[])[]): readonly number[] {
  const rest = shapes[0]!.slice(1);
  return shapes.every((shape) => shape.slice(1).join() === rest.join()) ? rest : [];
}

function ownFeeds(feeds: Feeds): Feeds {
  const own = (feed: Feed): Feed => {
    const [data, shape] = [numbersIn(feed), shapeIn(feed)];
    if (typeof data === "number") return data;
    const copy = ArrayBuffer.isView(data) ? copyOf(data as TypedArray) : data;
    return shape ? { data: copy, shape } : copy;
  };
  return Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, own(feed)]));
}

function joinFeeds(batches: readonly Feeds[]): Readonly<Record<string, AllRows>> {
  const names = Object.keys(batches[0]!);
  // Joined when a metric asks for them: it rarely needs the inputs of the model.
  const joined = {} as Record<string, AllRows>;
  for (const name of names) {
    let known: AllRows | null = null;
    const join = (): AllRows => {
      const parts = batches.map((batch) => batch[name]!);
      const numbers = parts.map((part) => numbersIn(part)).map((x) => (typeof x === "number" ? [x] : x));
      const data = numbers.flatMap((x) => Array.from(x));
      const rest = commonRow(parts.map((part) => shapeIn(part) ?? []));
      return { data, shape: [data.length / Math.max(1, elementCount(rest)), ...rest] };
    };
    Object.defineProperty(joined, name, { enumerable: true, get: () => (known ??= join()) });
  }
  return joined;
}
