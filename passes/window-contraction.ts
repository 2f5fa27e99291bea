// What the lowerings of contractions with windows have in common: which axes play which part, how large a staged copy is,
// and the space over images and parts of them.
import { add, type Expr, floorDiv, floorMod, indexLocal, literal, type Local, mul } from "#ir/expr.js";
import type { Node } from "#ir/node.js";
import { product } from "./contraction-axes.js";
import type { Group } from "./group.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { mentions, substitute } from "./rewrite-expr.js";
import type { SlidingPair } from "./sliding-pairs.js";
import type { WindowFacts } from "./window-schedule.js";

/** A contraction one factor of which has windows. */
export class WindowContraction {
  readonly dtype;
  /** Bytes of an element of the result. */
  readonly item: number;
  /** Axes of the result that only the factor with windows has, only the other one, and both. */
  readonly own: readonly Local[];
  readonly others: readonly Local[];
  readonly batch: readonly Local[];
  /** Of `own` those that no window has, and the same of the terms. */
  readonly images: readonly Local[];
  readonly plain: readonly Local[];

  constructor(
    readonly group: Group,
    readonly node: Node,
    /** The factor with windows, and the other one. */
    readonly x: Expr,
    readonly w: Expr,
    axes: readonly Local[],
    terms: readonly Local[],
    readonly pairs: readonly SlidingPair[],
    readonly escapes: (node: Node) => boolean,
    readonly buffers: KernelBuffers,
  ) {
    this.dtype = node.results[0]!.type.dtype;
    this.item = this.dtype === "f64" ? 8 : 4;
    this.own = axes.filter((l) => !mentions(w, l));
    this.others = axes.filter((l) => !mentions(x, l));
    this.batch = axes.filter((l) => mentions(x, l) && mentions(w, l));
    this.images = this.own.filter((l) => !pairs.some((p) => p.axis === l));
    this.plain = terms.filter((l) => !pairs.some((p) => p.term === l));
  }

  /** What its schedule is chosen from. */
  facts(summed: boolean, source: number | null): WindowFacts {
    const sizes = (axes: readonly Local[]) => axes.map((l) => l.extent!);
    return {
      pairs: this.pairs.map((p) => [p.axis.extent!, p.term.extent!, p.a, p.b]),
      images: sizes(this.images),
      plain: sizes(this.plain),
      others: sizes(this.others),
      batches: product(this.batch),
      summed,
      source,
      item: this.item,
    };
  }
}

/** An axis of which so many values belong to one part. */
export interface Cut {
  readonly axis: Local;
  readonly count: number;
}

/**
 * A space over the axes, those in `cut` by so many values at a time: what the axes are in terms of it, and the locals that
 * count the values of a cut axis in their part.
 */
export function spaceOver(outer: readonly Local[], cut: readonly Cut[], buffers: KernelBuffers) {
  const all = [...outer, ...cut.map((c) => c.axis).filter((axis) => !outer.includes(axis))];
  const counts = all.map((axis) => axis.extent! / (cut.find((c) => c.axis === axis)?.count ?? 1));
  const over = indexLocal("p", counts.reduce((a, b) => a * b, 1)); // prettier-ignore
  const known = new Map<string, Expr>();
  const locals = new Map<Local, Local>();
  let rest: Expr = over;
  for (let i = all.length - 1; i >= 0; i--) {
    const axis = all[i]!;
    const count = cut.find((c) => c.axis === axis)?.count;
    const part = i === 0 ? rest : floorMod(rest, counts[i]!);
    rest = floorDiv(rest, counts[i]!);
    if (count === undefined) known.set(axis.name, part);
    else {
      const local = count === axis.extent ? axis : indexLocal(buffers.fresh("m"), count);
      locals.set(axis, local);
      if (local !== axis) known.set(axis.name, add(mul(part, literal(count)), local));
    }
  }
  return { over, known, locals };
}

/** Every value with locals replaced. */
export function substituteAll(values: ReadonlyMap<string, Expr>, locals: ReadonlyMap<string, Expr>): Map<string, Expr> {
  return new Map([...values].map(([name, value]) => [name, substitute(value, locals)]));
}
