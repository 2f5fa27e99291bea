// What tuning may choose: every candidate of a contraction gives what plain loops say. `SCHEDULES` says how many are tried.
import { describe, expect, test } from "vitest";
import { candidateSchedules, type ContractionSchedule } from "#passes/contraction-schedule.js";
import { candidateWindowSchedules, chooseWindowSchedule, type WindowFacts, type WindowSchedule } from "#passes/window-schedule.js"; // prettier-ignore
import { wasm } from "#runtime/wasm/backend.js";
import { seed } from "../random.js";
import { families } from "./families.js";
import { complaintAbout } from "./trial.js";

const count = Math.ceil(Number(process.env.SCHEDULES ?? 200) / 4);
const multiplications = 60_000;

describe.each(["products", "convolutions"])(`all candidates of ${count} random %s from seed ${seed}`, (family) => {
  test("are what plain loops say", { timeout: 600_000 }, () => {
    const tried = new Set<string>();
    for (let i = 0; i < count; i++) {
      const trial = families[family]!(seed + i, multiplications);
      for (let turn = 0, most = 1; turn < most; turn++) {
        const nth = <S extends ContractionSchedule | WindowSchedule>(candidates: readonly S[]): S => {
          most = Math.max(most, candidates.length);
          const schedule = candidates[turn % candidates.length]!;
          tried.add("form" in schedule ? `${schedule.form}${"panels" in schedule && schedule.panels ? " panels" : ""}${"dots" in schedule && schedule.dots ? " dots" : ""}` : "products"); // prettier-ignore
          return schedule;
        };
        const schedules = {
          products: (facts: Parameters<typeof candidateSchedules>[0]) => nth(candidateSchedules(facts)),
          windows: (facts: WindowFacts) => nth(candidateWindowSchedules(facts)),
        };
        const wrong = complaintAbout(trial, wasm, { schedules });
        if (wrong) expect.fail(`${family}, candidate ${turn}, seed ${seed + i}: ${trial.title}\n${wrong}`);
      }
    }
    if (family === "convolutions" && count >= 50)
      expect([...tried].sort()).toEqual(["line", "products", "result", "result panels", "source", "sum", "sum dots"]);
  });
});

const image = { images: [8], plain: [16], others: [32], batches: 1, summed: false, source: null, item: 4 };
const sizes: Readonly<Record<string, WindowFacts>> = {
  forward: { ...image, pairs: [[14, 3, 1, 1], [14, 3, 1, 1]] }, // prettier-ignore
  "input gradient": { ...image, pairs: [[16, 3, 1, 1], [16, 3, 1, 1]], source: 14 * 14 }, // prettier-ignore
  "weight gradient": { ...image, pairs: [[3, 14, 1, 1], [3, 14, 1, 1]], images: [16], plain: [8], summed: true }, // prettier-ignore
  depthwise: { ...image, pairs: [[14, 3, 1, 1], [14, 3, 1, 1]], plain: [], others: [], batches: 16 }, // prettier-ignore
};

test.each(Object.keys(sizes))("%s: two to five different candidates, the usual one first", (name) => {
  const candidates = candidateWindowSchedules(sizes[name]!);
  expect(candidates[0]).toEqual(chooseWindowSchedule(sizes[name]!));
  expect(candidates.length).toBeGreaterThanOrEqual(2);
  expect(candidates.length).toBeLessThanOrEqual(5);
  expect(new Set(candidates.map((c) => JSON.stringify(c))).size).toBe(candidates.length);
});
