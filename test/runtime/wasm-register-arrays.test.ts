// Scratch arrays in registers on the wasm backend: tiles of matrix products against formulas, and what the loop holds.
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { add, call, cast, type Expr, indexLocal, literal, load, type Local, local, lt, mul, sub } from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import { encodeModule } from "#runtime/wasm/module.js";
import { count, f32, i32, let_, loop, run, store, zeros } from "./kernel-parts.js";
import { kernelOf, planOf } from "./run-kernel.js";

const wabt = await wabtInit();

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
