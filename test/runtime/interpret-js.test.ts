// The interpreter and the JavaScript backend on hand-written kernels: results by hand, equal to the bit.
import { describe, expect, it } from "vitest";
import { arrayOf, type DType } from "#ir/dtype.js";
import { add, call, cast, type Expr, indexLocal, literal, load, local, lt, mul, select } from "#ir/expr.js";
import type { Kernel, Stmt } from "#ir/kernel.js";
import { verifyKernel } from "#ir/verify-kernel.js";
import { evaluate, type Primitive } from "#ir/scalar.js";
import type { BackendName } from "#runtime/backend.js";
import { printJs } from "#runtime/print-js.js";
import { kernelOf, runOn, simpleKernel } from "./on-backend.js";

const both: readonly BackendName[] = ["interpret", "js"];
const i = indexLocal("i", 4);
const f32 = (value: number): Expr => literal(value, "f32");
const store = (buffer: string, offset: Expr, value: Expr): Stmt => ({ kind: "store", buffer, offset, value });

/** Runs on both, demands equal bits, gives the numbers. */
function run(kernel: Kernel, data: Readonly<Record<string, readonly number[]>> = {}): Record<string, number[]> {
  verifyKernel(kernel);
  const [a, b] = both.map((backend) => runOn(backend, kernel, data));
  expect(b).toEqual(a);
  return a!;
}

describe("statements", () => {
  it("f32 arithmetic rounds after every operation: 16777216 + 1 + 1 is 16777216", () => {
    const x = load("x", i, "f32");
    const kernel = simpleKernel([["x", "f32", 4, "read"], ["y", "f32", 4, "write"]], 4, [
      store("y", i, add(add(x, f32(1)), f32(1))),
    ]); // prettier-ignore
    expect(run(kernel, { x: [16777216, 0, 1, -1] }).y).toEqual([16777216, 2, 3, 1]);
  });

  it("accumulate sums a row in a vector loop", () => {
    const j = indexLocal("j", 3);
    const total = local("total", "f32");
    const kernel = simpleKernel([["x", "f32", 12, "read"], ["y", "f32", 4, "write"]], 4, [
      { kind: "let", local: total, value: f32(0) },
      {
        kind: "for", over: j, extent: literal(3), as: "vector",
        body: [{ kind: "accumulate", local: total, fn: "sum", value: load("x", add(mul(i, literal(3)), j), "f32") }],
      },
      store("y", i, total),
    ]); // prettier-ignore
    expect(run(kernel, { x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] }).y).toEqual([6, 15, 24, 33]);
  });

  it("max passes NaN on", () => {
    const j = indexLocal("j", 3);
    const most = local("most", "f64");
    const kernel = simpleKernel([["x", "f64", 6, "read"], ["y", "f64", 2, "write"]], 2, [
      { kind: "let", local: most, value: literal(-Infinity, "f64") },
      {
        kind: "for", over: j, extent: literal(3), as: "serial",
        body: [{ kind: "accumulate", local: most, fn: "max", value: load("x", add(mul(i, literal(3)), j), "f64") }],
      },
      store("y", indexLocal("i", 2), most),
    ]); // prettier-ignore
    expect(run(kernel, { x: [1, 5, 2, 1, NaN, 2] }).y).toEqual([5, NaN]);
  });

  it("register arrays are indexed by unrolled loops", () => {
    const j = indexLocal("j", 2);
    const kernel = simpleKernel([["y", "f32", 4, "write"]], 2, [
      { kind: "scratch", name: "acc", dtype: "f32", length: 2, in: "registers" },
      {
        kind: "for", over: j, extent: literal(2), as: "unrolled",
        body: [store("acc", j, cast(add(mul(indexLocal("i", 2), literal(2)), j), "f32"))],
      },
      {
        kind: "for", over: indexLocal("k", 2), extent: literal(2), as: "unrolled",
        body: [store("y", add(mul(indexLocal("i", 2), literal(2)), indexLocal("k", 2)), load("acc", indexLocal("k", 2), "f32"))],
      },
    ]); // prettier-ignore
    expect(run(kernel).y).toEqual([0, 1, 2, 3]);
  });

  it("if takes one branch; set changes a local", () => {
    const v = local("v", "i32");
    const kernel = simpleKernel([["y", "i32", 4, "write"]], 4, [
      { kind: "let", local: v, value: literal(10) },
      { kind: "if", test: lt(i, literal(2)), then: [{ kind: "set", local: v, value: literal(20) }], else: [] },
      store("y", i, add(v, i)),
    ]);
    expect(run(kernel).y).toEqual([20, 21, 12, 13]);
  });

  it("a select may guard a load beyond the buffer", () => {
    const kernel = simpleKernel([["x", "f32", 2, "read"], ["y", "f32", 4, "write"]], 4, [
      store("y", i, select(lt(i, literal(2)), load("x", i, "f32"), f32(-1))),
    ]); // prettier-ignore
    expect(run(kernel, { x: [7, 8] }).y).toEqual([7, 8, -1, -1]);
  });

  it("two spaces of a stage both run", () => {
    const j = indexLocal("j", 2);
    const kernel = kernelOf(
      [["x", "f32", 4, "write"], ["y", "bool", 2, "write"]],
      { over: i, extent: 4, body: [store("x", i, cast(i, "f32"))] },
      { over: j, extent: 2, body: [store("y", j, call("not", cast(j, "bool")))] },
    ); // prettier-ignore
    expect(run(kernel)).toEqual({ x: [0, 1, 2, 3], y: [1, 0] });
  });

  it("the same names in neighbouring blocks are different locals", () => {
    const t = local("t", "f32");
    const loop = (value: number): Stmt => ({
      kind: "for", over: indexLocal("j", 2), extent: literal(2), as: "serial",
      body: [{ kind: "let", local: t, value: f32(value) }, store("y", indexLocal("j", 2), t)],
    }); // prettier-ignore
    expect(run(simpleKernel([["y", "f32", 2, "write"]], 1, [loop(1), loop(2)])).y).toEqual([2, 2]);
  });
});

describe("a check that fails", () => {
  const kernel = simpleKernel([["x", "i32", 4, "read"], ["y", "i32", 4, "write"]], 4, [
    { kind: "check", test: lt(load("x", i, "i32"), literal(10)), value: load("x", i, "i32"), failure: 0 },
    store("y", i, load("x", i, "i32")),
  ]); // prettier-ignore
  const failures = [
    {
      message: "gather: index {value} is out of range 0 to 9",
      origins: [{ file: "model.ts", line: 42, column: 18, scope: "" }],
    },
  ];

  it.each([...both, "wasm" as const])("is a RunError with the value and the user's line on %s", (backend) => {
    expect(() => runOn(backend, kernel, { x: [1, 2, 12, 13] }, failures)).toThrow(
      "gather: index 12 is out of range 0 to 9\n  at model.ts:42:18",
    );
  });
});

describe("the interpreter catches what lowering does wrong", () => {
  it("a load beyond a buffer", () => {
    const kernel = simpleKernel([["x", "f32", 3, "read"], ["y", "f32", 4, "write"]], 4, [store("y", i, load("x", i, "f32"))]); // prettier-ignore
    expect(() => runOn("interpret", kernel)).toThrow("interpret: kernel k reads element 3 of x, which has 3");
  });

  it("a store beyond a buffer", () => {
    const kernel = simpleKernel([["y", "f32", 4, "write"]], 4, [store("y", add(i, literal(-1)), f32(0))]);
    expect(() => runOn("interpret", kernel)).toThrow("interpret: kernel k writes element -1 of y, which has 4");
  });
});

describe("primitives give what ir/scalar.ts says, in f32, f64, i32 and u8", () => {
  const floats = [0, -0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.7, -3.7, 1e10, Infinity, -Infinity, NaN];
  const ints = [0, 1, -1, 7, -7, 3, -3, 2 ** 31 - 1, -(2 ** 31), 46341];
  const bytes = [0, 1, 7, 3, 255, 128, 200];
  const groups: readonly [readonly DType[], readonly number[], readonly Primitive[]][] = [
    [
      ["f32", "f64"],
      floats,
      ["add", "sub", "mul", "div", "mod", "minimum", "maximum", "eq", "ne", "lt", "le", "gt", "ge"],
    ],
    [
      ["f32", "f64"],
      floats,
      ["neg", "abs", "sign", "sqrt", "floor", "ceil", "round", "trunc", "toI32", "toU8", "toBool"],
    ],
    [
      ["i32"],
      ints,
      [
        "add",
        "sub",
        "mul",
        "floorDiv",
        "floorMod",
        "minimum",
        "maximum",
        "eq",
        "lt",
        "ge",
        "xor",
        "shiftLeft",
        "shiftRight",
      ],
    ],
    [["i32"], ints, ["neg", "abs", "sign", "toF32", "toF64", "toBool", "toU8"]],
    [["u8"], bytes, ["add", "sub", "mul", "floorDiv", "floorMod", "minimum", "maximum", "eq", "lt"]],
    [["u8"], bytes, ["neg", "toF32", "toI32", "toBool"]],
    [["bool"], [0, 1], ["and", "or", "eq", "ne", "minimum", "maximum", "lt"]],
    [["bool"], [0, 1], ["not", "toF32", "toI32", "toU8"]],
  ];
  const casts: { readonly [fn: string]: DType } = {
    toF32: "f32",
    toF64: "f64",
    toI32: "i32",
    toU8: "u8",
    toBool: "bool",
  };
  const binary = new Set(groups.filter((_, n) => n === 0 || n === 2 || n === 4 || n === 6).flatMap(([, , fns]) => fns));
  const cases = groups.flatMap(([dtypes, points, fns]) =>
    dtypes.flatMap((d) => fns.map((fn) => [fn, d, points] as const)),
  );

  it.each(cases)("%s of %s", (fn, dtype, points) => {
    const pairs = binary.has(fn) ? points.flatMap((a) => points.map((b) => [a, b])) : points.map((a) => [a]);
    const at = indexLocal("i", pairs.length);
    const args = pairs[0]!.map((_, k) => load(["a", "b"][k]!, at, dtype));
    const made = call(fn, ...args);
    const value: Expr = casts[fn] ? cast(args[0]!, casts[fn]) : made;
    const inputs = args.map((x) => [x.buffer, dtype, pairs.length, "read"] as const);
    const kernel = simpleKernel([...inputs, ["y", value.dtype, pairs.length, "write"]], pairs.length, [
      store("y", at, value),
    ]);
    const data = { a: pairs.map((p) => p[0]!), b: pairs.map((p) => p[1] ?? 0) };
    const rounded = pairs.map((p) => [...arrayOf(dtype, p)]);
    const want = rounded.map((p) =>
      evaluate(
        fn,
        value.dtype,
        p,
        p.map(() => dtype),
      ),
    );
    expect(run(kernel, data).y).toEqual([...arrayOf(value.dtype, want)]);
  });
});

describe("printed JavaScript", () => {
  it("reads like JavaScript", () => {
    const j = indexLocal("j", 3);
    const total = local("total", "f32");
    const x = load("x", add(mul(i, literal(3)), j), "f32");
    const kernel = {
      ...simpleKernel([["x", "f32", 12, "read"], ["y", "f32", 4, "write"]], 4, [
        { kind: "let", local: total, value: f32(0) },
        {
          kind: "for", over: j, extent: literal(3), as: "vector",
          body: [{ kind: "accumulate", local: total, fn: "sum", value: call("exp", x) }],
        },
        store("y", i, call("maximum", total, f32(0.5))),
      ]),
      ops: ["exp", "sum"],
    }; // prettier-ignore
    expect(printJs(kernel)).toEqual({
      text: `// exp sum
return function k(x, y) {
  for (let i = 0; i < 4; i++) {
    let total = 0;
    for (let j = 0; j < 3; j++) {
      total = Math.fround(total + exp_f32(x[i * 3 + j]));
    }
    y[i] = Math.max(total, 0.5);
  }
};`,
      calls: [{ name: "exp_f32", fn: "exp", dtype: "f32", arity: 1 }],
    });
  });
});
