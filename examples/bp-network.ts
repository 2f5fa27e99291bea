// The three-layer network that back-propagation is taught by: 2-4-1 sigmoids, trained with the gradient of half the sum of the
// squared errors, while the loss that is printed is their mean.
//
// In the course notes the hidden layer adds b2, the bias of the output: a bug, mended here. Their data are four rows of which two
// are the same, [0,1], with the answers 0 and 1: no function of the rows is right on more than three of the four, and the best
// mean squared error is 1/8. On exclusive or the same network gets all four.
import { defineExperiment, defineModel, grad, nn } from "gradloom";

const rate = 0.1;
const problems = {
  XOR: { x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] },
  "the notes' rows": { x: [[0, 1], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] },
}; // prettier-ignore

const init = nn.initializers.normal();
const options = { activation: "sigmoid", init, biasInit: init } as const;

export const network = defineModel({
  name: "bp-network",
  seed: 1,
  inputs: { x: [4, 2], y: [4, 1] },
  model: () => nn.sequential(nn.dense(2, 4, options), nn.dense(4, 1, options)),
  build: ({ x, y }, model) => {
    const probability = model(x);
    const squares = () => y.sub(probability).pow(2);
    return {
      loss: () => squares().mean(),
      outputs: () => ({ probability }),
      updates: () => {
        const gradients = grad(squares().sum().mul(0.5), model.parameters);
        return new Map(model.parameters.map((p, i) => [p, p.sub(gradients[i]!.mul(rate))]));
      },
    };
  },
  data: () => ({ batches: () => [{ x: problems.XOR.x.flat(), y: problems.XOR.y }] }),
});

export default defineExperiment({
  name: "bp-network",
  doc: "A 2-4-1 network of sigmoids by back-propagation: on XOR, and on four rows that no network can fit.",
  settings: { epochs: 10_000, seed: 1 },
  run: ({ settings, report, step, predict }) => {
    for (const [problem, { x, y }] of Object.entries(problems)) {
      const instance = network.create({ seed: settings.seed });
      const [learn, ask] = [step(instance), predict(instance)];
      const feeds = { x: x.flat(), y };
      let loss = 0;
      for (let epoch = 0; epoch < settings.epochs; epoch++) {
        loss = learn(feeds);
        if (epoch % (settings.epochs / 5) === 0) report.line(`${problem}, epoch ${epoch}: loss ${loss.toFixed(6)}`);
      }
      const found = [...ask({ x: feeds.x }).probability.data];
      const labels = found.map((p) => Number(p > 0.5));
      const right = labels.filter((label, i) => label === y[i]).length;
      report.line(`${problem}, after ${settings.epochs} epochs: loss ${loss.toFixed(6)}, accuracy ${right / 4}`);
      const rows = x.map((row, i) => [`[${row.join(", ")}]`, y[i]!, labels[i]!, found[i]!.toFixed(4)]);
      report.table(["row", "wanted", "label", "output"], rows);
      report.figures({ [`${problem}: loss`]: loss, [`${problem}: accuracy`]: right / 4 });
    }
  },
});
