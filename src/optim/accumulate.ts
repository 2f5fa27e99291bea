// Gradient accumulation: small batches that add up to a large one.
import { Slots, joinStates } from "../parameter-state.js";
import type { Parameter } from "../parameter.js";
import type { Tensor } from "../tensor.js";
import { requireCount } from "./check.js";
import { optimizerOf, type Optimizer } from "./optimizer.js";

/**
 * Takes a step of `inner` every `batches`-th time, with the mean of the gradients since the last one; between them
 * parameters and the state of `inner` stay as they are. The choice is made inside the graph. Throws a GraphError where
 * `batches` is no whole number from 1 up.
 */
export function accumulate(batches: number, inner: Optimizer): Optimizer {
  requireCount("accumulate", "batches", batches);
  const slots = new Slots("accumulate", [{ name: "sum" }, { name: "batch", shared: true }]);
  return optimizerOf(`accumulated ${inner.name}`, joinStates([slots, inner]), ({ parameters, gradients, read }) => {
    const next = new Map<Parameter, Tensor>();
    const counter = slots.shared(parameters, "batch");
    const count = read(counter).add(1);
    const due = count.greaterEqual(batches);
    next.set(counter, due.where(0, count));
    const means = parameters.map((p, i) => {
      const slot = slots.of(p, "sum");
      const sum = read(slot).add(gradients[i]!);
      next.set(slot, due.where(0, sum));
      return sum.div(batches);
    });
    for (const [p, after] of inner.step({ parameters, gradients: means, read })) next.set(p, due.where(after, read(p)));
    return next;
  });
}
