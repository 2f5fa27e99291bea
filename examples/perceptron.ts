// The perceptron (Rosenblatt, 1958): two weights and a bias from 0, sample by sample w += η(t − y)x. The rule is no gradient:
// an update may be any expression.
import { defineExperiment, defineModel, type Parameter, parameter, type Tensor } from "gradloom";

const [rate, patience] = [0.1, 100];
const pairs = [[1, 1], [0, 0], [1, 0], [0, 1]] as const; // prettier-ignore
const problems = { AND: [1, 0, 0, 0], XOR: [0, 0, 1, 1] };

/** A step looks at one sample. */
const perceptron = defineModel({
  name: "perceptron",
  inputs: { x: [2], t: [] },
  model: () => ({ w: parameter([2], 0, { name: "w" }), b: parameter([], 0, { name: "b" }) }),
  build: ({ x, t }, { w, b }) => {
    const y = x.mul(w).sum().add(b).greater(0).cast("f32");
    return {
      loss: () => t.sub(y).abs(),
      outputs: () => ({ y }),
      updates: () => {
        const change = t.sub(y).mul(rate);
        return new Map<Parameter, Tensor>([[w, w.add(change.mul(x))], [b, b.add(change)]]); // prettier-ignore
      },
    };
  },
  data: () => ({ batches: () => pairs.map((x, i) => ({ x, t: problems.AND[i]! })) }),
});

export default defineExperiment({
  name: "perceptron",
  doc: "A perceptron learns AND by the rule w += η(t − y)x; on XOR the same rule cycles without end.",
  settings: { rounds: 10 },
  run: ({ settings, report, step, predict }) => {
    for (const [problem, targets] of Object.entries(problems)) {
      const instance = perceptron.create();
      const [learn, ask] = [step(instance), predict(instance)];
      const { w, b } = instance.model;
      const numbers = () => [...w.data(), ...b.data()].map((x) => x.toFixed(2));
      const round = () => pairs.forEach((x, i) => learn({ x, t: targets[i]! }));
      for (let i = 0; i < settings.rounds; i++) round();
      const found = pairs.map((x) => ask({ x }).y.data[0]!);
      const wrong = found.filter((y, i) => y !== targets[i]).length;
      const [w1, w2, bias] = numbers();
      report.line(
        `${problem} after ${settings.rounds} rounds: weights ${w1} and ${w2}, bias ${bias}; ${wrong} of 4 wrong`,
      );
      report.table(["p", "q", problem, "found"], pairs.map(([p, q], i) => [p, q, targets[i]!, found[i]!])); // prettier-ignore
      report.figures({ [`${problem} wrong`]: wrong });
      const before = String(numbers());
      let rounds = 0;
      do round();
      while (++rounds < patience && String(numbers()) !== before);
      if (wrong > 0) report.line(`after ${rounds} rounds more it is where it was: it cycles`);
      report.figures({ [`${problem} rounds until it is where it was`]: rounds });
    }
  },
});
