// Recurrent layers in both directions (Schuster and Paliwal, 1997).
import { GraphError, ShapeError } from "#ir/errors.js";
import { atUserLine } from "#ir/origin.js";
import { ops } from "../ops.js";
import type { TensorTree } from "../tensor-trees.js";
import { nextName } from "./context.js";
import type { LayerInfo } from "./layer.js";
import { defineRecurrent, type Recurrent, type RecurrentInfo } from "./recurrent.js";

/** How the outputs of two directions become one. */
export interface BidirectionalOptions {
  /** Side by side, `[…, units + units]`, or added; side by side where nothing is said. */
  readonly merge?: "concat" | "sum";
  readonly name?: string;
}

/**
 * `forward` from the first step to the last and `backward` from the last to the first, which goes from the last step that
 * counts where lengths are given. Their states stand in a list. Throws a GraphError where one returns all outputs and the
 * other the last one alone, a ShapeError where outputs to be added differ in width.
 */
export function bidirectional<F extends TensorTree, B extends TensorTree>(
  forward: Recurrent<F>,
  backward: Recurrent<B>,
  options: BidirectionalOptions = {},
): Recurrent<readonly [F, B]> {
  const { merge = "concat" } = options;
  const name = nextName("bidirectional", options.name);
  atUserLine(() => checkAlike(name, forward, backward, merge));
  const layers = [forward, backward];
  const parameters = [...new Set(layers.flatMap((layer) => layer.parameters))];
  const info: LayerInfo = { name, kind: "bidirectional", parameters, layers, parts: { forward, backward } };
  return defineRecurrent<readonly [F, B]>(info, {
    units: merge === "sum" ? forward.units : forward.units + backward.units,
    returns: forward.returns,
    form: [forward.form, backward.form],
    step: () => {
      throw atUserLine(() => new GraphError(`${name}: a layer that goes backwards has no step to be done alone`));
    },
    unroll: (x, { initial, nudge, reverse = false, ...call }) => {
      const own = (i: 0 | 1) => ({ ...(initial && { initial: initial[i] }), ...(nudge && { nudge: nudge[i] }) });
      const first = forward.run(x, { ...call, ...own(0), reverse } as never);
      const second = backward.run(x, { ...call, ...own(1), reverse: !reverse } as never);
      const outputs = [first.output, second.output] as const;
      const output = merge === "sum" ? outputs[0].add(outputs[1]) : ops.concat([...outputs], -1);
      return { output, state: [first.state, second.state] };
    },
  });
}

function checkAlike(name: string, a: RecurrentInfo, b: RecurrentInfo, merge: string): void {
  if (a.returns !== b.returns)
    throw new GraphError(`${name}: one direction returns "${a.returns}", the other "${b.returns}"`);
  if (merge !== "concat" && merge !== "sum") throw new GraphError(`${name}: merge is ${merge}, not "concat" or "sum"`);
  if (merge === "sum" && a.units !== b.units)
    throw new ShapeError(`${name}: outputs of ${a.units} and ${b.units} numbers cannot be added`);
}
