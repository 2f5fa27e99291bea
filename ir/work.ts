// The arithmetic that a graph asks for, as people count it: read off what its ops compute, before any pass. What a launch
// costs a processor is another matter, which `cost.ts` and passes/cost.ts estimate.
import { InternalError } from "./errors.js";
import { type Call, type Expr, indexLocal, type Reduce } from "./expr.js";
import { nodesBehind } from "./graph.js";
import type { Stmt } from "./kernel.js";
import type { Attrs, Node, Value } from "./node.js";
import type { BranchFlow, LoopFlow } from "./flow.js";
import type { Lowering } from "./op.js";
import { concreteType, readerOf, routineOf } from "./reader.js";

/** What is computed. */
export interface Work {
  /**
   * Additions, products, quotients, comparisons and functions of data, one each, whatever they take: a product that goes into
   * a sum is two. Indices, conversions, copies and choices by index cost nothing.
   */
  readonly flops: number;
  /** The products among them that go into a sum, as in matrix products and convolutions. */
  readonly multiplyAdds: number;
}

/** One node that is no composite, no loop and no branch. */
export interface NodeWork extends Work {
  /** Whether it is another tensor's elements at other places, or was there before the run. */
  readonly view: boolean;
  /** Whether it runs an unknown number of times, and is counted once. */
  readonly atLeast: boolean;
}

/**
 * Tells the work of everything that some values need to `tell`, each node for its owner: the one that `ownerOf` knows, else
 * that of the composite, the loop or the branch that it belongs to, else `owner`. Loops count as often as they turn, of a branch
 * the side with more to do. Sizes must be numbers.
 */
export function tallyWork<T>(values: readonly Value[], owner: T, ownerOf: OwnerOf<T>, tell: Tell<T>): void {
  walk(values, () => false, { owner, times: 1, atLeast: false, seen: new Set(), ownerOf, tell });
}

type OwnerOf<T> = (node: Node) => T | undefined;
type Tell<T> = (owner: T, node: Node, work: NodeWork) => void;

interface Around<T> {
  readonly owner: T;
  readonly times: number;
  readonly atLeast: boolean;
  readonly seen: Set<Node>;
  readonly ownerOf: OwnerOf<T>;
  readonly tell: Tell<T>;
}

function walk<T>(values: readonly Value[], known: (x: Value) => boolean, around: Around<T>): void {
  for (const node of nodesBehind(values, known)) {
    if (around.seen.has(node)) continue;
    around.seen.add(node);
    const own = { ...around, owner: around.ownerOf(node) ?? around.owner };
    const lower = node.op.lower as Lowering<Attrs>;
    if (lower.kind === "compose") {
      const operands = new Set(node.operands);
      walk(lower.expand(node.operands, node.attrs) as readonly Value[], (x) => operands.has(x), own);
    } else if (lower.kind === "control") {
      const flow = lower.flow(node.attrs);
      if (flow.kind === "loop") walkLoop(flow, own);
      else walkBranch(flow, own);
    } else {
      const { view, ...work } = workOf(node);
      around.tell(own.owner, node, { ...times(own.times, work), view, atLeast: own.atLeast });
    }
  }
}

function walkLoop<T>({ body, test, turns, counted }: LoopFlow, around: Around<T>): void {
  if (typeof turns !== "number") throw new InternalError(`work: a loop has ${turns.text} turns, which is no number`);
  const unknown = counted || test !== null;
  for (const graph of test ? [test, body] : [body]) {
    const often = { times: around.times * (unknown ? 1 : turns), atLeast: around.atLeast || unknown };
    walk([...graph.outputs.values()], () => false, { ...around, ...often, seen: new Set() });
  }
}

function walkBranch<T>({ then, otherwise }: BranchFlow, around: Around<T>): void {
  const sides = [then, otherwise].map((graph) => {
    const told: Parameters<Tell<T>>[] = [];
    const tell: Tell<T> = (...one) => void told.push(one);
    walk([...graph.outputs.values()], () => false, { ...around, seen: new Set(), tell });
    return { told, flops: told.reduce((sum, [, , work]) => sum + work.flops, 0) };
  });
  const [a, b] = sides as [(typeof sides)[0], (typeof sides)[0]];
  for (const one of (a.flops >= b.flops ? a : b).told) around.tell(...one);
}

/** The work of a node whose op is neither composed of others nor control. */
function workOf(node: Node): Work & { readonly view: boolean } {
  const lower = node.op.lower as Lowering<Attrs>;
  if (lower.kind === "leaf") return { ...none, view: true };
  if (lower.kind === "routine") {
    const { row, body } = routineOf(node);
    const rows = row.reduce((n, { extent }) => n * extent!, 1);
    return { ...times(rows, statements(body, new Counter())), view: false };
  }
  const { shape } = concreteType(node.results[0]!);
  const index = shape.map((extent, axis) => indexLocal(`w${axis}`, extent));
  const count = shape.reduce((n, extent) => n * extent, 1);
  const k = readerOf(node);
  if (lower.kind === "scatter") {
    const extents = lower.over(k);
    const source = extents.map((extent, axis) => indexLocal(`s${axis}`, extent));
    const { value } = lower.put(source, k);
    const places = extents.reduce((n, extent) => n * extent, 1);
    const put = plus(new Counter().of(value), lower.combine === "add" ? one : none);
    return { ...plus(times(count, new Counter().of(lower.init(index, k))), times(places, put)), view: false };
  }
  if (lower.kind !== "compute") throw new InternalError(`work: ${node.op.name} was not taken apart`);
  if (count === 0) return { ...none, view: false };
  const element = lower.at(index, k, 0);
  const counter = new Counter();
  const view = element.kind === "read" && !element.index.some((x) => counter.readsData(x));
  return { ...times(count, counter.of(element)), view };
}

const none: Work = { flops: 0, multiplyAdds: 0 };
const one: Work = { flops: 1, multiplyAdds: 0 };
const plus = (a: Work, b: Work): Work => ({ flops: a.flops + b.flops, multiplyAdds: a.multiplyAdds + b.multiplyAdds });
const times = (n: number, a: Work): Work => ({ flops: n * a.flops, multiplyAdds: n * a.multiplyAdds });

const conversions: ReadonlySet<string> = new Set(["toF32", "toF64", "toI32", "toBool", "toU8"]);

/** Counts expressions; what several have in common is counted once. */
class Counter {
  readonly #counted = new Set<Expr>();
  readonly #data = new Map<Expr, boolean>();

  of(x: Expr): Work {
    if (this.#counted.has(x)) return none;
    this.#counted.add(x);
    if (x.kind === "bounded") return this.of(x.value);
    if (x.kind === "reduce") return this.#sum(x);
    return x.kind === "call" && this.readsData(x) ? this.#call(x) : none;
  }

  /** Whether it depends on more than indices. */
  readsData(x: Expr): boolean {
    let known = this.#data.get(x);
    if (known === undefined) this.#data.set(x, (known = this.#findsData(x)));
    return known;
  }

  #findsData(x: Expr): boolean {
    if (x.kind === "call") return x.args.some((arg) => this.readsData(arg));
    if (x.kind === "reduce") return this.readsData(x.body);
    if (x.kind === "bounded") return this.readsData(x.value);
    return x.kind === "read" || x.kind === "load" || (x.kind === "local" && x.extent === undefined);
  }

  #call({ fn, args }: Call): Work {
    const [test, ...sides] = args as readonly [Expr, ...Expr[]];
    if (fn === "select" && !this.readsData(test)) {
      const [a, b] = sides.map((side) => this.of(side)) as [Work, Work];
      return a.flops >= b.flops ? a : b;
    }
    return args.map((arg) => this.of(arg)).reduce(plus, conversions.has(fn) ? none : one);
  }

  #sum({ fn, over, body }: Reduce): Work {
    const inner = this.of(body);
    if (body.kind === "reduce" && body.fn === fn) return times(over.extent!, inner);
    const product = body.kind === "call" && body.fn === "mul" && body.args.every((arg) => this.readsData(arg));
    return times(over.extent!, plus(inner, { flops: 1, multiplyAdds: fn === "sum" && product ? 1 : 0 }));
  }
}

/** Statements of a routine; loops whose extents vary count as half of the most they can be. */
function statements(body: readonly Stmt[], counter: Counter): Work {
  return body.map((s) => statement(s, counter)).reduce(plus, none);
}

function statement(s: Stmt, counter: Counter): Work {
  switch (s.kind) {
    case "for": {
      const extent = s.extent.kind === "literal" ? s.extent.value : s.over.extent! / 2;
      return times(s.about ?? extent, statements(s.body, counter));
    }
    case "if": {
      const [a, b] = [statements(s.then, counter), statements(s.else ?? [], counter)];
      return plus(counter.of(s.test), a.flops >= b.flops ? a : b);
    }
    case "let":
    case "set":
    case "store":
      return counter.of(s.value);
    case "accumulate":
      return plus(counter.of(s.value), one);
    case "check":
    case "scratch":
      return none;
  }
}
