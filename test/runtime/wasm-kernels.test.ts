// Hand-written kernels on the wasm backend, against formulas.
import { describe, expect, it } from "vitest";
import type { DType } from "#ir/dtype.js";
import {
  add,
  and,
  call,
  cast,
  type Expr,
  floorDiv,
  floorMod,
  ge,
  indexLocal,
  literal,
  load,
  type Local,
  local,
  lt,
  mul,
  select,
  sub,
} from "#ir/expr.js";
import { identityOf, type Stmt } from "#ir/kernel.js";
import { type Data, kernelOf, planOf, runWasm } from "./run-kernel.js";
import { encodeModule } from "#runtime/wasm/module.js";
import wabtInit from "wabt";

const wabt = await wabtInit();

const f32 = (data: readonly number[]): Data => ({ dtype: "f32", data });
const f64 = (data: readonly number[]): Data => ({ dtype: "f64", data });
const i32 = (data: readonly number[]): Data => ({ dtype: "i32", data });
const zeros = (n: number, dtype: DType = "f32"): Data => ({ dtype, data: new Array<number>(n).fill(0) });
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
type As = "serial" | "vector" | "unrolled";
const loop = (over: Local, as: As, body: readonly Stmt[], extent: Expr = literal(over.extent!)): Stmt => ({
  kind: "for",
  over,
  extent,
  as,
  body,
});
const store = (buffer: string, offset: Expr, value: Expr): Stmt => ({ kind: "store", buffer, offset, value });
const let_ = (of: Local, value: Expr): Stmt => ({ kind: "let", local: of, value });
const accumulate = (of: Local, fn: "sum" | "max" | "min" | "prod" | "any" | "all", value: Expr): Stmt => ({
  kind: "accumulate",
  local: of,
  fn,
  value,
});
/** Runs a body once, or for each `over`. */
function run(buffers: Readonly<Record<string, Data>>, body: readonly Stmt[], over = indexLocal("p", 1), options = {}) {
  return runWasm(kernelOf(buffers, { over, extent: over.extent!, body }), buffers, options);
}

const lengths = [1, 2, 3, 4, 5, 7, 8, 17, 33, 65];

describe("vector loops", () => {
  it.each(lengths)("of %i elements compute every element and touch no other", (n) => {
    const x = count(n + 4);
    const i = indexLocal("i", n);
    const found = run({ x: f32(x), y: f32(x.map(() => -1)) }, [
      loop(i, "vector", [store("y", i, add(mul(load("x", i, "f32"), literal(2, "f32")), literal(1, "f32")))]),
    ]);
    expect(found.y).toEqual(x.map((v, k) => (k < n ? 2 * v + 1 : -1)));
  });

  it.each(lengths)("of an extent %i known at run time only do the same", (n) => {
    const x = count(70);
    const i = indexLocal("i", 66);
    const body = loop(
      i,
      "vector",
      [store("y", i, mul(load("x", i, "f32"), literal(3, "f32")))],
      load("n", literal(0), "i32"),
    );
    expect(run({ x: f32(x), y: zeros(70), n: i32([n]) }, [body]).y).toEqual(x.map((v, k) => (k < n ? 3 * v : 0)));
  });

  it.each([0, -1, -5])("of extent %i do nothing", (n) => {
    const i = indexLocal("i", 66);
    const s = local("s", "f32");
    const buffers = { x: f32(count(70)), y: zeros(70), n: i32([n]) };
    const extent = load("n", literal(0), "i32");
    const body = [
      let_(s, literal(5, "f32")),
      loop(i, "vector", [accumulate(s, "sum", load("x", i, "f32")), store("y", i, literal(1, "f32"))], extent),
      store("y", literal(69), s),
    ];
    expect(run(buffers, body).y).toEqual([...new Array<number>(69).fill(0), 5]);
  });

  it.each(lengths)("of %i elements mix f64, f32, i32, bool and u8", (n) => {
    const x = count(n).map((k) => k - 2.5);
    const i = indexLocal("i", n);
    const value = load("x", i, "f64");
    const [positive, single] = [local("positive", "bool"), local("single", "f32")];
    const body = [
      let_(positive, call("gt", value, literal(0, "f64"))),
      let_(single, cast(mul(value, literal(2, "f64")), "f32")),
      store("f", i, single),
      store("n", i, add(cast(value, "i32"), i)),
      store("b", i, positive),
      store("u", i, add(cast(single, "u8"), load("v", i, "u8"))),
      store("d", i, select(positive, add(value, cast(single, "f64")), cast(load("v", i, "u8"), "f64"))),
      store("s", i, select(positive, single, literal(-7, "f32"))),
    ];
    const bytes = count(n).map((k) => (k * 37) % 256);
    const buffers = {
      x: f64(x),
      f: zeros(n),
      n: zeros(n, "i32"),
      b: zeros(n, "bool"),
      u: zeros(n, "u8"),
      d: zeros(n, "f64"),
      s: zeros(n),
      v: { dtype: "u8", data: bytes } as const,
    };
    const found = run(buffers, [loop(i, "vector", body)]);
    expect(found.f).toEqual(x.map((v) => 2 * v));
    expect(found.n).toEqual(x.map((v, k) => Math.trunc(v) + k));
    expect(found.b).toEqual(x.map((v) => (v > 0 ? 1 : 0)));
    expect(found.u).toEqual(x.map((v, k) => (((2 * v) & 255) + bytes[k]!) & 255));
    expect(found.d).toEqual(x.map((v, k) => (v > 0 ? 3 * v : bytes[k]!)));
    expect(found.s).toEqual(x.map((v) => (v > 0 ? 2 * v : -7)));
  });

  it("load with strides, backwards, from the same place and through an index", () => {
    const n = 13;
    const i = indexLocal("i", n);
    const index = count(n).map((k) => (k * 5) % n);
    const x = count(3 * n + 1).map((k) => k * k);
    const at = (offset: Expr): Expr => load("x", offset, "f32");
    const body = [
      store("a", i, at(add(mul(i, literal(3)), literal(1)))),
      store("b", i, at(sub(literal(n), i))),
      store("c", i, at(literal(7))),
      store("d", i, at(load("index", i, "i32"))),
      store("e", i, at(add(mul(floorMod(i, 5), literal(3)), floorDiv(i, 5)))),
    ];
    const found = run(
      { x: f32(x), index: i32(index), a: zeros(n), b: zeros(n), c: zeros(n), d: zeros(n), e: zeros(n) },
      [loop(i, "vector", body)],
    );
    expect(found.a).toEqual(count(n).map((k) => x[3 * k + 1]));
    expect(found.b).toEqual(count(n).map((k) => x[n - k]));
    expect(found.c).toEqual(count(n).map(() => x[7]));
    expect(found.d).toEqual(index.map((k) => x[k]));
    expect(found.e).toEqual(count(n).map((k) => x[(k % 5) * 3 + Math.floor(k / 5)]));
  });

  it.each(["f32", "f64", "i32", "bool", "u8"] as const)("gather and scatter %s", (dtype) => {
    const n = 11;
    const i = indexLocal("i", n);
    const x = count(2 * n).map((k) => (dtype === "bool" ? (k % 3 === 0 ? 1 : 0) : (k * 3) % 256));
    const idx = local("idx", "i32");
    const order = count(n).map((k) => (k * 4) % n);
    const body = [
      let_(idx, load("order", i, "i32")),
      store("y", add(idx, literal(n)), load("x", mul(i, literal(2)), dtype)),
      store("y", mul(i, literal(1)), load("x", idx, dtype)),
    ];
    const found = run({ x: { dtype, data: x }, y: zeros(2 * n, dtype), order: i32(order) }, [loop(i, "vector", body)]);
    expect(found.y!.slice(0, n)).toEqual(order.map((k) => x[k]));
    order.forEach((k, j) => expect(found.y![n + k]).toBe(x[2 * j]));
  });

  it("hold unrolled loops, whose lets are new in every copy", () => {
    const [i, u, v] = [indexLocal("i", 9), indexLocal("u", 3), local("v", "f32")];
    const body = loop(u, "unrolled", [
      let_(v, load("x", add(mul(u, literal(9)), i), "f32")),
      store("y", add(mul(i, literal(3)), u), mul(v, v)),
    ]);
    const x = count(27);
    const found = run({ x: f32(x), y: zeros(27) }, [loop(i, "vector", [body])]);
    expect(found.y).toEqual(count(27).map((k) => x[(k % 3) * 9 + Math.floor(k / 3)]! ** 2));
  });

  it("compute in place where an output has the address of an input", () => {
    const i = indexLocal("i", 23);
    const found = run({ x: f32(count(23)) }, [
      loop(i, "vector", [store("x", i, mul(load("x", i, "f32"), load("x", i, "f32")))]),
    ]);
    expect(found.x).toEqual(count(23).map((k) => k * k));
  });
});

describe("reductions", () => {
  const reducers = {
    sum: (a: number, b: number) => a + b,
    prod: (a: number, b: number) => a * b,
    max: (a: number, b: number) => Math.max(a, b),
    min: (a: number, b: number) => Math.min(a, b),
  };
  const cases = (["f32", "f64", "i32"] as const).flatMap((dtype) =>
    (["sum", "prod", "max", "min"] as const).map((fn) => [dtype, fn] as const),
  );
  it.each(cases)("%s %s over rows of every length, from a start value", (dtype, fn) => {
    for (const n of [...lengths, 100, 131]) {
      const x = count(n).map((k) =>
        fn === "prod"
          ? (k % 3 === 0 ? 2 : 1) * (k % 5 === 0 ? -1 : 1) * (k > 30 ? Math.sign(k) : 1)
          : ((k * 7) % 31) - 15,
      );
      if (fn === "prod") for (let k = 12; k < n; k++) x[k] = 1;
      const [i, s] = [indexLocal("i", n), local("s", dtype)];
      const body = [
        let_(s, literal(3, dtype)),
        loop(i, "vector", [accumulate(s, fn, load("x", i, dtype))]),
        store("y", literal(0), s),
      ];
      expect(run({ x: { dtype, data: x }, y: zeros(1, dtype) }, body).y).toEqual([
        x.reduce((a, b) => reducers[fn](a, b), 3),
      ]);
    }
  });

  it.each(["any", "all"] as const)("%s of bools", (fn) => {
    for (const at of [-1, 0, 5, 16, 18]) {
      const x = count(19).map((k) => (k === at ? 1 : 0) ^ (fn === "all" ? 1 : 0));
      const [i, s] = [indexLocal("i", 19), local("s", "bool")];
      const body = [
        let_(s, literal(identityOf(fn, "bool"), "bool")),
        loop(i, "vector", [accumulate(s, fn, load("x", i, "bool"))]),
        store("y", literal(0), s),
      ];
      expect(run({ x: { dtype: "bool", data: x }, y: zeros(1, "bool") }, body).y).toEqual([
        fn === "any" ? Math.max(...x) : Math.min(...x),
      ]);
    }
  });

  it("a maximum passes NaN on from any lane", () => {
    for (const at of count(21)) {
      const [i, s] = [indexLocal("i", 21), local("s", "f32")];
      const body = [
        let_(s, literal(-Infinity, "f32")),
        loop(i, "vector", [accumulate(s, "max", load("x", i, "f32"))]),
        store("y", literal(0), s),
      ];
      expect(run({ x: f32(count(21).map((k) => (k === at ? NaN : k))), y: zeros(1) }, body).y).toEqual([NaN]);
    }
  });

  it("several at once, each row of a space by itself: softmax", () => {
    const [rows, n] = [3, 10];
    const p = indexLocal("p", rows);
    const [i, j, k] = [indexLocal("i", n), indexLocal("j", n), indexLocal("k", n)];
    const [m, s, e, inverse] = [local("m", "f32"), local("s", "f32"), local("e", "f32"), local("inverse", "f32")];
    const at = (c: Expr): Expr => add(mul(p, literal(n)), c);
    const body: Stmt[] = [
      { kind: "scratch", name: "row", dtype: "f32", length: n, in: "thread" },
      let_(m, literal(-Infinity, "f32")),
      loop(i, "vector", [accumulate(m, "max", load("x", at(i), "f32"))]),
      let_(s, literal(0, "f32")),
      loop(j, "vector", [
        let_(e, call("exp", sub(load("x", at(j), "f32"), m))),
        store("row", j, e),
        accumulate(s, "sum", e),
      ]),
      let_(inverse, call("div", literal(1, "f32"), s)),
      loop(k, "vector", [store("y", at(k), mul(load("row", k, "f32"), inverse))]),
    ];
    const x = count(rows * n).map((v) => Math.sin(v));
    const found = run({ x: f32(x), y: zeros(rows * n) }, body, p).y!;
    for (let r = 0; r < rows; r++) {
      const row = x.slice(r * n, r * n + n).map(Math.exp);
      const total = row.reduce((a, b) => a + b);
      row.forEach((v, c) => expect(found[r * n + c]).toBeCloseTo(v / total, 6));
    }
  });
});

describe("locals and branches", () => {
  it("set carries a scalar through serial loops and branches: Collatz steps", () => {
    const p = indexLocal("p", 30);
    const [n, steps, i] = [local("n", "i32"), local("steps", "i32"), indexLocal("i", 200)];
    const body: Stmt[] = [
      let_(n, add(p, literal(1))),
      let_(steps, literal(0)),
      loop(i, "serial", [
        {
          kind: "if",
          test: call("gt", n, literal(1)),
          then: [
            { kind: "set", local: steps, value: add(steps, literal(1)) },
            {
              kind: "if",
              test: call("eq", floorMod(n, 2), literal(0)),
              then: [{ kind: "set", local: n, value: floorDiv(n, 2) }],
              else: [{ kind: "set", local: n, value: add(mul(n, literal(3)), literal(1)) }],
            },
          ],
        },
      ]),
      store("y", p, steps),
    ];
    const collatz = (m: number): number => (m === 1 ? 0 : 1 + collatz(m % 2 ? 3 * m + 1 : m / 2));
    expect(run({ y: zeros(30, "i32") }, body, p).y).toEqual(count(30).map((k) => collatz(k + 1)));
  });

  it("a let keeps its value when what it was computed from is set", () => {
    const [s, before, i] = [local("s", "f32"), local("before", "f32"), indexLocal("i", 4)];
    const body: Stmt[] = [
      let_(s, literal(1, "f32")),
      loop(i, "serial", [
        let_(before, s),
        { kind: "set", local: s, value: mul(s, literal(3, "f32")) },
        store("y", i, sub(s, before)),
      ]),
    ];
    expect(run({ y: zeros(4) }, body).y).toEqual([2, 6, 18, 54]);
  });

  it("a load sees the stores before it, and not those after it", () => {
    const i = indexLocal("i", 6);
    const [a, b] = [local("a", "f32"), local("b", "f32")];
    const next = add(i, literal(1));
    const body = [
      let_(a, load("x", i, "f32")),
      store("x", next, add(a, literal(1, "f32"))),
      let_(b, load("x", next, "f32")),
      store("y", i, add(a, b)),
    ];
    const found = run({ x: f32([10, 0, 0, 0, 0, 0, 0]), y: zeros(6) }, [loop(i, "serial", body)]);
    expect(found.x).toEqual([10, 11, 12, 13, 14, 15, 16]);
    expect(found.y).toEqual([21, 23, 25, 27, 29, 31]);
  });

  it("an invariant load stays in a loop that stores to its buffer", () => {
    const i = indexLocal("i", 5);
    const first = load("x", literal(0), "f32");
    const found = run({ x: f32([1]) }, [loop(i, "serial", [store("x", literal(0), add(first, first))])]);
    expect(found.x).toEqual([32]);
  });
});

describe("arrays in registers", () => {
  const [M, K] = [7, 12];
  it.each([4, 8, 10, 3, 1])("hold the tile of a matrix product with N = %i, ragged rows by themselves", (N) => {
    const a = count(M * K).map((k) => ((k * 7) % 11) - 5);
    const b = count(K * N).map((k) => ((k * 5) % 13) - 6);
    const bias = count(N);
    const over = indexLocal("t", 2);
    const tile = (rows: number, i0: Expr, suffix: string): Stmt[] => {
      const i = (n: number): Local => indexLocal(`i${n}${suffix}`, rows);
      const j = (n: number): Local => indexLocal(`j${n}${suffix}`, N);
      const [k, left, acc] = [indexLocal(`k${suffix}`, K), local(`a${suffix}`, "f32"), `acc${suffix}`];
      const at = (r: Expr, c: Expr): Expr => add(mul(r, literal(N)), c);
      const old = (n: number): Expr => load(acc, at(i(n), j(n)), "f32");
      const product = mul(left, load("b", at(k, j(2)), "f32"));
      return [
        { kind: "scratch", name: acc, dtype: "f32", length: rows * N, in: "registers" },
        loop(i(1), "unrolled", [loop(j(1), "vector", [store(acc, at(i(1), j(1)), literal(0, "f32"))])]),
        loop(k, "serial", [
          loop(i(2), "unrolled", [
            let_(left, load("a", add(mul(add(i0, i(2)), literal(K)), k), "f32")),
            loop(j(2), "vector", [store(acc, at(i(2), j(2)), add(old(2), product))]),
          ]),
        ]),
        loop(i(3), "unrolled", [
          loop(j(3), "vector", [
            store(
              "c",
              at(add(i0, i(3)), j(3)),
              call("maximum", add(old(3), load("bias", j(3), "f32")), literal(0, "f32")),
            ),
          ]),
        ]),
      ];
    };
    const body: Stmt[] = [
      {
        kind: "if",
        test: lt(over, literal(1)),
        then: tile(4, mul(over, literal(4)), "x"),
        else: tile(3, mul(over, literal(4)), "y"),
      },
    ];
    const found = run({ a: f32(a), b: f32(b), bias: f32(bias), c: zeros(M * N) }, body, over);
    const expected = count(M * N).map((e) => {
      const [r, c] = [Math.floor(e / N), e % N];
      return Math.max(0, bias[c]! + count(K).reduce((s, k) => s + a[r * K + k]! * b[k * N + c]!, 0));
    });
    expect(found.c).toEqual(expected);
  });

  it("keep the k loop of a 4×8 tile free of memory but for its operands: 6 loads, no store", () => {
    const wasm = encodeModule(planOf(matmulKernel(4, 8, 64)), { addressOf: () => 0, shared: false }).bytes;
    expect(new WebAssembly.Module(wasm)).toBeDefined();
    const loops = loopsOf(wasm);
    expect(loops.get("v128.load")).toBe(2);
    expect(loops.get("v128.load32_splat")).toBe(4);
    expect(loops.get("f32x4.mul")).toBe(8);
    expect(loops.get("v128.store") ?? 0).toBe(0);
  });

  it("live in memory where an index is known at run time only", () => {
    const [i, k] = [indexLocal("i", 4), indexLocal("k", 4)];
    const body: Stmt[] = [
      { kind: "scratch", name: "r", dtype: "f32", length: 4, in: "registers" },
      loop(i, "unrolled", [store("r", i, cast(mul(i, literal(10)), "f32"))]),
      loop(k, "serial", [store("y", k, load("r", load("order", k, "i32"), "f32"))]),
    ];
    expect(run({ order: i32([2, 0, 3, 1]), y: zeros(4) }, body).y).toEqual([20, 0, 30, 10]);
  });

  it("may be read one by one where they were written as vectors", () => {
    const [j, i] = [indexLocal("j", 6), indexLocal("i", 6)];
    const body: Stmt[] = [
      { kind: "scratch", name: "r", dtype: "f32", length: 6, in: "registers" },
      loop(j, "vector", [store("r", j, load("x", j, "f32"))]),
      loop(i, "unrolled", [
        store("r", i, add(load("r", i, "f32"), cast(i, "f32"))),
        store("y", sub(literal(5), i), load("r", i, "f32")),
      ]),
    ];
    expect(run({ x: f32([1, 2, 3, 4, 5, 6]), y: zeros(6) }, body).y).toEqual([11, 9, 7, 5, 3, 1]);
  });
});

describe("selected loads", () => {
  it.each(["serial", "vector"] as const)("outside of their buffer are not done: padding, %s", (as) => {
    const [n, far] = [9, 2_000_000];
    const i = indexLocal("i", n + 6);
    const inside = and(ge(i, literal(3)), lt(i, literal(n + 3)));
    const body = loop(i, as, [store("y", i, select(inside, load("x", sub(i, literal(3)), "f32"), literal(-1, "f32")))]);
    expect(run({ x: f32(count(n)), y: zeros(n + 6) }, [body]).y).toEqual(
      count(n + 6).map((k) => (k >= 3 && k < n + 3 ? k - 3 : -1)),
    );
    const j = indexLocal("i", 12);
    const wild = select(
      lt(j, literal(6)),
      load("x", j, "f32"),
      load("x", mul(sub(literal(6), j), literal(far)), "f32"),
    );
    const guarded = select(
      call("eq", j, literal(6)),
      wild,
      select(lt(j, literal(6)), load("x", j, "f32"), literal(8, "f32")),
    );
    expect(run({ x: f32(count(7)), y: zeros(12) }, [loop(j, as, [store("y", j, guarded)])]).y).toEqual([
      0, 1, 2, 3, 4, 5, 0, 8, 8, 8, 8, 8,
    ]);
  });

  it.each(["serial", "vector"] as const)("of two buffers side by side: concat, %s", (as) => {
    const i = indexLocal("i", 20);
    const value = select(lt(i, literal(7)), load("a", i, "f32"), load("b", sub(i, literal(7)), "f32"));
    const found = run({ a: f32(count(7)), b: f32(count(13).map((k) => 100 + k)), y: zeros(20) }, [
      loop(i, as, [store("y", i, value)]),
    ]);
    expect(found.y).toEqual([...count(7), ...count(13).map((k) => 100 + k)]);
  });

  it("share what they load with what is loaded without a condition", () => {
    const i = indexLocal("i", 8);
    const x = load("x", sub(literal(7), i), "f32");
    const body = loop(i, "vector", [store("y", i, add(select(lt(i, literal(4)), x, literal(0, "f32")), x))]);
    expect(run({ x: f32(count(8)), y: zeros(8) }, [body]).y).toEqual([14, 12, 10, 8, 3, 2, 1, 0]);
  });
});

describe("checks", () => {
  const p = indexLocal("p", 4);
  const index = local("index", "i32");
  const inside = and(call("ge", index, literal(0)), call("lt", index, literal(3)));
  const body: Stmt[] = [
    let_(index, load("index", p, "i32")),
    { kind: "check", test: inside, value: index, failure: 5 },
    store("y", p, load("x", index, "f32")),
  ];

  it("that hold let the run go on", () => {
    expect(run({ index: i32([2, 1, 0, 2]), x: f32([7, 8, 9]), y: zeros(4) }, body, p).y).toEqual([9, 8, 7, 9]);
  });

  it("that fail report their entry and value before anything is loaded from a wild address", () => {
    const fail = (failure: number, value: number): never => {
      throw new Error(`failure ${failure} with ${value}`);
    };
    const buffers = { index: i32([2, 1, 500_000_000, 2]), x: f32([7, 8, 9]), y: zeros(4) };
    expect(() => run(buffers, body, p, { fail })).toThrow("failure 5 with 500000000");
  });
});

describe("modules", () => {
  it("run on a shared memory", () => {
    const i = indexLocal("i", 5);
    const found = run(
      { x: f32(count(5)), y: zeros(5) },
      [loop(i, "vector", [store("y", i, load("x", i, "f32"))])],
      indexLocal("p", 1),
      { shared: true },
    );
    expect(found.y).toEqual([0, 1, 2, 3, 4]);
  });

  it("run the spaces of a kernel one after the other", () => {
    const [p, q] = [indexLocal("p", 3), indexLocal("q", 2)];
    const buffers = { x: f32([1, 2, 3]), y: zeros(3), z: zeros(2) };
    const kernel = kernelOf(
      buffers,
      { over: p, extent: 3, body: [store("y", p, add(load("x", p, "f32"), literal(1, "f32")))] },
      { over: q, extent: 2, body: [store("z", q, load("x", q, "f32"))] },
    );
    expect(runWasm(kernel, buffers)).toEqual({ x: [1, 2, 3], y: [2, 3, 4], z: [1, 2] });
  });
});

/** C[t·MR …] = A · B, with tiles of MR × NR where N = NR. */
function matmulKernel(MR: number, NR: number, K: number) {
  const over = indexLocal("t", 2);
  const [i, i2, j, j2, k, a] = [
    indexLocal("i", MR),
    indexLocal("i2", MR),
    indexLocal("j", NR),
    indexLocal("j2", NR),
    indexLocal("k", K),
    local("a", "f32"),
  ];
  const at = (r: Expr, c: Expr): Expr => add(mul(r, literal(NR)), c);
  const row = add(mul(over, literal(MR)), i);
  const body: Stmt[] = [
    { kind: "scratch", name: "acc", dtype: "f32", length: MR * NR, in: "registers" },
    loop(i2, "unrolled", [loop(j2, "vector", [store("acc", at(i2, j2), literal(0, "f32"))])]),
    loop(k, "serial", [
      loop(i, "unrolled", [
        let_(a, load("A", add(mul(row, literal(K)), k), "f32")),
        loop(j, "vector", [
          store("acc", at(i, j), add(load("acc", at(i, j), "f32"), mul(a, load("B", at(k, j), "f32")))),
        ]),
      ]),
    ]),
    loop(i2, "unrolled", [
      loop(j2, "vector", [store("C", at(add(mul(over, literal(MR)), i2), j2), load("acc", at(i2, j2), "f32"))]),
    ]),
  ];
  return kernelOf({ A: zeros(2 * MR * K), B: zeros(K * NR), C: zeros(2 * MR * NR) }, { over, extent: 2, body });
}

/** How often each instruction stands in the innermost loop of a module. */
function loopsOf(bytes: Uint8Array): ReadonlyMap<string, number> {
  const text = wabt.readWasm(bytes, { simd: true }).toText({});
  const inner = text.slice(text.lastIndexOf("loop "));
  const counts = new Map<string, number>();
  for (const line of inner.slice(0, inner.indexOf(" end")).split("\n")) {
    const name = line.trim().split(" ")[0]!;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
