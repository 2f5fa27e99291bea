// The linear unit: the perceptron's rule with the identity for its activation, w += η(t − y)x, sample by sample: years at work
// and what they earn. After ten rounds it is still on its way to the least-squares line, which is computed beside it.
import { defineExperiment, defineModel, type Parameter, parameter, type Tensor } from "gradloom";

const rate = 0.01;
const years = [5, 3, 8, 1.4, 10.1];
const salaries = [5500, 2300, 7600, 1800, 11400];
const asked = [3.4, 15, 1.5, 6.3];

/** A step looks at one sample. Salaries to 2 decimals have as many digits as f32, so it computes in f64. */
export const unit = defineModel({
  name: "linear-unit",
  inputs: { x: { shape: [], dtype: "f64" }, t: { shape: [], dtype: "f64" } },
  model: () => ({ w: parameter([], 0, { name: "w", dtype: "f64" }), b: parameter([], 0, { name: "b", dtype: "f64" }) }),
  build: ({ x, t }, { w, b }) => {
    const y = w.mul(x).add(b);
    const error = () => t.sub(y);
    return {
      loss: () => error().pow(2).mul(0.5),
      outputs: () => ({ y }),
      updates: () => {
        const change = error().mul(rate);
        return new Map<Parameter, Tensor>([[w, w.add(change.mul(x))], [b, b.add(change)]]); // prettier-ignore
      },
    };
  },
  data: () => ({ batches: () => years.map((x, i) => ({ x, t: salaries[i]! })) }),
});

/** Slope and height of the line of the least squared errors. */
function leastSquares(x: readonly number[], t: readonly number[]) {
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [atX, atT] = [mean(x), mean(t)];
  const slope = mean(x.map((v, i) => (v - atX) * (t[i]! - atT))) / mean(x.map((v) => (v - atX) ** 2));
  return { w: slope, b: atT - slope * atX };
}

export default defineExperiment({
  name: "linear-unit",
  doc: "A linear unit learns salaries from years at work by the perceptron's rule, beside the least-squares line.",
  settings: { rounds: 10 },
  run: ({ settings, report, step, predict }) => {
    const instance = unit.create();
    const [learn, ask] = [step(instance), predict(instance)];
    for (let round = 0; round < settings.rounds; round++) years.forEach((x, i) => learn({ x, t: salaries[i]! }));
    const [w, b] = [instance.model.w.item(), instance.model.b.item()];
    const line = leastSquares(years, salaries);
    report.line(`after ${settings.rounds} rounds: weight ${w.toFixed(2)}, bias ${b.toFixed(2)}`);
    report.line(`least squares: weight ${line.w.toFixed(2)}, bias ${line.b.toFixed(2)}`);
    const rows = asked.map((x) => {
      const found = ask({ x }).y.data[0]!;
      report.figures({ [`${x} years`]: found });
      return [x, found.toFixed(2), (line.w * x + line.b).toFixed(2)];
    });
    report.table(["years", "salary", "least squares"], rows);
    report.figures({ weight: w, bias: b, "least squares: weight": line.w, "least squares: bias": line.b });
  },
});
