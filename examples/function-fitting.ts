// Function fitting: 1-100-1 with ReLU draws a function of one variable by a hundred pieces of straight lines, Adam at 0.01,
// 5000 epochs of 100 points from −10 to 10.
//
// The second and the third function reach thousands, and Adam moves a weight by about 0.01 a step, however large the gradient:
// 5000 steps are too few for weights that large, and the plain fit of the second misses by a quarter of its deviation. So the
// network fits functions less their mean, in units of their deviation.
//
// Weights and biases start uniform in ±1/√fan-in. With biases of 0 all kinks would stand at x = 0 at first, and the fit fails.
import { defineExperiment, defineModel, nn, optim, plots } from "gradloom";

const points = 100;
const targets = {
  "sin x": (x: number) => Math.sin(x),
  "sin²x + x³cos x + 4x + 2": (x: number) => Math.sin(x) ** 2 + x ** 3 * Math.cos(x) + 4 * x + 2,
  "x⁴ − x³ + x² − x + 1": (x: number) => x ** 4 - x ** 3 + x ** 2 - x + 1,
};
const xs = Array.from({ length: points }, (_, i) => -10 + (20 * i) / (points - 1));

/** Both the weights and the biases of a layer of so many inputs. */
function start(inputs: number) {
  const init = nn.initializers.uniform(-1 / Math.sqrt(inputs), 1 / Math.sqrt(inputs));
  return { init, biasInit: init };
}

export const network = defineModel({
  name: "function-fitting",
  seed: 1,
  inputs: { x: [points, 1], y: [points, 1] },
  model: () => nn.sequential(nn.dense(1, 100, { activation: "relu", ...start(1) }), nn.dense(100, 1, start(100))),
  build: ({ x, y }, model) => {
    const fit = model(x);
    return { loss: () => nn.mse(fit, y).mean(), outputs: () => ({ fit }) };
  },
  optimizer: () => optim.adam({ lr: 0.01 }),
  data: () => ({ batches: () => [{ x: xs, y: xs.map(targets["sin x"]) }] }),
});

/** Numbers less their mean in units of their deviation; the mean; the deviation. */
function inUnits(values: readonly number[]): readonly [number[], number, number] {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
  return [values.map((v) => (v - mean) / deviation), mean, deviation];
}

export default defineExperiment({
  name: "function-fitting",
  doc: "A 1-100-1 network of ReLUs is fitted to three functions of one variable.",
  settings: { epochs: 5000, seed: 2 },
  run: async ({ settings, report, step, predict }) => {
    for (const [name, f] of Object.entries(targets)) {
      const [y, mean, deviation] = inUnits(xs.map(f));
      const instance = network.create({ seed: settings.seed });
      const [learn, ask] = [step(instance), predict(instance)];
      for (let epoch = 0; epoch < settings.epochs; epoch++) learn({ x: xs, y });
      const fit = [...ask({ x: xs }).fit.data];
      const error = Math.sqrt(y.reduce((sum, v, i) => sum + (v - fit[i]!) ** 2, 0) / points);
      report.line(`${name}: the error is ${(100 * error).toFixed(2)} % of the deviation of the function from its mean`);
      report.figures({ [`${name}: error as part of the deviation`]: error });
      const series = [
        { name: "target", x: xs, y: xs.map(f), dots: true },
        { name: "fit", x: xs, y: fit.map((v) => v * deviation + mean) },
      ];
      await report.picture(name, plots.lines(series, { title: name, x: "x", y: "f(x)" }));
    }
  },
});
