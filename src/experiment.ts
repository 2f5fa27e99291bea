// defineExperiment: a script that is no single model: it computes, trains or compares things, in either mode, and reports.
import { GraphError } from "#ir/errors.js";
import { compile, type Outputs } from "./compile.js";
import { tensor } from "./creation.js";
import type { DataFolder, Predict } from "./define-model.js";
import { predictIn, stepIn } from "./in-mode.js";
import type { InputSpecs } from "./input-specs.js";
import type { Mode } from "./mode.js";
import type { ModelInstance } from "./model-instance.js";
import type { Feeds } from "./feeds.js";
import { Graph } from "./graph.js";
import { nextStep } from "./randomness.js";
import { type Report, SilentReport } from "./report.js";
import type { Tensor } from "./tensor.js";
import { replaceTensors, tensorsIn, type TensorTree } from "./tensor-trees.js";

/** Numbers, words and switches that a run may set, with their values where nothing is said. */
export type Settings = Readonly<Record<string, number | string | boolean>>;

/** What an experiment is given. */
export interface ExperimentRun<S extends Settings = Settings> {
  readonly settings: S;
  readonly mode: Mode;
  readonly report: Report;
  /** Where files are to use in place of the script's own data. */
  readonly from: DataFolder;
  /** A training step of a model in the mode of the run, which gives the loss. */
  step<I extends InputSpecs, M, O extends Outputs>(model: ModelInstance<I, M, O>): (feeds: Feeds) => number;
  /** The outputs of a model in the mode of the run. */
  predict<I extends InputSpecs, M, O extends Outputs>(model: ModelInstance<I, M, O>): Predict<O>;
  /** `f` of eager tensors in the mode of the run: as one compiled program, or op by op. Gives eager tensors. */
  compute<A extends readonly Tensor[], T extends TensorTree>(f: (...inputs: A) => T, ...inputs: A): T;
}

/** What a script says. */
export interface ExperimentOptions<S extends Settings> {
  readonly name: string;
  /** One sentence. */
  readonly doc?: string;
  readonly settings: S;
  readonly run: (run: ExperimentRun<Widened<S>>) => void | Promise<void>;
}

/** `number` for every number, and so on. */
export type Widened<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends number ? number : S[K] extends boolean ? boolean : string;
};

/** How to run one. */
export interface RunExperiment {
  /** Other values than its own; those of other names or kinds are refused. */
  readonly settings?: Settings;
  /** Compiled where nothing is said. */
  readonly mode?: Mode;
  /** Nothing is shown where nothing is said. */
  readonly report?: Report;
  readonly from?: DataFolder;
}

const brand = Symbol.for("gradloom.experiment");

/** A script's default export that is no model. */
export interface Experiment<S extends Settings = Settings> {
  readonly [brand]: true;
  readonly name: string;
  readonly doc?: string;
  readonly settings: S;
  /** Runs it. Throws a GraphError for settings that it does not have, or of another kind. */
  run(options?: RunExperiment): Promise<void>;
}

/** Describes an experiment; export the result as default. */
export function defineExperiment<const S extends Settings>(options: ExperimentOptions<S>): Experiment<S> {
  return {
    ...options,
    [brand]: true,
    run: async ({ settings = {}, mode = "compiled", report = new SilentReport(), from = {} } = {}) => {
      checkSettings(options, settings);
      const all = { ...options.settings, ...settings } as Widened<S>;
      await options.run({
        settings: all,
        mode,
        report,
        from,
        step: (model) => stepIn(mode, model),
        predict: (model) => predictIn(mode, model),
        compute: (f, ...inputs) => (mode === "eager" ? eagerly(f, inputs) : once(f, inputs)),
      });
    },
  };
}

/** Whether a script's default export is an experiment, also of another copy of this library. */
export function isExperiment(x: unknown): x is Experiment {
  return typeof x === "object" && x !== null && brand in x;
}

function checkSettings(
  { name, settings: own }: { readonly name: string; readonly settings: Settings },
  given: Settings,
) {
  for (const [key, value] of Object.entries(given)) {
    const known = own[key];
    if (known === undefined) {
      const all = Object.keys(own);
      const has = all.length > 0 ? `its settings are ${all.join(", ")}` : "it has none";
      throw new GraphError(`${name} has no setting ${key}: ${has}`);
    }
    if (typeof value !== typeof known) {
      throw new GraphError(`${name}: the setting ${key} is ${JSON.stringify(value)}, not a ${typeof known}`);
    }
  }
}

/** One step of eager code: its random numbers are those of one run. */
function eagerly<A extends readonly Tensor[], T>(f: (...inputs: A) => T, inputs: A): T {
  const made = f(...inputs);
  nextStep();
  return made;
}

/** Compiles a function of tensors, and runs it once. */
function once<A extends readonly Tensor[], T extends TensorTree>(f: (...inputs: A) => T, inputs: A): T {
  const graph = new Graph("compute");
  const symbols = inputs.map(({ shape, dtype }, i) => graph.input(`x${i}`, shape, dtype));
  const tree = f(...(symbols as unknown as A));
  const outputs: Outputs = Object.fromEntries(tensorsIn(tree, "compute").map((x, i) => [`y${i}`, x]));
  const feeds: Feeds = Object.fromEntries(inputs.map((x, i) => [`x${i}`, x.data()]));
  const executable = compile({ outputs }, { threads: 1 });
  const results = executable.run(feeds);
  executable.dispose();
  let next = 0;
  return replaceTensors(tree, "compute", () => {
    const { data, shape, dtype } = results[`y${next++}`]!;
    return tensor(data, { shape, dtype });
  }) as T;
}
