// Applies a formula to all parameters of a loss: as updates of a graph, or at once.
import { GradientError } from "#ir/errors.js";
import { topological } from "#ir/graph.js";
import type { Parameter as ParameterRecord, Value } from "#ir/node.js";
import { parameter as parameterOp } from "#ir/ops/leaves.js";
import { atUserLine } from "#ir/origin.js";
import { assignAll, eagerGradient, type EagerTensor, parametersOf, scope, withoutHistory } from "../eager/eager.js";
import { grad } from "../gradients.js";
import { Graph } from "../graph.js";
import { Parameter } from "../parameter.js";
import { nextStep } from "../randomness.js";
import type { ParameterState } from "../parameter-state.js";
import { currentValue, stateUpdates } from "../state-updates.js";
import { Tensor } from "../tensor.js";

/** Next values of parameters, for `compile`. */
export type Updates = ReadonlyMap<Parameter, Tensor>;

/** What one step is taken from. */
export interface StepArguments {
  readonly parameters: readonly Parameter[];
  /** One for each parameter, of its type. */
  readonly gradients: readonly Tensor[];
  /** A parameter, or state, before the step, as an operand of the mode of the gradients. */
  readonly read: (p: Parameter) => Tensor;
}

/** The next values of the parameters and of the state. */
export type TakeStep = (at: StepArguments) => Updates;

/** Makes losses small. Its state belongs to the parameters, so compiled and eager steps may take turns. */
export interface Optimizer extends ParameterState {
  readonly name: string;
  /**
   * One step. Of a symbolic loss: gives the updates for `compile`. Of an eager one: takes the step and gives no updates.
   * The state that layers noted on the way to the loss is updated too. `parameters` are the trainable ones that the loss
   * depends on, where none are given. Throws a GradientError where there are none.
   */
  minimize(loss: Tensor, parameters?: readonly Parameter[]): Updates;
  /** Computes the eager loss, takes one step, frees everything made meanwhile, and gives the loss. */
  minimize(loss: () => Tensor, parameters?: readonly Parameter[]): number;
  /** `minimize` of the negative; gives the value itself. */
  maximize(value: Tensor, parameters?: readonly Parameter[]): Updates;
  maximize(value: () => Tensor, parameters?: readonly Parameter[]): number;
  /**
   * One step along gradients that were computed, or changed, by hand; as `minimize`, but without the state that layers
   * noted, which `nn.stateUpdates(loss)` gives. Throws a GradientError where there are no gradients.
   */
  apply(gradients: Iterable<readonly [Parameter, Tensor]>): Updates;
  /** The formula of one step: what optimisers that wrap another are made of. */
  readonly step: TakeStep;
  /** Its state so far: what must be saved, beside the model's parameters, to go on later. */
  readonly state: readonly Parameter[];
}

/** The optimiser that takes steps by a formula and keeps `state`. */
export function optimizerOf(name: string, state: ParameterState, step: TakeStep): Optimizer {
  function minimize(loss: Tensor, parameters?: readonly Parameter[]): Updates;
  function minimize(loss: () => Tensor, parameters?: readonly Parameter[]): number;
  function minimize(loss: Tensor | (() => Tensor), parameters?: readonly Parameter[]): Updates | number {
    if (loss instanceof Tensor) {
      return atUserLine(() => (loss.symbolic ? grow(name, step, loss, parameters) : take(step, loss, parameters)));
    }
    return scope(() => {
      const value = loss();
      atUserLine(() => take(step, value, parameters));
      return value.item();
    });
  }
  function maximize(value: Tensor, parameters?: readonly Parameter[]): Updates;
  function maximize(value: () => Tensor, parameters?: readonly Parameter[]): number;
  function maximize(value: Tensor | (() => Tensor), parameters?: readonly Parameter[]): Updates | number {
    return value instanceof Tensor ? minimize(value.neg(), parameters) : -minimize(() => value().neg(), parameters);
  }
  return {
    name,
    minimize,
    maximize,
    apply: (gradients) => atUserLine(() => applyTo(name, step, [...gradients])),
    step,
    get state() {
      return state.state;
    },
    slotsOf: (owner) => state.slotsOf(owner),
    slotOf: (owner, slot) => state.slotOf(owner, slot),
  };
}

/** The updates in the graph of a symbolic loss. */
function grow(name: string, step: TakeStep, loss: Tensor, given: readonly Parameter[] | undefined): Updates {
  const parameters = chosen(loss, given);
  return inScope(name, loss, () => {
    const gradients = grad(loss, parameters);
    const read = (p: Parameter): Tensor => currentValue(p, loss);
    return joined(stateUpdates(loss), step({ parameters, gradients, read }));
  });
}

/** One step of an eager loss. */
function take(step: TakeStep, loss: Tensor, given: readonly Parameter[] | undefined): Updates {
  const y = loss.handle as EagerTensor;
  const parameters = chosen(loss, given);
  scope(() => {
    const gradients = eagerGradient(y, parameters.map((p) => p.handle), { history: false }); // prettier-ignore
    const tensors = gradients.map((g) => new Tensor(g));
    write(() => joined(stateUpdates(loss), step({ parameters, gradients: tensors, read: (p) => p })));
  });
  return new Map();
}

/** One step along given gradients, of either mode. */
function applyTo(name: string, step: TakeStep, pairs: readonly (readonly [Parameter, Tensor])[]): Updates {
  const parameters = pairs.map(([p]) => p);
  const gradients = pairs.map(([, g]) => g);
  const first = gradients.find((g) => g.symbolic) ?? gradients[0];
  if (!first) throw new GradientError("apply: there are no gradients");
  const wrong = pairs.find(([p, g]) => typeText(p) !== typeText(g));
  if (wrong) {
    const [p, g] = wrong;
    throw new GradientError(`apply: the gradient of parameter ${p.name}, ${typeText(p)}, is ${typeText(g)}`);
  }
  const read = (p: Parameter): Tensor => currentValue(p, first);
  if (first.symbolic) return inScope(name, first, () => step({ parameters, gradients, read }));
  scope(() => write(() => step({ parameters, gradients, read })));
  return new Map();
}

const typeText = (x: Tensor): string => `${x.dtype}[${x.shape.join()}]`;

function inScope<T>(name: string, of: Tensor, build: () => T): T {
  return Graph.of(of.handle.owner)?.scope(name, build) ?? build();
}

/** Computes next values and assigns them, inside a scope. */
function write(compute: () => Updates): void {
  const next = withoutHistory(compute);
  assignAll([...next].map(([p, value]) => [p.record, value.handle as EagerTensor]));
  nextStep();
}

function joined(ofLayers: Updates, own: Updates): Updates {
  const both = [...ofLayers.keys()].find((p) => own.has(p));
  if (both) throw new GradientError(`minimize: parameter ${both.name} is updated by a layer and cannot be trained too`);
  return new Map([...ofLayers, ...own]);
}

function chosen(loss: Tensor, given: readonly Parameter[] | undefined): readonly Parameter[] {
  if (loss.shape.length > 0) {
    const help = "loss.mean() or loss.sum() is a scalar";
    throw new GradientError(`minimize: the loss is ${typeText(loss)}, not a scalar`, { help });
  }
  const parameters = given ? [...new Set(given)] : trainableIn(loss);
  if (parameters.length > 0) return parameters;
  const what = given ? "it is given no parameters to train" : "the loss depends on no trainable parameter";
  throw new GradientError(`minimize: ${what}`);
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
