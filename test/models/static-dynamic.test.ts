// Static against dynamic, with fewer steps: what the script tells, and what its tables say of given measurements.
import { expect, test } from "vitest";
import { modes } from "gradloom";
import staticDynamic, { tables } from "../../examples/static-dynamic.js";
import { Told } from "./told.js";

test("both modes in fresh processes: the same losses, fewer kernels, less memory", { timeout: 240_000 }, async () => {
  const told = new Told();
  await staticDynamic.run({ settings: { models: "xor", seconds: 0.05 }, report: told });
  const [time, memory, breakEven] = told.tables.map(({ rows }) => rows[0]!);
  expect([time, memory, breakEven].map((row) => row![0])).toEqual(Array(3).fill("XOR, 2-2-1, batch 4"));
  expect(memory![2]).toBeLessThan(memory![1] as number);
  expect(told.found["xor: losses differ by"]).toBeLessThan(1e-5);
  expect(told.found["xor: times as fast"]).toBeGreaterThan(1);
  expect([...told.pictures.keys()]).toEqual(["break-even"]);
});

const measurement = (mode: "eager" | "compiled", times: number[]): modes.Measurement => ({
  mode,
  model: "m",
  times,
  losses: [1, 0.5],
  firstStepMs: 1,
  kernels: mode === "eager" ? 30 : 5,
  traffic: mode === "eager" ? 20_480 : 999,
  bytes: mode === "eager" ? 1_310_000 : 0,
  memory: mode === "eager" ? null : { naive: 4000, planned: 3000, lowerBound: 3000 },
});

test("tables of known measurements, by hand", () => {
  // Sums: 20, 24, 28, … against 29, 30, 31, …: equal after the fourth step.
  const told = modes.compareModes(measurement("eager", [20, 4, 4, 4]), measurement("compiled", [29, 1, 1, 1]));
  const all = [{ script: "xor", told, threadedMs: 0.5, soFar: { x: [], y: [] } }];
  const { time, memory, breakEven } = tables(all, 2);
  expect(time.rows[0]!.slice(1)).toEqual(["4.00", "1.00", "4.00", "0.500", "0"]);
  expect(memory.rows[0]!.slice(1)).toEqual([30, 5, "20.5 kB", "999 B", "1.31 MB", "3000 B", "4000 B"]);
  // From the fifth step on; (29 − 1) / (4 − 1) is 9.3.
  expect(breakEven.rows[0]!.slice(1)).toEqual(["20.0", "29.0", "5", "10"]);
});

test(
  "a script that does not exist, one that fails, and options that say nothing are told",
  { timeout: 120_000 },
  async () => {
    await expect(modes.measureScript("examples/none.ts", "eager")).rejects.toThrow("examples/none.ts does not exist");
    const none = modes.measureScript("examples/xor.ts", "eager", { steps: 0 });
    await expect(none).rejects.toThrow("steps is 0, not a whole number from 1 up");
    const fast = modes.measureScript("examples/xor.ts", "fast" as "eager");
    await expect(fast).rejects.toThrow('no mode "fast", only compiled and eager');
    const experiment = modes.measureScript("examples/perceptron.ts", "eager", { steps: 1 });
    await expect(experiment).rejects.toThrow(/the eager process of examples\/perceptron.ts ended with code 1[\s\S]*is an experiment/); // prettier-ignore
  },
);
