// Experiments: scripts that compute in either mode and report.
import { expect, test } from "vitest";
import { defineExperiment, random, SilentReport, tensor } from "gradloom";

const squares = defineExperiment({
  name: "squares",
  settings: { count: 3, label: "x", loud: false },
  run: ({ settings: { count, label, loud }, mode, report, compute }) => {
    const x = tensor(Array.from({ length: count }, (_, i) => i));
    const { all, parts } = compute(
      (a, b) => ({ all: a.mul(a).sum(), parts: [a.add(b), a.greater(b)] as const }),
      x,
      tensor(1),
    );
    report.figures({ all: all.item(), first: parts[0].data()[0]!, greater: parts[1].cast("f32").sum().item() });
    report.figures({ [label]: loud ? 1 : 0, eager: mode === "eager" ? 1 : 0 });
  },
});

test.each(["compiled", "eager"] as const)("compute gives the function's tensors, %s", async (mode) => {
  const report = new SilentReport();
  await squares.run({ mode, report });
  expect(report.found).toEqual({ all: 5, first: 1, greater: 1, x: 0, eager: mode === "eager" ? 1 : 0 });
});

test("settings are those of the run, or their own values", async () => {
  const report = new SilentReport();
  await squares.run({ settings: { count: 4, label: "name", loud: true }, report });
  expect(report.found).toMatchObject({ all: 14, name: 1 });
  expect(report.found).not.toHaveProperty("x");
});

test.each([
  [{ cuont: 4 }, "squares has no setting cuont: its settings are count, label, loud"],
  [{ count: "4" }, 'squares: the setting count is "4", not a number'],
  [{ loud: 1 }, "squares: the setting loud is 1, not a boolean"],
])("settings of other names or kinds are refused: %o", async (settings, message) => {
  await expect(squares.run({ settings: settings as never })).rejects.toThrow(message);
});

test("random numbers of compute follow from the seed in both modes", async () => {
  const found: number[][] = [];
  const draw = defineExperiment({
    name: "draw",
    settings: {},
    run: ({ compute }) => {
      random.seed(7);
      const twice = [1, 2].map(() => compute((x) => random.uniformLike(x), tensor([1, 2, 3])));
      found.push(twice.flatMap((x) => [...x.data()]));
    },
  });
  await draw.run({ mode: "compiled" });
  await draw.run({ mode: "eager" });
  expect(found[0]).toEqual(found[1]);
  expect(new Set(found[0]).size).toBe(6);
});
