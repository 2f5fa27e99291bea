// Every op as a free function: `ops.tanh(x)`, `ops.sub(1, x)`, `ops.concat([a, b], 0)`.
import { opTable } from "#ir/ops/table.js";
import type { Functions } from "./signatures.js";
import { callOp } from "./tensor.js";

const callable = [...opTable.values()].filter((op) => op.operands.length > 0);

/** The ops of the table as functions of tensors and numbers. */
export const ops = Object.fromEntries(
  callable.map((op) => [op.name, (...args: readonly unknown[]) => callOp(op, args)]),
) as unknown as Functions;
