// Exercises: softmax, sigmoid and their cross entropies written with primitives, beside the built-in ones, on random numbers.
//
// As they are usually written they fail for large numbers, where exp overflows: each is also shown in the form that does not.
import { data, defineExperiment, grad, ops, type Tensor, tensor } from "gradloom";

const [rows, classes] = [64, 10];

/** e^x / Σe^x; taking the largest away first changes nothing but the size of the exponentials. */
export const softmax = (x: Tensor): Tensor => {
  const e = x.sub(x.max(1, { keepDims: true })).exp();
  return e.div(e.sum(1, { keepDims: true }));
};
export const naiveSoftmax = (x: Tensor): Tensor => x.exp().div(x.exp().sum(1, { keepDims: true }));

/** 1/(1 + e^−x). It needs no care: 1/∞ is 0. */
export const sigmoid = (x: Tensor): Tensor => ops.div(1, x.neg().exp().add(1));

/** −Σ t·log softmax(x), as log Σe^(x−m) + m − Σ t·x. */
export const softmaxCrossEntropy = (x: Tensor, t: Tensor): Tensor => {
  const m = x.max(1, { keepDims: true });
  return x.sub(m).exp().sum(1, { keepDims: true }).log().add(m).sub(x.mul(t).sum(1, { keepDims: true })).sum(1); // prettier-ignore
};
export const naiveSoftmaxCrossEntropy = (x: Tensor, t: Tensor): Tensor => naiveSoftmax(x).log().mul(t).sum(1).neg();

/** −t·log σ(x) − (1−t)·log(1−σ(x)), as max(x, 0) − x·t + log(1 + e^−|x|). */
export const sigmoidCrossEntropy = (x: Tensor, t: Tensor): Tensor =>
  x.maximum(0).sub(x.mul(t)).add(x.abs().neg().exp().add(1).log()); // prettier-ignore
export const naiveSigmoidCrossEntropy = (x: Tensor, t: Tensor): Tensor => {
  const p = sigmoid(x);
  return t.mul(p.log()).add(ops.sub(1, t).mul(ops.sub(1, p).log())).neg(); // prettier-ignore
};

type Exercise = (x: Tensor, t: Tensor) => Tensor;
const exercises: Readonly<Record<string, readonly [own: Exercise, builtIn: Exercise, naive: Exercise]>> = {
  softmax: [softmax, (x) => x.softmax(1), naiveSoftmax],
  sigmoid: [sigmoid, (x) => x.sigmoid(), sigmoid],
  "softmax cross entropy": [softmaxCrossEntropy, (x, t) => ops.softmaxCrossEntropy(x, t), naiveSoftmaxCrossEntropy],
  "sigmoid cross entropy": [sigmoidCrossEntropy, ops.binaryCrossEntropyWithLogits, naiveSigmoidCrossEntropy],
};

export default defineExperiment({
  name: "op-exercises",
  doc: "Softmax, sigmoid and their cross entropies from primitives are the built-in ones.",
  settings: { seed: 1 },
  run: ({ settings, report, compute }) => {
    const random = data.seeded(settings.seed);
    const numbers = Float32Array.from({ length: rows * classes }, () => 3 * random.normal());
    const hot = new Float32Array(rows * classes);
    for (let row = 0; row < rows; row++) hot[row * classes + random.int(classes)] = 1;
    const labels = tensor(hot, { shape: [rows, classes] });
    const usual = tensor(numbers, { shape: [rows, classes] });
    const large = tensor(numbers.map((x) => 100 * x), { shape: [rows, classes] }); // prettier-ignore
    // A weight for every number, so that no gradient is 0 because rows of a softmax sum to 1.
    const weights = tensor(numbers.map(Math.sin), { shape: [rows, classes] });
    const table = Object.entries(exercises).map(([name, [own, builtIn, naive]]) => {
      const slope = (f: Exercise) => (x: Tensor, t: Tensor, w: Tensor) => {
        const y = f(x, t);
        return grad((y.rank === 2 ? y.mul(w) : y).sum(), [x])[0];
      };
      const apart = (f: Exercise, x: Tensor): number =>
        compute((a, t) => f(a, t).sub(builtIn(a, t)).abs().max(), x, labels).item();
      const slopesApart = compute(
        (a, t, w) =>
          slope(own)(a, t, w)
            .sub(slope(builtIn)(a, t, w))
            .abs()
            .max(),
        ...([usual, labels, weights] as const),
      ).item();
      report.figures({ [name]: apart(own, usual), [`${name}: gradient`]: slopesApart });
      report.figures({ [`${name}: large numbers`]: apart(own, large) });
      const shown = [apart(own, usual), slopesApart, apart(own, large), apart(naive, large)];
      return [name, ...shown.map((x) => (Number.isFinite(x) ? x.toExponential(1) : String(x)))];
    });
    const head = ["op", "differs by", "gradient differs by", "numbers 100 times larger", "as usually written"];
    report.table(head, table);
  },
});
