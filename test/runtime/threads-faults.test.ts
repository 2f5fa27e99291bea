// What can go wrong with several threads: checks and traps in a worker, workers that end, disposal.
import { afterAll, describe, expect, test, vi } from "vitest";
import { DisposedError, InternalError, RunError } from "#ir/errors.js";
import { add, indexLocal, literal, load, lt, mul } from "#ir/expr.js";
import type { Kernel, Stmt } from "#ir/kernel.js";
import type { Plan } from "#ir/plan.js";
import { wasm } from "#runtime/wasm/backend.js";
import { compile } from "#src/compile.js";
import { Graph } from "#src/graph.js";
import { parameter } from "#src/parameter.js";
import type { Tensor } from "#src/tensor.js";
import { eagerToShare, readyProgram, untilReady } from "./threads.js";

const device = eagerToShare();
afterAll(() => device.dispose());

const n = 64;
const p = indexLocal("p", n);
const x = (at = p) => load("x", at, "f32");

/** A plan of launches over one buffer of 64 numbers, an iteration for each. */
function planOf(bodies: readonly (readonly Stmt[])[], failures: Plan["failures"] = []): Plan {
  const kernels = bodies.map((body, i): Kernel => ({
    name: `k${i}`,
    buffers: [{ name: "x", dtype: "f32", length: n, access: "update" }],
    stages: [[{ over: p, extent: n, body }]],
    flops: 1e9,
    bytes: 0,
    ops: [],
    nodes: [],
  }));
  return {
    name: "test",
    buffers: [{ name: "x", dtype: "f32", length: n, place: { at: "output", name: "x", offset: 0 }, live: [0, 9] }],
    feeds: [],
    outputs: [],
    steps: kernels.map((kernel) => ({ kind: "launch", kernel, buffers: [0] })),
    regions: [],
    failures,
    memory: { naive: 0, planned: 0, lowerBound: 0 },
  };
}

const more: Stmt = { kind: "store", buffer: "x", offset: p, value: add(x(), literal(1, "f32")) };
/** Fails in iteration 50, which a worker has. */
const check: Stmt = { kind: "check", test: lt(x(), literal(50.5, "f32")), value: x(), failure: 0 };
/** Loads from beyond the memory in the last iterations, which a worker has. */
const trap: Stmt = {
  kind: "if",
  test: lt(literal(50), p),
  then: [{ kind: "store", buffer: "x", offset: p, value: load("x", mul(p, literal(2 ** 23)), "f32") }],
};

async function prepared(plan: Plan, on = device) {
  const program = wasm.prepare(plan, on, { threads: 3 });
  await untilReady(program);
  program.buffers.locate();
  program.buffers.view(0).set(Float32Array.from({ length: n }, (_, i) => i));
  return program;
}

describe("a check that fails in a worker", () => {
  const failures = [{ message: "{value} is too much", origins: [] }];

  test("ends the run in all threads, with the value found; the next run works", async () => {
    const program = await prepared(planOf([[check], [more], [more]], failures));
    for (let i = 0; i < 20; i++) expect(() => program.run()).toThrow("51 is too much");
    program.buffers.view(0).fill(0);
    program.run();
    expect([...program.buffers.view(0)]).toEqual(new Array(n).fill(2));
    await expect(prepared(planOf([[check]], failures)).then((q) => q.runAsync!())).rejects.toThrow("51 is too much");
  });

  test("leaves parameters as they were", async () => {
    const g = new Graph();
    const at = g.input("at", [40], "i32");
    const table = parameter([10, 8], 1, { name: "table" });
    const picked = table.gather(at as never) as unknown as Tensor;
    const program = compile(
      { outputs: { s: picked.sum() }, updates: [[table as never, (g.read(table as never) as Tensor).add(1)]] },
      { device, threads: 3 },
    );
    const good = Int32Array.from({ length: 40 }, (_, i) => i % 10);
    const bad = good.map((v, i) => (i === 39 ? 12 : v));
    await readyProgram(program, { at: good });
    expect(program.run({ at: good } as never).s.data[0]).toBe(320);
    expect(() => program.run({ at: bad } as never)).toThrow("gather: index 12 is out of range 0 to 9");
    await expect(program.runAsync({ at: bad } as never)).rejects.toThrow(RunError);
    expect(program.run({ at: good } as never).s.data[0]).toBe(640);
  });
});

describe("a trap in a worker", () => {
  test("is an InternalError, and closes the device", async () => {
    const own = eagerToShare();
    const program = await prepared(planOf([[more], [trap], [more]]), own);
    expect(() => program.run()).toThrow(InternalError);
    expect(() => program.run()).toThrow(DisposedError);
  });

  test("rejects an asynchronous run", async () => {
    const own = eagerToShare();
    const program = await prepared(planOf([[more], [trap]]), own);
    await expect(program.runAsync!()).rejects.toThrow(/trapped: .*memory access out of bounds/);
    expect(() => own.assertOpen()).toThrow(DisposedError);
  });
});

describe("in a loop", () => {
  const repeated = (plan: Plan, times: number): Plan => ({
    ...plan,
    regions: [{ kind: "loop", from: 0, to: plan.steps.length, times }],
  });

  test("a check that fails in one of its turns ends the run in all threads; the next run works", async () => {
    const program = await prepared(repeated(planOf([[more], [check]], [{ message: "{value} is too much", origins: [] }]), 80)); // prettier-ignore
    for (let i = 0; i < 5; i++) {
      program.buffers.view(0).fill(-100);
      program.run();
      expect([...program.buffers.view(0)]).toEqual(new Array(n).fill(-20));
      program.buffers.view(0).fill(0);
      expect(() => program.run()).toThrow("51 is too much");
    }
    program.buffers.view(0).fill(0);
    await expect(program.runAsync!()).rejects.toThrow("51 is too much");
  });

  test("a trap ends the run in all threads, and closes the device", async () => {
    const own = eagerToShare();
    const program = await prepared(repeated(planOf([[more], [trap]]), 80), own);
    expect(() => program.run()).toThrow(InternalError);
    expect(() => program.run()).toThrow(DisposedError);
  });
});

test("where no worker can be started, everything runs on the calling thread", async () => {
  const lookUp = vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
  try {
    const own = eagerToShare();
    const program = wasm.prepare(planOf([[more], [more]]), own, { threads: 3 });
    program.buffers.locate();
    program.buffers.view(0).fill(0);
    program.run();
    expect([program.threads, program.readyThreads]).toEqual([3, 1]);
    await program.runAsync!();
    expect([...program.buffers.view(0)]).toEqual(new Array(n).fill(4));
  } finally {
    lookUp.mockRestore();
  }
});

describe("disposal", () => {
  test("of a device ends what its workers do", async () => {
    const own = eagerToShare();
    const long = indexLocal("i", 2 ** 30);
    const endless: Stmt = { kind: "for", over: long, extent: literal(2 ** 30), as: "serial", body: [more] };
    const program = await prepared(planOf([[endless]]), own);
    const run = program.runAsync!();
    setTimeout(() => own.dispose(), 50);
    await expect(run).rejects.toThrow(new DisposedError("device: it was disposed of"));
    expect(() => program.run()).toThrow(DisposedError);
  });

  test("of a program leaves others running", async () => {
    const [one, two] = [await prepared(planOf([[more]])), await prepared(planOf([[more], [more]]))];
    const run = one.runAsync!();
    one.dispose();
    await run;
    two.buffers.view(0).fill(0);
    two.run();
    two.dispose();
    expect([...two.buffers.view(0)]).toEqual(new Array(n).fill(2));
    expect(() => two.run()).toThrow(DisposedError);
  });
});
