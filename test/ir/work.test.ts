// Operations are counted of every op there is. What they come to is checked in test/src/summary.test.ts, by hand.
import { expect, test } from "vitest";
import { tallyWork } from "#ir/work.js";
import { type Case, cases, graphOfCase } from "../ops/cases.js";

function workOfCase(one: Case) {
  let [flops, multiplyAdds, views] = [0, 0, true];
  const graph = graphOfCase(one);
  tallyWork([...graph.outputs.values()], null, () => undefined, (_, __, work) => {
    flops += work.flops;
    multiplyAdds += work.multiplyAdds;
    views &&= work.view;
  }); // prettier-ignore
  return { flops, multiplyAdds, views };
}

test("every sample of every op has a count: finite, two at least for a multiply-add, none for views", () => {
  for (const one of cases()) {
    const { flops, multiplyAdds, views } = workOfCase(one);
    expect(Number.isFinite(flops), one.name).toBe(true);
    expect(flops, one.name).toBeGreaterThanOrEqual(2 * multiplyAdds);
    if (views) expect(flops, one.name).toBe(0);
  }
});

test("ops of one number each that are no views cost at least one operation per number", () => {
  const elementwise = cases().filter(({ op }) => op.form === "unary" && op.lower.kind === "compute");
  expect(elementwise.length).toBeGreaterThan(20);
  for (const one of elementwise) {
    const { flops, views } = workOfCase(one);
    const count = one.sample.results[0]!.data.length;
    expect(flops, one.name).toBeGreaterThanOrEqual(views ? 0 : count);
  }
});
