// Every case of every `*.ir` file: the pass makes exactly this text, and the same numbers. `UPDATE=1` writes the texts anew.
import { readdirSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isFloat } from "#ir/dtype.js";
import { RunError } from "#ir/errors.js";
import type { Graph } from "#ir/graph.js";
import { parseGraph } from "#ir/parse-graph.js";
import { printGraph } from "#ir/print-graph.js";
import { evaluateGraph } from "#ir/reference.js";
import { verifyGraph } from "#ir/verify-graph.js";
import { runPass, runPasses, type Observer, type Pass } from "#passes/pass.js";
import { graphPasses } from "#passes/pipelines.js";
import { rematerialize } from "#passes/rematerialize.js";
import { specialize } from "#passes/specialize.js";
import { winograd, winogradWhere } from "#passes/winograd.js";
import { difference } from "../compare.js";
import { feedsFor, printFixtures, readFixtures } from "./fixtures.js";

const folder = new URL("./", import.meta.url);
const update = process.env.UPDATE === "1";

/** The files and their passes; `pipeline.ir` goes through all of them. */
const pipeline: Pass<Graph> = {
  name: "pipeline",
  doc: "All passes, in order.",
  run: (graph, note) =>
    runPasses(graph, graphPasses, { verify: verifyGraph, observe: { rule: (_, rule) => note(rule) } }),
};
/** Where it pays there are more products than the reference has time for. */
const eagerly = (pass: Pass<Graph>) => (pass === winograd ? winogradWhere(() => true) : pass);
const passes = [...new Set([specialize({ batch: 4, n: 3 }), ...graphPasses.map(eagerly), rematerialize(), pipeline])];

/** Passes that may round differently from what they replace. */
const rounding: ReadonlySet<string> = new Set([
  "algebra",
  "stability",
  "split-loops",
  "winograd",
  "group-scatters",
  "pipeline",
]);

test("every file belongs to a pass, and every pass has a file", () => {
  const files = readdirSync(folder).filter((file) => file.endsWith(".ir"));
  expect(files.sort()).toEqual(passes.map((pass) => `${pass.name}.ir`).sort());
});

test("no two rules share a name", () => {
  for (const { rules = [] } of passes) expect(rules.filter((rule, i) => rules.indexOf(rule) !== i)).toEqual([]);
});

for (const pass of passes) {
  describe(pass.name, () => {
    const path = new URL(`${pass.name}.ir`, folder);
    const file = readFixtures(path);
    const applied = new Set<string>();
    const written: (string | null)[] = [];

    for (const { title, before, after } of file.cases) {
      test(title, () => {
        const graph = parseGraph(before);
        const rules = new Set<string>();
        const observe: Observer = { rule: (_, rule) => void rules.add(rule) };
        const out = runPass(graph, pass, { observe, verify: verifyGraph });
        for (const rule of rules) applied.add(rule);
        written.push(out === graph ? null : printGraph(out));
        if (update) return;
        expect(out === graph ? null : printGraph(out)).toBe(after);
        if (pass.rules?.includes(title)) expect([...rules]).toContain(title);
        expect(runPass(out, pass, { verify: verifyGraph }) === out || pass.name === "specialize").toBe(true);
        if (pass.name !== "specialize") expectEqualNumbers(graph, out, rounding.has(pass.name));
      });
    }

    test("every rule has a case", () => {
      expect((pass.rules ?? []).filter((rule) => !applied.has(rule))).toEqual([]);
    });

    if (update) {
      test("writes the file", () => {
        const cases = file.cases.map((fixture, i) => ({ ...fixture, after: written[i]! }));
        writeFileSync(path, printFixtures({ head: file.head, cases }));
      });
    }
  });
}

/** Both graphs on the same random feeds: the same numbers, but for the sign of zeros, or the same failure. */
function expectEqualNumbers(before: Graph, after: Graph, mayRound: boolean): void {
  const [expected, actual] = [resultsOf(before), resultsOf(after)];
  if (typeof expected === "string" || typeof actual === "string") return expect(actual).toBe(expected);
  const pairs = [...before.outputs].map(([name, value]) => [value, after.outputs.get(name)!] as const);
  const updated = [...after.updates].map(([node, value]) => [before.updates.get(node)!, value] as const);
  for (const [was, is] of [...pairs, ...updated]) {
    const [want, got] = [positiveZeros(expected.get(was)!), positiveZeros(actual.get(is)!)];
    const scale = isFloat(was.type.dtype) ? want.map((x) => Math.max(1, Math.abs(x))) : want;
    expect(difference(got, want, { dtype: was.type.dtype, k: mayRound ? 16 : 0, scale })).toBe(null);
  }
}

/** All values of a graph, or why it cannot be run. */
function resultsOf(graph: Graph): ReturnType<typeof evaluateGraph> | string {
  try {
    return evaluateGraph(graph, feedsFor(graph, 1));
  } catch (error) {
    if (error instanceof RunError) return error.message;
    throw error;
  }
}

function positiveZeros(data: ArrayLike<number>): number[] {
  return Array.from(data, (x) => x + 0);
}
