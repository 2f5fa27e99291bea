// Recomputing needs as much less memory as the methods promise, no more work than one more forward, and gives the same bits.
import { describe, expect, test } from "vitest";
import { MemoryError } from "#ir/errors.js";
import type { Graph } from "#ir/graph.js";
import type { Operand } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { verifyGraph } from "#ir/verify-graph.js";
import { compileGraph } from "#passes/compile.js";
import { countOf } from "#passes/element.js";
import { fuse } from "#passes/fuse.js";
import { runPasses } from "#passes/pass.js";
import { graphPasses } from "#passes/pipelines.js";
import { rebuild } from "#passes/recompute/rebuild.js";
import { regionsOf } from "#passes/recompute/regions.js";
import { type Timeline, timelineOf } from "#passes/recompute/timeline.js";
import { rematerialize, type RematerializeOptions } from "#passes/rematerialize.js";
import { flopsOf } from "#passes/cost.js";
import { schedule } from "#passes/schedule.js";
import { wasm } from "#runtime/wasm/backend.js";
import { difference } from "../compare.js";
import { build, recipeOf } from "../fuzz/recipe.js";
import { generator, seed } from "../random.js";
import { backends, runGraph } from "../run-graph.js";
import { deepChain, deepMlp } from "./deep-networks.js";

/** Bytes of the arena. */
function planned(graph: Graph, options?: RematerializeOptions): number {
  const asked = options ? { rematerialize: options } : {};
  return compileGraph(graph, { passes: [], verify: false, ...asked }).memory.planned;
}

/** Element operations of all that is computed. */
function workIn(graph: Graph): number {
  return fuse(graph).groups.reduce((sum, { nodes }) => sum + nodes.reduce((n, node) => n + flopsOf(node), 0), 0);
}

const recomputed = (graph: Graph, options?: RematerializeOptions): Graph => rematerialize(options).run(graph, () => {});

describe("64 layers of 128 in batches of 256: a result of a layer is 128 KiB", () => {
  const graph = deepMlp({ layers: 64, width: 128, batch: 256 }, ops.relu);
  const result = 128 * 1024;

  test("without recomputing, all 64 are kept", () => {
    expect(planned(graph)).toBeGreaterThan(64 * result);
  });

  test("segments need about 2√64 results", () => {
    expect(planned(graph, {})).toBeLessThan((2 * Math.sqrt(64) + 4) * result);
  });

  test("segments do at most one more forward", () => {
    const forward = workIn({ ...graph, updates: new Map() });
    const more = workIn(recomputed(graph)) - workIn(graph);
    expect(more).toBeGreaterThan(0);
    expect(more).toBeLessThanOrEqual(forward);
  });
});

test("64 sines of f32[32768] need all 64 results, and in segments about 2√64", () => {
  const graph = deepChain(64, 32768);
  const result = 128 * 1024;
  expect(planned(graph)).toBeGreaterThan(64 * result);
  expect(planned(graph, {})).toBeLessThan((2 * Math.sqrt(64) + 2) * result);
});

describe("10 layers of 32 with gelu in batches of 64: a result of a layer is 8 KiB", () => {
  const graph = deepMlp({ layers: 10, width: 32, batch: 64 }, ops.gelu);
  const result = 8 * 1024;

  test("a minimum cut keeps one result of each layer where the backward part reads several", () => {
    expect(planned(graph)).toBeGreaterThan(2 * 10 * result);
    expect(planned(graph, { method: "min-cut" })).toBeLessThan((10 + 5) * result);
  });

  test("a minimum cut computes no contraction again", () => {
    const products = (g: Graph) => fuse(g).groups.filter((group) => group.kind === "contraction").length;
    expect(products(recomputed(graph, { method: "min-cut" }))).toBe(products(graph));
  });

  test("every budget is met, and a smaller one costs no less work", () => {
    const whole = planned(graph);
    let work = 0;
    for (const share of [1, 0.6, 0.3]) {
      let chosen: Graph = graph;
      const after = (pass: string, ir: unknown) => void (pass === "rematerialize" && (chosen = ir as Graph));
      const options = { passes: [], rematerialize: { budget: share * whole }, observe: { after } };
      expect(compileGraph(graph, options).memory.planned).toBeLessThanOrEqual(share * whole);
      expect(workIn(chosen)).toBeGreaterThanOrEqual(work);
      work = workIn(chosen);
    }
    expect(work).toBeGreaterThan(workIn(graph));
  });

  test("a budget that cannot be met is refused with the least that can", () => {
    let message = "";
    try {
      planned(graph, { budget: 1000 });
    } catch (error) {
      expect(error).toBeInstanceOf(MemoryError);
      message = (error as Error).message;
    }
    const least = Number(/help: a budget of (\d+) bytes or more/.exec(message)?.[1]);
    const text = `rematerialize: the budget is 1,000 bytes, but mlp needs at least ${least.toLocaleString("en")} bytes`;
    expect(message.split("\n")[0]).toBe(`${text} beside its parameters`);
    expect(planned(graph, { budget: least })).toBeLessThanOrEqual(least);
  });

  test("what was recomputed once is left alone", () => {
    const once = recomputed(graph);
    expect(recomputed(once)).toBe(once);
  });
});

test("a graph without a backward part stays as it is", () => {
  const graph = deepMlp({ layers: 8, width: 16, batch: 12 }, ops.gelu);
  const forward = { ...graph, updates: new Map() };
  expect(recomputed(forward)).toBe(forward);
  expect(recomputed(forward, { method: "min-cut" })).toBe(forward);
});

describe("the bits are the same", () => {
  const nets: readonly (readonly [string, (x: Operand) => Operand])[] = [
    ["relu", ops.relu],
    ["gelu", ops.gelu],
  ];
  const methods: readonly RematerializeOptions[] = [{}, { method: "min-cut" }];

  test.each(nets.flatMap(([name, f]) => methods.map((m) => [name, m.method ?? "segments", f, m] as const)))(
    "%s, %s",
    (_, __, activation, options) => {
      const graph = deepMlp({ layers: 8, width: 16, batch: 12 }, activation);
      const chosen = recomputed(graph, options);
      expect(chosen).not.toBe(graph);
      expectSameBits(graph, chosen, feedsOf(graph));
    },
  );

  test("but for what reductions round, which other kernels may sum in another order", () => {
    const graph = deepMlp({ layers: 8, width: 16, batch: 12 }, (x) => ops.sin(ops.layerNorm(x)));
    const feeds = feedsOf(graph);
    const [want, got] = [graph, recomputed(graph)].map((g) => runGraph(g, feeds, wasm, { passes: [] }));
    const state = [...got!.parameters.values()];
    expect(difference(got!.outputs.get("loss")!, want!.outputs.get("loss")!, { dtype: "f32" })).toBeNull();
    [...want!.parameters.values()].forEach((data, i) => {
      expect(difference(state[i]!, data, { dtype: "f32", k: 16, scale: data.map(() => 1) })).toBeNull();
    });
  });

  test(`whatever is kept and wherever the turn lies: random programs from seed ${seed}`, () => {
    let done = 0;
    for (let i = 0; i < 24; i++) {
      const { graph: built, feeds } = build(recipeOf(seed + i), i % 4 === 0 ? "f64" : "f32");
      const graph = runPasses(built, graphPasses);
      const next = generator(seed + i);
      for (const grain of ["launch", "node"] as const) {
        const found = timelineOf(schedule(fuse(graph)), grain);
        const timeline = found && turned(found, next());
        const { regions } = timeline ? regionsOf(timeline, some(timeline.order, next)) : { regions: [] };
        if (regions.length === 0) continue;
        const changed = rebuild(timeline!, regions);
        done++;
        verifyGraph(changed);
        expectSameBits(graph, changed, feeds);
      }
    }
    expect(done).toBeGreaterThan(5);
  });
});

const feedsOf = (graph: Graph) =>
  graph.inputs.map((node, i) => Float32Array.from({ length: countOf(node.results[0]!) }, (_, j) => Math.sin(i + j)));

const some = <T>(list: readonly T[], next: () => number): ReadonlySet<T> => new Set(list.filter(() => next() < 0.4));

/** The timeline with its turn at a share of all steps. */
function turned(timeline: Timeline, share: number): Timeline {
  const { order, step, readers } = timeline;
  const turn = Math.floor(share * step.get(order.at(-1)!)!);
  const isLate = (node: (typeof order)[number]) => step.get(node)! > turn;
  return { ...timeline, turn, needed: order.filter((node) => !isLate(node) && readers(node).some(isLate)) };
}

/** Runs both on every backend: equal outputs and parameters, to the bit. */
function expectSameBits(before: Graph, after: Graph, feeds: Parameters<typeof runGraph>[1]): void {
  for (const backend of backends) {
    const [want, got] = [before, after].map((graph) => runGraph(graph, feeds, backend, { passes: [] }));
    expect(got!.outputs).toEqual(want!.outputs);
    expect([...got!.parameters.values()]).toEqual([...want!.parameters.values()]);
  }
}
