// All optimisers on one problem: a plane through 256 points, y = 3a − 2b + 1 with noise, where b is small, so that the loss is a
// long valley. Batch, mini-batch and stochastic gradient descent, momentum in both forms, Nesterov, RMSProp, Adagrad, Adam,
// AdamW; schedules, clipping, weight decay.
import { data, defineExperiment, defineModel, optim, type Parameter, parameter, plots } from "gradloom";

const points = 256;
const { schedules } = optim;

/** How to go down: the size of a batch, and the optimiser. */
export interface Way {
  readonly batch: number;
  readonly make: () => optim.Optimizer;
}

/** A step of all but mini-batch and stochastic descent sees the whole set. */
export const ways: Readonly<Record<string, Way>> = {
  batch: { batch: points, make: () => optim.sgd({ lr: 0.1 }) },
  "mini-batch": { batch: 32, make: () => optim.sgd({ lr: 0.1 }) },
  stochastic: { batch: 1, make: () => optim.sgd({ lr: 0.02 }) },
  "momentum, rate outside": { batch: points, make: () => optim.sgd({ lr: 0.1, momentum: 0.9 }) },
  "momentum, rate inside": { batch: points, make: () => optim.momentum({ lr: 0.1, momentum: 0.9 }) },
  Nesterov: { batch: points, make: () => optim.sgd({ lr: 0.1, momentum: 0.9, nesterov: true }) },
  RMSProp: { batch: points, make: () => optim.rmsprop({ lr: 0.05, rho: 0.9 }) },
  Adagrad: { batch: points, make: () => optim.adagrad({ lr: 0.5 }) },
  Adam: { batch: points, make: () => optim.adam({ lr: 0.1 }) },
  AdamW: { batch: points, make: () => optim.adamW({ lr: 0.1, weightDecay: 0.01 }) },
  "exponential schedule": {
    batch: points,
    make: () => optim.sgd({ lr: schedules.exponential({ lr: 0.5, factor: 0.99 }) }),
  },
  "cosine schedule": { batch: points, make: () => optim.sgd({ lr: schedules.cosine({ lr: 0.5, steps: 100 }) }) },
  "clipped by value": { batch: points, make: () => optim.sgd({ lr: 0.1, clip: { value: 0.5 } }) },
  "clipped by norm": { batch: points, make: () => optim.sgd({ lr: 0.1, clip: { norm: 0.5 } }) },
  "clipped by global norm": { batch: points, make: () => optim.sgd({ lr: 0.1, clip: { globalNorm: 0.5 } }) },
  "weight decay": { batch: points, make: () => optim.sgd({ lr: 0.1, weightDecay: 0.01 }) },
};

/** The points, always the same. */
function drawn() {
  const random = data.seeded(1);
  const rows = Array.from(
    { length: points },
    () => [random.normal(), 0.3 * random.normal(), 0.1 * random.normal()] as const,
  );
  const y = rows.map(([a, b, noise]) => 3 * a - 2 * b + 1 + noise);
  return { x: Float32Array.from(rows.flatMap(([a, b]) => [a, b])), y: Float32Array.from(y) };
}
const { x, y } = drawn();
const set = data.dataset({ x: { data: x, shape: [points, 2] }, y });

/** The batches of an epoch, of shuffled points. */
export const batchesOf = (size: number, epoch: number) => set.batches(size, { shuffle: epoch + 1 });

/** The plane, going down in a way. */
export const plane = (make: () => optim.Optimizer) =>
  defineModel({
    name: "plane",
    inputs: { x: ["batch", 2], y: ["batch"] },
    model: () => ({ w: parameter([2, 1], 0, { name: "w" }), b: parameter([1], 0, { name: "b" }) }),
    build: ({ x, y }, { w, b }) => {
      const loss = x.matmul(w).add(b).reshape(y.shape).sub(y).pow(2).mean().mul(0.5);
      return { loss, outputs: { loss } };
    },
    optimizer: make,
    parameters: ({ w, b }): readonly Parameter[] => [w, b],
    data: () => ({ batches: (epoch) => batchesOf(points, epoch) }),
  });

export default defineExperiment({
  name: "optimizers",
  doc: "Every optimiser goes down the same valley: the loss of all points after each epoch.",
  settings: { epochs: 100 },
  run: async ({ settings: { epochs }, report, step, predict }) => {
    const all = { x, y };
    const curves = Object.entries(ways).map(([name, { batch, make }]) => {
      const instance = plane(make).create();
      const [learn, ask] = [step(instance), predict(instance)];
      const loss = () => ask(all).loss.data[0]!;
      const losses = [loss()];
      for (let epoch = 0; epoch < epochs; epoch++) {
        for (const feeds of batchesOf(batch, epoch)) learn(feeds);
        losses.push(loss());
      }
      report.figures({ [name]: losses.at(-1)! });
      return { name, x: losses.map((_, i) => i), y: losses };
    });
    const rows = curves.map(({ name, y: losses }) => {
      const reached = losses.findIndex((loss) => loss < 0.01);
      const at = (epoch: number) => (losses[epoch] ?? losses.at(-1)!).toPrecision(4);
      return [name, ways[name]!.batch, at(1), at(10), at(epochs), reached < 0 ? "never" : reached];
    });
    report.table(["way", "batch", "loss after 1", "after 10", `after ${epochs} epochs`, "below 0.01 after"], rows);
    report.line(
      "As long as the rate is constant, both forms of momentum are the same: their velocities differ by the rate.",
    );
    await report.picture(
      "losses",
      plots.lines(curves, { title: "The loss of all points", x: "epoch", y: "loss", log: true }),
    );
  },
});
