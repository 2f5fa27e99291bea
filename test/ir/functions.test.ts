// The transcendental functions, sampled densely against double precision: all f32 exponents, both signs, and the
// neighbourhoods of special points. They are run as JavaScript, which rounds at every step as all backends do.
import { describe, expect, it } from "vitest";
import type { DType } from "#ir/dtype.js";
import { call, indexLocal, load } from "#ir/expr.js";
import { evaluate, type Transcendental, transcendentals } from "#ir/scalar.js";
import { compileKernel } from "#runtime/compile-js.js";
import { runOn, simpleKernel } from "../runtime/on-backend.js";
import { type Exact, exactly, ulpsFrom } from "./exact-functions.js";
import { nearQuarterTurns } from "./near-quarter-turns.js";
import { ulpsBetween } from "./ulp.js";

const chunk = 1 << 14;
const i = indexLocal("i", chunk);

/** The function on arrays of `chunk` elements. */
function compiled(fn: Transcendental, dtype: DType) {
  const arity = fn === "pow" ? 2 : 1;
  const args = ["x", "y"].slice(0, arity).map((name) => load(name, i, dtype));
  const inputs = args.map((x) => [x.buffer, dtype, chunk, "read"] as const);
  const kernel = simpleKernel([...inputs, ["out", dtype, chunk, "write"]], chunk, [
    { kind: "store", buffer: "out", offset: i, value: call(fn, ...args) },
  ]);
  return compileKernel(kernel);
}

interface Worst {
  ulps: number;
  at: readonly number[];
  got: number;
}

/** The largest error of `fn` over the points that `next` gives, until it gives null. */
function worstOf(
  fn: Transcendental,
  dtype: "f32" | "f64",
  next: () => readonly number[] | null,
  truth: (x: number, y: number) => Exact | number,
) {
  const run = compiled(fn, dtype);
  const Class = dtype === "f32" ? Float32Array : Float64Array;
  const [x, y, out] = [new Class(chunk), new Class(chunk), new Class(chunk)];
  const worst: Worst = { ulps: 0, at: [], got: 0 };
  for (let more = true; more;) {
    let n = 0;
    for (; n < chunk; n++) {
      const point = next();
      if (!point) {
        more = false;
        break;
      }
      x[n] = point[0]!;
      y[n] = point[1] ?? 0;
    }
    if (fn === "pow") run(x, y, out);
    else run(x, out);
    for (let k = 0; k < n; k++) {
      const ulps = ulpsFrom(out[k]!, truth(x[k]!, y[k]!), dtype);
      if (ulps > worst.ulps) Object.assign(worst, { ulps, at: [x[k]!, y[k]!], got: out[k]! });
    }
  }
  return worst;
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);
const specials = [
  0, 1, 2, 0.5, 0.58, 0.925, 88.72284, 87.3366, 103.972, Math.PI, Math.PI / 2, 1e5, 3.4e38, 2 ** -126, 2 ** -149,
]; // prettier-ignore

/** Every `step`-th f32 by its bits, then 64 neighbours on each side of the special points. */
function f32Points(step: number): () => readonly number[] | null {
  let bits = 0;
  let special = 0;
  let offset = -64;
  const point = [0];
  return () => {
    for (;;) {
      if (bits < 2 ** 32) {
        word[0] = bits;
        bits += step;
      } else {
        if (special === specials.length * 2) return null;
        float[0] = (special & 1 ? -1 : 1) * specials[special >> 1]!;
        word[0] = word[0]! + offset++;
        if (offset > 64) [offset, special] = [-64, special + 1];
      }
      point[0] = float[0]!;
      return point;
    }
  };
}

/** A linear congruential generator (Numerical Recipes), so that every run tests the same points. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

const truth: { readonly [F in Transcendental]?: (x: number, y: number) => number } = {
  exp: Math.exp, expm1: Math.expm1, log: Math.log, log1p: Math.log1p, sin: Math.sin, cos: Math.cos, tan: Math.tan,
  tanh: Math.tanh,
}; // prettier-ignore
const inDouble = (fn: Transcendental) =>
  truth[fn] ?? ((x: number, y: number) => evaluate(fn, "f64", [x, y], ["f64", "f64"]));

describe("f32 functions differ from the real value by at most 2 ulp over the whole range", () => {
  for (const fn of transcendentals.filter((f) => f !== "pow")) {
    it(fn, () => {
      const exact = fn === "erf" ? (x: number) => (x === 0 ? x : inDouble(fn)(x, 0)) : inDouble(fn);
      const worst = worstOf(fn, "f32", f32Points(fn === "erf" ? 20011 : 4001), exact);
      expect(worst.ulps, `at ${worst.at[0]} got ${worst.got}`).toBeLessThanOrEqual(2);
    });
  }

  it("pow, for 400 000 random bases and exponents and all pairs of special ones", () => {
    const random = seeded(7);
    const special = [
      0,
      -0,
      1,
      -1,
      2,
      -2,
      0.5,
      3,
      -3,
      -1.5,
      Infinity,
      -Infinity,
      NaN,
      2 ** -149,
      3.4e38,
      -3.4e38,
      0.99999994,
    ];
    let n = 0;
    const next = () => {
      const k = n++;
      if (k < special.length ** 2) return [special[k % special.length]!, special[Math.floor(k / special.length)]!];
      if (k > 400_000) return null;
      word[0] = random() * 2 ** 31;
      const base = k % 2 ? float[0]! : 0.5 + 1.5 * random();
      return [base, Math.fround(((random() * 2 - 1) * 150) / Math.max(Math.abs(Math.log2(base)), 1e-7))];
    };
    const worst = worstOf("pow", "f32", next, inDouble("pow"));
    expect(worst.ulps, `at ${worst.at.join()} got ${worst.got}`).toBeLessThanOrEqual(2);
  });
});

describe("f64 functions differ from the real value by at most 2 ulp over the whole range", () => {
  const ranges: { readonly [F in Transcendental]?: readonly [number, number] } = {
    exp: [-745, 710], expm1: [-40, 710], log: [0, 10], log1p: [-1, 10], tanh: [-20, 20], sigmoid: [-745, 40], erf: [-6, 6],
    sin: [-1e4, 1e4], cos: [-1e4, 1e4], tan: [-1e4, 1e4],
  }; // prettier-ignore
  for (const [fn, [low, high]] of Object.entries(ranges) as [Transcendental, readonly [number, number]][]) {
    it(`${fn}, for random numbers where it changes, small ones and ones of any size`, () => {
      const random = seeded(11);
      let n = 0;
      const next = () => {
        if (n++ > 3000) return null;
        if (n % 3 === 2) return [anyDouble(random)];
        return [(low + (high - low) * random()) * (n % 3 ? 1 : 2 ** (-40 * random()))];
      };
      const worst = worstOf(fn, "f64", next, (x) => exactly(fn, [x]));
      expect(worst.ulps, `at ${worst.at[0]} got ${worst.got}`).toBeLessThanOrEqual(2);
    });
  }

  it("pow, for bases of any size and exponents that keep the power in range", () => {
    const random = seeded(13);
    let n = 0;
    const next = () => {
      const base = n % 2 ? Math.abs(anyDouble(random)) : 2 * random();
      return n++ < 2000 ? [base, ((random() * 2 - 1) * 1080) / Math.max(Math.abs(Math.log2(base)), 1e-15)] : null;
    };
    const worst = worstOf("pow", "f64", next, (x, y) => exactly("pow", [x, y]));
    expect(worst.ulps, `at ${worst.at.join()} got ${worst.got}`).toBeLessThanOrEqual(2);
  });
});

/** Any finite number, by random bits. */
function anyDouble(random: () => number): number {
  const x = new Float64Array(Uint32Array.of(random() * 2 ** 32, random() * 2 ** 32).buffer)[0]!;
  return Number.isFinite(x) ? x : anyDouble(random);
}

describe.each([
  ["f32", 24, 16367173 * 2 ** 72],
  ["f64", 53, 6381956970095103 * 2 ** 797],
] as const)("numbers of %s nearest to multiples of a quarter turn", (dtype, bits, nearest) => {
  const numbers = nearQuarterTurns(bits);

  it("are those that are known (Muller, Elementary Functions, chapter 11; for f32 by trying all)", () => {
    expect(numbers).toContain(nearest);
    const distances = numbers.filter((x) => x > 1).map((x) => Math.abs(Math.sin(2 * x)));
    expect(numbers.filter((x) => x > 1)[distances.indexOf(Math.min(...distances))]).toBe(nearest);
  });

  it.each(["sin", "cos", "tan"] as const)("have their %s within 2 ulp, and so do their neighbours", (fn) => {
    const around = numbers.flatMap((x) => [x, -x, x * (1 + 2 ** (1 - bits)), x * (1 - 2 ** -bits)]).values();
    const next = () => {
      const { value } = around.next();
      return value === undefined ? null : [value];
    };
    const worst = worstOf(fn, dtype, next, (x) => exactly(fn, [x]));
    expect(worst.ulps, `at ${worst.at[0]} got ${worst.got}`).toBeLessThanOrEqual(2);
  });
});

it.each(["sin", "cos", "tan"] as const)("%s of f32 of any size agrees with the exact value", (fn) => {
  const random = seeded(17);
  let n = 0;
  const next = () => (n++ < 4000 ? [Math.fround((2 * random() - 1) * 2 ** (127 * random()))] : null);
  const worst = worstOf(fn, "f32", next, (x) => exactly(fn, [x]));
  expect(worst.ulps, `at ${worst.at[0]} got ${worst.got}`).toBeLessThanOrEqual(2);
});

const values = (fn: Transcendental, dtype: DType, points: readonly number[], second: readonly number[] = []) => {
  const at = indexLocal("i", points.length);
  const args = [load("x", at, dtype), ...(second.length > 0 ? [load("y", at, dtype)] : [])];
  const buffers = args.map((x) => [x.buffer, dtype, points.length, "read"] as const);
  const kernel = simpleKernel([...buffers, ["out", dtype, points.length, "write"]], points.length, [
    { kind: "store", buffer: "out", offset: at, value: call(fn, ...args) },
  ]);
  return runOn("interpret", kernel, { x: points, y: second }).out!;
};

it.each(["f32", "f64"] as const)("cosOfOrdinary gives the bits of cos up to 2e8, in %s", (dtype) => {
  const points = [0, -0, NaN, 2e8, -2e8, ...Array.from({ length: 8000 }, (_, n) => (n - 4000) * 1.1 ** (n % 100))];
  expect(values("cosOfOrdinary", dtype, points)).toEqual(values("cos", dtype, points));
});

it.each(["f32", "f64"] as const)("decay gives the bits of exp for all that is not above 0, in %s", (dtype) => {
  const points = [0, -0, -Infinity, NaN, 1e-3, 3, ...Array.from({ length: 8000 }, (_, n) => -(n * n) / 8e4)];
  expect(values("decay", dtype, points)).toEqual(values("exp", dtype, points));
});

describe.each(["f32", "f64"] as const)("special values in %s", (dtype) => {
  const table: readonly [Transcendental, readonly [number, number][]][] = [
    ["exp", [[0, 1], [-0, 1], [Infinity, Infinity], [-Infinity, 0], [NaN, NaN]]],
    ["expm1", [[0, 0], [-0, -0], [Infinity, Infinity], [-Infinity, -1], [NaN, NaN]]],
    ["log", [[1, 0], [0, -Infinity], [-0, -Infinity], [-1, NaN], [Infinity, Infinity], [-Infinity, NaN], [NaN, NaN]]],
    ["log1p", [[0, 0], [-0, -0], [-1, -Infinity], [-2, NaN], [Infinity, Infinity], [NaN, NaN]]],
    ["sin", [[0, 0], [-0, -0], [Infinity, NaN], [-Infinity, NaN], [NaN, NaN]]],
    ["cos", [[0, 1], [-0, 1], [Infinity, NaN], [NaN, NaN]]],
    ["tan", [[0, 0], [-0, -0], [Infinity, NaN], [NaN, NaN]]],
    ["tanh", [[0, 0], [-0, -0], [Infinity, 1], [-Infinity, -1], [NaN, NaN]]],
    ["sigmoid", [[0, 0.5], [-0, 0.5], [Infinity, 1], [-Infinity, 0], [NaN, NaN]]],
    ["erf", [[0, 0], [-0, -0], [Infinity, 1], [-Infinity, -1], [NaN, NaN]]],
  ]; // prettier-ignore
  it.each(table)("%s", (fn, pairs) => {
    expect(
      values(
        fn,
        dtype,
        pairs.map(([x]) => x),
      ),
    ).toEqual(pairs.map(([, y]) => y));
  });

  it("pow follows IEEE 754", () => {
    const cases = [
      [0, 0, 1], [NaN, 0, 1], [1, NaN, 1], [-1, Infinity, 1], [2, -Infinity, 0], [0.5, -Infinity, Infinity], [-0, 3, -0],
      [-0, -3, -Infinity], [0, -2, Infinity], [-Infinity, 3, -Infinity], [-Infinity, 2, Infinity], [-8, 1 / 3, NaN],
      [-2, 3, -8], [NaN, 1, NaN], [2, NaN, NaN], [2, 10, 1024],
    ]; // prettier-ignore
    expect(
      values(
        "pow",
        dtype,
        cases.map((c) => c[0]!),
        cases.map((c) => c[1]!),
      ),
    ).toEqual(cases.map((c) => c[2]));
  });
});

it("erf in f64 has the tabulated values (DLMF 7.23, to 16 digits)", () => {
  const table = [[0.5, 0.5204998778130465], [1, 0.8427007929497149], [2, 0.9953222650189527], [3, 0.9999779095030014]]; // prettier-ignore
  values(
    "erf",
    "f64",
    table.map(([x]) => x!),
  ).forEach((y, k) => {
    expect(ulpsBetween(y, table[k]![1]!, "f64")).toBeLessThanOrEqual(2);
  });
});
