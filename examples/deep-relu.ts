// Networks of ReLU without tricks, as deep as they can be and deeper: inputs with a column of ones in place of biases, weights
// N(0,1), the gradient summed over all images at once, 50 steps. Exploding activations, vanishing gradients, dead units and
// degradation can be seen; initial weights by He and residual connections cure them. A rate of 1e-5 is 0.6 for the mean of 60 000
// images: N(0,1) hides that, but the cured networks jump to and fro, and learn more at half of it.
import {
  data,
  defineExperiment,
  defineModel,
  grad,
  metrics,
  nn,
  optim,
  type Parameter,
  parameter,
  plots,
  type Tensor,
  tensor,
} from "gradloom";

const [inputs, width, classes, rate] = [785, 100, 10, 1e-5];

interface Form {
  readonly sizes: readonly number[];
  readonly he?: boolean;
  readonly residual?: boolean;
  readonly rate?: number;
}
const deep = [inputs, width, width, width, classes];
const forms: Readonly<Record<string, Form>> = {
  "two layers": { sizes: [inputs, width, classes] },
  "four layers": { sizes: deep },
  "four layers, He": { sizes: deep, he: true },
  "four layers, He, residual": { sizes: deep, he: true, residual: true },
  "four layers, He, half the rate": { sizes: deep, he: true, rate: rate / 2 },
  "four layers, He, residual, half the rate": { sizes: deep, he: true, residual: true, rate: rate / 2 },
};

/** The outputs of the hidden layers, then the logits. */
function layersOf(x: Tensor, weights: readonly Parameter[], { residual = false }: Form): readonly Tensor[] {
  const layers: Tensor[] = [];
  weights.forEach((weight, i) => {
    const before = layers.at(-1) ?? x;
    const sums = before.matmul(weight as Tensor) as Tensor;
    const last = i === weights.length - 1;
    const skips = residual && !last && i > 0;
    layers.push(last ? sums : skips ? before.add(sums.relu()) : sums.relu());
  });
  return layers;
}

/** Cross entropy summed over all rows. */
const lossOf = (logits: Tensor, y: Tensor): Tensor => nn.softmaxCrossEntropy(logits, y as never).sum() as Tensor;

/** One of the networks. */
export const deepRelu = (form: Form) =>
  defineModel({
    name: "deep-relu",
    inputs: { x: ["batch", inputs], y: { shape: ["batch"], dtype: "i32" } },
    model: () => {
      const random = data.seeded(1);
      return form.sizes.slice(1).map((size, i) => {
        const before = form.sizes[i]!;
        const deviation = form.he ? Math.sqrt(2 / before) : 1;
        const numbers = Float32Array.from({ length: before * size }, () => deviation * random.normal());
        return parameter([before, size], numbers, { name: `layer${i + 1}` });
      });
    },
    build: ({ x, y }, weights) => {
      const logits = layersOf(x as Tensor, weights as readonly Parameter[], form).at(-1)!;
      return { loss: () => lossOf(logits, y as Tensor), outputs: () => ({ digit: logits.argmax(1) }) };
    },
    optimizer: () => optim.sgd({ lr: form.rate ?? rate }),
  });

export default defineExperiment({
  name: "deep-relu",
  doc: "ReLU networks of two and four layers on all of MNIST at once: what explodes, vanishes and dies, and what cures it.",
  settings: { steps: 50, every: 10, images: 60_000 },
  run: async ({ settings: { steps, every, images }, report, from, step, predict, compute }) => {
    const { train, test } = await data.mnist(from);
    const [all, held] = [withOnes(train.slice(0, images)), withOnes(test)];
    const rows: (string | number)[][] = [];
    const norms: Record<string, { x: number[]; y: number[] }> = {};
    for (const [name, form] of Object.entries(forms)) {
      const instance = deepRelu(form).create();
      const weights = instance.model as readonly Parameter[];
      const learn = step(instance);
      const probe = (x: Tensor, y: Tensor) => {
        const layers = layersOf(x, weights, form);
        const gradients = grad(lossOf(layers.at(-1)!, y), weights);
        const dead = layers.slice(0, -1).map((layer) => layer.max(0).lessEqual(0).cast("f32").mean());
        return {
          norms: gradients.map((g) => g.mul(g).sum().sqrt()),
          dead: dead.reduce((a, b) => a.add(b)).div(dead.length),
        };
      };
      for (let at = 0; at <= steps; at++) {
        if (at % every === 0 || at === steps) {
          const found = compute(probe, ...probeRows(all));
          const sizes = (found.norms as readonly Tensor[]).map((n) => n.item());
          rows.push([
            name,
            at,
            ...padded(sizes.map((n) => n.toExponential(1))),
            `${(100 * found.dead.item()).toFixed(0)} %`,
          ]);
          const curve = (norms[name] ??= { x: [], y: [] });
          curve.x.push(at);
          curve.y.push(sizes[0]!);
        }
        if (at < steps) learn(all);
      }
      const { digit } = predict(instance)({ x: held.x });
      const accuracy = metrics.accuracy(digit, held.y);
      report.line(`${name}: ${(100 * accuracy).toFixed(2)} % of the test images`);
      report.figures({ [name]: accuracy });
    }
    report.table(["network", "step", "layer 1", "layer 2", "layer 3", "layer 4", "dead units"], rows);
    const title = "Norm of the first layer's gradient";
    await report.picture("gradient-norms", plots.lines(norms, { title, x: "step", log: true }));
  },
});

const padded = (texts: readonly string[]): readonly string[] => [...texts, "", "", ""].slice(0, 4);

/** Images with a column of ones before them. */
function withOnes({ columns, length }: data.Digits) {
  const numbers = new Float32Array(length * inputs);
  for (let row = 0; row < length; row++) {
    numbers[row * inputs] = 1;
    numbers.set(columns.x.data.subarray(row * 784, (row + 1) * 784), row * inputs + 1);
  }
  return { x: { data: numbers, shape: [length, inputs] }, y: columns.y };
}

/** The first thousand rows, as tensors: norms are looked at there. */
function probeRows({ x, y }: ReturnType<typeof withOnes>): readonly [Tensor, Tensor] {
  const count = Math.min(1000, x.shape[0]!);
  const some = tensor(x.data.slice(0, count * inputs), { shape: [count, inputs] });
  return [some as unknown as Tensor, tensor(y.data.slice(0, count)) as unknown as Tensor];
}
