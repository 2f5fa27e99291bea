// A factor with windows, copied once so that a long axis of the result or of the sum walks memory as one: what pads it is
// written as zeros, what lies inside is copied in rows, and no reader asks guards.
import {
  add,
  call,
  type Expr,
  floorDiv,
  floorMod,
  indexLocal,
  literal,
  type Load,
  load,
  type Local,
  mul,
  rangeOf,
  sub,
} from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import { printExpr } from "#ir/print-expr.js";
import { linearIndex } from "./element.js";
import { emitLoops, type Loop } from "./emit-loops.js";
import type { KernelBuffers } from "./kernel-buffers.js";
import { scratchOf, storeAt, vector } from "./loop-parts.js";
import { coefficient, mentions, rewriteExpr, substitute } from "./rewrite-expr.js";
import { reachOf, slid, type SlidingPair } from "./sliding-pairs.js";

/** An axis of the copy: what runs along it, and which of its values an element of the factor is found at. */
interface StagedAxis {
  readonly local: Local;
  /** The place along the axis, in the factor's own locals. */
  readonly at: Expr;
  /** How far the axis runs in terms of the axes before it; its whole extent where nothing is said. */
  readonly end?: Expr;
}

interface Staged {
  /** Declares the scratch array and fills it. */
  readonly fill: readonly Stmt[];
  /** The factor's element, in its own locals. */
  readonly element: Load;
}

/** `value` over `axes`, with room for `slack` elements behind the last one. */
function staged(value: Expr, axes: readonly StagedAxis[], slack: number, buffers: KernelBuffers): Staged {
  const name = buffers.fresh("stage");
  const locals = axes.map((axis) => axis.local);
  const extents = locals.map((l) => l.extent!);
  const length = extents.reduce((n, x) => n * x, 1) + slack;
  const { dtype } = value;
  const tests = testsOf(value);
  const bounds = tests ? boundsOf(tests.all, axes) : null;
  const all = indexLocal(buffers.fresh("i"), length);
  const zeros = bounds ? emitLoops([vector(all)], [storeAt(name, all, literal(0, dtype))], buffers) : [];
  const { loops, own } = loopsWithin(axes, bounds);
  const inside = substitute(bounds ? unclamped(tests!.then, tests!.all) : value, own);
  const store = storeAt(name, substitute(linearIndex(extents, locals), own), inside);
  const places = axes.map((axis) => axis.at);
  return {
    fill: [scratchOf(name, dtype, length), ...zeros, ...emitLoops(loops, [store], buffers)],
    element: load(name, linearIndex(extents, places), dtype),
  };
}

/** Of an axis: what its values are at least, and below. */
interface Bounds {
  readonly low: Expr | null;
  readonly high: Expr | null;
}

/** What the tests come to for the innermost axis that each mentions; null where one is not affine in it. */
function boundsOf(tests: readonly Test[], axes: readonly StagedAxis[]): readonly Bounds[] | null {
  const bounds: { low: Expr | null; high: Expr | null }[] = axes.map(() => ({ low: null, high: null }));
  for (const { fn, args } of tests) {
    const [x, limit] = args;
    const axis = axes.findLastIndex(({ local }) => mentions(x, local));
    if (axis < 0) return null;
    const { local } = axes[axis]!;
    const times = coefficient(x, local);
    if (times === null || times <= 0) return null;
    const rest = sub(literal(limit.value + times - 1), substitute(x, new Map([[local.name, literal(0)]])));
    const bound = floorDiv(rest, times);
    const range = rangeOf(bound);
    const own = bounds[axis]!;
    if (fn === "ge" && !(range && range[1] <= 0)) own.low = call("maximum", bound, own.low ?? literal(0));
    if (fn === "lt" && !(range && range[0] >= local.extent!)) {
      own.high = own.high ? call("minimum", bound, own.high) : bound;
    }
  }
  return bounds;
}

/** Loops over the axes within their bounds, and what the axes are in terms of the loops' counters. */
function loopsWithin(axes: readonly StagedAxis[], bounds: readonly Bounds[] | null) {
  const own = new Map<string, Expr>();
  const loops = axes.map(({ local, end }, i): Loop => {
    const { low, high } = bounds?.[i] ?? { low: null, high: null };
    const whole = end ?? literal(local.extent!);
    const above = substitute(high ? call("minimum", high, whole) : whole, own);
    const extent = low ? sub(above, substitute(low, own)) : above;
    if (low) own.set(local.name, add(substitute(low, own), local));
    return { local, extent, as: i === axes.length - 1 ? "vector" : "serial" };
  });
  return { loops, own };
}

type Test = Expr & { kind: "call"; args: readonly [Expr, Expr & { kind: "literal" }] };

interface Tests {
  readonly all: readonly Test[];
  readonly then: Expr;
}

/** The tests of `select(test and test …, then, 0)`, each of an index against a number; null for anything else. */
export function testsOf(x: Expr): Tests | null {
  if (x.kind !== "call" || x.fn !== "select") return null;
  const [test, then, otherwise] = x.args as [Expr, Expr, Expr];
  if (otherwise.kind !== "literal" || otherwise.value !== 0) return null;
  const all: Test[] = [];
  const collect = (e: Expr): boolean => {
    if (e.kind !== "call") return false;
    if (e.fn === "and") return e.args.every(collect);
    if ((e.fn !== "ge" && e.fn !== "lt") || e.args[0]!.dtype !== "i32" || e.args[1]!.kind !== "literal") return false;
    all.push(e as Test);
    return true;
  };
  return collect(test) ? { all, then } : null;
}

/** The expression where the tests hold: indices that they keep inside need no clamps. */
export function unclamped(x: Expr, tests: readonly Test[]): Expr {
  const limits = new Set(tests.map((t) => `${t.fn} ${printExpr(t.args[0]!)} ${t.args[1].value}`));
  const replace = (e: Expr): Expr | null => {
    if (e.kind !== "call" || e.dtype !== "i32" || (e.fn !== "minimum" && e.fn !== "maximum")) return null;
    const [a, b] = e.args as [Expr, Expr];
    if (b.kind !== "literal") return null;
    const inner = rewriteExpr(a, replace);
    const test = e.fn === "maximum" ? `ge ${printExpr(inner)} ${b.value}` : `lt ${printExpr(inner)} ${b.value + 1}`;
    return limits.has(test) ? inner : null;
  };
  return rewriteExpr(x, replace);
}

/**
 * The factor `x` for the windows `pairs`: a copy along `plain`, the first pair's place, and for the others their short and
 * their long axes. The long axes (`long` says which of a pair's are) and `images` then walk memory as one, in the order
 * first pair, images, other pairs.
 */
export function stagedWindows(
  x: Expr,
  plain: readonly Local[],
  pairs: readonly SlidingPair[],
  long: "axis" | "term",
  images: readonly Local[],
  slack: number,
  buffers: KernelBuffers,
): Staged {
  const [first, ...others] = pairs as [SlidingPair, ...SlidingPair[]];
  const along = alongPlaces(first, long === "axis" ? first.a : first.b, buffers);
  const axes: readonly StagedAxis[] = [
    ...plain.map(itself),
    ...others.map((p) => itself(long === "axis" ? p.term : p.axis)),
    ...along.axes,
    ...images.map(itself),
    ...others.map((p) => itself(p[long])),
  ];
  return staged(slid(x, first, along.place), axes, slack, buffers);
}

/** The factor once for every place of the windows, where the last pair's neighbouring results read side by side. */
export function stagedPlaces(
  x: Expr,
  plain: readonly Local[],
  pairs: readonly SlidingPair[],
  slack: number,
  buffers: KernelBuffers,
): Staged {
  const along = pairs.map((p, i) => alongPlaces(p, i === pairs.length - 1 ? p.a : 1, buffers));
  const value = pairs.reduce((e, p, i) => slid(e, p, along[i]!.place), x);
  return staged(value, [...plain.map(itself), ...along.flatMap(({ axes }) => axes)], slack, buffers);
}

const itself = (local: Local): StagedAxis => ({ local, at: local });

/** The places of a pair as axes of a copy, those `stride` apart side by side, and a place in terms of the axes. */
function alongPlaces(pair: SlidingPair, stride: number, buffers: KernelBuffers) {
  const reach = reachOf(pair);
  const place = add(mul(pair.axis, literal(pair.a)), mul(pair.term, literal(pair.b)));
  const phase = indexLocal(buffers.fresh("s"), Math.min(stride, reach));
  const step = indexLocal(buffers.fresh("u"), Math.ceil(reach / stride));
  if (stride === 1) return { axes: [{ local: step, at: place }], place: step };
  const end = floorDiv(sub(literal(reach - 1 + stride), phase), stride);
  const axes: readonly StagedAxis[] = [
    { local: phase, at: floorMod(place, stride) },
    { local: step, at: floorDiv(place, stride), ...(reach % stride === 0 ? {} : { end }) },
  ];
  return { axes, place: add(mul(step, literal(stride)), phase) };
}
