// Reverse-mode differentiation: walks from ys back to xs, asks each op's `vjp` for the cotangents of its operands, and sums
// what meets. Builds ordinary nodes in the same builder, so gradients differentiate again; on the tape of eager tensors it
// computes at once. Only nodes between xs and ys are visited; an explicit stack and one sweep keep it linear. A composite
// without a `vjp` is expanded and its expansion differentiated in its place.
import { isFloat } from "#ir/dtype.js";
import { differentiateBy } from "#ir/differentiate.js";
import { GradientError, GraphError, InternalError } from "#ir/errors.js";
import { constantLike, scalarLike } from "#ir/forms.js";
import type { Applier, Attrs, Operand, Value } from "#ir/node.js";
import { add } from "#ir/ops/arithmetic.js";
import type { AnyOp } from "#ir/op.js";
import { nameOfLeaf } from "#ir/print-graph.js";
import { printType, sameType } from "#ir/type.js";

export interface GradientOptions {
  /** One per y, of its type; null where none flows in. Without it every y must be a scalar and gets 1. */
  readonly cotangents?: readonly (Operand | null)[];
  /** Where no path leads from an x to any y: an error (the default), or zeros. */
  readonly unconnected?: "error" | "zero";
  /** What errors call the ys and xs; inputs and parameters have names of their own. */
  readonly names?: { readonly ys?: readonly string[]; readonly xs?: readonly string[] };
}

/** An application of an op: a node of a graph, or what the tape of an eager tensor says. */
export interface Made {
  readonly op: AnyOp;
  readonly operands: readonly Traced[];
  readonly attrs: Attrs;
  readonly results: readonly Traced[];
}

/** An operand that knows how it was made: a value of a graph, or an eager tensor. */
export interface Traced extends Operand {
  readonly owner: Tracker;
  readonly node: Made;
}

/** An owner that is told for whose sake the operations in `build` happen. */
interface Tracker extends Applier {
  inherit<T>(nodes: readonly Made[], build: () => T): T;
  /** The wanted cotangents of the operands, where it knows a quicker way than asking the op; null where it does not. */
  pullBack?(
    node: Made,
    given: readonly (Traced | null)[],
    wanted: readonly boolean[],
  ): readonly (Traced | null)[] | null;
}

/**
 * The sums of the gradients of `ys` with respect to each of `xs`, of one graph or all eager; each has the type of its x.
 * Throws GradientErrors: a y that is not a scalar where no cotangent is given, an x that no y depends on, something not
 * differentiable between the two.
 */
export function gradient(
  ys: readonly Operand[],
  xs: readonly Operand[],
  options: GradientOptions = {},
): readonly Operand[] {
  const [targets, sources] = [ys.map(traced), xs.map(traced)];
  const names = namer(targets, sources, options);
  sources.forEach((x) => {
    if (!isFloat(x.type.dtype))
      throw new GradientError(`grad: ${names(x)} is ${printType(x.type)}, and only floats have gradients`);
  });
  const seeds = targets.map((y, i) => seedOf(y, options.cotangents?.[i], options.cotangents !== undefined, names(y)));
  const sweep = new Sweep(names, sources, targets);
  const found = sweep.run(targets, seeds, new Set(sources), new Set());
  return sources.map((x) => {
    const cotangent = found.get(x);
    if (cotangent) return cotangent;
    const why = options.unconnected === "zero" ? null : sweep.whyNone(x);
    if (why) throw why;
    return constantLike(x, 0);
  });
}

differentiateBy((results, inputs, cotangents) => {
  const [ys, xs] = [results.map(traced), inputs.map(traced)];
  const sweep = new Sweep(namer(ys, xs, {}), xs, ys);
  const seeds = cotangents.map((g) => g && traced(g));
  const found = sweep.run(ys, seeds, new Set(xs), new Set());
  return xs.map((x) => (found.get(x) as Value | undefined) ?? null);
});

type Names = (value: Traced) => string;
type Cotangents = Map<Traced, Traced>;

/** One differentiation. Its error messages speak of the outermost xs and ys, also inside expansions of composites. */
class Sweep {
  /** Nodes that got a cotangent and passed none on to an operand that leads to an x: their gradient is zero. */
  readonly #flat = new Set<Made>();

  constructor(
    readonly names: Names,
    readonly sources: readonly Traced[],
    readonly targets: readonly Traced[],
  ) {}

  /**
   * The cotangents of `xs`, given those of `ys`; the walk does not look behind the nodes in `stop`.
   * Calls itself for composites, as deep as they are nested.
   */
  run(
    ys: readonly Traced[],
    seeds: readonly (Traced | null)[],
    xs: ReadonlySet<Traced>,
    stop: ReadonlySet<Made>,
  ): ReadonlyMap<Traced, Traced> {
    const order = behind(ys, stop);
    const dependent = dependentOn(xs, order, stop);
    const reaches = (value: Traced) => xs.has(value) || dependent.has(value.node);
    const cotangents: Cotangents = new Map();
    ys.forEach((y, i) => {
      const seed = seeds[i];
      if (seed && reaches(y)) accumulate(cotangents, y, seed);
    });
    for (const node of order.toReversed()) {
      if (!dependent.has(node) || !node.results.some((value) => cotangents.has(value))) continue;
      const wanted = node.operands.map((value) => isFloat(value.type.dtype) && reaches(value));
      if (!wanted.includes(true)) continue;
      const flowing = trackerOf(node).inherit([node], () => this.#pullBack(node, cotangents, wanted));
      node.operands.forEach((value, i) => {
        const cotangent = flowing[i];
        if (wanted[i] && cotangent) accumulate(cotangents, value, cotangent);
        else if (wanted[i]) this.#flat.add(node);
      });
    }
    return cotangents;
  }

  /** The cotangents of the operands of a node; null where none flows. */
  #pullBack(node: Made, cotangents: Cotangents, wanted: readonly boolean[]): readonly (Traced | null | undefined)[] {
    const { op, operands, attrs, results } = node;
    const given = results.map((value) => cotangents.get(value) ?? null);
    const tracker = trackerOf(node);
    // Cotangents of another owner are elements of a batch, of which prepared rules know nothing.
    const ready = given.every((g) => g === null || g.owner === tracker) && !op.asksUser?.(attrs);
    const prepared = ready ? tracker.pullBack?.(node, given, wanted) : null;
    if (prepared) return prepared;
    if (op.vjp) {
      const g = given.find((cotangent) => cotangent !== null)!;
      const flowing = op.vjp({ g, cotangents: given, results, operands, attrs, wanted }) as readonly (Traced | null)[];
      flowing.forEach((cotangent, i) => checkCotangent(node, i, cotangent));
      return flowing;
    }
    if (op.lower.kind === "compose") {
      const expansion = op.lower.expand(operands, attrs) as readonly Traced[];
      const inner = new Set(operands.filter((_, i) => wanted[i]));
      const found = this.run(expansion, given, inner, new Set(operands.map((value) => value.node)));
      // A tensor that is an operand twice has one cotangent, which must not be counted twice.
      return operands.map((value, i) => (operands.indexOf(value) === i ? found.get(value) : null));
    }
    throw this.#notDifferentiable(
      node,
      this.sources.find((x) => leadsTo(x, node))!,
    );
  }

  /**
   * Why no cotangent reached x: no path, or one through something that is not differentiable. Null where a path ends in
   * an op that is flat, such as `sign`: the gradient is zero.
   */
  whyNone(x: Traced): GradientError | null {
    const { targets, names } = this;
    const order = behind(targets, new Set());
    const dependent = dependentOn(new Set([x]), order, new Set());
    const path = order.filter((node) => dependent.has(node));
    if (path.length === 0) {
      return new GradientError(`grad: ${targets.map(names).join(", ")} does not depend on ${names(x)}`);
    }
    if (path.some((node) => this.#flat.has(node))) return null;
    const rough = path.find((node) => !node.op.vjp && node.op.lower.kind !== "compose");
    const end = rough ?? path.find((node) => !node.results.some((v) => isFloat(v.type.dtype)));
    return this.#notDifferentiable(end ?? path[0]!, x);
  }

  #notDifferentiable(node: Made, x: Traced): GradientError {
    const y = this.targets.find((value) => leadsTo(node.results[0]!, value.node)) ?? this.targets[0]!;
    const path = `it lies on the path from ${this.names(x)} to ${this.names(y)}`;
    return new GradientError(`grad: ${node.op.name} is not differentiable, and ${path}`);
  }
}

/** The nodes that `ys` need, operands first, as far as the nodes in `stop`, which are included. */
function behind(ys: readonly Traced[], stop: ReadonlySet<Made>): readonly Made[] {
  const done = new Set<Made>();
  const order: Made[] = [];
  const stack = ys.map((y) => ({ node: y.node, next: 0 })).reverse();
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    if (done.has(top.node)) stack.pop();
    else if (top.next < top.node.operands.length && !stop.has(top.node)) {
      stack.push({ node: top.node.operands[top.next++]!.node, next: 0 });
    } else {
      done.add(top.node);
      order.push(top.node);
      stack.pop();
    }
  }
  return order;
}

/** The nodes of `order` that compute with one of `xs`. */
function dependentOn(xs: ReadonlySet<Traced>, order: readonly Made[], stop: ReadonlySet<Made>): ReadonlySet<Made> {
  const dependent = new Set<Made>();
  for (const node of order) {
    if (stop.has(node)) continue;
    if (node.operands.some((value) => xs.has(value) || dependent.has(value.node))) dependent.add(node);
  }
  return dependent;
}

function accumulate(cotangents: Cotangents, value: Traced, cotangent: Traced): void {
  const before = cotangents.get(value);
  const sum = before && trackerOf(value.node).inherit([value.node], () => add(before, cotangent) as Traced);
  cotangents.set(value, sum ?? cotangent);
}

function checkCotangent(node: Made, position: number, cotangent: Traced | null): void {
  const type = node.operands[position]!.type;
  if (!cotangent || !isFloat(type.dtype) || sameType(cotangent.type, type)) return;
  const [is, should] = [printType(cotangent.type), printType(type)];
  throw new InternalError(`gradient: ${node.op.name} gives its operand ${position}, ${should}, the cotangent ${is}`);
}

function seedOf(y: Traced, given: Operand | null | undefined, any: boolean, name: string): Traced | null {
  if (!isFloat(y.type.dtype)) {
    throw new GradientError(`grad: ${name} is ${printType(y.type)}, and only floats have gradients`);
  }
  if (any) {
    if (given && !sameType(given.type, y.type)) {
      throw new GradientError(`grad: the cotangent is ${printType(given.type)}, but ${name} is ${printType(y.type)}`);
    }
    return given ? traced(given) : null;
  }
  if (y.type.shape.length > 0) {
    throw new GradientError(`grad: ${name} is ${printType(y.type)}, not a scalar; give a cotangent`);
  }
  return scalarLike(y, 1) as Traced;
}

/** Whether `node` is the node of `from` or computed with it. */
function leadsTo(from: Traced, node: Made): boolean {
  return behind([...node.results], new Set([from.node])).includes(from.node);
}

/** Names for messages: of inputs and parameters their own, of others what the caller calls them. */
function namer(targets: readonly Traced[], sources: readonly Traced[], { names }: GradientOptions): Names {
  const nth = (letter: string, all: readonly Traced[], i: number) => (all.length > 1 ? `${letter}${i + 1}` : letter);
  const known = new Map<Traced, string>();
  const name = (value: Traced, given: string | undefined, fallback: string) => {
    const leaf = value.node.op.lower.kind === "leaf" ? nameOfLeaf(value.node) : "?";
    if (!known.has(value)) known.set(value, given ?? (leaf === "?" ? fallback : leaf));
  };
  sources.forEach((x, i) => name(x, names?.xs?.[i], nth("x", sources, i)));
  targets.forEach((y, i) => name(y, names?.ys?.[i], nth("y", targets, i)));
  return (value) => known.get(value) ?? value.node.op.name;
}

function traced(x: Operand): Traced {
  if (!("node" in x)) throw new GraphError("grad: these are not tensors that know how they were made");
  return x as Traced;
}

function trackerOf(node: Made): Tracker {
  return node.results[0]!.owner;
}
