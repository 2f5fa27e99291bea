// The op table: every op by its name, for parsers, printers, docs and tests that go through all of them.
import { InternalError } from "../errors.js";
import type { AnyOp } from "../op.js";
import { nameOp } from "../op-names.js";
import * as ops from "./index.js";

/** All ops, in alphabetical order. */
export const opTable: ReadonlyMap<string, AnyOp> = new Map(
  Object.entries(ops as Readonly<Record<string, AnyOp>>).map(([exported, op]) => {
    if (op.name !== exported) throw new InternalError(`op table: "${op.name}" is exported as "${exported}"`);
    nameOp(op);
    return [op.name, op];
  }),
);
