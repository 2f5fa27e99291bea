// Hand-written reductions on the wasm backend, against formulas.
import { describe, expect, it } from "vitest";
import { add, call, type Expr, indexLocal, literal, load, local, mul, sub } from "#ir/expr.js";
import { identityOf, type Stmt } from "#ir/kernel.js";
import { accumulate, count, f32, lengths, let_, loop, run, store, zeros } from "./kernel-parts.js";

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
    for (const at of count(77)) {
      const [i, s] = [indexLocal("i", 77), local("s", "f32")];
      const body = [
        let_(s, literal(-Infinity, "f32")),
        loop(i, "vector", [accumulate(s, "max", load("x", i, "f32"))]),
        store("y", literal(0), s),
      ];
      expect(run({ x: f32(count(77).map((k) => (k === at ? NaN : k))), y: zeros(1) }, body).y).toEqual([NaN]);
    }
  });

  it("the maximum of zeros is -0 where all are, the minimum where one is, over few elements and many", () => {
    for (const n of [...lengths, 100]) {
      for (const at of [-1, 0, n >> 1, n - 1]) {
        const zerosOf = (sign: number) => count(n).map((k) => (k === at ? -sign * 0 : sign * 0));
        const [i, s] = [indexLocal("i", n), local("s", "f32")];
        const extreme = (fn: "max" | "min", data: readonly number[]) => {
          const body = [
            let_(s, literal(identityOf(fn, "f32"), "f32")),
            loop(i, "vector", [accumulate(s, fn, load("x", i, "f32"))]),
            store("y", literal(0), s),
          ];
          return run({ x: f32(data), y: zeros(1) }, body).y;
        };
        expect(extreme("max", zerosOf(-1))).toEqual([Math.max(...zerosOf(-1))]);
        expect(extreme("min", zerosOf(1))).toEqual([Math.min(...zerosOf(1))]);
        const mixed = zerosOf(-1).map((x, k) => (k % 3 === 1 ? -2 : x));
        expect(extreme("max", mixed)).toEqual([Math.max(...mixed)]);
      }
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
