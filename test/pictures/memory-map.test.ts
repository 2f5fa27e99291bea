// The memory map of a plan with loops and branches.
import { expect, test } from "vitest";
import { indexLocal } from "#ir/expr.js";
import type { Kernel } from "#ir/kernel.js";
import { memoryMap } from "#src/pictures/memory-map.js";
import { dotText } from "#src/pictures/render.js";
import { PlanBuilder } from "../runtime/plan-builder.js";

const p = indexLocal("p", 4);
const make: Kernel = {
  name: "make",
  buffers: [{ name: "y", dtype: "f32", length: 4, access: "write" }],
  stages: [[{ over: p, extent: 4, body: [] }]],
  ...{ flops: 0, bytes: 0, ops: [], nodes: [] },
};

test("loops and branches are bars above their launches, inner ones below outer ones", async () => {
  const b = new PlanBuilder();
  const [y, go] = [b.output("y", "f32", 4), b.feed("go", "bool", 1)];
  b.launch(make, y);
  b.loop(10, () => {
    b.branch(go, false, () => b.launch(make, y));
    b.launch(make, y);
  });
  b.while(() => b.launch(make, y), go, 1000, () => b.launch(make, y)); // prettier-ignore
  const dot = await dotText(memoryMap(b.plan()));
  const bars = [...dot.matchAll(/"region\d" \[([^\]]*)\]/g)].map(([, attributes]) => {
    const of = (name: string, value: string) => new RegExp(`${name} = ${value}`).exec(attributes!)!;
    const [, x, height] = of("pos", '"([\\d.]+),([\\d.]+)!"');
    return { label: of("label", '"(.*?)"')[1], x: Number(x), y: Number(height), width: Number(of("width", "([\\d.]+)")[1]) }; // prettier-ignore
  });
  expect(bars.map(({ label, x, width }) => [label, x, width])).toEqual([
    ["10 turns", 3, 2.94],
    ["if not go", 2.25, 1.44],
    ["while go, at most 1,000 turns", 6, 2.94],
  ]);
  const [loop, branch, search] = bars.map((bar) => bar.y);
  expect(loop! - branch!).toBeCloseTo(0.3);
  expect(search).toBe(branch);
});
