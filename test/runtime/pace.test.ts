// Programs use the threads that make them quicker, and notice when that changes.
import { expect, test } from "vitest";
import { Pace } from "#runtime/threads/pace.js";

/** How many of the runs use all threads, where those take `together` and others `alone`. */
function share(pace: Pace, runs: number, together: number, alone: number): number {
  let used = 0;
  for (let i = 0; i < runs; i++) {
    if (pace.together) used++;
    pace.took(pace.together ? together : alone);
  }
  return used / runs;
}

test("threads that help are used nearly always", () => {
  expect(share(new Pace(), 1000, 1, 1.8)).toBeGreaterThan(0.97);
});

test("threads that wait for each other are left alone", () => {
  expect(share(new Pace(), 1000, 3, 1)).toBeLessThan(0.03);
});

test("what a run gains is no more than the noise: whichever it is, it stays there", () => {
  expect(Math.abs(share(new Pace(), 1000, 1, 1.01) - 0.5)).toBeGreaterThan(0.45);
});

test("a core that comes back is noticed, and one that goes away", () => {
  const pace = new Pace();
  expect(share(pace, 600, 3, 1)).toBeLessThan(0.05);
  share(pace, 600, 1, 1.8);
  expect(share(pace, 600, 1, 1.8)).toBeGreaterThan(0.95);
  share(pace, 600, 3, 1);
  expect(share(pace, 600, 3, 1)).toBeLessThan(0.05);
});
