// Hand-written kernels on the wasm backend, against formulas: locals, branches, selected loads, checks, modules.
import { describe, expect, it } from "vitest";
import {
  add,
  and,
  call,
  floorDiv,
  floorMod,
  ge,
  indexLocal,
  literal,
  load,
  local,
  lt,
  mul,
  select,
  sub,
} from "#ir/expr.js";
import type { Stmt } from "#ir/kernel.js";
import { count, f32, i32, let_, loop, run, store, zeros } from "./kernel-parts.js";
import { kernelOf, runWasm } from "./run-kernel.js";

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
