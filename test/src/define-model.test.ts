// Models in both modes against plain float64 code: linear regression and XOR as course notes write them.
import { describe, expect, test } from "vitest";
import { defineModel } from "#src/define-model.js";
import { grad } from "#src/gradients.js";
import * as nn from "#src/nn/index.js";
import * as optim from "#src/optim/index.js";
import { parameter } from "#src/parameter.js";

const line = defineModel({
  name: "linear-regression",
  inputs: { x: [4], y: [4] },
  model: () => ({ w: parameter([], 0, { name: "w" }), b: parameter([], 0, { name: "b" }) }),
  build: ({ x, y }, { w, b }) => {
    const error = x.mul(w).add(b).sub(y);
    const updates = () =>
      new Map([
        [
          w,
          w.sub(
            error
              .mul(x)
              .mean()
              .mul(2 * 0.01),
          ),
        ],
        [b, b.sub(error.mean().mul(2 * 0.01))],
      ]);
    return { loss: error.mul(error).mean(), updates };
  },
  data: () => ({ batches: () => [{ x: [1, 2, 3, 4], y: [2, 4, 6, 8] }] }),
  epochs: 1000,
});

const rows = { x: [0, 0, 0, 1, 1, 0, 1, 1], y: [0, 1, 1, 0] };
const xor = defineModel({
  name: "xor",
  inputs: { x: ["batch", 2], y: ["batch", 1] },
  model: () => {
    const init = nn.initializers.normal();
    return nn.sequential(
      nn.dense(2, 2, { activation: "sigmoid", init }),
      nn.dense(2, 1, { activation: "sigmoid", init }),
    );
  },
  build: ({ x, y }, model) => {
    const probability = model(x);
    return {
      loss: () => nn.binaryCrossEntropy(probability, y).mean(),
      outputs: () => ({ probability }),
    };
  },
  optimizer: () => optim.sgd({ lr: 0.1 }),
  data: () => ({ batches: () => [rows] }),
});

/** The losses of linear regression from w = b = 0, in plain numbers. */
function lineLosses(steps: number): number[] {
  let [w, b] = [0, 0];
  return Array.from({ length: steps }, () => {
    const errors = [1, 2, 3, 4].map((x) => w * x + b - 2 * x);
    const loss = errors.reduce((sum, e) => sum + e * e, 0) / 4;
    w -= (0.02 * errors.reduce((sum, e, i) => sum + e * (i + 1), 0)) / 4;
    b -= (0.02 * errors.reduce((sum, e) => sum + e, 0)) / 4;
    return loss;
  });
}

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** The losses of XOR's network by hand-written back-propagation. */
function xorLosses(start: readonly ArrayLike<number>[], steps: number): number[] {
  const [w1, b1, w2, b2] = start.map((x) => Array.from(x)) as [number[], number[], number[], number[]];
  return Array.from({ length: steps }, () => {
    const [dw1, db1, dw2, db2] = [w1, b1, w2, b2].map((p) => p.map(() => 0)) as [
      number[],
      number[],
      number[],
      number[],
    ];
    let loss = 0;
    for (let n = 0; n < 4; n++) {
      const x = [rows.x[2 * n]!, rows.x[2 * n + 1]!];
      const y = rows.y[n]!;
      const h = [0, 1].map((j) => sigmoid(x[0]! * w1[j]! + x[1]! * w1[2 + j]! + b1[j]!));
      const p = sigmoid(h[0]! * w2[0]! + h[1]! * w2[1]! + b2[0]!);
      loss -= (y * Math.log(p) + (1 - y) * Math.log(1 - p)) / 4;
      const d = (p - y) / 4;
      db2[0]! += d;
      h.forEach((hj, j) => {
        dw2[j]! += d * hj;
        const dj = d * w2[j]! * hj * (1 - hj);
        db1[j]! += dj;
        x.forEach((xi, i) => (dw1[2 * i + j]! += dj * xi));
      });
    }
    const pairs = [[w1, dw1], [b1, db1], [w2, dw2], [b2, db2]] as const; // prettier-ignore
    for (const [p, d] of pairs) d.forEach((g, i) => (p[i]! -= 0.1 * g));
    return loss;
  });
}

const near = (have: readonly number[], want: readonly number[]) =>
  have.forEach((x, i) => expect(Math.abs(x / want[i]! - 1), `step ${i}`).toBeLessThan(1e-4));

describe("linear regression by hand-written updates", () => {
  test("compiled and eager losses are those of plain code", () => {
    const feeds = { x: [1, 2, 3, 4], y: [2, 4, 6, 8] };
    const [compiled, eager] = [line.create(), line.create()];
    const train = compiled.train();
    near(Array.from({ length: 20 }, () => train.run(feeds).loss.data[0]!), lineLosses(20)); // prettier-ignore
    near(Array.from({ length: 20 }, () => eager.eagerStep(feeds)), lineLosses(20)); // prettier-ignore
  });
});

describe("XOR", () => {
  test("compiled and eager losses are those of hand-written back-propagation", () => {
    const [compiled, eager] = [xor.create({ seed: 3 }), xor.create({ seed: 3 })];
    const start = compiled.parameters.map((p) => p.data());
    expect(eager.parameters.map((p) => p.data())).toEqual(start);
    const want = xorLosses(start, 20);
    const train = compiled.train();
    near(Array.from({ length: 20 }, () => train.run(rows).loss.data[0]!), want); // prettier-ignore
    near(Array.from({ length: 20 }, () => eager.eagerStep(rows)), want); // prettier-ignore
    const fed = { x: rows.x };
    const [a, b] = [compiled.predict().run(fed).probability.data, eager.eagerPredict(fed).probability.data];
    near([...a], [...b]);
  });

  test("another seed starts elsewhere, the same seed in the same place", () => {
    const start = (seed: number) => [...xor.create({ seed }).parameters[0]!.data()];
    expect(start(1)).toEqual(start(1));
    expect(start(1)).not.toEqual(start(2));
  });

  test("the gradients of an instance are those of grad, in f64 too", () => {
    const instance = xor.create();
    const single = instance.gradients().run(rows);
    const double = instance.gradients({ dtype: "f64" }).run(rows);
    expect(Object.keys(single)).toEqual([
      "loss",
      "gradient of dense1/weight",
      "gradient of dense1/bias",
      "gradient of dense2/weight",
      "gradient of dense2/bias",
    ]);
    for (const [name, { data }] of Object.entries(double)) {
      expect(data).toBeInstanceOf(Float64Array);
      Array.from(data).forEach((x, i) => expect(single[name]!.data[i]).toBeCloseTo(x, 5));
    }
    expect(grad(instance.static.loss, instance.parameters)).toHaveLength(4);
  });

  test("its summary has a row per layer that computes", () => {
    expect(xor.create().summary()).toEqual([
      { name: "dense1", kind: "dense", output: "f32[batch,2]", parameters: 6 },
      { name: "dense2", kind: "dense", output: "f32[batch,1]", parameters: 3 },
    ]);
  });
});
