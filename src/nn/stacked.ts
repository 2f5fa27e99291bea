// Recurrent layers on top of each other.
import { GraphError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import type { Tensor } from "../tensor.js";
import type { TensorTree } from "../tensor-trees.js";
import { nextName } from "./context.js";
import type { LayerInfo } from "./layer.js";
import { defineRecurrent, type Recurrent, type RecurrentInfo } from "./recurrent.js";
import { requireBetween } from "./require-between.js";

/** How a stack may differ from layers one after the other. */
export interface StackedOptions {
  /** The probability of dropping, in training, an element of what one layer hands to the next; 0 where nothing is said. */
  readonly dropout?: number;
  readonly name?: string;
}

type StatesOf<L extends readonly unknown[]> = {
  -readonly [I in keyof L]: L[I] extends Recurrent<infer S> ? S : TensorTree;
};

/**
 * Recurrent layers, each along the outputs of the one before, which all but the last return whole. Their states stand in a
 * list. Throws a GraphError where one in the middle returns its last output alone.
 */
export function stacked<const L extends readonly RecurrentInfo[]>(
  layers: L,
  options: StackedOptions = {},
): Recurrent<StatesOf<L>> {
  const { dropout = 0 } = options;
  const name = nextName("stacked", options.name);
  requireBetween(name, "dropout", dropout, 0, 1);
  const all = layers as unknown as readonly Recurrent[];
  const last = all.at(-1);
  atUserLine(() => checkLayers(name, all));
  const parameters = [...new Set(all.flatMap((layer) => layer.parameters))];
  const info: LayerInfo = { name, kind: "stacked", parameters, layers: all };
  const made = defineRecurrent<readonly TensorTree[]>(info, {
    units: last!.units,
    returns: last!.returns,
    form: all.map((layer) => layer.form),
    step: (x, states) => along(all, x, (layer, y, i) => layer.step(y, states[i]!)),
    unroll: (x, { initial, nudge, ...call }) => {
      const [output, state] = along(all, x, (layer, below, i) => {
        const y = i > 0 && call.training && dropout > 0 ? below.dropout(dropout) : below;
        const own = { ...(initial && { initial: initial[i]! }), ...(nudge && { nudge: nudge[i]! }) };
        const { output: top, state: after } = layer.run(y, { ...call, ...own });
        return [top, after];
      });
      return { output, state };
    },
  });
  return made as unknown as Recurrent<StatesOf<L>>;
}

type Do = (layer: Recurrent, x: Tensor, i: number) => readonly [Tensor, TensorTree];

/** The output of the last layer, and the states of all. */
function along(layers: readonly Recurrent[], x: Tensor, run: Do): readonly [Tensor, readonly TensorTree[]] {
  const states: TensorTree[] = [];
  const output = layers.reduce((y: Tensor, layer, i) => {
    const [next, state] = run(layer, y, i);
    states.push(state);
    return next;
  }, x);
  return [output, states];
}

function checkLayers(name: string, layers: readonly Recurrent[]): void {
  if (layers.length === 0) throw new GraphError(`${name}: a stack needs a layer`);
  const middle = layers.slice(0, -1).find((layer) => layer.returns !== "sequence");
  if (middle) throw new GraphError(`${name}: ${middle.name} returns its last output alone, but a layer follows it`);
}
