// Lowers a routine: its statements as they are, every read of an operand seen through views and found in a buffer.
import { type Expr, floorDiv, floorMod, indexLocal } from "#ir/expr.js";
import { mapExprs, type Space, type Stmt } from "#ir/kernel.js";
import type { Node } from "#ir/node.js";
import type { Routine } from "#ir/reader.js";
import { overAccesses } from "./element.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { rewriteExpr, substitute } from "./rewrite-expr.js";
import { routineFor } from "./routine.js";

export function lowerRoutine(node: Node, buffers: KernelBuffers): Space {
  const routine = routineFor(node);
  const extent = routine.row.reduce((rows, { extent }) => rows * extent!, 1);
  const over = routine.row.length === 1 ? routine.row[0]! : indexLocal(buffers.fresh("p"), extent);
  const body = new Relocation(node, routine, rowsOf(routine, over), buffers).block(routine.body);
  return { over, extent, body };
}

/** Each variable of the row as a part of the one variable of the space. */
function rowsOf({ row }: Routine, over: Expr): ReadonlyMap<string, Expr> {
  if (row.length === 1) return new Map();
  let inner = 1;
  const parts = row.toReversed().map(({ name, extent }) => {
    const part = floorMod(floorDiv(over, inner), extent!);
    inner *= extent!;
    return [name, part] as const;
  });
  return new Map(parts);
}

class Relocation {
  readonly #memo = { rows: new Map<Expr, Expr>(), buffers: new Map<Expr, Expr>() };

  constructor(
    readonly node: Node,
    readonly routine: Routine,
    readonly rows: ReadonlyMap<string, Expr>,
    readonly buffers: KernelBuffers,
  ) {}

  block(body: readonly Stmt[]): readonly Stmt[] {
    return mapExprs(
      body,
      (x) => this.#ready(x),
      (s) => {
        if (s.kind === "store" && s.buffer === this.routine.result)
          return this.buffers.store(this.node.results[0]!, s.offset, s.value);
        if (s.kind !== "check") return s;
        return { ...s, failure: this.buffers.check(this.node, this.routine.messages[s.failure]!) };
      },
    );
  }

  /** The expression over loads of the kernel's buffers. */
  #ready(x: Expr): Expr {
    const here = substitute(x, this.rows, this.#memo.rows);
    const read = this.buffers.loaded(overAccesses(here, this.node));
    return rewriteExpr(
      read,
      (e) => {
        if (e.kind !== "load" || e.buffer !== this.routine.result) return null;
        return this.buffers.loadAt(this.node.results[0]!, this.#ready(e.offset));
      },
      this.#memo.buffers,
    );
  }
}
