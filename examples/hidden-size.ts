// How many units should the hidden layer have? The shallow network of digits with the sizes that the usual rules name, and with
// others from 10 to 1000. Each is trained until the error on images held back from training has not fallen for some epochs; the
// weights of the best epoch are put back, and only then are the test images looked at.
import {
  callbacks,
  data,
  defineExperiment,
  defineModel,
  evaluate,
  fit,
  metrics,
  type Mode,
  nn,
  optim,
  plots,
} from "gradloom";

const [inputs, classes] = [784, 10];

/** The sizes that the usual rules name for so many inputs and outputs; a constant of 1 to 10 belongs to the first rule. */
export function sizesByRule(from: number, to: number): readonly (readonly [rule: string, size: number])[] {
  return [
    [`log₂ ${from}`, Math.round(Math.log2(from))],
    [`√(${from} + ${to}) + 1`, Math.round(Math.sqrt(from + to) + 1)],
    [`√(${from} + ${to}) + 10`, Math.round(Math.sqrt(from + to) + 10)],
    [`√(${from} · ${to})`, Math.round(Math.sqrt(from * to))],
  ];
}

/** Flatten, so many ReLU units, softmax, and Adam. */
export const network = (hidden: number) =>
  defineModel({
    name: "hidden-size",
    seed: 1,
    inputs: { x: ["batch", inputs], y: { shape: ["batch"], dtype: "i32" } },
    model: () => nn.sequential(nn.dense(inputs, hidden, { activation: "relu" }), nn.dense(hidden, classes)),
    build: ({ x, y }, model) => {
      const logits = model(x);
      return {
        loss: () => nn.softmaxCrossEntropy(logits, y).mean(),
        outputs: () => ({ digit: logits.argmax(1) }),
      };
    },
    optimizer: () => optim.adam({ lr: 0.001 }),
  });

/** What a training may see, and how long it goes on. */
interface Extent {
  readonly train: data.Digits;
  readonly validation: data.Digits;
  readonly epochs: number;
  /** Epochs without a smaller error that are borne. */
  readonly patience: number;
  readonly mode?: Mode;
}

/** A network of so many units, trained: it has the weights of the epoch with the smallest validation error. */
export async function trained(hidden: number, { train, validation, epochs, patience, mode }: Extent) {
  const model = network(hidden).create();
  const history = await fit(model, train, {
    epochs,
    batchSize: 32,
    validation,
    metrics: { error: ({ digit }, { y }) => 1 - metrics.accuracy(digit, y) },
    callbacks: [callbacks.earlyStopping({ monitor: "validation error", patience })],
    mode,
  });
  const { y: errors } = history.curves["validation error"]!;
  const error = Math.min(...errors);
  return { model, history, error, best: errors.indexOf(error) + 1 };
}

export default defineExperiment({
  name: "hidden-size",
  doc: "The error of 784-n-10 networks by the size of their hidden layer; the best epoch is found by early stopping.",
  settings: { sizes: "20 50 128 200 500 1000", images: 60_000, held: 5000, tests: 10_000, epochs: 40, patience: 3 },
  run: async ({ settings: { sizes, images, held, tests, epochs, patience }, mode, report, from }) => {
    const { train: all, test: unseen } = await data.mnist(from);
    const test = unseen.slice(0, tests);
    const { train, test: validation } = data.trainTestSplit(all.slice(0, images), { test: held, stratify: "y" });
    const others = sizes.split(" ").map((size) => ["", Number(size)] as const);
    const tried = [...sizesByRule(inputs, classes), ...others].toSorted(([, a], [, b]) => a - b);
    const found: { rule: string; hidden: number; validation: number; test: number; row: (string | number)[] }[] = [];
    for (const [rule, hidden] of tried) {
      const { model, history, error, best } = await trained(hidden, { train, validation, epochs, patience, mode });
      const wrong = evaluate(model, test, {
        metrics: { error: ({ digit }, { y }) => 1 - metrics.accuracy(digit, y) },
        mode,
      });
      const one = { rule, hidden, validation: 100 * error, test: 100 * wrong.error! };
      const parameters = model.parameters.reduce((sum, p) => sum + p.count, 0);
      const row = [rule, hidden, parameters.toLocaleString("en-US"), `${best} of ${history.epochs.length}`];
      const numbers = [one.validation.toFixed(2), one.test.toFixed(2), history.seconds.toFixed(1)];
      found.push({ ...one, row: [...row, ...numbers] });
      report.figures({ [`${hidden} units: test error, %`]: one.test, [`${hidden} units: best epoch`]: best });
    }
    report.line(`${train.length} images to train by, ${validation.length} to stop by, ${test.length} to judge by.`);
    const head = ["rule", "units", "parameters", "best epoch", "validation error, %", "test error, %", "s"];
    report.table(head, found.map(({ row }) => row)); // prettier-ignore
    const least = found.reduce((a, b) => (b.validation < a.validation ? b : a));
    const chance = 100 * Math.sqrt(((least.test / 100) * (1 - least.test / 100)) / test.length);
    report.line(
      `The validation error is smallest with ${least.hidden} units. The test error is ${least.test.toFixed(2)} % there, ± ${chance.toFixed(2)} by the choice of test images alone.`,
    );
    const curve = (part: "validation" | "test", among = found) => ({
      x: among.map(({ hidden }) => hidden),
      y: among.map((one) => one[part]),
    });
    const rules = found.filter(({ rule }) => rule !== "");
    await report.picture(
      "error-by-size",
      plots.lines(
        {
          "validation error": curve("validation"),
          "test error": curve("test"),
          "sizes of the usual rules": { ...curve("test", rules), dots: true },
        },
        { title: "784-n-10: error by the size of the hidden layer", x: "units", y: "wrong images, %", logX: true, zero: true }, // prettier-ignore
      ),
    );
  },
});
