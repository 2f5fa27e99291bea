// The formulas of the optimisers as plain float64 code: one weight, its gradient, its state, the number of the step from 1.
import * as optim from "#src/optim/index.js";

export type PlainStep = (w: number, g: number, state: number[], t: number) => number;

/** An optimiser with its formula; `start` is what the state begins with, zeros where nothing is said. */
export interface PlainOptimizer {
  readonly name: string;
  readonly make: () => optim.Optimizer;
  readonly step: PlainStep;
  readonly start?: readonly number[];
}

const square = (x: number): number => x * x;
const { schedules } = optim;

/** Adam's formula with a factor λ of decay beside the step. */
const adam =
  (lr: number, decay = 0, amsgrad = false): PlainStep =>
  (w, g, s, t) => {
    s[0] = 0.9 * s[0]! + 0.1 * g;
    s[1] = 0.999 * s[1]! + 0.001 * g * g;
    s[2] = Math.max(s[2]!, s[1]);
    const v = amsgrad ? s[2] : s[1];
    return w - lr * decay * w - (lr * (s[0] / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
  };

export const plainOptimizers: readonly PlainOptimizer[] = [
  { name: "sgd", make: () => optim.sgd({ lr: 0.05 }), step: (w, g) => w - 0.05 * g },
  {
    name: "sgd with momentum",
    make: () => optim.sgd({ lr: 0.05, momentum: 0.9 }),
    step: (w, g, s) => w - 0.05 * (s[0] = 0.9 * s[0]! + g),
  },
  {
    name: "sgd with averaged momentum",
    make: () => optim.sgd({ lr: 0.05, momentum: 0.9, averaged: true }),
    step: (w, g, s) => w - 0.05 * (s[0] = 0.9 * s[0]! + 0.1 * g),
  },
  {
    name: "sgd with Nesterov's momentum",
    make: () => optim.sgd({ lr: 0.05, momentum: 0.9, nesterov: true }),
    step: (w, g, s) => {
      s[0] = 0.9 * s[0]! + g;
      return w - 0.05 * (g + 0.9 * s[0]);
    },
  },
  {
    name: "momentum",
    make: () => optim.momentum({ lr: 0.05, momentum: 0.8 }),
    step: (w, g, s) => w + (s[0] = 0.8 * s[0]! - 0.05 * g),
  },
  {
    name: "Nesterov's momentum",
    make: () => optim.momentum({ lr: 0.05, momentum: 0.8, nesterov: true }),
    step: (w, g, s) => {
      s[0] = 0.8 * s[0]! - 0.05 * g;
      return w + 0.8 * s[0] - 0.05 * g;
    },
  },
  {
    name: "rmsprop",
    make: () => optim.rmsprop({ lr: 0.02, rho: 0.9 }),
    step: (w, g, s) => {
      s[0] = 0.9 * s[0]! + 0.1 * g * g;
      return w - (0.02 * g) / (Math.sqrt(s[0]) + 1e-8);
    },
  },
  {
    name: "rmsprop, centered, with momentum",
    make: () => optim.rmsprop({ lr: 0.02, rho: 0.9, centered: true, momentum: 0.5, eps: 1e-3 }),
    step: (w, g, s) => {
      s[0] = 0.9 * s[0]! + 0.1 * g * g;
      s[1] = 0.9 * s[1]! + 0.1 * g;
      s[2] = 0.5 * s[2]! + g / (Math.sqrt(s[0] - square(s[1])) + 1e-3);
      return w - 0.02 * s[2];
    },
  },
  {
    name: "adagrad",
    make: () => optim.adagrad({ lr: 0.1, initial: 0.1 }),
    start: [0.1],
    step: (w, g, s) => {
      s[0] = s[0]! + g * g;
      return w - (0.1 * g) / (Math.sqrt(s[0]) + 1e-10);
    },
  },
  {
    name: "adadelta",
    make: () => optim.adadelta(),
    step: (w, g, s) => {
      s[0] = 0.9 * s[0]! + 0.1 * g * g;
      const d = (Math.sqrt(s[1]! + 1e-6) / Math.sqrt(s[0] + 1e-6)) * g;
      s[1] = 0.9 * s[1]! + 0.1 * d * d;
      return w - d;
    },
  },
  { name: "adam", make: () => optim.adam({ lr: 0.1 }), step: adam(0.1) },
  { name: "adam with amsgrad", make: () => optim.adam({ lr: 0.1, amsgrad: true }), step: adam(0.1, 0, true) },
  { name: "adamW", make: () => optim.adamW({ lr: 0.1, weightDecay: 0.02 }), step: adam(0.1, 0.02) },
  {
    name: "adamax",
    make: () => optim.adamax({ lr: 0.05 }),
    step: (w, g, s, t) => {
      s[0] = 0.9 * s[0]! + 0.1 * g;
      s[1] = Math.max(0.999 * s[1]!, Math.abs(g));
      return w - ((0.05 / (1 - 0.9 ** t)) * s[0]) / (s[1] + 1e-8);
    },
  },
  {
    name: "lion with weight decay",
    make: () => optim.lion({ lr: 0.03, weightDecay: 0.1 }),
    step: (w, g, s) => {
      const direction = Math.sign(0.9 * s[0]! + 0.1 * g);
      s[0] = 0.99 * s[0]! + 0.01 * g;
      return w - 0.03 * (direction + 0.1 * w);
    },
  },
  {
    name: "adam with L2 in the gradient",
    make: () => optim.adam({ lr: 0.1, l2: 0.3 }),
    step: (w, g, s, t) => adam(0.1)(w, g + 0.3 * w, s, t),
  },
  {
    name: "sgd, gradients clipped by value",
    make: () => optim.sgd({ lr: 0.05, clip: { value: 1.5 } }),
    step: (w, g) => w - 0.05 * Math.max(-1.5, Math.min(1.5, g)),
  },
  {
    name: "sgd by an exponential schedule",
    make: () => optim.sgd({ lr: schedules.exponential({ lr: 0.1, factor: 0.9 }) }),
    step: (w, g, _, t) => w - 0.1 * 0.9 ** (t - 1) * g,
  },
  {
    name: "adam by a cosine after warming up",
    make: () => optim.adam({ lr: schedules.warmUp(4, schedules.cosine({ lr: 0.1, steps: 12 })) }),
    step: (w, g, s, t) => {
      const lr = t <= 4 ? (0.1 * t) / 4 : 0.05 * (1 + Math.cos((Math.PI * Math.min(t - 5, 12)) / 12));
      return adam(lr)(w, g, s, t);
    },
  },
  {
    name: "accumulation over 3 batches",
    make: () => optim.accumulate(3, optim.sgd({ lr: 0.05, momentum: 0.9 })),
    step: (w, g, s, t) => {
      s[1] = s[1]! + g;
      if (t % 3 !== 0) return w;
      s[0] = 0.9 * s[0]! + s[1] / 3;
      s[1] = 0;
      return w - 0.05 * s[0];
    },
  },
  { name: "averages", make: () => optim.ema(optim.adam({ lr: 0.1 }), { decay: 0.9 }), step: adam(0.1) },
];
