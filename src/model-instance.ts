// A model with parameters of its own, in both modes: its graph and executables, and eager steps on the same parameters.
import { GraphError } from "#ir/errors.js";
import { evaluateSize, type SizeBinding } from "#ir/size.js";
import type { Parameter as ParameterRecord } from "#ir/node.js";
import { compile, type CompileSettings, type Outputs } from "./compile.js";
import type { Built, Lazy, ModelOptions } from "./define-model.js";
import { assignAll, type EagerTensor, scope } from "./eager/eager.js";
import type { Executable, Result, Results } from "./executable.js";
import { bindSizes } from "./bind-sizes.js";
import { type Feeds, type FeedSpec, numbersIn } from "./feeds.js";
import { Graph } from "./graph.js";
import { grad } from "./gradients.js";
import { declareInputs, type InputSpecs, type InputTensors, typeOfSpec } from "./input-specs.js";
import { force } from "./lazy.js";
import { type SummaryOptions, summaryOfModel } from "./model-summary.js";
import { freshContext } from "./nn/context.js";
import type { Call } from "./nn/layer.js";
import { loadState, type PlainState, type State, stateOf } from "./nn/state.js";
import type { PlannedBytes, Summary } from "./nn/summary-table.js";
import { trainableIn, type Optimizer, type Updates } from "./optim/optimizer.js";
import { Parameter } from "./parameter.js";
import type { ParameterState } from "./parameter-state.js";
import { RandomState, withRandom } from "./random-state.js";
import { nextStep } from "./randomness.js";
import { sizesOf, type Tensor } from "./tensor.js";
import { tensor } from "./creation.js";
import { readBytes } from "./files/read-file.js";
import { writeWhole } from "./files/write-whole.js";
import { loadWeightBytes, weightBytes } from "./weights.js";

const training: Call = { training: true };
const inference: Call = { training: false };

/** The static form of a model: training and inference share one graph and its inputs. */
export interface StaticModel<O extends Outputs = Outputs> {
  readonly graph: Graph;
  /** Of training. */
  readonly loss: Tensor;
  /** Of inference. */
  readonly outputs: O;
  /** One training step. */
  readonly updates: Updates;
}

/** What an evaluation gives: the loss as inference sees it, without dropout and without changing anything, and the outputs. */
export interface Evaluated<O extends Outputs = Outputs> {
  readonly loss: number;
  readonly outputs: Results<O>;
}

/** One model: its parameters are shared by its executables and its eager steps. */
export class ModelInstance<I extends InputSpecs = InputSpecs, M = unknown, O extends Outputs = Outputs> {
  readonly model: M;
  /** Null where the model says its updates itself. */
  readonly optimizer: Optimizer | null;
  readonly #options: ModelOptions<I, M, O>;
  readonly #random: RandomState;
  #static: StaticModel<O> | null = null;
  /** The loss of inference; in the graph only once it is asked for. */
  #inferenceLoss: Lazy<Tensor> | null = null;

  constructor(options: ModelOptions<I, M, O>, seed: number) {
    this.#options = options;
    this.#random = new RandomState(seed);
    this.model = this.#drawing(() => freshContext(seed, options.model));
    this.optimizer = options.optimizer?.() ?? null;
  }

  get name(): string {
    return this.#options.name;
  }

  /** What initial values and random numbers follow from. */
  get seed(): number {
    return this.#random.seed;
  }

  /** The inputs as they were declared. */
  get inputs(): I {
    return this.#options.inputs;
  }

  /** The graph of loss, outputs and one step; built when first asked for. */
  get static(): StaticModel<O> {
    return (this.#static ??= this.#build());
  }

  /** The parameters that the loss depends on and an optimiser trains. */
  get parameters(): readonly Parameter[] {
    return this.#chosen() ?? trainableIn(this.static.loss);
  }

  /** One training step: outputs the loss. */
  train(settings: CompileSettings = {}): Executable<{ readonly loss: Tensor }> {
    const { loss, updates } = this.static;
    return compile({ outputs: { loss }, updates }, settings);
  }

  /** The outputs alone. */
  predict(settings: CompileSettings = {}): Executable<O> {
    return compile({ outputs: this.static.outputs }, settings);
  }

  /** Evaluates batches: the loss and the outputs of inference, compiled. */
  evaluator(settings: CompileSettings = {}): (feeds: Feeds) => Evaluated<O> {
    const { outputs } = this.static;
    let name = "loss";
    while (Object.hasOwn(outputs, name)) name = `inference ${name}`;
    const loss = (this.#inferenceLoss = force(this.#inferenceLoss!));
    const executable = compile({ outputs: { ...outputs, [name]: loss } as Outputs }, settings);
    return (feeds) => {
      const { [name]: value, ...rest } = executable.run(feeds) as Readonly<Record<string, Result>>;
      return { loss: value!.data[0]!, outputs: rest as Results<O> };
    };
  }

  /** The loss and its gradient with respect to each parameter, by the parameter's name. */
  gradients(settings: CompileSettings = {}): Executable<{ readonly loss: Tensor } & Outputs> {
    const { loss } = this.static;
    const { parameters } = this;
    const gradients = grad(loss, parameters).map((g, i) => [`gradient of ${parameters[i]!.name}`, g]);
    return compile({ outputs: { loss, ...(Object.fromEntries(gradients) as Outputs) } }, settings);
  }

  /** One eager training step; gives the loss. */
  eagerStep(feeds: Feeds): number {
    return this.#step(() => {
      const built = this.#eager(feeds, training, "eager step");
      const loss = force(built.loss);
      const updates = built.updates ? force(built.updates) : null;
      if (this.optimizer) this.optimizer.minimize(loss, this.#chosen());
      const value = loss.item();
      if (updates) assign(updates);
      return value;
    });
  }

  /** The outputs, computed eagerly. */
  eagerPredict(feeds: Feeds): Results<O> {
    return this.#step(() => {
      return resultsOf(force(this.#eager(feeds, inference, "eager prediction").outputs ?? ({} as O)));
    });
  }

  /** The loss and the outputs of inference, computed eagerly. */
  eagerEvaluate(feeds: Feeds): Evaluated<O> {
    return this.#step(() => {
      const { loss, outputs } = this.#eager(feeds, inference, "eager evaluation");
      return { loss: force(loss).item(), outputs: resultsOf(force(outputs ?? ({} as O))) };
    });
  }

  /**
   * A row per layer, in the order of their calls, with operations and memory of inference. Throws a GraphError for sizes
   * that the model does not have.
   */
  summary({ sizes = {}, plan = false }: SummaryOptions = {}): Summary {
    const found = summaryOfModel(this.#options, this.model, this.#random, sizes);
    return plan ? found.withPlans(this.#planned(found.sizes)) : found;
  }

  #planned(sizes: SizeBinding): PlannedBytes {
    const gives = Object.keys(this.static.outputs).length > 0;
    const inferred = gives ? this.predict().plan(sizes).memory.planned : null;
    return { inference: inferred, training: this.train().plan(sizes).memory.planned };
  }

  #build(): StaticModel<O> {
    const declared = this.#declare();
    const built = this.#trace(declared, training);
    const loss = force(built.loss);
    if (!loss.symbolic) throw withoutInput(this.#options.name);
    const own = built.updates ? force(built.updates) : new Map();
    const updates: Updates = new Map([...own, ...(this.optimizer?.minimize(loss, this.#chosen()) ?? [])]);
    const { outputs, loss: inferenceLoss } = this.#trace(declared, inference);
    this.#inferenceLoss = inferenceLoss;
    return { graph: declared.graph, loss, outputs: outputs ? force(outputs) : ({} as O), updates };
  }

  /**
   * Parameters, what the optimiser keeps and the counter of random runs, as plain data under the paths of
   * `nn.namedParameters`: `model/dense1/weight`, `model/dense1/weight/adam.mean`, `counter`.
   */
  state(): State {
    const { model, counter } = this;
    return stateOf({ model, counter }, ...this.#keepers());
  }

  /** Goes on from a state; throws as `nn.loadState`. */
  load(state: State | PlainState): void {
    const { model, counter } = this;
    loadState({ model, counter }, state, ...this.#keepers());
  }

  /** All parameters of the model, without what the optimiser keeps, as the bytes of a safetensors file. */
  toBytes(): Uint8Array {
    return weightBytes(this.model, this.name);
  }

  /**
   * Takes the parameters from such bytes, or from those of a checkpoint; `file` is what errors call them. Throws a DataError
   * where they are damaged, or are not those of this model (it lists what differs); then nothing is changed.
   */
  fromBytes(bytes: Uint8Array, file = "the file"): void {
    loadWeightBytes(this.model, bytes, file);
  }

  /** Writes `toBytes()` to a file, which appears whole or not at all. Only in Node.js. */
  async saveWeights(file: string): Promise<void> {
    await writeWhole(file, this.toBytes());
  }

  /** As `fromBytes`, from a file. Only in Node.js. */
  async loadWeights(file: string): Promise<void> {
    this.fromBytes(await readBytes("loadWeights", file), file);
  }

  /** The counter of the runs that drew random numbers: saved with the parameters, it lets a run be resumed to the bit. */
  get counter(): Parameter {
    return Parameter.of(this.#random.counter);
  }

  /** One eager run, freed at its end, with the random numbers of this model. */
  #step<T>(run: () => T): T {
    return this.#drawing(() => scope(run));
  }

  #drawing<T>(run: () => T): T {
    return withRandom(this.#random, () => {
      const result = run();
      nextStep();
      return result;
    });
  }

  #declare(): { readonly graph: Graph; readonly inputs: InputTensors<I> } {
    const graph = withRandom(this.#random, () => new Graph(this.#options.name));
    return { graph, inputs: declareInputs(graph, this.#options.inputs) };
  }

  #trace({ inputs }: { readonly inputs: InputTensors<I> }, call: Call): Built<O> {
    return this.#options.build(inputs, this.model, call);
  }

  #keepers(): readonly ParameterState[] {
    return this.optimizer ? [this.optimizer] : [];
  }

  /** The parameters that the script says the optimiser trains. */
  #chosen(): readonly Parameter[] | undefined {
    return this.#options.parameters?.(this.model);
  }

  #eager(feeds: Feeds, call: Call, what: string): Built<O> {
    const specs = Object.entries(this.#options.inputs).map(([name, spec]): FeedSpec => {
      const { shape, dtype } = typeOfSpec(spec);
      return { name, type: { shape: sizesOf(shape), dtype }, read: name in feeds, converts: false };
    });
    const sizes = bindSizes(specs, feeds, what);
    const inputs = specs
      .filter((spec) => spec.read)
      .map(({ name, type }) => {
        const shape = type.shape.map((size) => evaluateSize(size, sizes));
        return [name, tensor(numbersOf(feeds, name), { shape, dtype: type.dtype })];
      });
    return this.#trace({ inputs: Object.fromEntries(inputs) as InputTensors<I> }, call);
  }
}

/** Parameters alone compute at once: a step would be taken while the graph is built, and no run would see them change. */
function withoutInput(name: string): GraphError {
  return new GraphError(`${name}: the loss depends on no input, so it is a number, not a part of the graph`, {
    help: "make it depend on an input, such as a target that is fed",
  });
}

function assign(updates: Updates): void {
  const pairs = [...updates].map(([p, x]): [ParameterRecord, EagerTensor] => [p.record, x.handle as EagerTensor]);
  assignAll(pairs);
}

function numbersOf(feeds: Feeds, name: string) {
  const numbers = numbersIn(feeds[name]!);
  return typeof numbers === "number" ? [numbers] : numbers;
}

function resultsOf<O extends Outputs>(outputs: O): Results<O> {
  return Object.fromEntries(Object.entries(outputs).map(([name, x]) => [name, resultOf(x)])) as Results<O>;
}

function resultOf(x: Tensor): Result {
  return { data: x.data(), shape: x.shape as readonly number[], dtype: x.dtype };
}
