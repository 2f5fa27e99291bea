// Every primitive of ir/scalar.ts in scalar and in vector form, on special values, against `evaluate`.
import { describe, expect, it } from "vitest";
import { type DType, arrayOf } from "#ir/dtype.js";
import { add, call, cast, type Expr, indexLocal, literal, load, sub } from "#ir/expr.js";
import { evaluate, type Primitive } from "#ir/scalar.js";
import { type Data, kernelOf, runWasm } from "./run-kernel.js";

// prettier-ignore
const values: Readonly<Record<DType, readonly number[]>> = {
  f32: [
    0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.7, 1e-40, 3e38, -3e38, 2 ** 31, -(2 ** 31), 8_388_609, NaN, Infinity, -Infinity,
  ],
  f64: [
    0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.7, 5e-324, 1e308, -1e308, 2 ** 31, -(2 ** 31), 2 ** 52 + 1, NaN, Infinity, -Infinity,
  ],
  i32: [0, 1, -1, 2, -2, 3, -3, 7, -7, 8, 255, 256, -256, 65_537, 2 ** 31 - 1, -(2 ** 31), 1_000_000_007],
  u8: [0, 1, 2, 3, 7, 8, 127, 128, 129, 200, 254, 255],
  bool: [0, 1],
};

const unary = {
  floats: ["neg", "abs", "sign", "sqrt", "floor", "ceil", "round", "trunc"],
  ints: ["neg", "abs", "sign"],
} satisfies Record<string, readonly Primitive[]>;
const binary = {
  floats: ["add", "sub", "mul", "div", "mod", "minimum", "maximum"],
  ints: ["add", "sub", "mul", "div", "floorDiv", "floorMod", "minimum", "maximum"],
  bools: ["add", "sub", "mul", "minimum", "maximum", "and", "or"],
} satisfies Record<string, readonly Primitive[]>;
const comparisons: readonly Primitive[] = ["eq", "ne", "lt", "le", "gt", "ge"];
const dtypes: readonly DType[] = ["f32", "f64", "i32", "u8", "bool"];
const isFloat = (d: DType): boolean => d === "f32" || d === "f64";
const family = (d: DType): "floats" | "ints" | "bools" => (isFloat(d) ? "floats" : d === "bool" ? "bools" : "ints");

/** `fn` of every tuple of `rows`, by a loop of the given kind. */
function results(
  as: "serial" | "vector",
  rows: readonly (readonly number[])[],
  from: readonly DType[],
  of: (args: Expr[]) => Expr,
): number[] {
  const i = indexLocal("i", rows.length);
  const columns = from.map((dtype, c): [string, Data] => [`x${c}`, { dtype, data: rows.map((row) => row[c]!) }]);
  const value = of(from.map((dtype, c) => load(`x${c}`, i, dtype)));
  const buffers = { ...Object.fromEntries(columns), out: { dtype: value.dtype, data: rows.map(() => 0) } };
  const kernel = kernelOf(buffers, {
    over: indexLocal("p", 1),
    extent: 1,
    body: [
      {
        kind: "for",
        over: i,
        extent: literal(rows.length),
        as,
        body: [{ kind: "store", buffer: "out", offset: i, value }],
      },
    ],
  });
  return runWasm(kernel, buffers).out!;
}

function check(
  rows: readonly (readonly number[])[],
  from: readonly DType[],
  of: (args: Expr[]) => Expr,
  truth: (row: number[]) => number,
): void {
  const stored = from.map((dtype, c) =>
    arrayOf(
      dtype,
      rows.map((row) => row[c]!),
    ),
  );
  const expected = rows.map((_, r) => truth(stored.map((column) => column[r]!)));
  for (const as of ["serial", "vector"] as const) {
    const found = results(as, rows, from, of);
    const wrong = rows.flatMap((row, r) =>
      Object.is(found[r], expected[r]) ? [] : [`${as} (${row.join()}): ${found[r]}, not ${expected[r]}`],
    );
    expect(wrong).toEqual([]);
  }
}

const pairs = (dtype: DType): (readonly number[])[] =>
  values[dtype].flatMap((a) => values[dtype].map((b) => [a, b] as const));

describe.each(dtypes)("%s", (dtype) => {
  const group = family(dtype);
  if (group !== "bools") {
    it.each(unary[group])("%s", (fn) => {
      check(
        values[dtype].map((a) => [a]),
        [dtype],
        ([x]) => call(fn, x!),
        ([a]) => evaluate(fn, dtype, [a!], [dtype]),
      );
    });
  }

  it.each(binary[group])("%s of two", (fn: Primitive) => {
    check(
      pairs(dtype),
      [dtype, dtype],
      ([x, y]) => call(fn, x!, y!),
      ([a, b]) => evaluate(fn, dtype, [a!, b!], [dtype, dtype]),
    );
  });

  it.each(comparisons)("%s", (fn) => {
    check(
      pairs(dtype),
      [dtype, dtype],
      ([x, y]) => call(fn, x!, y!),
      ([a, b]) => evaluate(fn, "bool", [a!, b!], [dtype, dtype]),
    );
  });

  it.each(dtypes.filter((to) => to !== dtype))("to %s", (to) => {
    const fn = ({ f32: "toF32", f64: "toF64", i32: "toI32", u8: "toU8", bool: "toBool" } as const)[to];
    check(
      values[dtype].map((a) => [a]),
      [dtype],
      ([x]) => cast(x!, to),
      ([a]) => evaluate(fn, to, [a!], [dtype]),
    );
  });

  it("select", () => {
    const rows = pairs(dtype).flatMap((row) => [
      [1, ...row],
      [0, ...row],
    ]);
    check(
      rows,
      ["bool", dtype, dtype],
      ([c, x, y]) => call("select", c!, x!, y!),
      ([c, a, b]) => (c ? a! : b!),
    );
  });
});

describe.each(["f32", "f64"] as const)("%s minimum and maximum with a number", (dtype) => {
  const cases = (["minimum", "maximum"] as const).flatMap((fn) => [0, -0, 1, -2.5, Infinity, NaN].map((n) => [fn, n]));
  it.each(cases as [Primitive, number][])("%s with %d, on either side", (fn, limit) => {
    const rows = values[dtype].map((a) => [a]);
    const of = (a: number, b: number) => evaluate(fn, dtype, [a, b], [dtype, dtype]);
    check(
      rows,
      [dtype],
      ([x]) => call(fn, x!, literal(limit, dtype)),
      ([a]) => of(a!, limit),
    );
    check(
      rows,
      [dtype],
      ([x]) => call(fn, literal(limit, dtype), x!),
      ([a]) => of(limit, a!),
    );
  });
});

it("not", () => {
  check(
    [[0], [1]],
    ["bool"],
    ([x]) => call("not", x!),
    ([a]) => (a ? 0 : 1),
  );
});

describe("bits of i32", () => {
  const words = [0, 1, -1, 0x12345678, 0x7fffffff, -(2 ** 31), -1_640_531_527];
  it("xor", () => {
    check(
      words.flatMap((a) => words.map((b) => [a, b])),
      ["i32", "i32"],
      ([x, y]) => call("xor", x!, y!),
      ([a, b]) => a! ^ b!,
    );
  });

  it.each([0, 1, 13, 31, 32, 45])("shifts by the literal %i, which counts modulo 32", (by) => {
    const rows = words.map((a) => [a]);
    check(
      rows,
      ["i32"],
      ([x]) => call("shiftLeft", x!, literal(by)),
      ([a]) => (a! * 2 ** (by % 32)) | 0,
    );
    check(
      rows,
      ["i32"],
      ([x]) => call("shiftRight", x!, literal(by)),
      ([a]) => Math.floor((a! < 0 ? a! + 2 ** 32 : a!) / 2 ** (by % 32)) | 0,
    );
  });

  it("shifts by counts that differ from lane to lane", () => {
    const rows = words.flatMap((a) => [0, 1, 5, 31, 33].map((by) => [a, by]));
    check(
      rows,
      ["i32", "i32"],
      ([x, y]) => call("shiftLeft", x!, y!),
      ([a, by]) => a! << by!,
    );
    check(
      rows,
      ["i32", "i32"],
      ([x, y]) => call("shiftRight", x!, y!),
      ([a, by]) => (a! >>> by!) | 0,
    );
  });
});

describe.each(["f32", "f64"] as const)("powers of two in %s", (dtype) => {
  const top = dtype === "f32" ? 127 : 1023;
  const exponents = [0, 1, -1, 10, -10, top, 1 - top].map((k) => [k]);
  it("exp2i(k) is 2ᵏ", () => {
    check(
      exponents,
      [dtype],
      ([k]) => call("exp2i", k!),
      ([k]) => 2 ** k!,
    );
  });

  it("scale2(y, k) is y · 2ᵏ, rounded once, over twice the range", () => {
    const far = [0, 1, -1, top, top + 1, -top, -top - 10, -top - 23, dtype === "f32" ? -150 : -1075];
    const rows = far.flatMap((k) => [1, 0.5, 1.25, 1 - 2 ** -20, NaN].map((y) => [y, k]));
    const of = ([y, k]: readonly number[]) => evaluate("scale2", dtype, [y!, k!], [dtype, dtype]);
    expect(of([1.25, 3])).toBe(10);
    check(rows, [dtype, dtype], ([y, k]) => call("scale2", y!, k!), of);
    const magic = literal((dtype === "f32" ? 1.5 * 2 ** 23 : 1.5 * 2 ** 52) + 2 * top, dtype);
    check(rows, [dtype, dtype], ([y, k]) => call("scale2", y!, sub(add(k!, magic), magic)), of);
  });

  it("copySign gives a size the sign of a number", () => {
    const rows = [0, 1.5, Infinity].flatMap((size) => [0, -0, 2, -2, -Infinity].map((x) => [size, x]));
    const of = ([size, x]: number[]) => (x! < 0 || Object.is(x, -0) ? -size! : size!);
    check(rows, [dtype, dtype], ([size, x]) => call("copySign", size!, x!), of);
  });

  it("exponent and mantissa take a positive number apart", () => {
    const rows = [1, 1.5, 2, 3, 0.75, 1e-30, 1e30, 2 ** top, 2 ** (1 - top), 1 - 2 ** -20].map((x) => [x]);
    check(
      rows,
      [dtype],
      ([x]) => call("exponent", x!),
      ([x]) => evaluate("exponent", dtype, [x!], [dtype]),
    );
    check(
      rows,
      [dtype],
      ([x]) => call("mantissa", x!),
      ([x]) => evaluate("mantissa", dtype, [x!], [dtype]),
    );
  });
});

describe("division of i32 by literals", () => {
  it.each([1, 2, 3, 7, 8, 64, 1000])("floorDiv and floorMod by %i", (n) => {
    const rows = values.i32.map((a) => [a]);
    check(
      rows,
      ["i32"],
      ([x]) => call("floorDiv", x!, literal(n)),
      ([a]) => Math.floor(a! / n),
    );
    check(
      rows,
      ["i32"],
      ([x]) => call("floorMod", x!, literal(n)),
      ([a]) => a! - n * Math.floor(a! / n),
    );
  });
});
