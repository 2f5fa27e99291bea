// Pictures of every stage of a small training step: what they show, and that Graphviz takes them.
import { beforeAll, describe, expect, test } from "vitest";
import { sub, matmul, mean, mul, relu } from "#ir/ops/index.js";
import type { Value } from "#ir/node.js";
import { gradient } from "#passes/gradient.js";
import { dotText, svgOf } from "#src/pictures/render.js";
import { stagePicture } from "#src/pictures/stage-picture.js";
import { stageNames, type Stages, stagesOf } from "#src/pictures/stages.js";
import { GraphMaker } from "../graphs.js";

let stages: Stages;
beforeAll(() => {
  const maker = new GraphMaker("tiny");
  const x = maker.input("x", ["batch", 3], "f32");
  const w = maker.parameter("layer/w", [3, 2], "f32");
  const loss = mean(relu(matmul(x, w))) as Value;
  const [g] = gradient([loss], [w]);
  const step = maker.graph({ loss }, [[w, sub(w, mul(g!, 0.5))]]);
  stages = stagesOf({ ...step, updates: new Map() }, step, { batch: 4 });
});

describe("every stage", () => {
  test.each(stageNames)("%s becomes an SVG that names the graph", async (stage) => {
    const { picture, layout } = stagePicture(stages, stage);
    const svg = await svgOf(picture, layout);
    expect(svg).toMatch(/^<svg /);
    expect(svg).toContain("tiny, ");
  });
});

test("what is declared shows names, shapes with named sizes, and no gradient", async () => {
  const dot = await dotText(stagePicture(stages, "built").picture);
  expect(dot).toContain("f32[batch,3]");
  expect(dot).toContain("layer/w");
  expect(dot).not.toContain("next value");
});

test("numbers stand in the ops that take them", async () => {
  const dot = await dotText(stagePicture(stages, "gradient").picture);
  expect(dot).toContain("mul ·, 0.5");
  expect(dot).toContain("next value");
});

test("a schedule has a frame per launch, in order", async () => {
  const dot = await dotText(stagePicture(stages, "scheduled").picture);
  const launches = [...dot.matchAll(/<b>launch (\d+)<\/b>/g)].map((match) => Number(match[1]));
  expect(launches.sort((a, b) => a - b)).toEqual(stages.buffers.steps.map((_, i) => i + 1));
});

test("the memory map has a box for every buffer of the scratch region, inside the planned bytes", async () => {
  const dot = await dotText(stagePicture(stages, "buffers").picture);
  const boxes = [...dot.matchAll(/tooltip = "\S+: ([\d,]+) to ([\d,]+), launches/g)];
  const inScratch = stages.buffers.buffers.filter(({ place, length }) => "offset" in place && length > 0);
  expect(boxes).toHaveLength(inScratch.length);
  for (const [, , to] of boxes)
    expect(Number(to!.replaceAll(",", ""))).toBeLessThanOrEqual(stages.buffers.memory.planned);
});

test("the passes are recorded with their times, the inner ones before the outer", () => {
  const names = stages.passes.map((pass) => pass.name);
  expect(names[0]).toBe("specialize");
  expect(names.slice(-5)).toEqual(["fuse", "schedule", "lower", "plan-memory", "plan"]);
  expect(stages.passes.every((pass) => pass.ms >= 0)).toBe(true);
});
