// Threads in a process: they never keep it alive, and the event loop goes on beside them.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { compile } from "#src/compile.js";
import { Graph } from "#src/graph.js";
import * as optim from "#src/optim/index.js";
import { parameter } from "#src/parameter.js";
import { bundle } from "../browser/page-server.js";
import { eagerToShare, readyProgram } from "./threads.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const device = eagerToShare();
afterAll(() => device.dispose());

const squareOf = (n: number, threads: number) => {
  const a = new Graph().input("a", [n, n]);
  return compile({ outputs: { y: a.matmul(a) } }, { threads, device });
};
const ones = (n: number) => new Float32Array(n).fill(1);

test("10 000 short runs on three threads train as one thread does", async () => {
  const x = Float32Array.from({ length: 64 * 32 }, (_, i) => Math.sin(i));
  const losses = [];
  for (const threads of [1, 3]) {
    const w = parameter([32, 64], 0.1);
    const loss = new Graph().input("x", [64, 32]).matmul(w).tanh().mean();
    const step = compile({ outputs: { loss }, updates: optim.sgd({ lr: 0.001 }).minimize(loss) }, { threads, device });
    expect((await readyProgram(step, { x })).readyThreads).toBe(threads);
    const loss0 = new Float32Array(1);
    for (let i = 0; i < 10_000; i++) step.runInto({ x }, { loss: loss0 });
    losses.push(loss0[0]);
  }
  expect(losses[1]).toBe(losses[0]);
}, 120_000);

test("programs for different numbers of threads take turns", async () => {
  const programs = [1, 2, 3, 4].map((threads) => squareOf(16, threads));
  for (const program of programs) await readyProgram(program, { a: ones(256) });
  for (let i = 0; i < 400; i++) {
    const { data } = programs[(i * 7) % 4]!.run({ a: ones(256) } as never).y;
    expect(data.every((y) => y === 16)).toBe(true);
  }
});

describe("runAsync", () => {
  test.each([1, 2])("lets the event loop go on, with %i threads", async (threads) => {
    const program = squareOf(400, threads);
    const a = ones(160_000);
    await program.runAsync({ a } as never);
    let [turns, done] = [0, false];
    const runs = Promise.all([0, 1, 2].map(() => program.runAsync({ a } as never))).finally(() => (done = true));
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      turns++;
    }
    for (const { y } of await runs) expect(y.data.every((v) => v === 400)).toBe(true);
    expect(turns).toBeGreaterThan(20);
  });

  test("goes beside other uses of scratch on this thread", async () => {
    const [one, two] = [squareOf(200, 2), squareOf(200, 1)];
    const a = ones(40_000);
    const { program } = two.specializationFor({ a } as never);
    const run = one.runAsync({ a } as never);
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      program.buffers.locate();
      program.buffers.view(program.buffers.plan.feeds[0]!.buffer!).fill(2);
      program.run();
    }
    expect((await run).y.data.every((v) => v === 200)).toBe(true);
  });
});

describe("a process", () => {
  const script = `
    import { compile, Graph } from "./src/index.js";
    const a = new Graph().input("a", [256, 256]);
    const program = compile({ outputs: { y: a.matmul(a) } }, { threads: 2 });
    const feeds = { a: new Float32Array(65536).fill(1) };
    const { program: { threads } } = program.specializationFor(feeds);
    const sum = (r) => r.y.data.reduce((x, y) => x + y, 0);`;
  const run = (rest: string): string => {
    const code = bundle({ stdin: script + rest });
    const options = { cwd: root, encoding: "utf8", timeout: 60_000 } as const;
    return execFileSync(process.execPath, ["--input-type=module"], { ...options, input: code }).trim();
  };

  test("ends by itself after synchronous runs", () => {
    expect(
      run("for (let i = 0; i < 200; i++) program.run(feeds); console.log(threads, sum(program.run(feeds)));"),
    ).toBe(`2 ${256 ** 3}`);
  });

  test("waits for an asynchronous run, and then ends", () => {
    expect(run("program.runAsync(feeds).then((r) => console.log(sum(r)));")).toBe(String(256 ** 3));
  });
});
