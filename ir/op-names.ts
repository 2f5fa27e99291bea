// Ops by name, for ops that have another op in their attributes. The table puts all of its ops here; importing the table
// instead would make a circle of it and those ops.
import { GraphError, InternalError } from "./errors.js";
import type { AnyOp } from "./op.js";

const named = new Map<string, AnyOp>();

/** Makes `op` findable under its name. Throws InternalError where another op has it. */
export function nameOp(op: AnyOp): void {
  const before = named.get(op.name);
  if (before && before !== op) throw new InternalError(`two ops are called ${op.name}`);
  named.set(op.name, op);
}

/** The op called `name`. Throws GraphError where there is none. */
export function opNamed(name: string): AnyOp {
  const op = named.get(name);
  if (!op) throw new GraphError(`there is no op "${name}"`);
  return op;
}
