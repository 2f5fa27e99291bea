// Lowers a routine: its statements as they are, every read of an operand seen through views and found in a buffer, and what
// its group makes of the result in the places where an element of it is stored.
import { call, type Expr, floorDiv, floorMod, indexLocal } from "#ir/expr.js";
import { mapExprs, type Space, type Stmt } from "#ir/kernel.js";
import type { Node, Value } from "#ir/node.js";
import type { ResultStore, Routine } from "#ir/reader.js";
import { overAccesses } from "./element.js";
import { emitLoops, type Loop } from "./emit-loops.js";
import { epilogueOf, type Leaving } from "./epilogue.js";
import type { Group } from "./group.js";
import { changesNothing } from "./idle-rows.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { rewriteExpr, substitute } from "./rewrite-expr.js";
import { routineFor } from "./routine.js";

/** The group as a parallel space. `inPlace`: parameters, and the results that overwrite them. */
export function lowerRoutine(
  group: Group,
  escapes: (node: Node) => boolean,
  buffers: KernelBuffers,
  inPlace: ReadonlyMap<Node, Value>,
): Space {
  const node = group.nodes.find((n) => n.op.lower.kind === "routine")!;
  const routine = routineFor(node);
  const extent = routine.row.reduce((rows, { extent }) => rows * extent!, 1);
  const over = routine.row.length === 1 ? routine.row[0]! : indexLocal(buffers.fresh("p"), extent);
  const relocation = new Relocation(node, routine, rowsOf(routine, over), buffers);
  if (group.nodes.length === 1) return { over, extent, body: relocation.block((s) => relocation.storeOf(s)) };
  const leaving = ({ index, value }: ResultStore): readonly Leaving[] => {
    const at = group.rows.get(node)!.map((axis) => index[axis]!);
    return epilogueOf(group, node, at, value, escapes, buffers);
  };
  const stores: ResultStore[] = [];
  const placed = relocation.block((s) => (stores.push(s), s));
  const body = withWork(placed, new Set(stores), leaving, buffers);
  const idle = relocation.idle();
  if (!idle) return { over, extent, body };
  const left = stores.flatMap((s) => leaving({ ...s, value: idle.value(s.index) }));
  if (!changesNothing(left, inPlace, buffers)) return { over, extent, body };
  return { over, extent, body: [{ kind: "if", test: call("not", idle.test), then: body }] };
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

/** The statements with all that leaves the group in the places of stores of the result. */
function withWork(
  body: readonly Stmt[],
  stores: ReadonlySet<Stmt>,
  leaving: (store: ResultStore) => readonly Leaving[],
  buffers: KernelBuffers,
): readonly Stmt[] {
  const work = (store: Stmt, loops: readonly Loop[]) => emitLoops(loops, leaving(store as ResultStore), buffers);
  return body.flatMap((s): readonly Stmt[] => {
    if (stores.has(s)) return work(s, []);
    const inner = (part: readonly Stmt[]) => withWork(part, stores, leaving, buffers);
    if (s.kind === "if") return [{ ...s, then: inner(s.then), else: s.else && inner(s.else) }];
    if (s.kind !== "for") return [s];
    const [only, ...others] = s.body;
    // What all iterations need is computed before the loop.
    if (s.as === "vector" && others.length === 0 && stores.has(only!))
      return work(only!, [{ local: s.over, extent: s.extent, as: s.as }]);
    return [{ ...s, body: inner(s.body) }];
  });
}

class Relocation {
  readonly #memo = { rows: new Map<Expr, Expr>(), buffers: new Map<Expr, Expr>() };

  constructor(
    readonly node: Node,
    readonly routine: Routine,
    readonly rows: ReadonlyMap<string, Expr>,
    readonly buffers: KernelBuffers,
  ) {}

  /** The statements over the kernel's buffers, `put` saying what stands in the place of a store of the result. */
  block(put: (store: ResultStore) => Stmt): readonly Stmt[] {
    return mapExprs(
      this.routine.body,
      (x) => this.#ready(x),
      (s) => {
        if (s.kind === "store" && s.buffer === this.routine.result) {
          const index = (s as ResultStore).index.map((i) => this.#ready(i));
          return put({ ...s, index });
        }
        if (s.kind !== "check") return s;
        return { ...s, failure: this.buffers.check(this.node, this.routine.messages[s.failure]!) };
      },
    );
  }

  storeOf({ offset, value }: ResultStore): Stmt {
    return this.buffers.store(this.node.results[0]!, offset, value);
  }

  idle(): Routine["idle"] {
    const { idle } = this.routine;
    return idle && { test: this.#ready(idle.test), value: (index) => this.#ready(idle.value(index)) };
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
