// Autotuning: what is measured, what is kept and where, and that a tuned program computes the same.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { compile, Graph, parameter, scan, type Tensor } from "gradloom";
import { matmul } from "#ir/ops/index.js";
import type { Plan } from "#ir/plan.js";
import { compileGraph } from "#passes/compile.js";
import { candidateSchedules, type ContractionSchedule } from "#passes/contraction-schedule.js";
import type { Schedules } from "#passes/contraction-schedules.js";
import { ScheduleCache } from "#src/tuning/schedule-cache.js";
import { tuned } from "#src/tuning/tune.js";
import { GraphMaker } from "../graphs.js";
import { difference } from "../compare.js";

const folder = mkdtempSync(join(tmpdir(), "gradloom-tuning-"));
let next = 0;
const newFile = () => join(folder, `${next++}`, "schedules.json");
afterEach(() => vi.restoreAllMocks());

/** Tunes two products of different sizes; the i-th candidate takes `times[i]`. Says what was used and how often was measured. */
function tune(cache: ScheduleCache, times: readonly number[]) {
  const g = new GraphMaker();
  const [x, w] = [g.input("x", [40, 300], "f32"), g.input("w", [300, 24], "f32")];
  const graph = g.graph({ y: matmul(x, w), z: matmul(w, g.input("v", [24, 9], "f32")) });
  const used: ContractionSchedule[] = [];
  let rounds = 0;
  const planBy = (schedules: Schedules): Plan => {
    used.length = 0;
    return compileGraph(graph, {
      schedules: {
        products: (facts, node) => {
          const schedule = schedules.products(facts, node);
          expect(candidateSchedules(facts)).toContainEqual(schedule);
          used.push(schedule);
          return schedule;
        },
      },
    });
  };
  tuned(planBy, "wasm", cache, (_, steps) => {
    const ms = times[rounds++]!;
    return steps.map(() => ms);
  });
  return { used, rounds };
}

test("launches of loops are told from others by their nodes: only contractions are timed", () => {
  const g = new Graph();
  const [x, w] = [g.input("x", [6, 4, 8]), g.input("w", [8, 8])];
  const [, y] = scan((h: Tensor, v: Tensor) => [h.matmul(w).add(v).tanh(), h.exp()], x.sum(0).matmul(w) as Tensor, x);
  const { graph } = compile({ outputs: { y: y.log().matmul(w).softmax() as Tensor } });
  const timed: string[][] = [];
  const planBy = (schedules: Parameters<Parameters<typeof tuned>[0]>[0]) => compileGraph(graph, { schedules });
  tuned(planBy, "wasm", new ScheduleCache(newFile()), (plan, steps) => {
    const numbers = plan.steps.flatMap(({ kernel }) => kernel.nodes);
    expect(new Set(numbers).size).toBe(numbers.length);
    timed.push(steps.map((step) => plan.steps[step]!.kernel.name));
    return steps.map(() => 1);
  });
  expect(timed.length).toBeGreaterThan(1);
  expect(timed[0]).toHaveLength(3);
  for (const name of timed.flat()) expect(name).toContain("matmul");
});

const descending = Array.from({ length: 16 }, (_, i) => 2 ** -i);
const ascending = [1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9, 9, 9];

test("the fastest candidate is used, and the second time nothing is measured", () => {
  const file = newFile();
  const first = tune(new ScheduleCache(file), descending);
  expect(first.rounds).toBeGreaterThan(2);
  const again = tune(new ScheduleCache(file), ascending);
  expect(again).toEqual({ used: first.used, rounds: 0 });
  const usual = tune(new ScheduleCache(newFile()), ascending);
  expect(usual.used).not.toEqual(first.used);
  expect(readdirSync(join(file, ".."))).toEqual(["schedules.json"]);
});

test("a schedule that is hardly faster than the usual one is not taken", () => {
  const usual = tune(new ScheduleCache(newFile()), ascending);
  expect(tune(new ScheduleCache(newFile()), ascending.map(() => 1).with(1, 0.99)).used).toEqual(usual.used); // prettier-ignore
});

test("a schedule that is faster only the first time is not taken", () => {
  const usual = tune(new ScheduleCache(newFile()), ascending);
  const lucky = Array.from({ length: 16 }, (_, i) => (i === 1 ? 0.5 : i < usual.rounds ? 1 : 0.5));
  const { used, rounds } = tune(new ScheduleCache(newFile()), lucky);
  expect(used).toEqual(usual.used);
  expect(rounds).toBe(usual.rounds + 2);
});

test("what another machine measured counts for nothing here, and stays", () => {
  const file = newFile();
  const first = tune(new ScheduleCache(file, "machine A"), descending);
  expect(tune(new ScheduleCache(file, "machine B"), descending).rounds).toBe(first.rounds);
  const { machines } = JSON.parse(readFileSync(file, "utf8")) as { machines: Record<string, object> };
  expect(Object.keys(machines)).toEqual(["machine A", "machine B"]);
  expect(Object.keys(machines["machine A"]!).length).toBe(2);
});

test("a schedule that this version does not try is measured again", () => {
  const file = newFile();
  const { rounds } = tune(new ScheduleCache(file, "before"), ascending);
  const text = readFileSync(file, "utf8").replaceAll(`"tileRows": 4`, `"tileRows": 5`);
  writeFileSync(file, text.replace("before", "after"));
  expect(tune(new ScheduleCache(file, "after"), ascending).rounds).toBe(rounds);
});

test.each([
  ["half a file", `{"version": 1, "machi`, /is damaged, and is written anew/],
  ["another version", `{"version": 2}`, /holds no schedules of this version/],
  ["null", "null", /holds no schedules of this version/],
  ["no records", `{"version": 1, "machines": {"m": 3}}`, /holds no schedules of this version/],
])("%s counts as empty, with a warning, and is replaced", (_, text, message) => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const file = newFile();
  tune(new ScheduleCache(file, "m"), ascending);
  writeFileSync(file, text);
  expect(tune(new ScheduleCache(file, "n"), ascending).rounds).toBeGreaterThan(0);
  expect(warn).toHaveBeenCalledOnce();
  expect(warn.mock.calls[0]![0]).toMatch(message);
  expect(JSON.parse(readFileSync(file, "utf8"))).toHaveProperty("machines.n");
});

test("where no file can be written the process remembers, and says why once", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const blocked = join(folder, "blocked");
  writeFileSync(blocked, "");
  const file = join(blocked, "schedules.json");
  expect(tune(new ScheduleCache(file), descending).rounds).toBeGreaterThan(0);
  expect(tune(new ScheduleCache(file), descending).rounds).toBe(0);
  expect(warn).toHaveBeenCalledOnce();
  expect(warn.mock.calls[0]![0]).toMatch(/^gradloom: tune: .*ENOTDIR/);
});

test("processes that write at once leave a whole file", async () => {
  const file = newFile();
  const program = `
    import { ScheduleCache } from "#src/tuning/schedule-cache.js";
    const cache = new ScheduleCache(process.env.FILE, "m" + process.env.NUMBER);
    for (let i = 0; i < 60; i++) cache.add(new Map([["k" + i, { text: "x".repeat(500) }]]));`;
  const codes = await Promise.all(
    [0, 1, 2].map((number) => {
      const args = ["--conditions=gradloom-source", "--import", "tsx", "--input-type=module", "-e", program];
      const child = spawn(process.execPath, args, {
        env: { ...process.env, FILE: file, NUMBER: String(number) },
        stdio: ["ignore", "ignore", "inherit"],
      });
      return new Promise((done) => child.on("close", done));
    }),
  );
  expect(codes).toEqual([0, 0, 0]);
  const { machines } = JSON.parse(readFileSync(file, "utf8")) as { machines: Record<string, object> };
  // Whoever wrote last had all of its own.
  expect(Math.max(...Object.values(machines).map((entries) => Object.keys(entries).length))).toBe(60);
  expect(readdirSync(join(file, ".."))).toEqual(["schedules.json"]);
}, 60_000);

test("a tuned program computes what the others do, and leaves parameters alone while it measures", () => {
  const file = newFile();
  const numbers = (n: number, from: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(from + i * 0.7));
  const run = (tune: boolean | { file: string }) => {
    const g = new Graph("tuned");
    const x = g.input("x", [40, 70]);
    const w = parameter([70, 24], numbers(70 * 24, 3));
    const y = x.matmul(w).tanh();
    const step = compile({ outputs: { y }, updates: [[w, w.mul(0.5)]] }, { tune });
    const results = [1, 2].map((n) => step.run({ x: numbers(2800, n) }).y.data);
    return [...results, w.data()];
  };
  const plain = run(false);
  const tuned = run({ file });
  expect(readFileSync(file, "utf8")).toMatch(/"tileRows"/);
  tuned.forEach((data, i) => expect(difference(data, plain[i]!, { dtype: "f32", k: 64, scale: plain[i]!.map(() => 1) as Float32Array })).toBe(null)); // prettier-ignore
  expect(run({ file })).toEqual(tuned);
});

test("a file without a name is refused", () => {
  const g = new Graph();
  expect(() => compile({ outputs: { y: g.input("x", [2]).add(1) } }, { tune: { file: "" } })).toThrow(
    'compile: tune: the file is "", not a name',
  );
});
