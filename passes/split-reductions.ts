// A long reduction to a few numbers, such as the sum of a million elements, as many parts of it that threads can share: a
// stage that leaves a partial result per part in memory, and a stage that combines them. The parts depend on the sizes
// alone, so that results do not depend on the number of threads.
import { add, call, type Expr, indexLocal, literal, type Local, mul, sub } from "#ir/expr.js";
import { identityOf, mapExprs, type Space, type Stmt } from "#ir/kernel.js";
import type { Node, Value } from "#ir/node.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { partsOf, substitute } from "./rewrite-expr.js";

/** Turns of a loop nest from which on it is split. */
const longTurns = 128 * 1024;
const mostParts = 32;
/** Iterations of a loop in one part: a multiple of it, where the loop is long enough. */
const wholeVectors = 64;

type Of<K extends Stmt["kind"]> = Extract<Stmt, { kind: K }>;

/** The space, or the stages that stand for it: `node` is one of its nodes. Fits spaces of one iteration. */
export function splitReductions(space: Space, buffers: KernelBuffers, node: Node): readonly Space[] {
  if (space.extent !== 1) return [space];
  const last = space.body.findLastIndex((s) => s.kind === "for" && turnsOf(s) >= longTurns);
  const prefix = space.body.slice(0, last + 1);
  const accumulated = accumulatedIn(prefix);
  if (last < 0 || accumulated.size === 0 || !isSplittable(prefix, accumulated)) return [space];
  const loops = prefix.filter((s) => s.kind === "for");
  const parts = Math.min(mostParts, ...loops.map(({ over }) => over.extent!));
  if (parts < 2) return [space];
  return new Split(space, prefix, accumulated, parts, buffers, node).stages();
}

class Split {
  readonly #partials = new Map<string, Value>();

  constructor(
    readonly space: Space,
    readonly prefix: readonly Stmt[],
    readonly accumulated: ReadonlyMap<string, Of<"accumulate">>,
    readonly parts: number,
    readonly buffers: KernelBuffers,
    readonly node: Node,
  ) {}

  stages(): readonly Space[] {
    const part = indexLocal(this.space.over.name, this.parts);
    const body = this.prefix.map((s): Stmt => (s.kind === "for" ? this.#part(s, part) : this.#fresh(s)));
    const stores = [...this.accumulated.values()].map(({ local }) =>
      this.buffers.store(this.#partialOf(local), part, local),
    );
    const first: Space = { over: part, extent: this.parts, body: [...body, ...stores] };
    const rest = this.space.body.slice(this.prefix.length);
    const kept = this.prefix.filter((s) => s.kind === "let");
    return [first, { ...this.space, body: [...kept, ...this.#combine(), ...rest] }];
  }

  /** The loop over one part of its range. */
  #part(s: Of<"for">, part: Local): Stmt {
    const extent = s.over.extent!;
    const even = Math.ceil(extent / this.parts);
    const length = even < 4 * wholeVectors ? even : Math.ceil(even / wholeVectors) * wholeVectors;
    const over = indexLocal(this.buffers.fresh("part"), length);
    const start = mul(part, literal(length));
    const left = call("maximum", literal(0), sub(literal(extent), start));
    const whole = length * this.parts === extent;
    const place = new Map([[s.over.name, add(start, over)]]);
    const memo = new Map<Expr, Expr>();
    const body = mapExprs(s.body, (x) => substitute(x, place, memo));
    return { ...s, over, extent: whole ? literal(length) : call("minimum", literal(length), left), body };
  }

  /** Every part starts from nothing. */
  #fresh(s: Stmt): Stmt {
    const own = s.kind === "let" ? this.accumulated.get(s.local.name) : undefined;
    if (!own) return s;
    const { dtype } = own.local;
    return { kind: "let", local: own.local, value: literal(identityOf(own.fn, dtype), dtype) };
  }

  #combine(): readonly Stmt[] {
    return [...this.accumulated.values()].map(({ local, fn }): Stmt => {
      const over = indexLocal(this.buffers.fresh("part"), this.parts);
      const value = this.buffers.loadAt(this.#partialOf(local), over);
      const body: Stmt[] = [{ kind: "accumulate", local, fn, value }];
      return { kind: "for", over, extent: literal(this.parts), as: "vector", body };
    });
  }

  /** The array of an accumulator's partial results: a value that no graph has, planned like any other. */
  #partialOf({ name, dtype }: Local): Value {
    let value = this.#partials.get(name);
    if (!value) {
      const [{ owner }] = this.node.results as [Value];
      const results: Value[] = [];
      const node: Node = { ...this.node, operands: [], attrs: { name: `parts_${name}` }, results };
      value = { owner, type: { dtype, shape: [this.parts] }, node, index: 0 };
      results.push(value);
      this.#partials.set(name, value);
    }
    return value;
  }
}

/** Turns of a nest of loops whose extents are known. */
function turnsOf(s: Of<"for">): number {
  if (s.extent.kind !== "literal" || s.over.extent !== s.extent.value) return 0;
  return (
    s.body.reduce((most, inner) => (inner.kind === "for" ? Math.max(most, turnsOf(inner)) : most), 1) * s.extent.value
  );
}

function accumulatedIn(stmts: readonly Stmt[], found = new Map<string, Of<"accumulate">>()) {
  for (const s of stmts) {
    if (s.kind === "accumulate") found.set(s.local.name, s);
    if (s.kind === "for") accumulatedIn(s.body, found);
  }
  return found;
}

/** Whether the statements are lets and long loops of which none reads what another accumulates or stores. */
function isSplittable(prefix: readonly Stmt[], accumulated: ReadonlyMap<string, unknown>): boolean {
  const declared = new Set<string>();
  const written = new Set<string>();
  const reads = (x: Expr): boolean =>
    (x.kind === "local" && accumulated.has(x.name)) ||
    (x.kind === "load" && written.has(x.buffer)) ||
    partsOf(x).some(reads);
  const fits = (s: Stmt): boolean => {
    switch (s.kind) {
      case "let":
        return !reads(s.value);
      case "accumulate":
        return declared.has(s.local.name) && !reads(s.value);
      case "store":
        written.add(s.buffer);
        return !reads(s.offset) && !reads(s.value);
      case "for":
        return s.body.every(fits);
      default:
        return false;
    }
  };
  return prefix.every((s) => {
    if (s.kind === "let") declared.add(s.local.name);
    return s.kind === "for" ? turnsOf(s) >= longTurns && fits(s) : s.kind === "let" && fits(s);
  });
}
