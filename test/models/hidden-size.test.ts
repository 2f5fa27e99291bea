// The size of the hidden layer: what the rules name, which epoch early stopping picks, losses beside TensorFlow.js.
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { data, evaluate, fit, metrics } from "gradloom";
import hiddenSize, { network, sizesByRule, trained } from "../../examples/hidden-size.js";
import { prepareTensorFlow } from "../ops/tensorflow.js";
import { expectNear } from "./plain-code.js";
import { Told } from "./told.js";

beforeAll(prepareTensorFlow, 240_000);

/** Pictures that a network can learn in an epoch or two, and forget how to generalise from: some labels are wrong. */
function digits(count: number, seed: number): data.Digits {
  const random = data.seeded(seed);
  const y = Int32Array.from({ length: count }, (_, i) => (i * 7) % 10);
  const x = Float32Array.from({ length: count * 784 }, (_, i) => {
    const [row, pixel] = [Math.floor(i / 784), i % 784];
    return 0.3 * random.uniform() + (pixel % 10 === y[row] && random.uniform() < 0.1 ? 0.7 : 0);
  });
  const wrong = y.map((digit) => (random.uniform() < 0.2 ? random.int(10) : digit));
  return data.dataset({ x: { data: x, shape: [count, 784] }, y: wrong });
}

test("the usual rules, by hand", () => {
  // log₂ 784 = 9.61, √794 = 28.18, √7840 = 88.54.
  expect(sizesByRule(784, 10).map(([, size]) => size)).toEqual([10, 29, 38, 89]);
});

test("the losses of 20 steps, compiled and eager, are those of TensorFlow.js", () => {
  const [compiled, eager] = [network(29).create(), network(29).create()];
  let parameters: tf.Tensor[] = compiled.parameters.map((p) => tf.tensor(p.data().slice(), p.shape as number[]));
  const batches = [...digits(20 * 32, 1).batches(32)];
  let [means, squares]: [tf.Tensor[], tf.Tensor[]] = [parameters.map(tf.zerosLike), parameters.map(tf.zerosLike)];
  const want = batches.map(({ x, y }, step) => {
    const [images, labels] = [tf.tensor2d(x.data, [32, 784]), tf.oneHot(tf.tensor1d(y.data, "int32"), 10)];
    const { value, grads } = tf.valueAndGrads((...[w1, b1, w2, b2]: tf.Tensor[]) => {
      const hidden = tf.relu(tf.add(tf.matMul(images, w1 as tf.Tensor2D), b1!));
      const logits = tf.add(tf.matMul(hidden as tf.Tensor2D, w2 as tf.Tensor2D), b2!);
      return tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), 1))) as tf.Scalar;
    })(parameters);
    means = means.map((m, i) => tf.add(tf.mul(m, 0.9), tf.mul(grads[i]!, 0.1)));
    squares = squares.map((v, i) => tf.add(tf.mul(v, 0.999), tf.mul(tf.square(grads[i]!), 0.001)));
    parameters = parameters.map((p, i) => {
      const size = tf.add(tf.sqrt(tf.div(squares[i]!, 1 - 0.999 ** (step + 1))), 1e-8);
      return tf.sub(p, tf.mul(tf.div(tf.div(means[i]!, 1 - 0.9 ** (step + 1)), size), 0.001));
    });
    return value.dataSync()[0]!;
  });
  const train = compiled.train();
  expectNear(batches.map((batch) => train.run(batch).loss.data[0]!), want); // prettier-ignore
  expectNear(batches.map((batch) => eager.eagerStep(batch)), want); // prettier-ignore
});

test("early stopping picks the epoch with the least validation error, and its weights", async () => {
  const [train, validation] = [digits(300, 2), digits(200, 3)];
  const [epochs, patience] = [30, 3];
  // The same training without stopping: every epoch's error, counted here, and its weights.
  const whole = network(12).create();
  const predict = whole.predict();
  const [errors, weights]: [number[], Uint8Array[]] = [[], []];
  const look = () => {
    const { digit } = predict.run({ x: validation.columns.x });
    errors.push([...digit.data].filter((found, i) => found !== validation.columns.y.data[i]).length / 200);
    weights.push(whole.toBytes());
  };
  await fit(whole, train, { epochs, callbacks: [look] });
  const end = errors.findIndex((_, i) => i >= patience && Math.min(...errors.slice(i - patience + 1, i + 1)) >= Math.min(...errors.slice(0, i - patience + 1))); // prettier-ignore
  const best = errors.indexOf(Math.min(...errors.slice(0, end + 1)));
  expect(end).toBeLessThan(epochs - 1);
  expect(best).toBeGreaterThan(0);

  const { model, history, error, best: picked } = await trained(12, { train, validation, epochs, patience });
  expect([picked, history.epochs.length]).toEqual([best + 1, end + 1]);
  expect(error).toBeCloseTo(errors[best]!, 12);
  expect(Buffer.compare(model.toBytes(), weights[best]!)).toBe(0);
  const wrong = evaluate(model, validation, { metrics: { error: ({ digit }, { y }) => 1 - metrics.accuracy(digit, y) } }); // prettier-ignore
  expect(wrong.error).toBeCloseTo(error, 12);
});

test.each(["compiled", "eager"] as const)(
  "a reduced run tells a row for every size, and draws one picture, %s",
  async (mode) => {
    const told = new Told();
    const settings = { sizes: "4 60", images: 500, held: 100, tests: 200, epochs: 2 };
    await hiddenSize.run({ settings, mode, report: told });
    const [{ rows }] = told.tables as [(typeof told.tables)[0]];
    expect(rows.map((row) => row.slice(0, 3))).toEqual([
      ["", 4, "3,190"],
      ["log₂ 784", 10, "7,960"],
      ["√(784 + 10) + 1", 29, "23,065"],
      ["√(784 + 10) + 10", 38, "30,220"],
      ["", 60, "47,710"],
      ["√(784 · 10)", 89, "70,765"],
    ]);
    expect([...told.pictures.keys()]).toEqual(["error-by-size"]);
    expect(told.lines[0]).toBe("400 images to train by, 100 to stop by, 200 to judge by.");
    expect(told.found["89 units: test error, %"]).toBeLessThan(60);
  },
);
