// The invariants of ir/verify-plan.ts that speak of loops and branches, each broken once.
import { expect, it } from "vitest";
import { indexLocal, literal, lt } from "#ir/expr.js";
import type { Kernel, KernelBuffer, Stmt } from "#ir/kernel.js";
import type { Place, Plan, PlannedBuffer, Region, Slice } from "#ir/plan.js";
import { printPlan } from "#ir/print-plan.js";
import { verifyPlan } from "#ir/verify-plan.js";
import { at, PlanBuilder, slot } from "../runtime/plan-builder.js";

type Access = KernelBuffer["access"];
const p = indexLocal("p", 16);
const check: Stmt = { kind: "check", test: lt(p, literal(8)), value: p, failure: 0 };

/** A kernel over buffers of one dtype; of 16 elements where nothing else is said. */
function kernel(name: string, accesses: readonly Access[], body: readonly Stmt[] = [], length = 16): Kernel {
  const buffers = accesses.map((access, k) => ({ name: `a${k}`, dtype: "f32" as const, length, access }));
  return { name, buffers, stages: [[{ over: p, extent: 16, body }]], flops: 0, bytes: 0, ops: [], nodes: [] };
}
const copy = kernel("copy", ["read", "write"]);
const cell = kernel("cell", ["read", "read", "write"]);
const make = kernel("make", ["write"]);
const decide: Kernel = {
  ...kernel("decide", ["read", "write"], [], 1),
  buffers: [
    { name: "x", dtype: "f32", length: 1, access: "read" },
    { name: "y", dtype: "bool", length: 1, access: "write" },
  ],
};

/** A sequence x in ten parts; a state in two slots; ys, in parts, from the last to the first. */
function scan(): Plan {
  const b = new PlanBuilder();
  const [x, state, ys] = [b.feed("x", "f32", 160), b.scratch("state", "f32", 32), b.output("ys", "f32", 160)];
  b.launch(make, [state, { start: 0, terms: [] }]);
  let loop = 0;
  b.loop(10, (i) => {
    loop = i;
    b.launch(cell, [state, slot(i, 16)], [x, at(i, 16)], [state, slot(i, 16, 1)]);
    b.launch(copy, [state, slot(i, 16, 1)], [ys, at(i, 16, true)]);
  });
  const last = b.output("last", "f32", 16);
  b.launch(copy, [state, slot(loop, 16)], last);
  return b.plan();
}

/** While a number decides, a branch in a loop; `times` and `limit` of the state's turns. */
function search(): Plan {
  const b = new PlanBuilder();
  const [x, times, go] = [b.feed("x", "f32", 16), b.feed("times", "i32", 1), b.scratch("go", "bool", 1)];
  const [state, y, t] = [b.scratch("state", "f32", 32), b.output("y", "f32", 16), b.scratch("t", "f32", 16)];
  b.launch(copy, x, [state, { start: 0, terms: [] }]);
  b.launch(make, y);
  const test = (i: number) => b.launch(decide, [state, slot(i, 16)], go);
  b.while(test, go, 100, (i) => {
    b.branch(go, true, () => b.launch(copy, [state, slot(i, 16)], t));
    b.branch(go, false, () => b.launch(copy, x, t));
    b.launch(copy, t, [state, slot(i, 16, 1)]);
    b.loop({ buffer: times, most: 4 }, () => b.launch(copy, t, y));
  });
  return b.plan();
}

it("plans with loops and branches print as they nest", () => {
  const text = (plan: Plan) => {
    const lines = printPlan(plan).split("\n");
    return lines.filter((line) => !/^ {2}(memory|feed|output|failure|b\d+ )/.test(line)).map((line) => line.replace(/ {2}\/\/.*/, "")).join("\n"); // prettier-ignore
  };
  expect(text(scan())).toBe(`plan test {
  step 0: make(b1[0] write)
  loop i0 < 10 {
    step 1: cell(b1[16·(i0 mod 2)] read, b0[16·i0] read, b1[16·((i0 + 1) mod 2)] write)
    step 2: copy(b1[16·((i0 + 1) mod 2)] read, b2[16·(9 - i0)] write)
  }
  step 3: copy(b1[16·(i0 mod 2)] read, b3 write)
}`);
  expect(text(search())).toBe(`plan test {
  step 0: copy(b0 read, b3[0] write)
  step 1: make(b4 write)
  while i0 {
    step 2: decide(b3[16·(i0 mod 2)] read, b2 write)
    leave unless b2; after 100 turns failure 0
    if b2 {
      step 3: copy(b3[16·(i0 mod 2)] read, b5 write)
    }
    if not b2 {
      step 4: copy(b0 read, b5 write)
    }
    step 5: copy(b5 read, b3[16·((i0 + 1) mod 2)] write)
    loop i3 < b1, at most 4 {
      step 6: copy(b5 read, b4 write)
    }
  }
}`);
});

type Edit = (plan: Plan) => Plan;
/** Changes to a region, to the binding of a step, to a buffer. */
const region = (index: number, change: Partial<Region>): Edit => (plan) => ({
  ...plan,
  regions: plan.regions.map((r, i) => (i === index ? ({ ...r, ...change } as Region) : r)),
}); // prettier-ignore
const part = (step: number, position: number, slice: Slice | null): Edit => (plan) => ({
  ...plan,
  steps: plan.steps.map((s, i) =>
    i === step ? { ...s, slices: s.buffers.map((_, k) => (k === position ? slice : (s.slices?.[k] ?? null))) } : s,
  ),
}); // prettier-ignore
const buffer = (index: number, change: Partial<PlannedBuffer>): Edit => (plan) => ({
  ...plan,
  buffers: plan.buffers.map((b, i) => (i === index ? { ...b, ...change } : b)),
}); // prettier-ignore
const launched = (step: number, kernel: Kernel, buffers: readonly number[]): Edit => (plan) => ({
  ...plan,
  steps: plan.steps.map((s, i) => (i === step ? { kind: "launch", kernel, buffers } : s)),
}); // prettier-ignore
const parameter: Place = {
  at: "parameter",
  parameter: { kind: "parameter", id: 1, name: "w", type: { dtype: "f32", shape: [16] }, initial: () => new Float32Array(16) }, // prettier-ignore
};
const first: Slice = { start: 0, terms: [] };

function message(plan: Plan): string {
  try {
    verifyPlan(plan);
    return "valid";
  } catch (error) {
    return (error as Error).message;
  }
}

it("plans that keep them are valid", () => {
  expect([scan(), search()].map(message)).toEqual(["valid", "valid"]);
});

it("parts one after the other of one buffer never meet, nor do slots of two loops", () => {
  const b = new PlanBuilder();
  const [all, grid] = [b.scratch("all", "f32", 16 * 11), b.scratch("grid", "f32", 64)];
  b.launch(make, [all, first]);
  b.launch(kernel("fill", ["write"], [], 64), grid);
  b.loop(10, (i) => {
    b.launch(copy, [all, at(i, 16)], [all, { start: 16, terms: [{ region: i, step: 16 }] }]);
    b.loop(3, (j) => {
      const both = (plus: number): Slice => ({ start: 0, terms: [{ region: i, step: 32, wrap: 2 }, { region: j, step: 16, plus, wrap: 2 }] }); // prettier-ignore
      b.launch(copy, [grid, both(0)], [grid, both(1)]);
    });
  });
  expect(message(b.plan())).toBe("valid");
});

const cases: readonly (readonly [string, Plan, string])[] = [
  ["2: a kernel larger than the buffer it sees a part of", launched(3, kernel("wide", ["read", "write"], [], 48), [1, 3])(scan()), "invariant 2: step 3 binds b1 state: f32[32] to a0: f32[48]\n  invariant 2: step 3 binds b3 last: f32[16] to a1: f32[48]"],
  ["3: what decides is not live", buffer(2, { live: [2, 4] })(buffer(1, { live: [0, 4] })(search())), "invariant 3: region 3 reads b1 times before step 6, which is live from 0 to 4\n  invariant 14: b1 times crosses the border of region 0, steps 2 to 6, and is live from -1 to 4"],
  ["4: a value that the next turn needs is overwritten", buffer(0, { live: [0, 1] })(buffer(1, { live: [1, 3], place: { at: "scratch", offset: 0 } })(onceMore())), "invariant 4: b0 x and b1 y overlap at 0 and are live at the same time"],
  ["5: two slots that are one", part(1, 2, slot(0, 16))(scan()), "invariant 5: step 1 binds b1 state twice and writes it as a2"],
  ["5: slots that overlap", part(1, 2, slot(0, 8, 1))(scan()), "invariant 5: step 1 binds b1 state twice and writes it as a2"],
  ["6: written in one branch only", launched(4, copy, [0, 4])(search()), "invariant 6: step 5 reads b5 t, which nothing has written\n  invariant 6: step 6 reads b5 t, which nothing has written"],
  ["6: written in a loop that may have no turn", launched(1, make, [5])(search()), "invariant 6: output y shows b4 y, which nothing has written"],
  ["6: read before it is written in the same turn", launched(2, copy, [3, 2])(scan()), "invariant 6: step 2 reads b3 last, which nothing has written"],
  ["6: what decides was never written", region(1, { on: 6 } as never)({ ...search(), buffers: [...search().buffers, { name: "no", dtype: "bool", length: 1, place: { at: "scratch", offset: 4096 }, live: [0, 6] }], memory: { naive: 8192, planned: 8192, lowerBound: 0 } }), "invariant 6: region 1 reads b6 no, which nothing has written\n  invariant 6: step 5 reads b5 t, which nothing has written\n  invariant 6: step 6 reads b5 t, which nothing has written"],
  ["9: a while without its failure", { ...search(), failures: [] }, "invariant 9: region 0 has failure 0 of 0"],
  ["10: a while that writes a parameter", buffer(5, { place: parameter })(search()), "invariant 10: region 0, a while, can fail, and step 3 writes a parameter"],
  ["10: a check before a parameter is written, in one loop", failing(buffer(1, { place: parameter, length: 32 })(scan())), "invariant 10: step 2, checked, can fail, and step 0 writes a parameter"],
  ["12: no step", region(0, { to: 1 })(scan()), "invariant 12: region 0, loop i0 < 10, holds the steps from 1 to 1 of 4"],
  ["12: steps beyond the plan", region(0, { to: 5 })(scan()), "invariant 12: region 0, loop i0 < 10, holds the steps from 1 to 5 of 4"],
  ["12: regions that cross", region(2, { to: 7 } as never)(region(0, { to: 6 })(search())), "invariant 12: region 2, if not b2, crosses region 0"],
  ["12: regions out of order", { ...search(), regions: [search().regions[0]!, search().regions[2]!, search().regions[1]!, search().regions[3]!] }, "invariant 12: region 2, if b2, begins before region 1"],
  ["12: a branch on both sides of a test", region(1, { from: 2, to: 4 })(search()), "invariant 12: region 1, if b2, crosses region 0"],
  ["12: a test outside the loop", region(0, { test: 1 } as never)(search()), "invariant 12: region 0, while i0, tests before step 1, and holds the steps from 2 to 7"],
  ["12: half a turn", region(0, { times: 1.5 } as never)(scan()), "invariant 12: region 0, loop i0 < 1.5, has 1.5 turns at most"],
  ["12: more turns than can be counted", region(0, { limit: 2 ** 31 } as never)(search()), "invariant 12: region 0, while i0, has 2147483648 turns at most"],
  ["12: a number that decides", region(0, { go: 1 } as never)(search()), "invariant 12: region 0, while i0, needs a bool, and b1 is i32[1]"],
  ["12: no such buffer", region(0, { times: { buffer: 9, most: 3 } } as never)(scan()), "invariant 12: region 0, loop i0 < b9, at most 3, refers to buffer 9 of 4"],
  ["13: a part that moves with a branch", part(3, 0, slot(1, 16))(search()), "invariant 13: step 3 sees a part of b3 state that moves with region 1, which is no loop"],
  ["13: with a loop that has not begun", part(0, 0, at(0, 16))(scan()), "invariant 13: step 0 sees a part of b1 state that moves with region 0, which has not begun"],
  ["13: with a loop inside of another that has ended", part(3, 0, slot(1, 16))(nested()), "invariant 13: step 3 sees a part of b1 state that moves with region 1, which lies in region 0"],
  ["13: backwards behind the loop", part(3, 0, at(0, 1, true))(scan()), "invariant 13: step 3 sees a part of b1 state that goes backwards with region 0, whose end is not known"],
  ["13: backwards in a while", part(3, 0, at(0, 0, true))(search()), "invariant 13: step 3 sees a part of b3 state that goes backwards with region 0, whose end is not known"],
  ["13: half an element", part(3, 0, { start: 0.5, terms: [] })(scan()), "invariant 13: step 3 sees a part of b1 state that is not measured in integers"],
  ["13: beyond the end in the last turn", part(1, 1, { start: 16, terms: [{ region: 0, step: 16 }] })(scan()), "invariant 13: step 1 sees a part of b0 x that reaches from 16 to 176 of 160 elements"],
  ["13: before the beginning in the first turn", part(1, 1, { start: 0, terms: [{ region: 0, step: 16, plus: -1 }] })(scan()), "invariant 13: step 1 sees a part of b0 x that reaches from -16 to 144 of 160 elements"],
  ["13: beyond the end behind the loop", part(3, 0, at(0, 16))(scan()), "invariant 13: step 3 sees a part of b1 state that reaches from 160 to 176 of 32 elements"],
  ["14: live before a loop, and until its first step", buffer(0, { live: [0, 1] })(scan()), "invariant 14: b0 x moves with region 0, steps 1 to 2, and is live from -1 to 1"],
  ["14: made in a loop, and live behind it", buffer(5, { live: [3, 6] })(buffer(4, { live: [6, 6] })(launched(1, copy, [0, 4])(search()))), "invariant 3: step 1 touches b4 y, which is live from 6 to 6\n  invariant 14: b4 y crosses the border of region 0, steps 2 to 6, and is live from 6 to 7"],
]; // prettier-ignore

/** A loop of one launch that reads x and writes y, then y is read. */
function onceMore(): Plan {
  const b = new PlanBuilder();
  const [x, y, z] = [b.scratch("x", "f32", 16), b.scratch("y", "f32", 16), b.output("z", "f32", 16)];
  b.launch(make, x);
  b.loop(3, () => b.launch(copy, x, y));
  b.launch(copy, y, z);
  b.launch(copy, y, z);
  return b.plan();
}

/** The scan with a check in what its second launch runs. */
function failing(plan: Plan): Plan {
  const steps = plan.steps.map((s, i) =>
    i === 2 ? { ...s, kernel: kernel("checked", ["read", "write"], [check]) } : s,
  );
  return { ...plan, steps, failures: [{ message: "", origins: [] }] };
}

/** A loop in a loop, and a step behind both. */
function nested(): Plan {
  const b = new PlanBuilder();
  const [x, state] = [b.feed("x", "f32", 16), b.scratch("state", "f32", 32)];
  b.launch(make, [state, first]);
  b.loop(2, () => {
    b.launch(copy, x, [state, first]);
    b.loop(3, (j) => b.launch(copy, [state, slot(j, 16)], [state, slot(j, 16, 1)]));
  });
  b.launch(copy, [state, first], b.output("y", "f32", 16));
  return b.plan();
}

it.each(cases)("invariant %s", (_, plan, complaint) => {
  expect(message(plan)).toBe(
    `plan test is not valid:\n  ${complaint}\nThis is a bug in gradloom, not in your program.`,
  );
});
