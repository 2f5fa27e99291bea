// Callbacks: early stopping, rates that follow a plateau, logs, and callbacks of one's own.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callbacks, defineModel, fit, nn, optim, parameter } from "gradloom";
import { classifier, line, twoClouds } from "./models.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradloom-"));
});
afterAll(() => rm(folder, { recursive: true }));

const points = { x: [1, 2, 3, 4], y: [2, 4, 6, 8] };
/** The weight goes 0.3, 0.555, … to 2; measured against w = 1 the error falls, then rises. */
const halfWay = { x: [1, 2, 3, 4], y: [1, 2, 3, 4] };

describe("early stopping", () => {
  test("stops when the error rises, and puts the best weight back", async () => {
    const model = line(0.01).create();
    const seen: number[] = [];
    const history = await fit(model, points, { epochs: 50, validation: halfWay, callbacks: [callbacks.earlyStopping(), () => void seen.push(model.parameters[0]!.item())] }); // prettier-ignore
    // w after n steps is 2 − 2·0.85ⁿ: 0.956 after 4, 1.113 after 5.
    expect(history.epochs).toHaveLength(5);
    expect(history.best!.epoch).toBe(4);
    expect(seen[4]).toBeCloseTo(2 - 2 * 0.85 ** 5, 5);
    expect(model.parameters[0]!.item()).toBe(seen[3]);
    expect(history.stopped).toBe("validation loss has not become better for 1 of its epochs; the best was epoch 4");
  });
  test("bears as many epochs as its patience; without restoring, the last weight stays", async () => {
    const model = line(0.01).create();
    const stopping = callbacks.earlyStopping({ patience: 3, restoreBest: false });
    const history = await fit(model, points, { epochs: 50, validation: halfWay, callbacks: [stopping] });
    expect(history.epochs).toHaveLength(7);
    expect(model.parameters[0]!.item()).toBeCloseTo(2 - 2 * 0.85 ** 7, 5);
  });
  test("a gain below minDelta does not count", async () => {
    const stopping = callbacks.earlyStopping({ monitor: "loss", minDelta: 1 });
    const history = await fit(line(0.01).create(), points, { epochs: 50, callbacks: [stopping] });
    // Losses are 30·0.7225ⁿ: the first to gain less than 1 is n = 8.
    expect(history.epochs).toHaveLength(9);
  });
  test("of an accuracy, more is better", async () => {
    const rising = [0.5, 0.6, 0.7, 0.65, 0.9];
    let epoch = 0;
    const history = await fit(line(0.01).create(), points, {
      epochs: 5,
      validation: points,
      metrics: { accuracy: () => rising[epoch++]! },
      callbacks: [callbacks.earlyStopping({ monitor: "validation accuracy" })],
    });
    expect(history.epochs).toHaveLength(4);
  });
  test("serves several trainings, one after the other", async () => {
    const stopping = callbacks.earlyStopping();
    for (let i = 0; i < 2; i++) {
      const history = await fit(line(0.01).create(), points, {
        epochs: 50,
        validation: halfWay,
        callbacks: [stopping],
      });
      expect(history.epochs).toHaveLength(5);
    }
  });
  test("a figure that is not there is named", async () => {
    const run = fit(line(0.01).create(), points, { callbacks: [callbacks.earlyStopping({ monitor: "f1" })] });
    await expect(run).rejects.toThrow('earlyStopping: there is no figure "f1", only loss');
  });
});

test("on a plateau the rate becomes a tenth, and the compiled step uses it", async () => {
  const rate = parameter([], 0.1, { name: "rate", trainable: false });
  const model = defineModel({
    name: "slope",
    inputs: { x: ["batch"] },
    model: () => ({ w: parameter([], 0, { name: "w" }) }),
    build: ({ x }, { w }) => ({ loss: () => w.mul(x).mean() }),
    optimizer: () => optim.sgd({ lr: rate }),
  }).create();
  const plateau = callbacks.reduceOnPlateau({ rate, patience: 2, least: 0.005, monitor: "loss", minDelta: 1000 });
  const weights: number[] = [];
  await fit(
    model,
    { x: [1] },
    { epochs: 7, callbacks: [plateau, () => void weights.push(model.parameters[0]!.item())] },
  );
  // The first epoch is the best; two more without a better one, and the rate falls: to 0.01 after 3, to its least after 5.
  const steps = weights.map((w, i) => (weights[i - 1] ?? 0) - w);
  [0.1, 0.1, 0.1, 0.01, 0.01, 0.005, 0.005].forEach((step, i) => expect(steps[i]).toBeCloseTo(step, 5));
});

describe("logs", () => {
  test("a table and lines of JSON have the figures of every epoch", async () => {
    const [table, lines] = [join(folder, "log.csv"), join(folder, "log.jsonl")];
    const history = await fit(line(0.01).create(), points, { epochs: 3, validation: points, validateEvery: 2, callbacks: [callbacks.csvLog(table), callbacks.jsonLog(lines)] }); // prettier-ignore
    const [head, ...rows] = (await readFile(table, "utf8")).trimEnd().split("\n");
    expect(head).toBe("epoch,steps,seconds,loss,validation loss");
    expect(rows.map((row) => row.split(",").length)).toEqual([5, 5, 5]);
    expect(rows[0]!.endsWith(",")).toBe(true);
    expect(Number(rows[1]!.split(",")[3])).toBe(history.epochLosses[1]);
    const records = (await readFile(lines, "utf8"))
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text) as object);
    expect(records.map((record) => Object.keys(record).length)).toEqual([4, 5, 5]);
  });
});

describe("a callback of one's own", () => {
  test("is told of everything in order, and can stop", async () => {
    const told: string[] = [];
    const own: callbacks.Callback = {
      name: "own",
      begin: () => void told.push("begin"),
      stepEnd: (_, run) => {
        told.push(`step ${run.losses.length}`);
        if (run.losses.length === 3) run.stop("enough");
      },
      epochEnd: ({ epoch }) => void told.push(`epoch ${epoch}`),
      end: () => void told.push("end"),
      close: () => void told.push("close"),
    };
    const history = await fit(line(0.01).create(), points, { epochs: 9, batchSize: 2, callbacks: [own] });
    expect(told).toEqual(["begin", "step 1", "step 2", "epoch 1", "step 3", "epoch 2", "end", "close"]);
    expect(history.stopped).toBe("enough");
  });
  test("is closed after an error", async () => {
    let closed = false;
    const own = { name: "own", close: () => void (closed = true), epochEnd: () => Promise.reject(new Error("oh")) };
    await expect(fit(classifier.create(), twoClouds(8), { callbacks: [own] })).rejects.toThrow("oh");
    expect(closed).toBe(true);
  });
  test("two of one name are refused", async () => {
    const twice = [callbacks.earlyStopping(), callbacks.earlyStopping()];
    await expect(fit(line(1).create(), points, { callbacks: twice })).rejects.toThrow(
      'two callbacks are called "earlyStopping"',
    );
  });
});

test("momentum, weights and activations of a fit model are those of minimize by hand", async () => {
  const model = classifier.create();
  await fit(model, twoClouds(16), { batchSize: 16, shuffle: false });
  const by = classifier.create();
  by.train().run(Object.fromEntries(Object.entries(twoClouds(16).columns)));
  expect(nn.plainState(model.state())).toEqual(nn.plainState(by.state()));
});
