// Programs of the wasm backend on a device: places of buffers, launches, errors.
import { describe, expect, it } from "vitest";
import { add, and, call, cast, indexLocal, literal, load, local, mul } from "#ir/expr.js";
import { DisposedError, InternalError, RunError } from "#ir/errors.js";
import type { Kernel, Stmt } from "#ir/kernel.js";
import type { Parameter } from "#ir/node.js";
import type { Place, Plan } from "#ir/plan.js";
import { Device } from "#runtime/device.js";
import { wasm } from "#runtime/wasm/backend.js";

const n = 6;
const i = indexLocal("i", n);
const each = (body: readonly Stmt[]): Kernel["stages"] => {
  return [
    [{ over: indexLocal("p", 1), extent: 1, body: [{ kind: "for", over: i, extent: literal(n), as: "vector", body }] }],
  ];
};
const kernel = (name: string, buffers: readonly string[], stages: Kernel["stages"]): Kernel => ({
  name,
  buffers: buffers.map((b) => ({ name: b, dtype: "f32", length: n, access: "update" })),
  stages,
  flops: 0,
  bytes: 0,
  ops: [],
  nodes: [],
});
/** y = x · w + c, then w = w + y. */
const product = kernel(
  "product",
  ["x", "w", "c", "y"],
  each([
    {
      kind: "store",
      buffer: "y",
      offset: i,
      value: add(mul(load("x", i, "f32"), load("w", i, "f32")), load("c", i, "f32")),
    },
  ]),
);
const update = kernel(
  "update",
  ["w", "y"],
  each([{ kind: "store", buffer: "w", offset: i, value: add(load("w", i, "f32"), load("y", i, "f32")) }]),
);

function planOf(places: readonly Place[], steps: Plan["steps"], failures: Plan["failures"] = []): Plan {
  const buffers = places.map((place, b) => ({
    name: `b${b}`,
    dtype: "f32" as const,
    length: n,
    place,
    live: [0, 9] as const,
  }));
  return {
    name: "test",
    buffers,
    feeds: [],
    outputs: [],
    steps,
    regions: [],
    failures,
    memory: { naive: 0, planned: 0, lowerBound: 0 },
  };
}

const parameter: Parameter = {
  kind: "parameter",
  id: 1,
  name: "w",
  type: { dtype: "f32", shape: [n] },
  initial: () => Float32Array.of(1, 2, 3, 4, 5, 6),
};

describe("a program", () => {
  const places: readonly Place[] = [
    { at: "feed", name: "x", offset: 64 },
    { at: "parameter", parameter },
    { at: "constant", data: Float32Array.of(10, 20, 30, 40, 50, 60) },
    { at: "output", name: "y", offset: 0 },
  ];
  const plan = planOf(places, [
    { kind: "launch", kernel: product, buffers: [0, 1, 2, 3] },
    { kind: "launch", kernel: update, buffers: [1, 3] },
  ]);

  it("finds feeds, parameters, constants and outputs where they are, and launches in order", () => {
    const program = wasm.prepare(plan, new Device({ backend: "wasm" }));
    program.buffers.locate();
    program.buffers.view(0).set([1, 1, 1, 1, 1, 2]);
    program.run();
    expect([...program.buffers.view(3)]).toEqual([11, 22, 33, 44, 55, 72]);
    expect([...program.buffers.view(1)]).toEqual([12, 24, 36, 48, 60, 78]);
  });

  it("runs one launch alone", () => {
    const program = wasm.prepare(plan, new Device({ backend: "wasm" }));
    program.buffers.locate();
    program.buffers.view(3).fill(1);
    program.launch(1);
    expect([...program.buffers.view(1)]).toEqual([2, 3, 4, 5, 6, 7]);
    expect(() => program.launch(2)).toThrow(InternalError);
  });

  it("keeps working when the memory grows and scratch moves", () => {
    const device = new Device({ backend: "wasm" });
    const program = wasm.prepare(plan, device);
    program.buffers.locate();
    device.allocate(8 * 2 ** 20);
    device.scratch(2 ** 20);
    program.buffers.locate();
    program.buffers.view(0).fill(1);
    program.run();
    expect([...program.buffers.view(3)]).toEqual([11, 22, 33, 44, 55, 66]);
  });

  it("runs no more once it was disposed of", () => {
    const program = wasm.prepare(plan, new Device({ backend: "wasm" }));
    program.dispose();
    program.dispose();
    expect(() => program.run()).toThrow(DisposedError);
  });
});

describe("arguments", () => {
  it("are addresses given at each run", () => {
    const device = new Device({ backend: "wasm" });
    const program = wasm.prepare(
      planOf(
        [
          { at: "argument", index: 1 },
          { at: "argument", index: 0 },
        ],
        [{ kind: "launch", kernel: update, buffers: [0, 1] }],
      ),
      device,
    );
    const [a, b] = [device.allocate(64), device.allocate(64)];
    device.view("f32", a, n).fill(3);
    device.view("f32", b, n).fill(4);
    program.run([a, b]);
    expect([...device.view("f32", b, n)]).toEqual([7, 7, 7, 7, 7, 7]);
    program.run([b, a]);
    expect([...device.view("f32", a, n)]).toEqual([10, 10, 10, 10, 10, 10]);
  });
});

describe("checks", () => {
  it("throw the RunError of the plan's table with the value, and leave the device open", () => {
    const index = local("index", "i32");
    const body: Stmt[] = [
      { kind: "let", local: index, value: cast(load("x", literal(0), "f32"), "i32") },
      {
        kind: "check",
        test: and(call("ge", index, literal(0)), call("lt", index, literal(n))),
        value: index,
        failure: 0,
      },
      { kind: "store", buffer: "y", offset: index, value: literal(1, "f32") },
    ];
    const checked = kernel("checked", ["x", "y"], [[{ over: indexLocal("p", 1), extent: 1, body }]]);
    const failures = [
      {
        message: "gather: index {value} is out of range 0 to 5",
        origins: [{ file: "model.ts", line: 4, column: 2, scope: "" }],
      },
    ];
    const places: readonly Place[] = [
      { at: "feed", name: "x", offset: 0 },
      { at: "output", name: "y", offset: 64 },
    ];
    const program = wasm.prepare(
      planOf(places, [{ kind: "launch", kernel: checked, buffers: [0, 1] }], failures),
      new Device({ backend: "wasm" }),
    );
    program.buffers.locate();
    program.buffers.view(0)[0] = 1e9;
    expect(() => program.run()).toThrow(RunError);
    expect(() => program.run()).toThrow("gather: index 1000000000 is out of range 0 to 5\n  at model.ts:4:2");
    program.buffers.view(0)[0] = 3;
    program.run();
    expect(program.buffers.view(1)[3]).toBe(1);
  });
});

describe("a trap", () => {
  it("is our fault, and closes the device", () => {
    const wild = kernel(
      "wild",
      ["y"],
      each([{ kind: "store", buffer: "y", offset: mul(i, literal(2 ** 29)), value: literal(1, "f32") }]),
    );
    const device = new Device({ backend: "wasm" });
    const program = wasm.prepare(
      planOf([{ at: "output", name: "y", offset: 0 }], [{ kind: "launch", kernel: wild, buffers: [0] }]),
      device,
    );
    expect(() => program.run()).toThrow(InternalError);
    expect(() => program.run()).toThrow(DisposedError);
  });
});
