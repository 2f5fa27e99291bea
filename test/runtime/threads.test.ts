// Several threads: the same bits as one, and everything that can go on around a run.
import { afterAll, describe, expect, test } from "vitest";
import { GraphError } from "#ir/errors.js";
import { compileGraph } from "#passes/compile.js";
import { wasm } from "#runtime/wasm/backend.js";
import { cond } from "#src/branches.js";
import { compile } from "#src/compile.js";
import { ops } from "#src/ops.js";
import { Graph } from "#src/graph.js";
import { scan } from "#src/loops.js";
import * as optim from "#src/optim/index.js";
import { parameter } from "#src/parameter.js";
import type { Tensor } from "#src/tensor.js";
import { build, recipeOf } from "../fuzz/recipe.js";
import { generator, seed } from "../random.js";
import { eagerToShare, readyProgram, untilReady } from "./threads.js";

const device = eagerToShare();
afterAll(() => device.dispose());

type Untyped = (...args: readonly unknown[]) => Tensor;
type Names = "conv2d" | "cumsum" | "gather" | "maxPool2d" | "softmaxCrossEntropy" | "sort";
const { conv2d, cumsum, gather, maxPool2d, softmaxCrossEntropy, sort } = ops as unknown as Record<Names, Untyped>;
const counts = [1, 2, 3, 4] as const;
const numbers = (n: number, from = 1): Float32Array => {
  const next = generator(from);
  return Float32Array.from({ length: n }, () => next() * 2 - 1);
};

describe("threads", () => {
  test.each([0, -1, 1.5, NaN, 1000, "2", null])("%s is refused as their number", (threads) => {
    const x = new Graph().input("x", [4]);
    const settings = { threads: threads as number };
    expect(() => compile({ outputs: { y: x.exp() } }, settings)).toThrow(GraphError);
    expect(() => compile({ outputs: { y: x.exp() } }, settings)).toThrow(/threads is a whole number from 1 to 64/);
  });

  test("a program too small to gain uses one, a large one several", async () => {
    const threadsFor = (n: number) => {
      const a = new Graph().input("a", [n, n]);
      const program = compile({ outputs: { y: a.matmul(a) } }, { threads: 2 });
      return program.specializationFor({ a: numbers(n * n) } as never).program.threads;
    };
    expect(threadsFor(4)).toBe(1);
    expect(threadsFor(256)).toBe(2);
  });
});

describe(`the same bits for ${counts.join(", ")} threads`, () => {
  test.each(Array.from({ length: 12 }, (_, i) => seed + 31 * i))("random program %i", async (from) => {
    const { graph, feeds } = build(recipeOf(from), "f32");
    const plan = compileGraph(graph);
    const runs = [];
    for (const threads of counts) {
      const program = wasm.prepare(plan, device, { threads });
      await untilReady(program);
      graph.parameters.forEach((p) => device.release(p.attrs.parameter as never));
      program.dispose();
      const fresh = wasm.prepare(plan, device, { threads });
      await untilReady(fresh);
      fresh.buffers.locate();
      plan.feeds.forEach(({ buffer }, i) => {
        if (buffer !== null) fresh.buffers.view(buffer).set(feeds[i]!);
      });
      fresh.run();
      runs.push(plan.outputs.map(({ buffer }) => fresh.buffers.view(buffer).slice()));
      fresh.dispose();
    }
    for (const run of runs.slice(1)) expect(run).toEqual(runs[0]);
  });

  /** Losses of steps, and the parameters after them, for each number of threads. */
  async function train(make: () => { loss: Tensor; feeds: Record<string, Float32Array | Int32Array> }, steps = 4) {
    const results: unknown[] = [];
    for (const threads of counts) {
      const { loss, feeds } = make();
      const program = compile(
        { outputs: { loss }, updates: optim.adam({ lr: 0.01 }).minimize(loss) },
        { threads, device },
      );
      const { threads: used } = await readyProgram(program, feeds);
      expect(used).toBe(threads);
      const losses = Array.from({ length: steps }, () => program.run(feeds).loss.data[0]);
      const state = program.parameters.map((p) => {
        const count = (p.shape as number[]).reduce((a, b) => a * b, 1);
        return device.view(p.dtype, device.address(p.record), count).slice();
      });
      results.push([losses, state]);
      program.dispose();
    }
    for (const result of results.slice(1)) expect(result).toEqual(results[0]);
  }

  test("a perceptron", () =>
    train(() => {
      const g = new Graph("mlp");
      const x = g.input("x", [33, 20]);
      const y = g.input("y", [33], "i32");
      const w = parameter([20, 65], numbers(1300), { name: "w" });
      const v = parameter([65, 7], numbers(455), { name: "v" });
      const logits = x
        .matmul(w as never)
        .relu()
        .matmul(v as never) as Tensor;
      const loss = softmaxCrossEntropy(logits, y as Tensor).mean() as Tensor;
      return { loss, feeds: { x: numbers(33 * 20), y: Int32Array.from({ length: 33 }, (_, i) => i % 7) } };
    }));

  test("a convolutional network", () =>
    train(() => {
      const g = new Graph("cnn");
      const x = g.input("x", [5, 2, 12, 12]);
      const w = parameter([6, 2, 3, 3], numbers(108), { name: "w" });
      const v = parameter([6 * 25, 3], numbers(450), { name: "v" });
      const pooled = maxPool2d(conv2d(x as Tensor, w).relu(), 2);
      const loss = pooled.reshape([5, 150]).matmul(v).pow(2).mean();
      return { loss, feeds: { x: numbers(5 * 2 * 144) } };
    }));

  test("gathering, scattered gradients, sorting, sums along axes", () =>
    train(() => {
      const g = new Graph("table");
      const at = g.input("at", [40], "i32");
      const table = parameter([17, 9], numbers(153), { name: "table" });
      const rows = gather(table, at as Tensor);
      const sorted = sort(cumsum(rows, 0), 1);
      const loss = sorted.mul(rows).sum(1).exp().mean();
      return { loss, feeds: { at: Int32Array.from({ length: 40 }, (_, i) => (i * i) % 17) } };
    }));

  test("a recurrent network, with a branch in every turn", () =>
    train(() => {
      const g = new Graph("recurrent");
      const xs = g.input("xs", [6, 5, 11]) as Tensor;
      const first = g.input("first", [5, 33]) as Tensor;
      const w = parameter([11, 33], numbers(363), { name: "w" }) as unknown as Tensor;
      const u = parameter([33, 33], numbers(1089, 2), { name: "u" }) as unknown as Tensor;
      const step = (h: Tensor, x: Tensor) => {
        const y = x.matmul(w).add(h.matmul(u)).tanh();
        return [cond(y.sum().greater(0), () => y, () => y.mul(0.5)), y.sum(1)] as const; // prettier-ignore
      };
      const [last, sums] = scan(step as never, first, xs) as unknown as readonly [Tensor, Tensor];
      return { loss: last.pow(2).mean().add(sums.pow(2).mean()), feeds: { xs: numbers(330), first: numbers(165, 3) } };
    }));
});
