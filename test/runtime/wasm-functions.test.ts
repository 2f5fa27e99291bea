// Transcendental functions on the wasm backend agree to the bit with their expressions over primitives.
import { expect, it } from "vitest";
import { arrayOf } from "#ir/dtype.js";
import { call, type Expr, indexLocal, literal, load } from "#ir/expr.js";
import { approximated, type Transcendental } from "#ir/scalar.js";
import { KernelInterpreter } from "#runtime/interpret-kernel.js";
import { type Data, kernelOf, runWasm } from "./run-kernel.js";

const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1e-30,
  -1e-30,
  1e-7,
  88,
  -88,
  89,
  -104,
  710,
  -746,
  1e30,
  Infinity,
  -Infinity,
  NaN,
];
const dense = Array.from({ length: 400 }, (_, i) => (i - 200) / 7.3);

/** Two for pow; what is not above 0 for decay. */
const argumentsOf = (fn: Transcendental, x: Expr, y: Expr): readonly Expr[] =>
  fn === "pow" ? [x, y] : fn === "decay" ? [call("neg", call("abs", x))] : [x];
const cases = (["f32", "f64"] as const).flatMap((dtype) => approximated.map((fn) => [fn, dtype] as const));
it.each(cases)("%s of %s, in lanes and in the elements left over", (fn, dtype) => {
  const x = [...special, ...dense, 2, 3, 5];
  const n = x.length;
  const y = x.map((_, i) => (i % 9) - 4 + (i % 2) / 2);
  const i = indexLocal("i", n);
  const buffers: Record<string, Data> = {
    x: { dtype, data: x },
    y: { dtype, data: y },
    z: { dtype, data: x.map(() => 0) },
  };
  const args = argumentsOf(fn, load("x", i, dtype), load("y", i, dtype));
  for (const as of ["vector", "serial"] as const) {
    const kernel = kernelOf(buffers, {
      over: indexLocal("p", 1),
      extent: 1,
      body: [
        {
          kind: "for",
          over: i,
          extent: literal(n),
          as,
          body: [{ kind: "store", buffer: "z", offset: i, value: call(fn, ...args) }],
        },
      ],
    });
    const arrays = Object.values(buffers).map((b) => arrayOf(b.dtype, b.data));
    new KernelInterpreter(kernel).run(arrays);
    expect(runWasm(kernel, buffers).z).toEqual([...arrays[2]!]);
  }
});
