// Vectorisation and broadcasting: relu(X·W + b) with loops and without, and the seven examples of how shapes meet.
import { data, defineExperiment, defineModel, scan, type Tensor, tensor } from "gradloom";

type Pair = readonly [name: string, a: Tensor, b: Tensor, f: (a: Tensor, b: Tensor) => Tensor];

/** 1, 2, 3, … in a shape. */
function count(...shape: number[]): Tensor {
  const length = shape.reduce((all, n) => all * n, 1);
  return tensor(Float32Array.from({ length }, (_, i) => i + 1), { shape }); // prettier-ignore
}

const add = (a: Tensor, b: Tensor) => a.add(b);

/** Shapes meet at their last axes; where one has size 1, or no axis at all, its numbers are repeated. */
export const examples: readonly Pair[] = [
  ["(3) + scalar", count(3), count(), add],
  ["(3,1) + (1,4)", count(3, 1), count(1, 4), add],
  ["(2,3) · (3)", count(2, 3), count(3), (a, b) => a.mul(b)],
  ["(2,3,4) + (3,1)", count(2, 3, 4), count(3, 1), add],
  ["(2,3,4) + (3,4)", count(2, 3, 4), count(3, 4), add],
  ["(3,2) @ (2,2)", count(3, 2), count(2, 2), (a, b) => a.matmul(b)],
  ["(5,1,4,1) + (1,3,1,2)", count(5, 1, 4, 1), count(1, 3, 1, 2), add],
];

/** Every number by itself, as a first program would. */
function withLoops(x: Float32Array, w: Float32Array, b: Float32Array, rows: number): Float32Array {
  const [inputs, outputs] = [x.length / rows, b.length];
  const y = new Float32Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < outputs; j++) {
      let sum = b[j]!;
      for (let i = 0; i < inputs; i++) sum += x[row * inputs + i]! * w[i * outputs + j]!;
      y[row * outputs + j] = Math.max(sum, 0);
    }
  }
  return y;
}

const layer = (x: Tensor, w: Tensor, b: Tensor): Tensor => x.matmul(w).add(b).relu();

/** A row at a time, by a loop of the graph. */
const rowByRow = (x: Tensor, w: Tensor, b: Tensor): Tensor =>
  scan((state: never[], row: Tensor) => [state, row.matmul(w).add(b).relu()], [], x)[1];

/** Computes a layer in the mode of the run; compiled, it is compiled once. */
const computing = (f: typeof layer, rows: number, inputs: number, outputs: number) =>
  defineModel({
    name: "layer",
    inputs: { x: [rows, inputs], w: [inputs, outputs], b: [outputs] },
    model: () => null,
    build: ({ x, w, b }) => ({ loss: () => f(x, w, b).sum(), outputs: () => ({ y: f(x, w, b) }) }),
    data: () => ({ batches: () => [] }),
  });

/** The least time of some runs, in milliseconds; what is quick runs for a third of a second. */
function time(runs: number, f: () => unknown): number {
  let least = Infinity;
  const begun = performance.now();
  for (let run = 0; run < runs || performance.now() - begun < 300; run++) {
    const start = performance.now();
    f();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

export default defineExperiment({
  name: "broadcasting",
  doc: "What vectorising brings, and the shapes and values of seven broadcasts.",
  settings: { rows: 1000, inputs: 784, outputs: 100, runs: 5 },
  run: ({ settings: { rows, inputs, outputs, runs }, report, predict, compute }) => {
    const random = data.seeded(1);
    const draw = (length: number) => Float32Array.from({ length }, () => random.normal());
    const [x, w, b] = [draw(rows * inputs), draw(inputs * outputs), draw(outputs)];
    const loops = withLoops(x, w, b, rows);
    const timeOfLoops = time(runs, () => withLoops(x, w, b, rows));
    const table: (string | number)[][] = [["loops over every number", timeOfLoops.toFixed(2), "1", "0"]];
    for (const [name, f] of Object.entries({ "rows in a loop": rowByRow, "no loop": layer })) {
      const ask = predict(computing(f, rows, inputs, outputs).create());
      const found = ask({ x, w, b }).y.data;
      const apart = loops.reduce((most, v, i) => Math.max(most, Math.abs(v - found[i]!)), 0);
      const ms = time(runs, () => ask({ x, w, b }));
      table.push([name, ms.toFixed(2), (timeOfLoops / ms).toFixed(1), apart.toExponential(1)]);
      report.figures({ [`${name}: times as quick as loops`]: timeOfLoops / ms, [`${name}: differs by`]: apart });
    }
    report.line(`relu(X·W + b), X (${rows}, ${inputs}), W (${inputs}, ${outputs}):`);
    report.table(["form", "ms", "times as quick", "differs by"], table);
    const shown = examples.map(([name, a, c, f]) => {
      const y = compute(f, a, c);
      const values = [...y.data()];
      report.figures({ [`${name}: sum`]: values.reduce((sum, v) => sum + v, 0) });
      const some = values.slice(0, 12).join(" ");
      return [name, `(${y.shape.join()})`, values.length > 12 ? `${some} … ${values.at(-1)!}` : some];
    });
    report.table(["operands", "shape", "values"], shown);
  },
});
