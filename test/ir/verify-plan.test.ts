// Each invariant of ir/verify-plan.ts, broken once, starting from a plan that keeps them all.
import { expect, it } from "vitest";
import { indexLocal, literal, lt, type Expr, load } from "#ir/expr.js";
import type { Kernel, KernelBuffer, Stmt } from "#ir/kernel.js";
import type { Parameter } from "#ir/node.js";
import type { Place, Plan, PlannedBuffer, Step } from "#ir/plan.js";
import { verifyPlan } from "#ir/verify-plan.js";

type Access = KernelBuffer["access"];
const i = indexLocal("i", 16);
const check: Stmt = { kind: "check", test: lt(i, literal(8)), value: i, failure: 0 };

/** A kernel over arrays of 16 f32. */
function kernel(name: string, accesses: readonly Access[], body: readonly Stmt[] = []): Kernel {
  const buffers = accesses.map((access, k) => ({ name: `a${k}`, dtype: "f32" as const, length: 16, access }));
  return { name, buffers, stages: [[{ over: i, extent: 16, body }]], flops: 0, bytes: 0, ops: [], nodes: [] };
}

const step = (buffers: readonly number[], accesses: readonly Access[], body: readonly Stmt[] = []): Step => {
  return { kind: "launch", kernel: kernel("k", accesses, body), buffers };
};
const buffer = (name: string, place: Place, live: readonly [number, number], length = 16): PlannedBuffer => {
  return { name, dtype: "f32", length, place, live };
};
const scratch = (offset: number): Place => ({ at: "scratch", offset });
const w: Parameter = {
  kind: "parameter",
  id: 1,
  name: "w",
  type: { dtype: "f32", shape: [16] },
  initial: () => new Float32Array(16),
};

/** feed x → t → output y, in two steps; t dies where y is written. */
const sound: Plan = {
  name: "p",
  buffers: [
    buffer("x", { at: "feed", name: "x", offset: 0 }, [0, 0]),
    buffer("t", scratch(64), [0, 1]),
    buffer("y", { at: "output", name: "y", offset: 64 }, [1, 1]),
  ],
  feeds: [{ name: "x", dtype: "f32", shape: [16], buffer: 0 }],
  outputs: [{ name: "y", dtype: "f32", shape: [4, 4], buffer: 2 }],
  steps: [step([0, 1], ["read", "write"]), step([1, 2], ["read", "write"])],
  regions: [],
  failures: [],
  memory: { naive: 192, planned: 128, lowerBound: 128 },
};

/** The plan with some buffers replaced. */
function withBuffers(replace: { readonly [index: number]: PlannedBuffer }, more: Partial<Plan> = {}): Plan {
  return { ...sound, buffers: sound.buffers.map((b, k) => replace[k] ?? b), ...more };
}

function message(plan: Plan): string {
  try {
    verifyPlan(plan);
    return "valid";
  } catch (error) {
    return (error as Error).message;
  }
}

const constant: Place = { at: "constant", data: new Float32Array(16) };
const parameter = buffer("w", { at: "parameter", parameter: w }, [0, 1]);

const cases: readonly [string, Plan, string][] = [
  ["1: an offset that is not aligned", withBuffers({ 1: buffer("t", scratch(68), [0, 0]) }, { steps: [sound.steps[0]!, step([0, 2], ["read", "write"])], memory: { naive: 192, planned: 192, lowerBound: 0 } }), "invariant 1: b1 t has the offset 68\n  invariant 3: step 1 touches b0 x, which is live from 0 to 0"],
  ["2: too few buffers", { ...sound, steps: [sound.steps[0]!, step([1, 2], ["read", "write", "read"])] }, "invariant 2: step 1, k(b1 read, b2 write), binds 2 buffers, k has 3"],
  ["2: no such buffer", { ...sound, steps: [sound.steps[0]!, step([1, 9], ["read", "write"])] }, "invariant 2: step 1 refers to buffer 9 of 3"],
  ["2: too short a buffer", withBuffers({ 0: buffer("x", { at: "feed", name: "x", offset: 0 }, [0, 0], 8) }), "invariant 2: step 0 binds b0 x: f32[8] to a0: f32[16]"],
  ["3: touched when it is not live", withBuffers({ 1: buffer("t", scratch(64), [0, 0]) }), "invariant 3: step 1 touches b1 t, which is live from 0 to 0"],
  ["4: two live buffers in one place", withBuffers({ 1: buffer("t", scratch(0), [0, 1]), 2: buffer("y", { at: "output", name: "y", offset: 0 }, [0, 1]) }), "invariant 4: b0 x and b2 y overlap at 0 and are live at the same time\n  invariant 4: b1 t and b2 y overlap at 0 and are live at the same time"],
  ["4: taken over with another length", withBuffers({ 1: buffer("t", scratch(64), [0, 1], 17) }, { memory: { naive: 192, planned: 192, lowerBound: 128 } }), "invariant 4: b1 t and b2 y overlap at 64 and are live at the same time"],
  ["5: bound twice and written", { ...sound, steps: [sound.steps[0]!, step([1, 2, 2], ["read", "write", "read"])] }, "invariant 5: step 1 binds b2 y twice and writes it as a1\n  invariant 6: step 1 reads b2 y, which nothing has written"],
  ["6: read before it is written", { ...sound, steps: [step([1, 2], ["read", "write"]), step([1, 2], ["read", "write"])], buffers: [sound.buffers[0]!, sound.buffers[1]!, buffer("y", { at: "output", name: "y", offset: 128 }, [0, 1])], memory: { naive: 192, planned: 192, lowerBound: 192 } }, "invariant 6: step 0 reads b1 t, which nothing has written\n  invariant 6: step 1 reads b1 t, which nothing has written"],
  ["6: an output that nothing computes", { ...withBuffers({ 2: buffer("y", { at: "output", name: "y", offset: 128 }, [0, 0]) }), steps: [sound.steps[0]!], memory: { naive: 192, planned: 192, lowerBound: 192 } }, "invariant 6: output y shows b2 y, which nothing has written"],
  ["7: a constant is written", withBuffers({ 1: buffer("c", constant, [0, 1]) }), "invariant 7: step 0 writes b1 c"],
  ["8: an output too large for its buffer", { ...sound, outputs: [{ name: "y", dtype: "f32", shape: [17], buffer: 2 }] }, "invariant 8: output y: f32[17] has b2 y: f32[16]"],
  ["8: two feeds of one name", { ...sound, feeds: [sound.feeds[0]!, sound.feeds[0]!] }, "invariant 8: two feeds are called x"],
  ["8: a feed in scratch", { ...sound, feeds: [{ name: "x", dtype: "f32", shape: [16], buffer: 1 }] }, "invariant 8: feed x has b1 t in scratch +64"],
  ["9: a failure that is not in the table", { ...sound, steps: [step([0, 1], ["read", "write"], [check]), sound.steps[1]!] }, "invariant 9: step 0, k, has a check with failure 0 of 0"],
  ["10: a check after a parameter was written", withBuffers({ 1: parameter }, { steps: [sound.steps[0]!, step([1, 2], ["read", "write"], [check])], failures: [{ message: "", origins: [] }] }), "invariant 10: step 1, k, can fail, and step 0 writes a parameter"],
  ["11: a lower bound above the plan", { ...sound, memory: { naive: 192, planned: 128, lowerBound: 192 } }, "invariant 11: the lower bound 192 is above the planned 128 bytes"],
  ["11: a buffer beyond the region", { ...sound, memory: { naive: 192, planned: 64, lowerBound: 64 } }, "invariant 11: b1 t ends at 128, beyond the planned 64 bytes\n  invariant 11: b2 y ends at 128, beyond the planned 64 bytes"],
]; // prettier-ignore

it.each(cases)("invariant %s", (_, plan, complaint) => {
  expect(message(plan)).toBe(`plan p is not valid:\n  ${complaint}\nThis is a bug in gradloom, not in your program.`);
});

it("a plan that keeps them all is valid, taking over a dying operand's place included", () => {
  expect(message(sound)).toBe("valid");
});

it("a check in a nested block is found", () => {
  const nested: Stmt = { kind: "if", test: lt(load("a0", i, "i32") as Expr, literal(3)), then: [check] };
  const plan = { ...sound, steps: [step([0, 1], ["read", "write"], [nested]), sound.steps[1]!] };
  expect(message(plan)).toContain("invariant 9");
});
