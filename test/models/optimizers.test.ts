// All optimisers on one problem, and gradient ascent: against plain float64 code, in both modes.
import { expect, test } from "vitest";
import { data, defineModel, optim, parameter } from "gradloom";
import gradientAscent, { climb, digits, images } from "../../examples/gradient-ascent.js";
import optimizers, { batchesOf, plane, ways } from "../../examples/optimizers.js";
import { expectNear } from "./plain-code.js";
import { descent, plainAdam, withMomentum } from "./plain-network.js";
import { Told } from "./told.js";

const modes = ["compiled", "eager"] as const;
const steps = 20;

type Numbers = number[];
type Update = (p: Numbers, g: Numbers, which: number, t: number) => void;

/** A rule for one number, which keeps one number. */
function kept(rule: (w: number, g: number, state: [number], t: number) => number): Update {
  const states = new Map<number, [number][]>();
  return (p, g, which, t) => {
    const own = states.get(which) ?? p.map((): [number] => [0]);
    states.set(which, own);
    g.forEach((d, i) => (p[i] = rule(p[i]!, d, own[i]!, t)));
  };
}

const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
const shorter = (g: Numbers, length: number) => g.map((d) => d * Math.min(1, 0.5 / length));
const sgd = descent(0.1);

/** The formulas, as their papers write them. */
const plain: Readonly<Record<string, Update>> = {
  batch: sgd,
  "mini-batch": sgd,
  stochastic: descent(0.02),
  "momentum, rate outside": kept((w, g, s) => w - 0.1 * (s[0] = 0.9 * s[0] + g)),
  "momentum, rate inside": withMomentum(0.1, 0.9),
  Nesterov: kept((w, g, s) => w - 0.1 * (g + 0.9 * (s[0] = 0.9 * s[0] + g))),
  RMSProp: kept((w, g, s) => w - (0.05 * g) / (Math.sqrt((s[0] = 0.9 * s[0] + 0.1 * g * g)) + 1e-8)),
  Adagrad: kept((w, g, s) => w - (0.5 * g) / (Math.sqrt((s[0] += g * g)) + 1e-10)),
  Adam: plainAdam(0.1),
  AdamW: decaying(plainAdam(0.1)),
  "exponential schedule": (p, g, which, t) => descent(0.5 * 0.99 ** t)(p, g, which, t),
  "cosine schedule": (p, g, which, t) => descent(0.25 * (1 + Math.cos((Math.PI * t) / 100)))(p, g, which, t),
  "clipped by value": (p, g, which, t) => sgd(p, g.map((d) => Math.min(0.5, Math.max(-0.5, d))), which, t), // prettier-ignore
  "clipped by norm": (p, g, which, t) => sgd(p, shorter(g, norm(g)), which, t),
  "clipped by global norm": sgd,
  "weight decay": decaying(sgd),
};

function decaying(update: Update): Update {
  return (p, g, which, t) => {
    p.forEach((w, i) => (p[i] = w - 0.1 * 0.01 * w));
    update(p, g, which, t);
  };
}

function batchesFor(size: number) {
  const all = Array.from({ length: steps }, (_, epoch) => [...batchesOf(size, epoch)].slice(0, steps)).flat();
  return all
    .slice(0, steps)
    .map(({ x, y }) => ({ x: { ...x, data: x.data.slice() }, y: { ...y, data: y.data.slice() } }));
}

test.each(Object.keys(ways))("%s: the losses of 20 steps are those of the formula, in both modes", (name) => {
  const { batch, make } = ways[name]!;
  const batches = batchesFor(batch);
  const [w, b] = [[0, 0], [0]];
  const want = batches.map(({ x, y }, t) => {
    const errors = Array.from(y.data, (v, n) => x.data[2 * n]! * w[0]! + x.data[2 * n + 1]! * w[1]! + b[0]! - v);
    const mean = (of: (n: number) => number) => errors.reduce((sum, e, n) => sum + e * of(n), 0) / errors.length;
    const loss = mean((n) => errors[n]!) / 2;
    const gradients = [[mean((n) => x.data[2 * n]!), mean((n) => x.data[2 * n + 1]!)], [mean(() => 1)]]; // prettier-ignore
    const whole = name === "clipped by global norm" ? norm(gradients.flat()) : 0;
    [w, b].forEach((p, i) => plain[name]!(p, whole > 0 ? shorter(gradients[i]!, whole) : gradients[i]!, i, t));
    return loss;
  });
  const [train, eager] = [plane(make).create().train(), plane(make).create()];
  expectNear(batches.map((feeds) => train.run(feeds).loss.data[0]!), want); // prettier-ignore
  expectNear(batches.map((feeds) => eager.eagerStep(feeds)), want); // prettier-ignore
});

test("optimisers: every way is in the picture and ends far below its start, both momenta at one loss", async () => {
  const report = new Told();
  await optimizers.run({ report, settings: { epochs: 30 } });
  const { svg } = report.pictures.get("losses")!;
  for (const name of Object.keys(ways)) expect(svg).toContain(name);
  expect(Object.keys(report.found)).toEqual(Object.keys(ways));
  for (const loss of Object.values(report.found)) expect(loss).toBeLessThan(2);
  expect(report.found["momentum, rate inside"]! / report.found["momentum, rate outside"]! - 1).toBeCloseTo(0, 4);
});

test.each(modes)("gradient ascent: %s, the way up the hill is the one in closed form", (mode) => {
  const instance = climb.create();
  const train = mode === "compiled" ? instance.train() : null;
  const feeds = { top: [1, -0.5] };
  for (let t = 0; t < steps; t++) {
    // x goes a fifth of its distance to the top a step, y two fifths.
    const [x, y] = [1 - 2.5 * 0.8 ** t, -0.5 + 2 * 0.6 ** t];
    expect(instance.model.x.item()).toBeCloseTo(x, 5);
    expect(instance.model.y.item()).toBeCloseTo(y, 5);
    const height = train ? train.run(feeds).loss.data[0]! : instance.eagerStep(feeds);
    expect(height).toBeCloseTo(4 - (x - 1) ** 2 - 2 * (y + 0.5) ** 2, 4);
  }
});

test.each(modes)("gradient ascent: %s, the scores of images are those of plain code", (mode) => {
  const net = digits.create({ seed: 2 }).model;
  const instance = images(net).create();
  const own = Array.from({ length: 100 }, (_, i) => Number(i % 11 === 0));
  const random = data.seeded(3);
  const start = Float32Array.from({ length: 7840 }, () => 0.1 * random.normal());
  instance.model.assign(start);
  const [w1, b1, w2, b2] = net.parameters.map((p) => Array.from(p.data())) as [Numbers, Numbers, Numbers, Numbers];
  const all = Array.from({ length: 10 }, (_, d) => plainAscent(Array.from(start.slice(784 * d, 784 * (d + 1))), d)); // prettier-ignore
  const want = Array.from({ length: 5 }, (_, t) => all.reduce((sum, scores) => sum + scores[t]!, 0));
  const train = mode === "compiled" ? instance.train() : null;
  expectNear(want.map(() => (train ? train.run({ own }).loss.data[0]! : instance.eagerStep({ own }))), want); // prettier-ignore

  /** The scores of five steps of one image, by hand. */
  function plainAscent(image: Numbers, digit: number): Numbers {
    return Array.from({ length: 5 }, () => {
      const z = b1.map((b, j) => image.reduce((sum, v, i) => sum + v * w1[64 * i + j]!, b));
      const slope = image.map((v, i) => z.reduce((sum, a, j) => sum + (a > 0 ? w1[64 * i + j]! * w2[10 * j + digit]! : 0), -0.1 * v)); // prettier-ignore
      let score =
        z.reduce((sum, a, j) => sum + Math.max(a, 0) * w2[10 * j + digit]!, b2[digit]!) - 0.05 * norm(image) ** 2;
      for (let i = 0; i < 784; i++) {
        for (const next of [i % 28 < 27 ? i + 1 : i, i < 756 ? i + 28 : i]) {
          const step = image[next]! - image[i]!;
          score -= 0.5 * step * step;
          slope[next]! -= step;
          slope[i]! += step;
        }
      }
      slope.forEach((s, i) => (image[i]! += 0.1 * s));
      return score;
    });
  }
});

test("gradient ascent shows the path and ten images, which the net takes for their digits", async () => {
  const report = new Told();
  await gradientAscent.run({ report, settings: { batches: 60, ascent: 60 } });
  expect([...report.pictures.keys()]).toEqual(["path", "images"]);
  expect(report.found["images taken for their digit"]).toBeGreaterThanOrEqual(9);
  expect(report.found["test accuracy"]).toBeGreaterThan(0.75);
});

test("a model whose loss depends on no input is refused, before a step is taken", () => {
  const model = defineModel({
    name: "alone",
    inputs: {},
    model: () => parameter([], 3, { name: "w" }),
    build: (_, w) => ({ loss: w.pow(2) }),
    optimizer: () => optim.sgd({ lr: 0.1 }),
    data: () => ({ batches: () => [{}] }),
  });
  const instance = model.create();
  expect(() => instance.train()).toThrow(/^alone: the loss depends on no input/);
  expect(instance.model.item()).toBe(3);
});
