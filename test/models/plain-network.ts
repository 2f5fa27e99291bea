// Chains of dense layers trained by back-propagation in plain float64 loops: no tensor, no graph.

type Numbers = number[];

/** The activation at the end of a layer, and its slope as a function of what it gave. */
const activations = {
  sigmoid: { of: (z: number) => 1 / (1 + Math.exp(-z)), slope: (a: number) => a * (1 - a) },
  relu: { of: (z: number) => Math.max(z, 0), slope: (a: number) => (a > 0 ? 1 : 0) },
  none: { of: (z: number) => z, slope: () => 1 },
};

/** What to train, and how. */
export interface PlainTraining {
  /** `[2, 4, 1]`: the units of every layer, those of the input first. */
  readonly sizes: readonly number[];
  readonly activations: readonly (keyof typeof activations)[];
  /** Weight, row by row `[in, out]`, and bias of every layer in turn. */
  readonly start: readonly ArrayLike<number>[];
  readonly rows: readonly (readonly number[])[];
  /** The loss to report, and the slope of the loss to train by for every output of every row. */
  readonly loss: (outputs: readonly Numbers[], parameters: readonly Numbers[]) => readonly [number, Numbers[]];
  /** Changes a parameter in place; `t` counts the steps from 0. */
  readonly update: (parameter: Numbers, gradient: Numbers, which: number, t: number) => void;
}

/** The losses before each of some steps. */
export function plainLosses(training: PlainTraining, steps: number): number[] {
  const parameters = training.start.map((p) => Array.from(p));
  return Array.from({ length: steps }, (_, t) => {
    const values = training.rows.map((row) => forward(training, parameters, row));
    const [loss, slopes] = training.loss(values.map((layers) => layers.at(-1)!), parameters); // prettier-ignore
    const gradients = parameters.map((p) => p.map(() => 0));
    values.forEach((layers, n) => backward(training, parameters, gradients, layers, slopes[n]!));
    parameters.forEach((p, i) => training.update(p, gradients[i]!, i, t));
    return loss;
  });
}

/** The row, and what every layer makes of it. */
function forward({ sizes, activations: names }: PlainTraining, parameters: readonly Numbers[], row: readonly number[]) {
  const layers = [[...row]];
  names.forEach((name, l) => {
    const [x, w, b] = [layers[l]!, parameters[2 * l]!, parameters[2 * l + 1]!];
    const out = sizes[l + 1]!;
    layers.push(b.map((bias, j) => activations[name].of(x.reduce((sum, v, i) => sum + v * w[i * out + j]!, bias))));
  });
  return layers;
}

function backward(
  { sizes, activations: names }: PlainTraining,
  parameters: readonly Numbers[],
  gradients: readonly Numbers[],
  layers: readonly Numbers[],
  slopes: Numbers,
) {
  let after = slopes;
  for (let l = names.length - 1; l >= 0; l--) {
    const [x, w, out] = [layers[l]!, parameters[2 * l]!, sizes[l + 1]!];
    const delta = after.map((s, j) => s * activations[names[l]!].slope(layers[l + 1]![j]!));
    delta.forEach((d, j) => {
      gradients[2 * l + 1]![j]! += d;
      x.forEach((v, i) => (gradients[2 * l]![i * out + j]! += d * v));
    });
    after = x.map((_, i) => delta.reduce((sum, d, j) => sum + d * w[i * out + j]!, 0));
  }
}

/** Gradient descent. */
export const descent = (rate: number): PlainTraining["update"] => (p, g) => g.forEach((d, i) => (p[i]! -= rate * d)); // prettier-ignore

/** Keras's momentum: the rate stands inside of the velocity. */
export function withMomentum(rate: number, mu: number): PlainTraining["update"] {
  const velocities = new Map<number, Numbers>();
  return (p, g, which) => {
    const v = velocities.get(which) ?? p.map(() => 0);
    velocities.set(which, v);
    g.forEach((d, i) => {
      v[i] = mu * v[i]! - rate * d;
      p[i]! += v[i]!;
    });
  };
}

/** Adam, as the paper writes it. */
export function plainAdam(rate: number, [beta1, beta2, eps] = [0.9, 0.999, 1e-8] as const): PlainTraining["update"] {
  const means = new Map<number, readonly [Numbers, Numbers]>();
  return (p, g, which, t) => {
    const [m, v] = means.get(which) ?? [p.map(() => 0), p.map(() => 0)];
    means.set(which, [m, v]);
    g.forEach((d, i) => {
      m[i] = beta1 * m[i]! + (1 - beta1) * d;
      v[i] = beta2 * v[i]! + (1 - beta2) * d * d;
      p[i]! -= ((rate * m[i]!) / (1 - beta1 ** (t + 1))) / (Math.sqrt(v[i]! / (1 - beta2 ** (t + 1))) + eps); // prettier-ignore
    });
  };
}
