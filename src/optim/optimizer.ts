// Applies a rule to all parameters of a loss: as updates of a graph, or at once.
import type { DType } from "#ir/dtype.js";
import { GradientError } from "#ir/errors.js";
import { topological } from "#ir/graph.js";
import type { Parameter as ParameterRecord, Value } from "#ir/node.js";
import { parameter as parameterOp } from "#ir/ops/leaves.js";
import { atUserLine } from "#ir/origin.js";
import { assignAll, eagerGradient, type EagerTensor, parametersOf, scope, withoutHistory } from "../eager/eager.js";
import { grad } from "../gradients.js";
import { Graph, valueIn } from "../graph.js";
import { Parameter, parameter } from "../parameter.js";
import { Tensor } from "../tensor.js";
import type { Rule } from "./rule.js";

/** Next values of parameters, for `compile`. */
export type Updates = ReadonlyMap<Parameter, Tensor>;

/** Makes losses small. Its state belongs to the parameters, so compiled and eager steps may take turns. */
export interface Optimizer {
  readonly name: string;
  /**
   * One step. Of a symbolic loss: gives the updates for `compile`. Of an eager one: takes the step and gives no updates.
   * `parameters` are the trainable ones that the loss depends on, where none are given. Throws a GradientError where
   * there are none.
   */
  minimize(loss: Tensor, parameters?: readonly Parameter[]): Updates;
  /** Computes the eager loss, takes one step, frees everything made meanwhile, and gives the loss. */
  minimize(loss: () => Tensor, parameters?: readonly Parameter[]): number;
  /** Its state so far: what must be saved, beside the model's parameters, to go on later. */
  readonly state: readonly Parameter[];
}

/** The optimiser of a rule. */
export function defineOptimizer(rule: Rule): Optimizer {
  const state = new State(rule);
  function minimize(loss: Tensor, parameters?: readonly Parameter[]): Updates;
  function minimize(loss: () => Tensor, parameters?: readonly Parameter[]): number;
  function minimize(loss: Tensor | (() => Tensor), parameters?: readonly Parameter[]): Updates | number {
    if (loss instanceof Tensor) {
      return atUserLine(() => (loss.symbolic ? grow : take)(rule, state, loss, parameters));
    }
    return scope(() => {
      const value = loss();
      atUserLine(() => take(rule, state, value, parameters));
      return value.item();
    });
  }
  return {
    name: rule.name,
    minimize,
    get state() {
      return state.all;
    },
  };
}

/** What an optimiser remembers. */
class State {
  readonly all: Parameter[] = [];
  readonly #slots = new WeakMap<Parameter, readonly Parameter[]>();
  readonly #steps = new WeakMap<Parameter, Parameter>();

  constructor(readonly rule: Rule) {}

  /** The slots of a parameter. */
  slotsOf(p: Parameter): readonly Parameter[] {
    let slots = this.#slots.get(p);
    if (!slots) {
      slots = this.rule.slots.map((slot) =>
        this.#make(p.record.type.shape, p.dtype, `${p.name}/${this.rule.name}.${slot}`),
      );
      this.#slots.set(p, slots);
    }
    return slots;
  }

  /** The counter of the steps that `parameters` take together. */
  stepOf(parameters: readonly Parameter[]): Parameter {
    const known = parameters.map((p) => this.#steps.get(p)).find((step) => step !== undefined);
    const step = known ?? this.#make([], parameters[0]!.dtype, `${this.rule.name}.step`);
    for (const p of parameters) this.#steps.set(p, step);
    return step;
  }

  #make(shape: readonly number[], dtype: DType, name: string): Parameter {
    const made = parameter(shape, 0, { name, dtype, trainable: false }) as unknown as Parameter;
    this.all.push(made);
    return made;
  }
}

/** The next values of the parameters and of the state, by the rule; `read` gives a parameter as an operand. */
function nextValues(
  rule: Rule,
  state: State,
  parameters: readonly Parameter[],
  gradients: readonly Tensor[],
  read: (p: Parameter) => Tensor,
): Map<Parameter, Tensor> {
  const next = new Map<Parameter, Tensor>();
  let shared: readonly Tensor[] = [];
  if (rule.shared) {
    const counter = state.stepOf(parameters);
    const step = read(counter).add(1);
    next.set(counter, step);
    shared = rule.shared(step);
  }
  parameters.forEach((p, i) => {
    const slots = state.slotsOf(p);
    const own = shared.map((x) => (x.dtype === p.dtype ? x : x.cast(p.dtype)));
    const after = rule.step({ value: read(p), gradient: gradients[i]!, slots: slots.map(read), shared: own });
    next.set(p, after.value);
    slots.forEach((slot, k) => next.set(slot, after.slots[k]!));
  });
  return next;
}

/** The updates in the graph of a symbolic loss. */
function grow(rule: Rule, state: State, loss: Tensor, given: readonly Parameter[] | undefined): Updates {
  const { owner } = loss.handle;
  const parameters = given ?? trainableIn(loss);
  requireSome(parameters);
  const read = (p: Parameter): Tensor => new Tensor(valueIn(owner, p));
  const build = () => nextValues(rule, state, parameters, grad(loss, parameters), read);
  return Graph.of(owner)?.scope(rule.name, build) ?? build();
}

/** One step of an eager loss. */
function take(rule: Rule, state: State, loss: Tensor, given: readonly Parameter[] | undefined): Updates {
  const y = loss.handle as EagerTensor;
  const parameters = given ?? trainableIn(loss);
  requireSome(parameters);
  scope(() => {
    const gradients = eagerGradient(y, parameters.map((p) => p.handle), { history: false }); // prettier-ignore
    const tensors = gradients.map((g) => new Tensor(g));
    const next = withoutHistory(() => nextValues(rule, state, parameters, tensors, (p) => p));
    assignAll([...next].map(([p, value]) => [p.record, value.handle as EagerTensor]));
  });
  return new Map();
}

function parametersInGraph(loss: Value): readonly ParameterRecord[] {
  const nodes = topological([loss]).filter((node) => (node.op as unknown) === parameterOp);
  return nodes.map((node) => node.attrs.parameter as ParameterRecord);
}

/** The trainable parameters that a tensor of either mode depends on, in the order of first use. */
export function trainableIn(y: Tensor): readonly Parameter[] {
  const records = y.symbolic ? parametersInGraph(y.handle as Value) : parametersOf(y.handle as EagerTensor);
  return records.map((record) => Parameter.of(record)).filter((p) => p.trainable);
}

function requireSome(parameters: readonly Parameter[]): void {
  if (parameters.length === 0) throw new GradientError("minimize: the loss depends on no trainable parameter");
}
