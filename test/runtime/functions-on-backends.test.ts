// The transcendental functions give the same bits on every backend, in vector loops of any tail.
import { describe, expect, it } from "vitest";
import { add, call, cast, type Expr, indexLocal, literal, load } from "#ir/expr.js";
import { approximated } from "#ir/scalar.js";
import { runOn, simpleKernel } from "./on-backend.js";

const points = [
  0,
  -0,
  0.3,
  -0.7,
  1.5,
  -2.25,
  3.5,
  12,
  -31,
  88.5,
  -95,
  1e-41,
  1000.5,
  Infinity,
  -Infinity,
  NaN,
  0.999,
  2,
  1e6,
  3e9,
  -1e30,
];
const n = points.length;

/** `out[j] = value(x[j], y[j])` in a vector loop. */
function vectorKernel(dtype: "f32" | "f64", value: (x: Expr, y: Expr) => Expr) {
  const j = indexLocal("j", n);
  const body = value(load("x", j, dtype), load("y", j, dtype));
  return simpleKernel([["x", dtype, n, "read"], ["y", dtype, n, "read"], ["out", body.dtype, n, "write"]], 1, [
    {
      kind: "for", over: j, extent: literal(n), as: "vector",
      body: [{ kind: "store", buffer: "out", offset: j, value: body }],
    },
  ]); // prettier-ignore
}

const data = { x: points, y: [...points].reverse() };

describe.each(["f32", "f64"] as const)("%s", (dtype) => {
  it.each(approximated)("%s", (fn) => {
    const kernel = vectorKernel(dtype, (x, y) => {
      if (fn === "pow") return call(fn, x, y);
      return call(fn, fn === "decay" ? call("neg", call("abs", x)) : x);
    });
    const want = runOn("interpret", kernel, data).out;
    expect(runOn("js", kernel, data).out).toEqual(want);
    expect(runOn("wasm", kernel, data).out).toEqual(want);
  });
});

it("sin of f32 beside f64 arithmetic", () => {
  const kernel = vectorKernel("f32", (x, y) => add(cast(call("sin", x), "f64"), call("exp", cast(y, "f64"))));
  const want = runOn("interpret", kernel, data).out;
  expect(runOn("js", kernel, data).out).toEqual(want);
  expect(runOn("wasm", kernel, data).out).toEqual(want);
});
