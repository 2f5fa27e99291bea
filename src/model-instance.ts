// A model with parameters of its own, in both modes: its graph and executables, and eager steps on the same parameters.
import { evaluateSize } from "#ir/size.js";
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
import { freshContext } from "./nn/context.js";
import { summarizeCalls, type SummaryRow } from "./nn/summary.js";
import { trainableIn, type Optimizer, type Updates } from "./optim/optimizer.js";
import type { Parameter } from "./parameter.js";
import { sizesOf, type Tensor } from "./tensor.js";
import { tensor } from "./creation.js";

/** The static form of a model. */
export interface StaticModel<O extends Outputs = Outputs> {
  readonly graph: Graph;
  readonly loss: Tensor;
  readonly outputs: O;
  /** One training step. */
  readonly updates: Updates;
}

/** One model: its parameters are shared by its executables and its eager steps. */
export class ModelInstance<I extends InputSpecs = InputSpecs, M = unknown, O extends Outputs = Outputs> {
  readonly model: M;
  /** Null where the model says its updates itself. */
  readonly optimizer: Optimizer | null;
  readonly #options: ModelOptions<I, M, O>;
  #static: StaticModel<O> | null = null;

  constructor(options: ModelOptions<I, M, O>, seed: number) {
    this.#options = options;
    this.model = freshContext(seed, options.model);
    this.optimizer = options.optimizer?.() ?? null;
  }

  /** The graph of loss, outputs and one step; built when first asked for. */
  get static(): StaticModel<O> {
    return (this.#static ??= this.#build());
  }

  /** The parameters that the loss depends on and an optimiser trains. */
  get parameters(): readonly Parameter[] {
    return trainableIn(this.static.loss);
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

  /** The loss and its gradient with respect to each parameter, by the parameter's name. */
  gradients(settings: CompileSettings = {}): Executable<{ readonly loss: Tensor } & Outputs> {
    const { loss } = this.static;
    const { parameters } = this;
    const gradients = grad(loss, parameters).map((g, i) => [`gradient of ${parameters[i]!.name}`, g]);
    return compile({ outputs: { loss, ...(Object.fromEntries(gradients) as Outputs) } }, settings);
  }

  /** One eager training step; gives the loss. */
  eagerStep(feeds: Feeds): number {
    return scope(() => {
      const built = this.#eager(feeds, "eager step");
      const loss = force(built.loss);
      const updates = built.updates ? force(built.updates) : null;
      if (this.optimizer) this.optimizer.minimize(loss);
      const value = loss.item();
      if (updates) assign(updates);
      return value;
    });
  }

  /** The outputs, computed eagerly. */
  eagerPredict(feeds: Feeds): Results<O> {
    return scope(() => {
      const outputs = force(this.#eager(feeds, "eager prediction").outputs ?? ({} as O));
      return Object.fromEntries(Object.entries(outputs).map(([name, x]) => [name, resultOf(x)])) as Results<O>;
    });
  }

  /** A row per layer, in the order of their calls. */
  summary(): readonly SummaryRow[] {
    return summarizeCalls(() => this.#build());
  }

  #build(): StaticModel<O> {
    const { name, inputs, build } = this.#options;
    const graph = new Graph(name);
    const built = build(declareInputs(graph, inputs), this.model);
    const loss = force(built.loss);
    const own = built.updates ? force(built.updates) : new Map();
    const updates: Updates = new Map([...own, ...(this.optimizer?.minimize(loss) ?? [])]);
    return { graph, loss, outputs: built.outputs ? force(built.outputs) : ({} as O), updates };
  }

  #eager(feeds: Feeds, what: string): Built<O> {
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
    return this.#options.build(Object.fromEntries(inputs) as InputTensors<I>, this.model);
  }
}

function force<T>(lazy: Lazy<T>): T {
  return typeof lazy === "function" ? (lazy as () => T)() : lazy;
}

function assign(updates: Updates): void {
  const pairs = [...updates].map(([p, x]): [ParameterRecord, EagerTensor] => [p.record, x.handle as EagerTensor]);
  assignAll(pairs);
}

function numbersOf(feeds: Feeds, name: string) {
  const numbers = numbersIn(feeds[name]!);
  return typeof numbers === "number" ? [numbers] : numbers;
}

function resultOf(x: Tensor): Result {
  return { data: x.data(), shape: x.shape as readonly number[], dtype: x.dtype };
}
