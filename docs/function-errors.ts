// The largest error of every transcendental function as compiled programs compute it: in f32 against double precision, in f64
// against whole numbers of hundreds of bits.
import { compile, type CompileSettings, type DType, Graph, ops, type Tensor } from "gradloom";
import { evaluate, type Transcendental } from "#ir/scalar.js";
import { type Exact, exactly, ulpsFrom } from "../test/ir/exact-functions.js";
import { nearQuarterTurns } from "../test/ir/near-quarter-turns.js";

/** Where a function is farthest from the real value, in units of the last place of the result. */
export interface Worst {
  readonly ulps: number;
  readonly at: readonly number[];
  /** How many arguments were tried. */
  readonly points: number;
}

type Points = Iterable<readonly [x: number, y: number]>;

const chunk = 1 << 15;

/** The worst of f32 over every `step`-th bit pattern and the neighbours of special points; of pow over as many pairs. */
export function worstOfSingle(fn: Transcendental, step: number, settings: CompileSettings = {}): Worst {
  const points = fn === "pow" ? pairs("f32", Math.ceil(2 ** 32 / step / 4)) : patterns(fn, step);
  return worstOf(fn, "f32", points, settings);
}

/** The worst of f64 over so many random arguments. */
export function worstOfDouble(fn: Transcendental, count: number, settings: CompileSettings = {}): Worst {
  return worstOf(fn, "f64", fn === "pow" ? pairs("f64", count) : samples(fn, count), settings);
}

function worstOf(fn: Transcendental, dtype: DType & ("f32" | "f64"), points: Points, settings: CompileSettings): Worst {
  const g = new Graph(fn);
  const [x, y] = [g.input("x", [chunk], dtype), g.input("y", [chunk], dtype)];
  const apply = ops[fn as "exp"] as unknown as (...xs: Tensor[]) => Tensor;
  const program = compile({ outputs: { z: fn === "pow" ? apply(x, y) : apply(x) } }, settings);
  const Class = dtype === "f32" ? Float32Array : Float64Array;
  const feeds = { x: new Class(chunk), y: new Class(chunk) };
  const z = new Class(chunk);
  let [ulps, at, count]: [number, readonly number[], number] = [0, [], 0];
  const look = (n: number) => {
    program.runInto(fn === "pow" ? feeds : { x: feeds.x }, { z });
    for (let i = 0; i < n; i++) {
      const args = [feeds.x[i]!, feeds.y[i]!] as const;
      const off = ulpsFrom(z[i]!, dtype === "f32" ? inDouble(fn, args) : exactly(fn, args), dtype);
      if (off > ulps) [ulps, at] = [off, fn === "pow" ? args : [args[0]]];
    }
    count += n;
  };
  let n = 0;
  for (const [a, b] of points) {
    [feeds.x[n], feeds.y[n]] = [a, b];
    if (++n < chunk) continue;
    look(n);
    n = 0;
  }
  look(n);
  program.dispose();
  return { ulps, at, points: count };
}

function inDouble(fn: Transcendental, args: readonly [number, number]): Exact | number {
  return fn === "erf" && args[0] === 0 ? args[0] : evaluate(fn, "f64", args, ["f64", "f64"]);
}

const isSine = (fn: Transcendental): boolean => fn === "sin" || fn === "cos" || fn === "tan";

/** Where functions or their approximations change, begin or end. */
const specials = [
  0, 1, 2, 0.5, 0.58, 0.925, 5.5, 9, 17, 87.3366, 88.72284, 103.972, 1e5, 3.4e38, 2 ** -126, 2 ** -149,
  ...Array.from({ length: 40 }, (_, n) => [(n * Math.PI) / 4, n * Math.LN2]).flat(),
]; // prettier-ignore

/** Where the errors of functions are largest, besides those that are as large everywhere. */
const crucial: { readonly [F in Transcendental]?: readonly [number, number] } = {
  expm1: [0.34, 0.42], tan: [0.8, 0.85], tanh: [0.57, 0.62], sigmoid: [-1.15, -1.05], erf: [0.925, 0.96],
}; // prettier-ignore

function* patterns(fn: Transcendental, step: number): Points {
  const word = new Uint32Array(1);
  const float = new Float32Array(word.buffer);
  for (let bits = 0; bits < 2 ** 32; bits += step) {
    word[0] = bits;
    yield [float[0]!, 0];
  }
  if (isSine(fn)) for (const x of nearQuarterTurns(24)) yield [x, 0];
  const ends = Uint32Array.from(new Uint32Array(Float32Array.from(crucial[fn] ?? [0, 0]).buffer)).sort();
  for (let bits = ends[0]!; bits < ends[1]!; bits += Math.ceil(step / 1000)) {
    word[0] = bits;
    yield [float[0]!, 0];
  }
  for (const special of specials) {
    for (const sign of [1, -1]) {
      for (let offset = -64; offset <= 64; offset++) {
        float[0] = sign * special;
        word[0] = word[0]! + offset;
        yield [float[0]!, 0];
      }
    }
  }
}

/** A linear congruential generator (Numerical Recipes), so that every run tries the same arguments. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Bases of every size, and exponents that keep the power in the range of the dtype. */
function* pairs(dtype: "f32" | "f64", count: number): Points {
  const next = seeded(7);
  const [bits, rounded] = dtype === "f32" ? ([149, Math.fround] as const) : ([1074, Number] as const);
  for (let n = 0; n < count; n++) {
    const base = rounded(n % 2 ? 2 ** (bits * (2 * next() - 1)) : 0.5 + 1.5 * next());
    if (Number.isFinite(base))
      yield [base, rounded(((next() * 2 - 1) * bits) / Math.max(Math.abs(Math.log2(base)), 1e-7))];
  }
}

/** Where a function of f64 changes. */
const wide: { readonly [F in Transcendental]?: readonly [number, number] } = {
  exp: [-745, 709], expm1: [-40, 709], log: [0, 10], log1p: [-1, 100], tanh: [-20, 20], sigmoid: [-745, 40], erf: [-6, 6],
  sin: [-1e4, 1e4], cos: [-1e4, 1e4], tan: [-1e4, 1e4],
}; // prettier-ignore

/** By turns: from the range where the function changes, nearer to 0, below 2, of any size, and where its errors are largest. */
function* samples(fn: Transcendental, count: number): Points {
  const next = seeded(11);
  const [low, high] = wide[fn]!;
  const [from, to] = crucial[fn] ?? [0.5, 1];
  if (isSine(fn)) for (const x of nearQuarterTurns(53)) yield [x, 0];
  for (let n = 0; n < count; n++) {
    const [x, sign] = [low + (high - low) * next(), low < 0 && next() < 0.5 ? -1 : 1];
    yield [
      [x, x * 2 ** (-40 * next()), sign * 2 * next(), sign * 2 ** (2046 * next() - 1022), from + (to - from) * next()][
        n % 5
      ]!,
      0,
    ];
  }
}
