// The linear unit, the three-layer network and XOR with momentum: losses against plain code in both modes, and what a run tells.
import { expect, test } from "vitest";
import { type Feeds, type ModelInstance, SilentReport } from "gradloom";
import bpNetwork, { network } from "../../examples/bp-network.js";
import linearUnit, { unit } from "../../examples/linear-unit.js";
import xorMomentum, { networks } from "../../examples/xor-momentum.js";
import { expectNear } from "./plain-code.js";
import { descent, plainLosses, withMomentum } from "./plain-network.js";

const steps = 20;

/** The losses of both modes are those that are wanted. */
function expectBoth<M>(
  make: () => Pick<ModelInstance<never, M>, "train" | "eagerStep">,
  feeds: (i: number) => Feeds,
  want: readonly number[],
) {
  const [train, eager] = [make().train(), make()];
  expectNear(want.map((_, i) => train.run(feeds(i)).loss.data[0]!), want); // prettier-ignore
  expectNear(want.map((_, i) => eager.eagerStep(feeds(i))), want); // prettier-ignore
}

test("the linear unit: losses and weights of ten rounds are those of plain code, and the notes' predictions", async () => {
  const samples = [[5, 5500], [3, 2300], [8, 7600], [1.4, 1800], [10.1, 11400]] as const; // prettier-ignore
  let [w, b] = [0, 0];
  const want = Array.from({ length: 50 }, (_, i) => {
    const [x, t] = samples[i % 5]!;
    const error = t - (w * x + b);
    [w, b] = [w + 0.01 * error * x, b + 0.01 * error];
    return (error * error) / 2;
  });
  const feeds = (i: number) => ({ x: samples[i % 5]![0], t: samples[i % 5]![1] });
  expectBoth(() => unit.create(), feeds, want);
  for (const mode of ["compiled", "eager"] as const) {
    const report = new SilentReport();
    await linearUnit.run({ mode, report });
    expect(report.found.weight).toBeCloseTo(w, 8);
    expect(report.found.bias).toBeCloseTo(b, 8);
    // The figures of the course notes.
    expect(report.found["3.4 years"]!.toFixed(2)).toBe("3907.30");
    expect(report.found["15 years"]!.toFixed(2)).toBe("16946.44");
    // The normal equations: the errors of the line sum up to 0, also weighed by x.
    const errors = samples.map(([x, t]) => t - report.found["least squares: weight"]! * x - report.found["least squares: bias"]!); // prettier-ignore
    expect(errors.reduce((sum, e) => sum + e, 0)).toBeCloseTo(0, 6);
    expect(errors.reduce((sum, e, i) => sum + e * samples[i]![0], 0)).toBeCloseTo(0, 6);
  }
});

test("the three-layer network: the mean of squares is reported, half their sum is trained by", () => {
  const rows = [[0, 0], [0, 1], [1, 0], [1, 1]]; // prettier-ignore
  const y = [0, 1, 1, 0];
  const start = network.create({ seed: 3 }).model.parameters.map((p) => p.data());
  const want = plainLosses(
    {
      ...{ sizes: [2, 4, 1], activations: ["sigmoid", "sigmoid"], start, rows, update: descent(0.1) },
      loss: (outputs) => [
        outputs.reduce((sum, [p], n) => sum + (p! - y[n]!) ** 2, 0) / 4,
        outputs.map(([p], n) => [p! - y[n]!]),
      ],
    },
    steps,
  );
  expectBoth(() => network.create({ seed: 3 }), () => ({ x: rows.flat(), y }), want); // prettier-ignore
});

test("the three-layer network learns XOR, and of the notes' rows three of four", async () => {
  const report = new SilentReport();
  await bpNetwork.run({ report });
  expect(report.found["XOR: accuracy"]).toBe(1);
  expect(report.found["the notes' rows: accuracy"]).toBe(0.75);
  expect(report.found["the notes' rows: loss"]).toBeGreaterThan(0.125);
});

test("XOR with L2 and momentum: twelve networks at once are each that of plain code", () => {
  const table = { x: [0, 0, 0, 1, 1, 0, 1, 1], y: [0, 1, 1, 0] };
  const instance = networks.create();
  const parameters = instance.model.map((p) => p.data());
  const all = Array.from({ length: 12 }, (_, seed) =>
    plainLosses(
      {
        sizes: [2, 3, 1],
        activations: ["sigmoid", "sigmoid"],
        start: parameters.map((p) => p.slice((seed * p.length) / 12, ((seed + 1) * p.length) / 12)),
        rows: [0, 1, 2, 3].map((n) => table.x.slice(2 * n, 2 * n + 2)),
        loss: (outputs, [w1, , w2]) => {
          const entropy = outputs.map(([p], n) => -Math.log(table.y[n] ? p! : 1 - p!));
          const squares = [...w1!, ...w2!].reduce((sum, w) => sum + w * w, 0);
          const loss = entropy.reduce((sum, e) => sum + e, 0) / 4 + (0.01 / 8) * squares;
          return [loss, outputs.map(([p], n) => [(p! - table.y[n]!) / (4 * p! * (1 - p!))])];
        },
        update: decayed(withMomentum(0.1, 0.9)),
      },
      steps,
    ),
  );
  const want = Array.from({ length: steps }, (_, t) => all.reduce((sum, losses) => sum + losses[t]!, 0));
  expectBoth(() => networks.create(), () => table, want); // prettier-ignore
  const found = [...instance.predict().run({ x: table.x, y: table.y }).losses.data];
  found.forEach((loss, seed) => expect(loss).toBeCloseTo(all[seed]![0]!, 12));

  /** The penalty's slope beside that of the cross entropy: weights are the first and third parameter. */
  function decayed(update: ReturnType<typeof withMomentum>): ReturnType<typeof withMomentum> {
    return (p, g, which, t) => update(p, which % 2 ? g : g.map((d, i) => d + (0.01 / 4) * p[i]!), which, t); // prettier-ignore
  }
});

test("XOR with L2 and momentum: twelve seeds settle at two losses, known to ten digits", async () => {
  const report = new SilentReport();
  await xorMomentum.run({ report });
  expect(report.found["different losses"]).toBe(2);
  expect(report.found.least).toBeCloseTo(0.2925742272, 10);
  expect(report.found.greatest).toBeCloseTo(0.2931088536, 10);
});
