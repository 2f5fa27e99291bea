// Hand-written vector loops on the wasm backend, against formulas.
import { describe, expect, it } from "vitest";
import {
  add,
  call,
  cast,
  type Expr,
  floorDiv,
  floorMod,
  indexLocal,
  literal,
  load,
  local,
  mul,
  select,
  sub,
} from "#ir/expr.js";
import { accumulate, count, f32, f64, i32, lengths, let_, loop, run, store, zeros } from "./kernel-parts.js";

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

  it.each(lengths)("of %i elements read pairs where something holds, to the last element", (n) => {
    const x = count(n + 4).map((v) => (v % 3) - 1);
    const pairs = count(Math.ceil(n / 2)).map((v) => v + 10);
    const i = indexLocal("i", n);
    const test = call("gt", load("x", i, "f32"), literal(0, "f32"));
    const value = select(test, load("pairs", floorDiv(i, 2), "f32"), literal(0, "f32"));
    const found = run({ x: f32(x), pairs: f32(pairs), y: zeros(n + 4) }, [loop(i, "vector", [store("y", i, value)])]);
    expect(found.y).toEqual(x.map((v, k) => (k < n && v > 0 ? pairs[Math.floor(k / 2)] : 0)));
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
