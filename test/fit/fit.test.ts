// The training loop: what it computes, in both modes, what it tells, and what it refuses.
import { describe, expect, test } from "vitest";
import { evaluate, type Feeds, fit, type InputSpecs, type Metric, metrics, type Metrics, type Outputs } from "gradloom";
import { classifier, line, twoClouds } from "./models.js";

const points = { x: [1, 2, 3, 4], y: [2, 4, 6, 8] };

describe("what it computes", () => {
  test("two steps on y = 2x from w = 0 at rate 0.01, by hand: w = 0.3, then 0.555", async () => {
    const model = line(0.01).create();
    const history = await fit(model, points, { epochs: 2, batchSize: 4 });
    // d/dw mean((w·x − 2x)²) = 2·(w − 2)·mean(x²) = 15·(w − 2)
    expect(model.parameters[0]!.item()).toBeCloseTo(0.555, 6);
    expect(history.epochLosses[0]).toBeCloseTo(30, 5);
    expect(history.epochLosses[1]).toBeCloseTo(7.5 * 1.7 ** 2, 4);
    expect([history.steps, history.items, history.stopped]).toEqual([2, 8, null]);
    expect(history.best!.epoch).toBe(2);
  });
  test("the loss of an epoch is the mean of its rows, also where the last batch is short", async () => {
    const model = line(0).create();
    const history = await fit(model, points, { batchSize: 3, shuffle: false });
    expect([...history.losses].map(Math.round)).toEqual([Math.round((4 + 16 + 36) / 3), 64]);
    expect(history.epochLosses[0]).toBeCloseTo(30, 5);
    expect(evaluate(model, points).loss).toBeCloseTo(30, 5);
  });
  test("both modes give the same losses, weights and validation figures", async () => {
    const [set, validation] = [twoClouds(60), twoClouds(40, 1)];
    const trained = async (mode: "compiled" | "eager") => {
      const model = classifier.create();
      const history = await fit(model, set, { mode, epochs: 3, batchSize: 16, validation, metrics: { accuracy: (out, { y }) => metrics.accuracy(out.logits, y) } }); // prettier-ignore
      return { history, weights: model.parameters.flatMap((p) => [...p.data()]) };
    };
    const [compiled, eager] = [await trained("compiled"), await trained("eager")];
    expect(compiled.history.losses).toHaveLength(12);
    compiled.history.losses.forEach((loss, i) => expect(loss).toBeCloseTo(eager.history.losses[i]!, 5));
    compiled.weights.forEach((w, i) => expect(w).toBeCloseTo(eager.weights[i]!, 4));
    compiled.history.epochs.forEach(({ figures }, i) => {
      expect(Object.keys(figures)).toEqual(["loss", "validation loss", "validation accuracy"]);
      for (const [name, value] of Object.entries(figures))
        expect(value).toBeCloseTo(eager.history.epochs[i]!.figures[name]!, 5);
    });
    expect(compiled.history.curves["validation accuracy"]!.y.at(-1)).toBeGreaterThan(0.8);
  });
  test("rows come in another order every epoch, which follows from the seed", async () => {
    const orders = async (shuffle: boolean | number) => {
      const history = await fit(line(0).create(), points, { epochs: 2, batchSize: 1, shuffle });
      const all = [...history.losses].map((loss) => Math.round(Math.sqrt(loss) / 2));
      return [all.slice(0, 4).join(""), all.slice(4).join("")];
    };
    expect(await orders(false)).toEqual(["1234", "1234"]);
    const [first, second] = await orders(7);
    expect(await orders(7)).toEqual([first, second]);
    expect(first).not.toBe(second);
    expect([...first!].sort().join("")).toBe("1234");
  });
  test("a function gives the batches of an epoch; steps end it in the middle of one", async () => {
    const asked: number[] = [];
    const batches = (epoch: number): Feeds[] => (asked.push(epoch), [points, points, points]);
    const history = await fit(line(0.01).create(), batches, { steps: 5 });
    expect([history.steps, history.epochs.length, asked]).toEqual([5, 2, [0, 1]]);
    expect(history.epochs.map((record) => record.steps)).toEqual([3, 5]);
  });
  test("it ends where an epoch has no batch", async () => {
    const history = await fit(line(0.01).create(), (epoch) => (epoch < 2 ? [points] : []), { epochs: 9 });
    expect(history.epochs).toHaveLength(2);
  });
  test("it validates after every so many epochs, and after the last", async () => {
    const history = await fit(line(0.01).create(), points, { epochs: 5, validation: points, validateEvery: 2 });
    expect(history.curves["validation loss"]!.x).toEqual([2, 4, 5]);
    expect(history.curves.loss!.x).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("evaluate", () => {
  test("sees the model as inference does, in both modes, and changes nothing", async () => {
    const model = classifier.create();
    await fit(model, twoClouds(64), { epochs: 2 });
    const before = JSON.stringify(model.state(), (_, x: unknown) =>
      ArrayBuffer.isView(x) ? [...(x as Float32Array)] : x,
    );
    const test = twoClouds(300, 2);
    const figures: Metrics<InputSpecs, Outputs> = {
      accuracy: (out, { y }) => metrics.accuracy(out.logits!, y!),
    };
    const compiled = evaluate(model, test, { metrics: figures, batchSize: 128 });
    const eager = evaluate(model, test, { metrics: figures, batchSize: 128, mode: "eager" });
    expect(compiled.accuracy).toBe(eager.accuracy);
    expect(compiled.loss).toBeCloseTo(eager.loss!, 5);
    expect(evaluate(model, test).loss).toBeCloseTo(compiled.loss!, 6);
    const after = JSON.stringify(model.state(), (_, x: unknown) =>
      ArrayBuffer.isView(x) ? [...(x as Float32Array)] : x,
    );
    expect(after).toBe(before);
  });
  test("metrics see all batches as one, whatever the batches and whoever makes them", () => {
    const model = line(0).create();
    const seen: unknown[] = [];
    const look: Metric<InputSpecs, Outputs> = (out, feeds) => {
      const [prediction, y] = [out.prediction!, feeds.y!];
      seen.push([prediction.shape, Array.from(y.data)]);
      return 1;
    };
    const reused = { data: new Float32Array(2), shape: [2, 1] };
    const twice = function* (): Generator<Feeds> {
      for (const at of [2, 6]) {
        reused.data.set([at, at + 2]);
        yield { x: [1, 2], y: reused };
      }
    };
    evaluate(model, points, { metrics: { look }, batchSize: 3 });
    evaluate(model, twice, { metrics: { look } });
    expect(seen).toEqual([[[4, 1], [2, 4, 6, 8]], [[4, 1], [2, 4, 6, 8]]]); // prettier-ignore
  });
});

describe("a loss that is no number stops it", () => {
  test("with the step, the loss before, what is spoilt and a remedy", async () => {
    const run = fit(line(10).create(), points, { epochs: 100 });
    await expect(run).rejects.toThrow(
      /^fit: the loss is Infinity at step \d+ \(batch 1 of epoch \d+\); the loss before was \d/,
    );
    await expect(run).rejects.toThrow("help: take a smaller learning rate");
  });
  test("in eager mode too", async () => {
    const run = fit(line(0.01).create(), { x: [1, NaN], y: [1, 2] }, { mode: "eager" });
    await expect(run).rejects.toThrow("fit: the loss is NaN at step 1 (batch 1 of epoch 1); it is the first one");
    await expect(run).rejects.toThrow("parameters that are not finite now: dense1/weight");
  });
  test("and so does a validation loss", async () => {
    const run = fit(line(0.01).create(), points, { validation: { x: [1], y: [NaN] } });
    await expect(run).rejects.toThrow("the validation loss is NaN after epoch 1");
  });
});

describe("mistakes", () => {
  const model = line(0.01).create();
  test.each<[string, () => Promise<unknown>, string]>([
    [
      "an unknown option",
      () => fit(model, points, { epoch: 3 } as never),
      "fit: it has no option epoch; there are epochs",
    ],
    ["half an epoch", () => fit(model, points, { epochs: 0.5 }), "fit: epochs is 0.5, not a whole number from 1 up"],
    [
      "metrics without validation",
      () => fit(model, points, { metrics: { one: () => 1 } }),
      "there are no validation data",
    ],
    [
      "an unknown mode",
      () => fit(model, points, { mode: "static" as never }),
      'mode is static, not "compiled" or "eager"',
    ],
    ["an input that is not there", () => fit(model, { z: [1] }), 'fit: there is no input "z", only x, y'],
    ["rows that differ", () => fit(model, { x: [1, 2], y: [1] }), 'column "x" has 2 rows but "y" has 1'],
    ["no data", () => fit(model, undefined as never), "fit: the data are undefined"],
    ["an input that is missing", () => fit(model, { x: [1] }), "1 of 2 inputs is missing"],
  ])("%s", (_, run, message) => expect(run()).rejects.toThrow(message));
  test("a metric called loss, and data without a batch", () => {
    expect(() => evaluate(model, points, { metrics: { loss: () => 1 } })).toThrow('no metric can be called "loss"');
    expect(() => evaluate(model, () => [])).toThrow("evaluate: the data have no batch");
  });
});
