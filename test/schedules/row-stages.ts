// Random reductions, softmaxes, norms, running sums and their gradients along any axis, and what comes out, row by row.
import type { DType, TypedArray } from "#ir/dtype.js";
import type { Operand, Value } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { elementCount } from "#ir/size.js";
import { stridesOf } from "#ir/type.js";
import { gradient } from "#passes/gradient.js";
import { GraphMaker } from "../graphs.js";
import type { Measured } from "../magnitudes.js";
import { generator } from "../random.js";
import { empty, numbers, pick, type Trial, type Truth } from "./trial.js";

/** A number of a row's result, its S, and what ε·S of it comes from is the caller's. */
type Row = { readonly value: readonly number[]; readonly scale: readonly number[] };

interface Stage {
  readonly apply: (x: Operand, axis: number) => Operand;
  /** Of the numbers of one row: as many results as numbers, or one. */
  readonly plain: (x: Float64Array) => Row;
  /** The cotangent of the row, given that of its result; without it gradients are not tried. */
  readonly slope?: (x: Float64Array, g: Float64Array) => Row;
  readonly dtype?: DType;
}

const abs = (x: Float64Array) => x.map(Math.abs);
const total = (x: Float64Array) => x.reduce((a, b) => a + b, 0);
const one = (value: number, scale: number): Row => ({ value: [value], scale: [scale] });
const row = (value: Float64Array, scale: Float64Array): Row => ({ value: [...value], scale: [...scale] });
const most = (x: Float64Array) => Math.max(...abs(x));

function softmaxOf(x: Float64Array): Float64Array {
  const top = Math.max(...x);
  const powers = x.map((v) => Math.exp(v - top));
  return powers.map((p) => p / total(powers));
}

function momentsOf(x: Float64Array) {
  const mean = total(x) / x.length;
  const variance = total(x.map((v) => (v - mean) ** 2)) / x.length;
  return { mean, variance, deviation: Math.sqrt(variance + 1e-5) };
}

function logSumExpOf(x: Float64Array): number {
  const top = Math.max(...x);
  return top + Math.log(total(x.map((v) => Math.exp(v - top))));
}

const stages: Readonly<Record<string, Stage>> = {
  sum: {
    apply: (x, axis) => ops.sum(x, axis),
    plain: (x) => one(total(x), total(abs(x))),
    slope: (x, g) => row(x.map(() => g[0]!), x.map(() => Math.abs(g[0]!))), // prettier-ignore
  },
  mean: {
    apply: (x, axis) => ops.mean(x, axis),
    plain: (x) => one(total(x) / x.length, total(abs(x)) / x.length),
    slope: (x, g) => row(x.map(() => g[0]! / x.length), x.map(() => Math.abs(g[0]!) / x.length)), // prettier-ignore
  },
  max: {
    apply: (x, axis) => ops.max(x, axis),
    plain: (x) => one(Math.max(...x), 0),
    slope: (x, g) => {
      const ties = x.filter((v) => v === Math.max(...x)).length;
      const d = x.map((v) => (v === Math.max(...x) ? g[0]! / ties : 0));
      return row(d, abs(d));
    },
  },
  min: { apply: (x, axis) => ops.min(x, axis), plain: (x) => one(Math.min(...x), 0) },
  argmax: { apply: (x, axis) => ops.argmax(x, axis), plain: (x) => one(x.indexOf(Math.max(...x)), 0), dtype: "i32" },
  argmin: { apply: (x, axis) => ops.argmin(x, axis), plain: (x) => one(x.indexOf(Math.min(...x)), 0), dtype: "i32" },
  variance: {
    apply: (x, axis) => ops.variance(x, axis),
    plain: (x) => one(momentsOf(x).variance, momentsOf(x).variance + most(x) ** 2),
    slope: (x, g) => {
      const scale = (Math.abs(g[0]!) * most(x) * 4) / x.length;
      return row(x.map((v) => (2 * g[0]! * (v - momentsOf(x).mean)) / x.length), x.map(() => scale)); // prettier-ignore
    },
  },
  logSumExp: {
    apply: (x, axis) => ops.logSumExp(x, axis),
    plain: (x) => one(logSumExpOf(x), most(x) + Math.log(x.length) + 1),
    slope: (x, g) => {
      const d = softmaxOf(x).map((p) => p * g[0]!);
      return row(d, abs(d).map((v) => v * (2 + 2 * most(x)))); // prettier-ignore
    },
  },
  softmax: {
    apply: (x, axis) => ops.softmax(x, axis),
    plain: (x) => row(softmaxOf(x), softmaxOf(x).map((p) => p * (2 + 2 * most(x)))), // prettier-ignore
    slope: (x, g) => {
      const p = softmaxOf(x);
      const inner = total(p.map((v, i) => v * g[i]!));
      const size = most(g) * (4 + 4 * most(x));
      return row(p.map((v, i) => v * (g[i]! - inner)), p.map((v) => v * size)); // prettier-ignore
    },
  },
  logSoftmax: {
    apply: (x, axis) => ops.logSoftmax(x, axis),
    plain: (x) => row(x.map((v) => v - logSumExpOf(x)), x.map(() => 2 * most(x) + Math.log(x.length) + 1)), // prettier-ignore
    slope: (x, g) => {
      const p = softmaxOf(x);
      const size = total(abs(g)) * (2 + 2 * most(x));
      return row(p.map((v, i) => g[i]! - v * total(g)), p.map((v, i) => Math.abs(g[i]!) + v * size)); // prettier-ignore
    },
  },
  layerNorm: {
    // It takes all axes from one on: the row's axis goes last and back.
    apply: (x, axis) => atEnd(x, axis, (y) => ops.layerNorm(y)),
    plain: (x) => {
      const { mean, deviation } = momentsOf(x);
      return row(x.map((v) => (v - mean) / deviation), x.map(() => (most(x) / deviation) ** 3 + 2 * most(x) / deviation)); // prettier-ignore
    },
    slope: (x, g) => {
      const { mean, deviation } = momentsOf(x);
      const z = x.map((v) => (v - mean) / deviation);
      const [a, b] = [total(g) / x.length, total(g.map((v, i) => v * z[i]!)) / x.length];
      const size = (most(g) / deviation) * (2 + (most(x) / deviation) ** 4 * 4);
      return row(z.map((v, i) => (g[i]! - a - v * b) / deviation), z.map(() => size)); // prettier-ignore
    },
  },
  cumsum: {
    apply: (x, axis) => ops.cumsum(x, axis),
    plain: (x) => row(running(x), running(abs(x))),
    slope: (_, g) => row(running(g.toReversed()).toReversed(), running(abs(g).toReversed()).toReversed()),
  },
};

function running(x: Float64Array): Float64Array {
  let sum = 0;
  return x.map((v) => (sum += v));
}

function atEnd(x: Operand, axis: number, apply: (x: Operand) => Operand): Operand {
  const rest = x.type.shape.map((_, a) => a).filter((a) => a !== axis);
  const back = x.type.shape.map((_, a) => (a === axis ? rest.length : rest.indexOf(a)));
  return ops.transpose(apply(ops.transpose(x, [...rest, axis])), back);
}

export interface RowStage {
  readonly stage: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly axis: number;
  /** Elementwise work before it, doubled numbers with a constant added, and whether the gradient is asked for. */
  readonly before: boolean;
  readonly gradient: boolean;
}

const sizes = [1, 2, 3, 4, 5, 7, 8, 16, 17, 33, 65, 100, 130, 257];

/** The stage of a seed, over about so many elements at most. */
export function rowStageOf(seed: number, limit: number): RowStage {
  const next = generator(seed);
  let left = limit;
  const shape = Array.from({ length: pick(next, [1, 2, 2, 3, 3, 4]) }, () => {
    const n = pick(next, sizes.filter((s) => s <= left)); // prettier-ignore
    left = Math.floor(left / n);
    return n;
  });
  return {
    stage: pick(next, Object.keys(stages)),
    dtype: pick<DType>(next, ["f32", "f32", "f32", "f64"]),
    shape,
    axis: pick(next, [...shape.keys()]),
    before: next() < 0.3,
    gradient: next() < 0.4,
  };
}

/** The trial of a stage; `seed` is that of its numbers. */
export function rowStageTrial(spec: RowStage, seed: number): Trial {
  const { dtype, shape, axis, before } = spec;
  const next = generator(seed);
  const stage = stages[spec.stage]!;
  const maker = new GraphMaker("rows");
  const x = maker.input("x", shape, dtype);
  const feeds: TypedArray[] = [numbers(next, dtype, elementCount(shape)).map((v) => v * 4) as TypedArray];
  const fed = before ? ops.add(ops.mul(x, 2), 0.5) : x;
  const data = Float64Array.from(before ? feeds[0]!.map((v) => 2 * v + 0.5) : feeds[0]!);
  const y = stage.apply(fed, axis);
  const outputs: Record<string, Operand> = { y };
  const expected = new Map<string, Truth>();
  const result = byRows(shape, axis, [data], ([line]) => stage.plain(line!));
  // What was rounded before the stage counts as if the result had been.
  expected.set("y", { ...result, dtype: stage.dtype ?? dtype });
  if (spec.gradient && stage.slope) {
    const g = maker.input("g", y.type.shape as readonly number[], dtype);
    const cotangent = numbers(next, dtype, elementCount(y.type.shape as readonly number[]));
    feeds.push(cotangent);
    outputs.dx = gradient([ops.sum(ops.mul(y, g)) as Value], [x])[0] as Operand;
    const given = Float64Array.from(cotangent);
    const d = byRows(shape, axis, [data, given], ([line, from]) => stage.slope!(line!, from!));
    const by = before ? 2 : 1;
    expected.set("dx", { value: d.value.map((v) => v * by), scale: d.scale.map((v) => v * by), dtype });
  }
  return { title: JSON.stringify(spec), graph: maker.graph(outputs), feeds, expected };
}

/** Calls `of` with the rows along an axis of each array, and puts its results together. */
function byRows(
  shape: readonly number[],
  axis: number,
  arrays: readonly Float64Array[],
  of: (rows: readonly Float64Array[]) => Row,
): Measured {
  const n = shape[axis]!;
  const step = stridesOf(shape)[axis]!;
  const count = elementCount(shape);
  const lengths = arrays.map((x) => (x.length === count ? n : 1));
  let out: Measured | null = null;
  for (let r = 0; r < count / n; r++) {
    const [outer, inner] = [Math.floor(r / step), r % step];
    const { value, scale } = of(arrays.map((x, i) => Float64Array.from({ length: lengths[i]! }, (_, j) => x[(outer * lengths[i]! + j) * step + inner]!))); // prettier-ignore
    out ??= empty((count / n) * value.length);
    value.forEach((v, j) => {
      const place = (outer * value.length + j) * step + inner;
      out!.value[place] = v;
      out!.scale[place] = scale[j]!;
    });
  }
  return out!;
}
