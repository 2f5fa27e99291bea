// Schedules against their closed forms, in a graph and eagerly; what is wrong with their options.
import { describe, expect, test } from "vitest";
import { compile } from "#src/compile.js";
import { tensor } from "#src/creation.js";
import { Graph } from "#src/graph.js";
import { schedules, sgd, type Schedule } from "#src/optim/index.js";
import { parameter } from "#src/parameter.js";

const { constant, cosine, exponential, linear, oneCycle, piecewise, step, warmUp } = schedules;
const cosineFrom = (from: number, to: number, x: number) => to + ((from - to) * (1 + Math.cos(Math.PI * x))) / 2;

test("a schedule that is no formula of a tensor is refused", () => {
  const lr = (t: Parameters<Schedule>[0]) => (0.1 * (t as never)) as never;
  const w = parameter([], 1, { name: "w" });
  expect(() => sgd({ lr }).minimize(() => w.mul(2))).toThrow("sgd: the schedule gave NaN, not a tensor");
});

const closedForms: readonly [string, Schedule, (t: number) => number][] = [
  ["constant", constant(0.25), () => 0.25],
  ["step", step({ lr: 0.5, every: 3, factor: 0.5 }), (t) => 0.5 * 0.5 ** Math.floor(t / 3)],
  ["exponential", exponential({ lr: 0.5, factor: 0.25, every: 5 }), (t) => 0.5 * 0.25 ** (t / 5)],
  ["linear", linear({ lr: 0.5, steps: 10, end: 0.1 }), (t) => (t < 10 ? 0.5 - 0.04 * t : 0.1)],
  ["cosine", cosine({ lr: 0.5, steps: 10, end: 0.1 }), (t) => cosineFrom(0.5, 0.1, Math.min(t, 10) / 10)],
  ["cosine with restarts", cosine({ lr: 0.5, steps: 4, restarts: true }), (t) => cosineFrom(0.5, 0, (t % 4) / 4)],
  ["piecewise", piecewise([[0, 0.3], [5, 0.2], [6, 0.1]]), (t) => (t < 5 ? 0.3 : t < 6 ? 0.2 : 0.1)], // prettier-ignore
  ["warm-up of a number", warmUp(4, 0.8), (t) => (t < 4 ? (0.8 * (t + 1)) / 4 : 0.8)],
  [
    "warm-up from a half, of a schedule",
    warmUp(5, exponential({ lr: 1, factor: 0.9 }), 0.5),
    (t) => (t < 5 ? 0.5 + (0.5 * (t + 1)) / 5 : 0.9 ** (t - 5)),
  ],
  [
    "one cycle",
    oneCycle({ lr: 0.5, steps: 20, up: 0.25, start: 0.1, end: 0.01 }),
    (t) => (t <= 4 ? cosineFrom(0.1, 0.5, t / 4) : cosineFrom(0.5, 0.01, (Math.min(t, 19) - 4) / 15)),
  ],
];

describe.each(closedForms)("%s", (_, schedule, want) => {
  const steps = Array.from({ length: 25 }, (_, t) => t);

  test("in a graph", () => {
    const t = new Graph().input("t", [], "f64");
    const rate = compile({ outputs: { rate: schedule(t) } });
    for (const at of steps) expect(rate.run({ t: at }).rate.data[0], `t = ${at}`).toBeCloseTo(want(at), 14);
  });

  test("eager, in f32", () => {
    for (const at of steps) expect(schedule(tensor(at)).item(), `t = ${at}`).toBeCloseTo(want(at), 6);
  });
});

test("one cycle to 0.1 in 10 steps: up in 2, from a 25th, down in 7 to a 10 000th of that", () => {
  const want = [0.004, 0.052, 0.1, 0.09504846, 0.08117456, 0.06112616, 0.03887424, 0.01882584, 0.00495194, 4e-7];
  const schedule = oneCycle({ lr: 0.1, steps: 10 });
  want.forEach((rate, t) => expect(schedule(tensor(t)).item(), `t = ${t}`).toBeCloseTo(rate, 6));
});

test("the first step of an optimiser takes the rate at 0", () => {
  const w = parameter([], 1);
  sgd({ lr: piecewise([[0, 0.5], [1, 0]]) }).minimize(() => w.mul(1)); // prettier-ignore
  expect(w.item()).toBe(0.5);
});

test.each<[string, () => unknown]>([
  ["cosine: steps is 0, not a whole number from 1 up", () => cosine({ lr: 1, steps: 0 })],
  ["linear: steps is 1.5, not a whole number from 1 up", () => linear({ lr: 1, steps: 1.5 })],
  ["step: every is 0, not a whole number from 1 up", () => step({ lr: 1, every: 0 })],
  ["step: lr is -1, not a number from 0 up", () => step({ lr: -1, every: 2 })],
  ["exponential: factor is 0, not a number above 0", () => exponential({ lr: 1, factor: 0 })],
  ["warmUp: steps is 0, not a whole number from 1 up", () => warmUp(0, 0.1)],
  ["warmUp: from is 2, not in 0 ≤ from < 1", () => warmUp(3, 0.1, 2)],
  ["oneCycle: a fraction of 0.3 of 3 steps leaves no step to go up", () => oneCycle({ lr: 1, steps: 3 })],
  ["piecewise: the first rate must hold from step 0", () => piecewise([[1, 0.1]])],
  ["piecewise: the first rate must hold from step 0", () => piecewise([])],
  ["piecewise: step 5 does not come after step 5", () => piecewise([[0, 1], [5, 1], [5, 2]])], // prettier-ignore
  [
    "cosine: it has no option period; there are lr, steps, end, restarts",
    () => cosine({ lr: 1, steps: 2, period: 3 } as never),
  ],
])("%s", (message, make) => expect(make).toThrow(message));
