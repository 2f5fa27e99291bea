// Exclusive or with L2 and momentum: 2-3-1 sigmoids, cross entropy + λ/(2m)·ΣW². The penalty lets only a few minima remain:
// twelve random starts end at one of them, to all the digits of float64.
//
// The twelve networks are one: their weights have an axis more, along which nothing is added up. The course notes sum the
// gradients of the biases and average those of the weights; here both are averaged, as the loss says.
import { data, defineExperiment, defineModel, ops, optim, parameter } from "gradloom";

const [lambda, rows, seeds, hidden] = [0.01, 4, 12, 3];
const table = { x: [0, 0, 0, 1, 1, 0, 1, 1], y: [0, 1, 1, 0] };

/** Numbers for every network from a seed of its own: N(0, 1), drawn in the order of the parameters. */
function start(first: number) {
  const shapes = { w1: [2, hidden], b1: [1, hidden], w2: [hidden, 1], b2: [1, 1] };
  const random = Array.from({ length: seeds }, (_, i) => data.seeded(first + i));
  return Object.entries(shapes).map(([name, shape]) => {
    const count = shape[0]! * shape[1]!;
    const numbers = random.flatMap((r) => Array.from({ length: count }, () => r.normal()));
    return parameter([seeds, ...shape], Float64Array.from(numbers), { name, dtype: "f64" });
  });
}

export const networks = defineModel({
  name: "xor-momentum",
  inputs: { x: { shape: [rows, 2], dtype: "f64" }, y: { shape: [rows, 1], dtype: "f64" } },
  model: () => start(1),
  build: ({ x, y }, [w1, b1, w2, b2]) => {
    const logits = ops.matmul(x, w1!).add(b1!).sigmoid().matmul(w2!).add(b2!);
    const entropy = ops.binaryCrossEntropyWithLogits(logits, y.broadcast([seeds, rows, 1])).mean([1, 2]);
    const squares = w1!
      .pow(2)
      .sum([1, 2])
      .add(w2!.pow(2).sum([1, 2]));
    const losses = entropy.add(squares.mul(lambda / (2 * rows)));
    return { loss: () => losses.sum(), outputs: () => ({ losses, probability: logits.sigmoid() }) };
  },
  optimizer: () => optim.momentum({ lr: 0.1, momentum: 0.9 }),
  data: () => ({ batches: () => [table] }),
});

export default defineExperiment({
  name: "xor-momentum",
  doc: "XOR with L2 and momentum: where twelve seeds settle, to 10 digits.",
  settings: { epochs: 5000, until: 40_000 },
  run: ({ settings, report, step, predict }) => {
    const instance = networks.create();
    const [learn, ask] = [step(instance), predict(instance)];
    const losses = () => [...ask(table).losses.data];
    for (let epoch = 0; epoch < settings.epochs; epoch++) learn(table);
    const early = losses();
    for (let epoch = settings.epochs; epoch < settings.until; epoch++) learn(table);
    const late = losses();
    const { data: found } = ask(table).probability;
    const minima = [...new Set(late.map((x) => x.toFixed(10)))].toSorted();
    report.table(
      ["seed", `loss after ${settings.epochs}`, `after ${settings.until}`, "minimum", "right"],
      late.map((x, i) => {
        const right = table.y.filter((y, row) => y === Number(found[rows * i + row]! > 0.5)).length;
        return [i + 1, early[i]!.toFixed(10), x.toFixed(10), 1 + minima.indexOf(x.toFixed(10)), `${right} of ${rows}`];
      }),
    );
    report.line(`${seeds} seeds settle at ${minima.length} losses: ${minima.join(", ")}`);
    report.figures({ "different losses": minima.length, least: Math.min(...late), greatest: Math.max(...late) });
  },
});
