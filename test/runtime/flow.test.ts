// Loops and branches of plans: on every backend, for any number of threads, what plain JavaScript computes.
import { afterAll, describe, expect, test } from "vitest";
import type { DType } from "#ir/dtype.js";
import { RunError } from "#ir/errors.js";
import { add, call, indexLocal, literal, load, mul } from "#ir/expr.js";
import type { Expr } from "#ir/expr.js";
import type { Kernel } from "#ir/kernel.js";
import type { Plan, Slice } from "#ir/plan.js";
import { verifyPlan } from "#ir/verify-plan.js";
import type { BackendName, Program } from "#runtime/backend.js";
import { prepare } from "#runtime/prepare.js";
import { at, PlanBuilder, slot } from "./plan-builder.js";
import { eagerToShare, untilReady } from "./threads.js";

const device = eagerToShare();
afterAll(() => device.dispose());

const variants: readonly (readonly [BackendName, number])[] = [["interpret", 1], ["js", 1], ["wasm", 1], ["wasm", 2], ["wasm", 3]]; // prettier-ignore
const n = 37;

/** `to[i] = value(i)`, for each of `extent` elements; `value` reads the buffers `from`. */
function kernel(
  name: string,
  extent: number,
  from: readonly DType[],
  to: DType,
  value: (...from: Expr[]) => Expr,
): Kernel {
  const p = indexLocal("p", extent);
  const reads = from.map((dtype, i) => ({ name: `x${i}`, dtype, length: extent, access: "read" as const }));
  const loads = reads.map((b) => load(b.name, p, b.dtype));
  return {
    name,
    buffers: [...reads, { name: "y", dtype: to, length: extent, access: "write" }],
    stages: [[{ over: p, extent, body: [{ kind: "store", buffer: "y", offset: p, value: value(...loads) }] }]],
    ...{ flops: 1e6 * extent, bytes: 0, ops: [], nodes: [] },
  };
}

const half = literal(0.5, "f32");
const fold = kernel("fold", n, ["f32", "f32"], "f32", (c, x) => add(mul(c!, half), x!));
const copy = kernel("copy", n, ["f32"], "f32", (x) => x!);
const take = kernel("take", 1, ["bool"], "bool", (x) => x!);
const next = kernel("next", 1, ["i32"], "i32", (k) => add(k!, literal(1)));
const copyCount = kernel("copyCount", 1, ["i32"], "i32", (k) => k!);
const less = kernel("less", 1, ["i32", "i32"], "bool", (k, end) => call("lt", k!, end!));

const numbers = (count: number, from = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(from + 1.7 * i));
const part = (x: Float32Array, i: number): Float32Array => x.subarray(n * i, n * (i + 1));
const folded = (c: Float32Array, x: Float32Array): Float32Array =>
  c.map((v, i) => Math.fround(Math.fround(v * 0.5) + x[i]!));

type Data = Readonly<Record<string, Float32Array | readonly number[]>>;

async function prepared(plan: Plan, backend: BackendName, threads: number): Promise<Program> {
  verifyPlan(plan);
  const program = prepare(plan, device, backend, { threads });
  if (threads > 1) expect(program.threads).toBe(threads);
  await untilReady(program);
  return program;
}

function runWith(program: Program, feeds: Data): Record<string, number[]> {
  const { buffers } = program;
  buffers.locate();
  for (const { name, buffer } of buffers.plan.feeds) buffers.view(buffer!).set(feeds[name]!);
  for (const { buffer } of buffers.plan.outputs) buffers.view(buffer).fill(0);
  program.run();
  return Object.fromEntries(buffers.plan.outputs.map(({ name, buffer }) => [name, [...buffers.view(buffer)]]));
}

/** A sequence in and out, and a carried value in two slots; `last` is what is carried out. */
function recurrence(most: number, { backwards = false, dynamic = false } = {}): Plan {
  const b = new PlanBuilder();
  const times = dynamic ? { buffer: b.feed("times", "i32", 1), most } : most;
  const [first, xs] = [b.feed("first", "f32", n), b.feed("xs", "f32", n * Math.max(1, most))];
  const carried = b.scratch("carried", "f32", 2 * n);
  const [ys, last] = [b.output("ys", "f32", n * Math.max(1, most)), b.output("last", "f32", n)];
  const zero = kernel("zero", n * Math.max(1, most), [], "f32", () => literal(0, "f32"));
  b.launch(zero, ys);
  b.launch(copy, first, [carried, { start: 0, terms: [] }]);
  let loop = 0;
  b.loop(times, (region) => {
    loop = region;
    b.launch(fold, [carried, slot(region, n)], [xs, at(region, n, backwards)], [carried, slot(region, n, 1)]);
    b.launch(copy, [carried, slot(region, n, 1)], [ys, at(region, n, backwards)]);
  });
  b.launch(copy, [carried, slot(loop, n)], last);
  return b.plan();
}

function recurrenceInJs(first: Float32Array, xs: Float32Array, times: number, room: number, backwards: boolean) {
  const ys = new Float32Array(n * Math.max(1, room));
  let c = first;
  for (let i = 0; i < times; i++) {
    const t = backwards ? times - 1 - i : i;
    c = folded(c, part(xs, t));
    ys.set(c, n * t);
  }
  return { ys: [...ys], last: [...c] };
}

describe.each(variants)("on %s with %i threads", (backend, threads) => {
  const first = numbers(n, 5);

  test.each([0, 1, 2, 5, 8])("a loop of %i turns goes through a sequence, either way", async (times) => {
    for (const backwards of [false, true]) {
      const xs = numbers(n * Math.max(1, times));
      const program = await prepared(recurrence(times, { backwards }), backend, threads);
      expect(runWith(program, { first, xs })).toEqual(recurrenceInJs(first, xs, times, times, backwards));
    }
  });

  test("a loop whose length the run knows, from less than 0 to more than there is room for", async () => {
    for (const backwards of [false, true]) {
      const xs = numbers(n * 6);
      const program = await prepared(recurrence(6, { backwards, dynamic: true }), backend, threads);
      for (const times of [-3, 0, 1, 4, 6, 9, 2]) {
        const taken = Math.max(0, Math.min(6, times));
        const want = recurrenceInJs(first, xs, taken, 6, backwards);
        expect(runWith(program, { first, xs, times: [times] })).toEqual(want);
      }
    }
  });

  test("a loop in a loop, with parts that move with both", async () => {
    const b = new PlanBuilder();
    const [start, xs] = [b.feed("first", "f32", n), b.feed("xs", "f32", 3 * 4 * n)];
    const [carried, ends] = [b.scratch("carried", "f32", 2 * n), b.output("ends", "f32", 3 * n)];
    b.loop(3, (outer) => {
      b.launch(copy, start, [carried, { start: 0, terms: [] }]);
      let loop = 0;
      b.loop(4, (inner) => {
        loop = inner;
        const here: Slice = { start: 0, terms: [{ region: outer, step: 4 * n, backwards: true }, { region: inner, step: n }] }; // prettier-ignore
        b.launch(fold, [carried, slot(inner, n)], [xs, here], [carried, slot(inner, n, 1)]);
      });
      b.launch(copy, [carried, slot(loop, n)], [ends, at(outer, n)]);
    });
    const data = numbers(3 * 4 * n);
    const want = [0, 1, 2].flatMap((i) => {
      let c = first;
      for (let j = 0; j < 4; j++) c = folded(c, part(data, (2 - i) * 4 + j));
      return [...c];
    });
    expect(runWith(await prepared(b.plan(), backend, threads), { first, xs: data })).toEqual({ ends: want });
  });

  /** `turns` is carried too, in one slot: a whole buffer that a copy brings back. */
  function whilePlan(limit: number): Plan {
    const b = new PlanBuilder();
    const [start, end] = [b.feed("start", "i32", 1), b.feed("end", "i32", 1)];
    const [one, x] = [b.feed("first", "f32", n), b.feed("x", "f32", n)];
    const [k, k2, go] = [b.output("k", "i32", 1), b.scratch("k2", "i32", 1), b.scratch("go", "bool", 1)];
    const [carried, last] = [b.scratch("carried", "f32", 2 * n), b.output("last", "f32", n)];
    b.launch(copyCount, start, k);
    b.launch(copy, one, [carried, { start: 0, terms: [] }]);
    let loop = 0;
    const test = () => b.launch(less, k, end, go);
    b.while(test, go, limit, (region) => {
      loop = region;
      b.launch(fold, [carried, slot(region, n)], x, [carried, slot(region, n, 1)]);
      b.launch(next, k, k2);
      b.launch(copyCount, k2, k);
    });
    b.launch(copy, [carried, slot(loop, n)], last);
    return b.plan();
  }

  test("a while loop of no turn, of many, and of too many", async () => {
    const program = await prepared(whilePlan(50), backend, threads);
    const x = numbers(n);
    for (const [start, end] of [[0, 7], [5, 5], [9, 2], [-20, 30]] as const) {
      let c = first;
      for (let k = start; k < end; k++) c = folded(c, x);
      const want = { k: [Math.max(start, end)], last: [...c] };
      expect(runWith(program, { first, x, start: [start], end: [end] })).toEqual(want);
      expect(() => runWith(program, { first, x, start: [0], end: [51] })).toThrow(RunError);
      expect(() => runWith(program, { first, x, start: [0], end: [51] })).toThrow("50 turns are too many");
    }
  }); // prettier-ignore

  test("a while loop over numbers alone, which one thread can walk, between work for all", async () => {
    const b = new PlanBuilder();
    const [start, end, x] = [b.feed("start", "i32", 1), b.feed("end", "i32", 1), b.feed("x", "f32", n)];
    const [k, go] = [b.scratch("k", "i32", 2), b.scratch("go", "bool", 1)];
    const [t, y, last] = [b.scratch("t", "f32", n), b.output("y", "f32", n), b.output("last", "i32", 1)];
    const scaled = kernel("scaled", n, ["f32"], "f32", (v) => mul(v!, half));
    b.launch(scaled, x, t);
    b.launch(copyCount, start, [k, { start: 0, terms: [] }]);
    let loop = 0;
    const test = (region: number) => b.launch(less, [k, slot(region, 1)], end, go);
    b.while(test, go, 1000, (region) => {
      loop = region;
      b.launch(next, [k, slot(region, 1)], [k, slot(region, 1, 1)]);
    });
    b.launch(copyCount, [k, slot(loop, 1)], last);
    b.launch(scaled, t, y);
    const program = await prepared(b.plan(), backend, threads);
    const data = numbers(n);
    for (const turns of [0, 1, 6, 999]) {
      const want = { y: [...data.map((v) => v * 0.25)], last: [3 + turns] };
      expect(runWith(program, { x: data, start: [3], end: [3 + turns] })).toEqual(want);
    }
    expect(() => runWith(program, { x: data, start: [0], end: [1001] })).toThrow("1000 turns are too many");
  });

  test("one of two branches", async () => {
    const b = new PlanBuilder();
    const [on, x] = [b.feed("on", "bool", 1), b.feed("x", "f32", n)];
    const y = b.output("y", "f32", n);
    b.branch(on, true, () => b.launch(fold, x, x, y));
    b.branch(on, false, () => b.launch(copy, x, y));
    const program = await prepared(b.plan(), backend, threads);
    const data = numbers(n);
    expect(runWith(program, { x: data, on: [1] })).toEqual({ y: [...folded(data, data)] });
    expect(runWith(program, { x: data, on: [0] })).toEqual({ y: [...data] });
  });

  /** A branch in a loop, by a sequence of conditions; a loop in a branch. */
  function mixture(turns = 6): Plan {
    const b = new PlanBuilder();
    const [flags, times] = [b.feed("flags", "bool", turns), b.feed("times", "i32", 1)];
    const [start, xs] = [b.feed("first", "f32", n), b.feed("xs", "f32", 6 * n)];
    const [carried, on] = [b.scratch("carried", "f32", 2 * n), b.scratch("on", "bool", 1)];
    const last = b.output("last", "f32", n);
    b.launch(copy, start, [carried, { start: 0, terms: [] }]);
    let loop = 0;
    b.loop(turns, (region) => {
      loop = region;
      const [old, made] = [slot(region, n), slot(region, n, 1)];
      b.launch(take, [flags, at(region, 1)], on);
      b.branch(on, true, () => {
        b.launch(fold, [carried, old], [xs, at(region, n)], [carried, made]);
        b.loop({ buffer: times, most: 3 }, (inner) => {
          b.launch(fold, [carried, old], [xs, at(inner, n)], [carried, made]);
        });
      });
      b.branch(on, false, () => b.launch(copy, [carried, old], [carried, made]));
    });
    b.launch(copy, [carried, slot(loop, n)], last);
    return b.plan();
  }

  function mixtureInJs(flags: readonly number[], times: number, xs: Float32Array): Float32Array {
    let c = first;
    for (let i = 0; i < flags.length; i++) {
      if (!flags[i]) continue;
      let made = folded(c, part(xs, i));
      for (let j = 0; j < Math.min(3, times); j++) made = folded(c, part(xs, j));
      c = made;
    }
    return c;
  }

  test("branches in a loop, and a loop in one of them", async () => {
    const program = await prepared(mixture(), backend, threads);
    const xs = numbers(6 * n);
    for (let bits = 0; bits < 64; bits += 5) {
      const flags = Array.from({ length: 6 }, (_, i) => (bits >> i) & 1);
      for (const times of [0, 2, 7]) {
        const want = { last: [...mixtureInJs(flags, times, xs)] };
        expect(runWith(program, { first, xs, flags, times: [times] })).toEqual(want);
      }
    }
  });

  test.runIf(threads > 1)("a thousand runs give the same bits", { timeout: 240_000 }, async () => {
    const program = await prepared(mixture(2), backend, threads);
    const [xs, flags] = [numbers(6 * n), [0, 1]];
    const feeds: Data = { first, xs, flags, times: [1] };
    const want = { last: [...mixtureInJs(flags, 1, xs)] };
    for (let i = 0; i < 1000; i++) expect(runWith(program, feeds)).toEqual(want);
    await program.runAsync!();
    expect([...program.buffers.view(6)]).toEqual(want.last);
  });

  test("a step launched alone sees what it sees in the first turn", async () => {
    const program = await prepared(recurrence(5), backend, threads);
    const xs = numbers(5 * n);
    runWith(program, { first, xs });
    program.launch(1);
    program.launch(2);
    program.launch(3);
    expect([...program.buffers.view(3)].slice(0, n)).toEqual([...folded(first, part(xs, 0))]);
  });
});
