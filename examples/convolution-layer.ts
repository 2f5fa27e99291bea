// The convolution layer by hand: outputs, gradients under unequal cotangents, the gradient check, and which way the kernel lies.
//
// Input and filters are those of the course notes. Their layer, like everyone's, is a cross-correlation: convolution proper turns
// the kernel by half a circle first. A check whose cotangents are all 1 cannot see errors that swap or move them: here they differ.
import { data, defineExperiment, defineModel, grad, ops, type Tensor, tensor } from "gradloom";

const [size, channels, filters] = [5, 3, 2];
const image = [
  ...[0, 1, 1, 0, 2, 2, 2, 2, 2, 1, 1, 0, 0, 2, 0, 0, 1, 1, 0, 0, 1, 2, 0, 0, 2],
  ...[1, 0, 2, 2, 0, 0, 0, 0, 2, 0, 1, 2, 1, 2, 1, 1, 0, 0, 0, 0, 1, 2, 1, 1, 1],
  ...[2, 1, 2, 0, 0, 1, 0, 0, 1, 0, 0, 2, 1, 0, 1, 0, 1, 2, 2, 2, 2, 1, 0, 0, 1],
];
const weights = [
  ...[-1, 1, 0, 0, 1, 0, 0, 1, 1, -1, -1, 0, 0, 0, 0, 0, -1, 0, 0, 0, -1, 0, 1, 0, 1, -1, -1],
  ...[1, 1, -1, -1, -1, 1, 0, -1, 1, 0, 1, 0, -1, 0, -1, -1, 1, 0, -1, 0, 0, -1, 0, 1, -1, 0, 0],
];
const biases = [1, 0];
const cotangents = [0, 1, 1, 2, 2, 2, 1, 0, 0, 1, 0, 2, 0, 0, 0, 1, 2, 1];

/** The layer: its output, and the gradients of Σ output · cotangents. In f64, for the check. */
export const layer = defineModel({
  name: "convolution-layer",
  inputs: {
    x: { shape: [1, channels, size, size], dtype: "f64" },
    w: { shape: [filters, channels, 3, 3], dtype: "f64" },
    b: { shape: [filters], dtype: "f64" },
    c: { shape: [1, filters, 3, 3], dtype: "f64" },
  },
  model: () => null,
  build: ({ x, w, b, c }) => {
    const output = ops.conv2d(x, w, { bias: b, padding: 1, stride: 2 }) as Tensor;
    const loss = output.mul(c).sum();
    const gradients = () => grad(loss, [x, w, b]);
    return {
      loss,
      outputs: () => {
        const [dx, dw, db] = gradients();
        return { output, loss, x: dx, w: dw, b: db };
      },
    };
  },
  data: () => ({ batches: () => [] }),
});

const plane = [1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0];
const cross = [1, 0, 1, 0, 1, 0, 1, 0, 1];
/** Differs from itself turned by half a circle. */
const corner = [1, 2, 3, 0, 0, 0, 0, 0, 0];

/** `(size − window + 2·padding)/stride + 1`, rounded down. */
const outputSize = (n: number, window: number, padding: number, stride: number) =>
  Math.floor((n - window + 2 * padding) / stride) + 1;

/** Rows of a plane, as text. */
function grid(values: ArrayLike<number>, width: number): string {
  const all = Array.from(values, (v) => String(v).padStart(4));
  return Array.from({ length: all.length / width }, (_, i) => all.slice(i * width, (i + 1) * width).join("")).join(
    "\n",
  );
}

export default defineExperiment({
  name: "convolution-layer",
  doc: "Convolution by hand: outputs, the size formula, gradients under unequal cotangents, checked; and the flipped kernel.",
  settings: { epsilon: 1e-4, seed: 1 },
  run: ({ settings: { epsilon, seed }, report, predict, compute }) => {
    const ask = predict(layer.create());
    const feeds = { x: image, w: weights, b: biases, c: cotangents };
    const found = ask(feeds);
    report.line(`input ${channels}×5×5, two filters ${channels}×3×3, padding 1, stride 2: the outputs are`);
    report.line(`(5 − 3 + 2·1)/2 + 1 = ${outputSize(5, 3, 1, 2)} wide and high`);
    for (const i of [0, 1]) report.line(`output ${i + 1}:\n${grid(found.output.data.slice(9 * i, 9 * i + 9), 3)}`);

    report.line("gradients under the cotangents 0 1 1 / 2 2 2 / 1 0 0 and 1 0 2 / 0 0 0 / 1 2 1:");
    for (const i of [0, 1])
      report.line(`of filter ${i + 1}, a plane for each channel:\n${grid(found.w.data.slice(27 * i, 27 * i + 27), 3)}`);
    report.line(`of the biases: ${[...found.b.data].join(" and ")}`);
    report.line(`of the input, a plane for each channel:\n${grid(found.x.data, 5)}`);

    const random = data.seeded(seed);
    const drawn = { ...feeds, c: cotangents.map(() => random.normal()) };
    const gradients = ask(drawn);
    const rows = (["w", "b", "x"] as const).map((name) => {
      let worst = { expected: 0, actual: 0, error: -1 };
      drawn[name].forEach((value, i) => {
        const at = (v: number) => ask({ ...drawn, [name]: drawn[name].with(i, v) }).loss.data[0]!;
        const expected = (at(value + epsilon) - at(value - epsilon)) / (2 * epsilon);
        const actual = gradients[name].data[i]!;
        const error = Math.abs(actual - expected) / Math.max(Math.abs(actual), Math.abs(expected), 1e-3);
        if (error > worst.error) worst = { expected, actual, error };
      });
      report.figures({ [`gradient check of ${name}`]: worst.error });
      return [
        name,
        drawn[name].length,
        worst.expected.toFixed(8),
        worst.actual.toFixed(8),
        worst.error.toExponential(1),
      ];
    });
    report.line(`gradient check under random cotangents, ε = ${epsilon}: the worst element of each`);
    report.table(["of", "numbers", "expected", "actual", "error"], rows);

    const one = (values: readonly number[], width: number) => tensor([...values], { shape: [1, 1, width, width] });
    const slide = (stride: number) => (x: Tensor, w: Tensor) => ops.conv2d(x, w, { stride }).relu();
    for (const stride of [1, 2]) {
      const y = compute(slide(stride), one(plane, 5), one(cross, 3)).data();
      const width = outputSize(5, 3, 0, stride);
      report.line(`one channel 5×5 by 3×3, stride ${stride}, ReLU: ${width}×${width}\n${grid(y, width)}`);
    }
    const [correlated, convolved] = compute(
      (x: Tensor, w: Tensor) => [ops.conv2d(x, w), ops.conv2d(x, w.reverse([2, 3]))],
      ...([one(plane, 5), one(corner, 3)] as const),
    );
    report.line(
      `cross-correlation with 1 2 3 / 0 0 0 / 0 0 0 (what the layers of all libraries do):\n${grid(correlated!.data(), 3)}`,
    );
    report.line(`convolution with the same kernel, which turns it by half a circle:\n${grid(convolved!.data(), 3)}`);
  },
});
