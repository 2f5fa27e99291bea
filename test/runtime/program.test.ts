// A plan on a device: where its buffers are, and what becomes of them.
import { describe, expect, it } from "vitest";
import { add, indexLocal, load } from "#ir/expr.js";
import type { Kernel } from "#ir/kernel.js";
import type { Parameter } from "#ir/node.js";
import type { Plan } from "#ir/plan.js";
import { verifyPlan } from "#ir/verify-plan.js";
import type { BackendName } from "#runtime/backend.js";
import { Device } from "#runtime/device.js";
import { prepare } from "#runtime/prepare.js";

const i = indexLocal("i", 4);
const sum: Kernel = {
  name: "sum",
  buffers: ["a", "b", "c"].map((name, k) => ({ name, dtype: "f32", length: 4, access: k < 2 ? "read" : "write" })),
  stages: [
    [
      {
        over: i,
        extent: 4,
        body: [{ kind: "store", buffer: "c", offset: i, value: add(load("a", i, "f32"), load("b", i, "f32")) }],
      },
    ],
  ],
  flops: 4,
  bytes: 48,
  ops: ["add"],
  nodes: [],
};

const w: Parameter = {
  kind: "parameter",
  id: 1,
  name: "w",
  type: { dtype: "f32", shape: [4] },
  initial: () => Float32Array.of(1, 2, 3, 4),
};

/** y = (x + 10) + w; w' = y. */
const plan: Plan = {
  name: "step",
  buffers: [
    { name: "x", dtype: "f32", length: 4, place: { at: "feed", name: "x", offset: 0 }, live: [0, 0] },
    {
      name: "ten",
      dtype: "f32",
      length: 4,
      place: { at: "constant", data: new Float32Array(4).fill(10) },
      live: [0, 0],
    },
    { name: "t", dtype: "f32", length: 4, place: { at: "scratch", offset: 64 }, live: [0, 1] },
    { name: "w", dtype: "f32", length: 4, place: { at: "parameter", parameter: w }, live: [1, 1] },
    { name: "w_next", dtype: "f32", length: 4, place: { at: "parameter", parameter: w }, live: [1, 1] },
  ],
  feeds: [{ name: "x", dtype: "f32", shape: [4], buffer: 0 }],
  outputs: [{ name: "y", dtype: "f32", shape: [4], buffer: 4 }],
  steps: [
    { kind: "launch", kernel: sum, buffers: [0, 1, 2] },
    { kind: "launch", kernel: sum, buffers: [2, 3, 4] },
  ],
  regions: [],
  failures: [],
  memory: { naive: 128, planned: 128, lowerBound: 128 },
};

describe.each(["interpret", "js", "wasm"] as const)("on %s", (backend: BackendName) => {
  it("a run reads feeds, constants and parameters, and writes parameters in place", () => {
    verifyPlan(plan);
    const device = new Device({ backend });
    const program = prepare(plan, device);
    for (const want of [[111, 212, 313, 414], [221, 422, 623, 824]]) {
      program.buffers.locate();
      program.buffers.view(0).set([100, 200, 300, 400]);
      program.run();
      expect([...program.buffers.view(4)]).toEqual(want);
    }
    expect([...device.view("f32", device.address(w), 4)]).toEqual([221, 422, 623, 824]);
  }); // prettier-ignore

  it("launches can be run one by one", () => {
    const program = prepare(plan, new Device({ backend }));
    program.buffers.view(0).fill(1);
    program.launch(0);
    expect([...program.buffers.view(2)]).toEqual([11, 11, 11, 11]);
    program.launch(1);
    expect([...program.buffers.view(4)]).toEqual([12, 13, 14, 15]);
  });

  it("scratch that moves because another program needs more is found again", () => {
    const device = new Device({ backend });
    const program = prepare(plan, device);
    const before = program.buffers.addresses[0];
    device.allocate(64); // in its way
    device.scratch(10_000_000);
    program.buffers.locate();
    expect(program.buffers.addresses[0]).not.toBe(before);
    program.buffers.view(0).fill(0);
    program.run();
    expect([...program.buffers.view(4)]).toEqual([11, 12, 13, 14]);
  });

  it("a program that was disposed of gives its constants back and does not run", () => {
    const device = new Device({ backend });
    const program = prepare(plan, device);
    const before = device.bytesInUse;
    program.dispose();
    program.dispose();
    expect(before - device.bytesInUse).toBe(64);
    expect(() => program.run()).toThrow("run: the program step was disposed of");
  });
});

it("views are the same objects until memory grows", () => {
  const device = new Device({ backend: "js" });
  const { buffers } = prepare(plan, device);
  const view = buffers.view(0);
  buffers.locate();
  expect(buffers.view(0)).toBe(view);
  device.allocate(device.memory.bytes * 2);
  expect(buffers.view(0)).not.toBe(view);
});

it("a fault of our own closes the device", () => {
  const device = new Device({ backend: "interpret" });
  const wrong = { ...sum, stages: [[{ ...sum.stages[0]![0]!, extent: 5 }]] };
  const program = prepare({ ...plan, steps: [{ kind: "launch", kernel: wrong, buffers: [0, 1, 2] }] }, device);
  expect(() => program.run()).toThrow("interpret: kernel sum writes element 4 of c, which has 4");
  expect(() => program.run()).toThrow(
    "device: it was closed by an earlier fault: interpret: kernel sum writes element 4 of c, which has 4",
  );
});
