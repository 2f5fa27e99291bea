// Random programs with gradients, run every way there is. `FUZZ` says how many, `SEED` from where.
import { describe, expect, test } from "vitest";
import type { Graph } from "#ir/graph.js";
import { mapRoots } from "#ir/graph.js";
import { add, mul, sigmoid } from "#ir/ops/index.js";
import type { Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import type { Pass } from "#passes/pass.js";
import { graphPasses } from "#passes/pipelines.js";
import { seed } from "../random.js";
import { recipeOf } from "./recipe.js";
import { report } from "./shrink.js";
import { complaintAbout, type FuzzOptions } from "./verdict.js";

const count = Number(process.env.FUZZ ?? 500);
const batch = 50;

describe(`${count} random programs from seed ${seed}`, () => {
  test.each(Array.from({ length: Math.ceil(count / batch) }, (_, i) => [i * batch]))(
    "from number %i on agree every way they are run",
    (from) => {
      for (let i = from; i < Math.min(count, from + batch); i++) {
        const recipe = recipeOf(seed + i);
        if (complaintAbout(recipe)) expect.fail(report(recipe));
      }
    },
    300_000,
  );
});

describe("the fuzzer finds", () => {
  const found = (options: FuzzOptions): string | null => {
    for (let i = 0; i < 200; i++) {
      const recipe = recipeOf(1000 + i);
      if (complaintAbout(recipe, options)) return report(recipe, options);
    }
    return null;
  };

  test("a wrong rule, and prints the shrunken graph", () => {
    const wrong: Pass<Graph> = {
      name: "wrong",
      doc: "Adds a millionth part to every output that is a sum.",
      run: (graph) =>
        mapRoots(graph, (v) => (v.node.op === (add as AnyOp) && v.type.dtype === "f32" ? (mul(v, 1.001) as Value) : v)),
    };
    expect(found({ passes: [...graphPasses, wrong] })).toMatch(/^seed \d+: \w.*\ngraph fuzz_/s);
  }, 120_000);

  test("a wrong gradient", () => {
    const op = sigmoid as unknown as { vjp: unknown };
    const right = op.vjp;
    op.vjp = ({ g, results: [y] }: { g: Value; results: Value[] }) => [mul(g, y!)];
    try {
      expect(found({})).toMatch(/gradient: central differences say/);
    } finally {
      op.vjp = right;
    }
  }, 120_000);
});
