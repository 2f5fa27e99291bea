// Random programs: a list of step seeds, each of which adds one value to a pool. Steps can be left out, which is how a
// failing program is shrunk. Only steps whose numbers are moderate and do not jump when operands move a little are kept.
import { type DType, isFloat, type TypedArray, arrayOf } from "#ir/dtype.js";
import { GraphError } from "#ir/errors.js";
import type { Graph } from "#ir/graph.js";
import type { Node, Operand, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import * as ops from "#ir/ops/index.js";
import { opTable } from "#ir/ops/table.js";
import { gradient } from "#passes/gradient.js";
import { evaluateNode } from "#ir/reference.js";
import { GraphMaker } from "../graphs.js";
import { type Measured, measure } from "../magnitudes.js";
import { generator, integer } from "../random.js";

export interface Recipe {
  readonly seed: number;
  readonly steps: readonly number[];
}

export interface Program {
  readonly graph: Graph;
  /** One per input of the graph. */
  readonly feeds: readonly TypedArray[];
  /** Every output and update in double precision, with its S. */
  readonly truth: ReadonlyMap<Value, Measured>;
  /** Of floats: what is differentiated, its inputs, and the gradients. */
  readonly loss: Value | null;
  readonly sources: readonly Value[];
  readonly slopes: readonly Value[];
}

/** The recipe of a seed. */
export function recipeOf(seed: number): Recipe {
  const next = generator(seed);
  const count = integer(next, 2, 14);
  return { seed, steps: Array.from({ length: count }, () => integer(next, 0, 2 ** 30)) };
}

const sizes = [1, 2, 3, 4, 5, 7, 9, 17, 33];
const maxElements = 1200;
type Next = () => number;
const pick = <T>(next: Next, list: readonly T[]): T => list[integer(next, 0, list.length - 1)]!;
const shapeOf = (x: Operand) => x.type.shape as readonly number[];

/** Builds the program in the float dtype. The same recipe gives the same steps in both dtypes. */
export function build({ seed, steps }: Recipe, float: DType): Program {
  const next = generator(seed);
  const maker = new GraphMaker(`fuzz_${seed}`);
  const [m, n, k] = [pick(next, sizes), pick(next, sizes), pick(next, sizes)];
  const declared: [Value, () => number][] = [
    [maker.input("x", [m, n], float), () => next() * 3 - 1.5],
    [maker.input("y", [m, n], float), () => next() + 0.3],
    [maker.input("w", [n, k], float), () => next() * 2 - 1],
    [maker.input("v", [n], float), () => next() * 2 - 1],
    [maker.input("at", [m], "i32"), () => integer(next, 0, n - 1)],
    [maker.input("yes", [m, n], "bool"), () => (next() < 0.5 ? 1 : 0)],
  ];
  const state = maker.parameter("state", [n], float);
  const feeds = declared.map(([value, draw]) => {
    const count = shapeOf(value).reduce((a, b) => a * b, 1);
    return arrayOf(
      value.type.dtype,
      Array.from({ length: count }, () => Math.fround(draw())),
    );
  });
  const held = new Map<Node, TypedArray>(declared.map(([v], i) => [v.node, feeds[i]!]));
  held.set(state.node, arrayOf(float, new Array<number>(n).fill(0)));
  const known = new Map<Value, Measured>();
  const pool: Value[] = [...declared.map(([v]) => v), state];
  measure(pool, held, known);
  for (const step of steps) {
    const made = attempt(() => candidate(generator(step), pool));
    if (!made || pool.includes(made)) continue;
    if (shapeOf(made).reduce((a, b) => a * b, 1) > maxElements || shapeOf(made).length > 4) continue;
    measure([made], held, known);
    if (isSteady(made, known)) pool.push(made);
  }
  const results = pool.slice(declared.length + 1).slice(-4);
  const sources = declared.slice(0, 4).map(([v]) => v);
  const floats = results.filter((v) => isFloat(v.type.dtype));
  const parts = floats.map((v) => ops.sum(ops.mul(v, 0.25)));
  const loss = parts.length > 0 ? (parts.reduce((a, b) => ops.add(a, b)) as Value) : null;
  const slopes = loss ? (gradient([loss], sources, { unconnected: "zero" }) as Value[]) : [];
  const roots = [...results, ...(loss ? [loss] : []), ...slopes];
  const outputs = Object.fromEntries(roots.map((v, i) => [`out${i}`, v]));
  const moved = slopes[3] ? ops.add(state, ops.mul(slopes[3], 0.5)) : ops.add(state, 1);
  const graph = maker.graph({ ...outputs, old: state }, [[state, moved]]);
  measure([...roots, moved as Value, state], held, known);
  return { graph, feeds, truth: known, loss, sources, slopes };
}

function attempt(make: () => Operand): Value | null {
  try {
    return make() as Value;
  } catch (error) {
    if (error instanceof GraphError) return null;
    throw error;
  }
}

// The gradient of stopGradient is not its derivative, on purpose; routines may refuse what they are given.
const drawn = [...opTable.values()].filter((op) => op !== (ops.stopGradient as AnyOp) && op.lower.kind !== "routine");
const byForm = (form: string) =>
  drawn.filter((op) => op.form === form) as (AnyOp & ((...args: unknown[]) => Operand))[];
const [unary, binary, compare] = [byForm("unary"), byForm("binary"), byForm("compare")];
const [reductions, rows, args] = [byForm("reduction"), byForm("row"), byForm("argReduction")];

/** One call of some op on values of the pool; throws GraphError where they do not suit. */
function candidate(next: Next, pool: readonly Value[]): Operand {
  const a = pick(next, pool);
  const rank = shapeOf(a).length;
  const like = (x: Operand) => pick(next, pool.filter((v) => v.type.dtype === x.type.dtype));
  const axis = integer(next, 0, Math.max(0, rank - 1));
  const kind = integer(next, 0, 23);
  if (kind < 5) return pick(next, unary)(a);
  if (kind < 9) return pick(next, binary)(a, next() < 0.3 ? pick(next, [-1, 0, 0.5, 1, 2, 3]) : like(a));
  if (kind < 10) return pick(next, compare)(a, like(a));
  if (kind < 13) return pick(next, reductions)(a, pick(next, [undefined, axis, [axis]]), { keepDims: next() < 0.5 });
  if (kind < 14) return pick(next, rows)(a, axis);
  switch (kind) {
    case 14:
      return pick(next, args)(a, axis);
    case 15:
    case 16:
      return ops.matmul(a, next() < 0.4 ? ops.transpose(like(a)) : like(a));
    case 17:
      return ops.transpose(a);
    case 18:
      return ops.reshape(a, next() < 0.5 ? [-1] : [1, ...shapeOf(a)]);
    case 19:
      return ops.broadcast(a, [integer(next, 1, 3), ...shapeOf(a)]);
    case 20:
      return ops.slice(a, shapeOf(a).map((s) => integer(next, 0, Math.min(1, s - 1))), shapeOf(a).map(() => 1), shapeOf(a).map(() => integer(next, 1, 2)));
    case 21:
      return next() < 0.5 ? ops.reverse(a, axis) : ops.concat([a, like(a)], axis);
    case 22:
      return next() < 0.5 ? ops.where(pick(next, pool.filter((v) => v.type.dtype === "bool")), a, like(a)) : ops.layerNorm(a);
    default:
      return ops.gather(a, pick(next, pool.filter((v) => v.type.dtype === "i32")), axis);
  }
} // prettier-ignore

/** Whether the numbers are moderate, and stay close when the operands move by a hundred-thousandth. */
function isSteady(value: Value, known: ReadonlyMap<Value, Measured>): boolean {
  const { node, type } = value;
  const { value: data, scale } = known.get(value)!;
  if (!data.every((v) => Number.isFinite(v) && Math.abs(v) < 1e3) || !scale.every((s) => s < 1e5)) return false;
  return [1 + 1e-5, 1 - 1e-5].every((factor) => {
    const moved = node.operands.map((v) => {
      const given = known.get(v)!.value;
      return arrayOf(v.type.dtype, isFloat(v.type.dtype) ? given.map((x) => x * factor) : given);
    });
    const result = evaluateNode(node, moved)[value.index]!;
    const limit = (i: number) => (isFloat(type.dtype) ? 1e-2 * Math.max(1, scale[i]!) : 0);
    return result.every((v: number, i: number) => Math.abs(v - data[i]!) <= limit(i));
  });
}
