// Linear regression with gradients written by hand: y = 2x from four points. The updates are plain expressions, as the
// course notes write them; no gradient is derived.
import { defineModel, parameter } from "gradloom";

const learningRate = 0.01;
const points = { x: [1, 2, 3, 4], y: [2, 4, 6, 8] };

export default defineModel({
  name: "linear-regression",
  doc: "y = w·x + b by hand-written gradients of the mean squared error.",
  inputs: { x: [4], y: [4] },
  model: () => ({ w: parameter([], 0, { name: "w" }), b: parameter([], 0, { name: "b" }) }),
  build: ({ x, y }, { w, b }) => {
    const prediction = x.mul(w).add(b);
    const error = prediction.sub(y);
    return {
      loss: () => error.mul(error).mean(),
      outputs: () => ({ prediction }),
      updates: () => {
        const gradientOfW = error.mul(x).mean().mul(2);
        const gradientOfB = error.mean().mul(2);
        return new Map([
          [w, w.sub(gradientOfW.mul(learningRate))],
          [b, b.sub(gradientOfB.mul(learningRate))],
        ]);
      },
    };
  },
  data: () => ({ batches: () => [points], batchesPerEpoch: 1 }),
  epochs: 1000,
  logEvery: 100,
  evaluate: (predict) => {
    const [atZero, atOne] = predict({ x: [0, 1, 5, 10] }).prediction.data;
    return { w: atOne! - atZero!, b: atZero! };
  },
});
