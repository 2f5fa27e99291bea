// defineModel: what a script says of a model so that the command line can run, compare, check and draw it in both modes.
import { GraphError } from "#ir/errors.js";
import type { Outputs } from "./compile.js";
import type { Results } from "./executable.js";
import type { Feeds } from "./feeds.js";
import type { InputSpecs, InputTensors } from "./input-specs.js";
import { ModelInstance } from "./model-instance.js";
import type { Call } from "./nn/layer.js";
import type { Optimizer, Updates } from "./optim/optimizer.js";
import type { Parameter } from "./parameter.js";
import type { Metrics } from "./fit/evaluate.js";
import { type Report, SilentReport } from "./report.js";
import type { Tensor } from "./tensor.js";

/** A value, or a function that makes it when it is needed: a prediction then computes no loss, a step no prediction. */
export type Lazy<T> = T | (() => T);

/** What a model computes from its inputs. */
export interface Built<O extends Outputs = Outputs> {
  /** A scalar. */
  readonly loss: Lazy<Tensor>;
  /** What predictions give. */
  readonly outputs?: Lazy<O>;
  /** Next values of parameters, for rules that are no optimiser. */
  readonly updates?: Lazy<Updates>;
}

/** Where batches come from. */
export interface ModelData {
  /** The batches of an epoch, counted from 0, each with a feed per input. */
  batches(epoch: number): Iterable<Feeds>;
  /** How many there are, for progress bars. */
  readonly batchesPerEpoch?: number;
  /** Batches that are not trained on. */
  test?(): Iterable<Feeds>;
}

/** Where files are that take the place of a script's own data, as `data.mnist` takes it. */
export interface DataFolder {
  readonly dir?: string | undefined;
}

/** What a run prints at its end. */
export type Figures = Readonly<Record<string, number | string>>;

/** A way to predict, the same in both modes. */
export type Predict<O extends Outputs = Outputs> = (feeds: Feeds) => Results<O>;

/** What a script says. */
export interface ModelOptions<I extends InputSpecs, M, O extends Outputs> {
  readonly name: string;
  /** One sentence, shown by the command line. */
  readonly doc?: string;
  /** Initial values follow from it; 0 where nothing is said. */
  readonly seed?: number;
  readonly inputs: I;
  /** Makes layers and parameters; called once per instance. */
  readonly model: () => M;
  /**
   * Computes with them; `call` says what for, and is handed on to layers: `model(x, call)`. In static mode it is called
   * once for training, whose loss and updates are used, and once for inference, whose outputs are; on the same symbolic
   * inputs. In eager mode it is called at every step.
   */
  readonly build: (inputs: InputTensors<I>, model: M, call: Call) => Built<O>;
  /** Makes an optimiser; without it `build` gives updates. */
  readonly optimizer?: () => Optimizer;
  /** The parameters that it trains; all trainable ones that the loss depends on where nothing is said. */
  readonly parameters?: (model: M) => readonly Parameter[];
  /** What the command line trains on; who calls `fit` may give data there. */
  readonly data?: (from: DataFolder) => ModelData | Promise<ModelData>;
  /** How often to go through the data; once where nothing is said. */
  readonly epochs?: number;
  /** Print the loss after every so many epochs; every one where nothing is said. */
  readonly logEvery?: number;
  /** Figures of the test data at the end of a run, beside the loss: `{ accuracy: ({ digit }, { y }) => … }`. */
  readonly metrics?: Metrics<I, O>;
  /** More figures for the end of a run, such as `{ accuracy: 0.94 }`; texts too. Tables and pictures go to the report. */
  readonly evaluate?: (predict: Predict<O>, data: ModelData, report: Report) => Figures;
}

const brand = Symbol.for("gradloom.model");

/** A model script's default export. */
export interface ModelDefinition<
  I extends InputSpecs = InputSpecs,
  M = unknown,
  O extends Outputs = Outputs,
> extends Omit<ModelOptions<I, M, O>, "evaluate"> {
  readonly [brand]: true;
  /** As given; throws a GraphError where none were. */
  readonly data: (from?: DataFolder) => ModelData | Promise<ModelData>;
  /** As given; where no report is, what it tells is lost. */
  readonly evaluate?: (predict: Predict<O>, data: ModelData, report?: Report) => Figures;
  /** A fresh model: every instance of one seed starts with the same numbers. */
  create(options?: { readonly seed?: number }): ModelInstance<I, M, O>;
}

/** Describes a model; export the result as default. */
export function defineModel<const I extends InputSpecs, M, const O extends Outputs = Outputs>(
  options: ModelOptions<I, M, O>,
): ModelDefinition<I, M, O> {
  const { evaluate, ...others } = options;
  return {
    ...others,
    ...(evaluate ? { evaluate: (predict, data, report = new SilentReport()) => evaluate(predict, data, report) } : {}),
    [brand]: true,
    data: (from = {}) => options.data?.(from) ?? noData(options.name),
    create: ({ seed = options.seed ?? 0 } = {}) => new ModelInstance(options, seed),
  };
}

function noData(name: string): never {
  const help = "defineModel({ data: () => ({ batches }), … }) says them; fit(model, data) takes others";
  throw new GraphError(`the model ${name} has no data of its own`, { help });
}

/** Whether a script's default export is a model, also of another copy of this library. */
export function isModelDefinition(x: unknown): x is ModelDefinition {
  return typeof x === "object" && x !== null && brand in x;
}
