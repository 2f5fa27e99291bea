// Measures routines: their statements run in double precision, every number beside its S.
import { type Expr } from "#ir/expr.js";
import { combinerOf, type Stmt } from "#ir/kernel.js";
import type { Node } from "#ir/node.js";
import { routineOf } from "#ir/reader.js";
import { type Arrays, combined, type Locals, type Pair } from "./magnitudes.js";

type Measure = (x: Expr, at: Locals, arrays: Arrays) => Pair;

/** Calls `set` with every element of the node's result; `of` measures expressions over reads, locals and arrays. */
export function measureRoutine(node: Node, of: Measure, set: (offset: number, pair: Pair) => void): void {
  const { row, body, result } = routineOf(node);
  const at: Locals = new Map();
  const out: Pair[] = [];
  const arrays = new Map([[result, out]]);
  const value = (x: Expr) => of(x, at, arrays);

  const run = (s: Stmt): void => {
    switch (s.kind) {
      case "for": {
        const end = value(s.extent)[0];
        for (let i = 0; i < end; i++) {
          at.set(s.over.name, i);
          s.body.forEach(run);
        }
        return;
      }
      case "if":
        return (value(s.test)[0] ? s.then : (s.else ?? [])).forEach(run);
      case "let":
      case "set":
        return void at.set(s.local.name, value(s.value));
      case "accumulate": {
        const { dtype } = s.local;
        const both = [value(s.local), value(s.value)];
        return void at.set(s.local.name, combined(combinerOf(s.fn), dtype, both, [dtype, dtype]));
      }
      case "store":
        return void (arrays.get(s.buffer)![value(s.offset)[0]] = value(s.value));
      case "scratch":
        return void arrays.set(s.name, []);
      case "check":
        if (!value(s.test)[0]) throw new Error(`a check of ${node.op.name} fails`);
    }
  };

  const rows = (axis: number): void => {
    const over = row[axis];
    if (!over) return body.forEach(run);
    for (let i = 0; i < over.extent!; i++) {
      at.set(over.name, i);
      rows(axis + 1);
    }
  };
  rows(0);
  out.forEach((pair, offset) => set(offset, pair));
}
