// A recurrent layer whose state goes on from one run to the next: truncated back-propagation through time.
import { GraphError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import { type Parameter, parameter } from "../parameter.js";
import { updateState } from "../state-updates.js";
import { tensorsIn, type TensorTree } from "../tensor-trees.js";
import { nextName } from "./context.js";
import type { LayerInfo } from "./layer.js";
import { defineRecurrent, type Recurrent, type StateForm } from "./recurrent.js";

/** A layer that begins with the state that it ended with in the run before. */
export interface Stateful<S extends TensorTree> extends Recurrent<S> {
  /** That state, zeros at first: parameters `[batch, units]` that no optimiser trains. */
  readonly carried: S;
  /** Zeros again: what comes next does not belong to what came before. */
  forget(): void;
}

/**
 * The layer, beginning with the state that it ended with in the run before; no gradient flows back to that run. A step of an
 * optimiser writes the state, as do `nn.stateUpdates` of what is computed from the output. Batches have `batch` examples,
 * example i of one goes on in example i of the next. Called twice in one run, it begins with the same state twice.
 */
export function stateful<S extends TensorTree>(
  layer: Recurrent<S>,
  batch: number,
  options: { readonly name?: string } = {},
): Stateful<S> {
  const name = nextName("stateful", options.name);
  const dtype = layer.parameters[0]?.dtype ?? "f32";
  const own: Record<string, Parameter> = {};
  const make = (form: StateForm, path: string): TensorTree => {
    if (typeof form === "number") {
      const key = path || "state";
      const made = parameter([batch, form], 0, { name: `${name}/${key}`, dtype, trainable: false });
      return (own[key] = made as unknown as Parameter);
    }
    const below = (key: string) => (path ? `${path}.${key}` : key);
    if (Array.isArray(form)) return (form as readonly StateForm[]).map((part, i) => make(part, below(`state${i + 1}`)));
    return Object.fromEntries(Object.entries(form).map(([key, part]) => [key, make(part, below(key))]));
  };
  const carried = make(layer.form, "") as S;
  const states = Object.values(own);
  const parameters = [...layer.parameters, ...states];
  const info: LayerInfo = { name, kind: "stateful", parameters, layers: [layer], parts: { layer, ...own } };
  const { units, returns, form } = layer;
  const made = defineRecurrent<S>(info, {
    units,
    returns,
    form,
    step: (x, state) => layer.step(x, state),
    unroll: (x, call) => {
      if (call.reverse)
        throw atUserLine(() => new GraphError(`${name}: what goes backwards cannot go on in the next run`));
      const result = layer.run(x, { ...call, initial: call.initial ?? carried });
      const after = tensorsIn(result.state, name);
      states.forEach((state, i) => updateState(result.output, state, () => after[i]!));
      return result;
    },
  });
  const forget = () => states.forEach((state) => state.assign(new Float32Array(state.count)));
  return Object.assign(made, { carried, forget });
}
