// Programs use the threads that make them quicker, and notice when that changes.
import { expect, test } from "vitest";
import { seeded } from "#src/random.js";
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

test("runs that are held up, one in eight for ten times as long, do not make it leave what is quicker", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    const pace = new Pace();
    let used = 0;
    for (let i = 0; i < 300; i++) {
      if (pace.together) used++;
      pace.took((pace.together ? 1 : 1.8) * (1 + 0.2 * random.uniform()) * (random.uniform() < 1 / 8 ? 10 : 1));
    }
    expect(used / 300, `seed ${seed}`).toBeGreaterThan(0.75);
  }
});
