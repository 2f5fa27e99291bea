// What layers note while training: next values of parameters that no optimiser trains, such as running statistics. A note
// hangs on the node that made a tensor, so only the steps whose loss depends on that tensor write it.
import { GraphError } from "#ir/errors.js";
import { topological } from "#ir/graph.js";
import type { Value } from "#ir/node.js";
import { type EagerTensor, recordsBehind } from "./eager/eager.js";
import { valueIn } from "./graph.js";
import type { Updates } from "./optim/optimizer.js";
import type { Parameter } from "./parameter.js";
import { Tensor } from "./tensor.js";

/** The value of a parameter after a call, from its value before the call. */
type NextValue = (before: Tensor) => Tensor;

interface Note {
  readonly next: NextValue;
  /** Calls in their order. */
  readonly turn: number;
}

const notes = new WeakMap<object, Map<Parameter, Note>>();
let turns = 0;

/**
 * Notes, for a step whose loss depends on `anchor` (the layer's output, or what only its training call computes), that
 * `parameter` becomes `next(before)`. A layer called twice in one step is chained: the later call sees what the earlier
 * one made. An equal call in one graph is the same call. Throws a GraphError where an optimiser trains the parameter.
 */
export function updateState(anchor: Tensor, parameter: Parameter, next: NextValue): void {
  if (parameter.trainable) {
    throw new GraphError(`updateState: parameter ${parameter.name} is trainable; state has trainable: false`);
  }
  const key = nodeOf(anchor);
  const known = notes.get(key);
  const noted = known ?? new Map<Parameter, Note>();
  if (!known) notes.set(key, noted);
  noted.set(parameter, { next, turn: noted.get(parameter)?.turn ?? turns++ });
}

/**
 * The next values of the state that layers noted on the way to `losses`, which belong to one graph or are all eager: what
 * `optimizer.minimize` adds to its updates, for those who write updates by hand. Of eager losses it must be asked inside
 * the scope that computes them: what leaves a scope forgets how it was made.
 */
export function stateUpdates(...losses: readonly Tensor[]): Updates {
  const found = new Map<Note, Parameter>();
  for (const node of losses.flatMap(nodesBehind)) {
    for (const [parameter, note] of notes.get(node) ?? []) found.set(note, parameter);
  }
  const updates = new Map<Parameter, Tensor>();
  for (const [note, parameter] of [...found].sort(([a], [b]) => a.turn - b.turn)) {
    const before = updates.get(parameter) ?? currentValue(parameter, losses[0]!);
    updates.set(parameter, note.next(before));
  }
  return updates;
}

/** A parameter as an operand beside a tensor of either mode. */
export function currentValue(parameter: Parameter, beside: Tensor): Tensor {
  return beside.symbolic ? new Tensor(valueIn(beside.handle.owner, parameter)) : parameter;
}

function nodeOf({ symbolic, handle }: Tensor): object {
  return symbolic ? (handle as Value).node : (handle as EagerTensor).node;
}

function nodesBehind({ symbolic, handle }: Tensor): readonly object[] {
  return symbolic ? topological([handle as Value]) : recordsBehind(handle as EagerTensor, () => true);
}
