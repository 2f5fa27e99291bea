// The language models in small: their losses beside TensorFlow.js, and what they write.
import { beforeAll, describe, expect, test } from "vitest";
import { type Feeds, type nn, tensor } from "gradloom";
import { corpusOf, novel } from "../../examples/language/corpus.js";
import { type Kind, languageModel, type LanguageOptions } from "../../examples/language/model.js";
import { prepareTensorFlow } from "../ops/tensorflow.js";
import { expectNear } from "./plain-code.js";
import { tensorFlowLosses } from "./plain-language-model.js";

const small: LanguageOptions = {
  name: "small",
  doc: "small",
  unit: "characters",
  least: 1,
  kinds: ["lstm"],
  width: 4,
  units: 6,
  dropout: 0,
  rows: 3,
  steps: 5,
  lr: 0.01,
  epochs: 1,
  orders: [3],
  temperature: 0.5,
  length: 12,
};
const steps = 20;
const kinds: readonly Kind[] = ["rnn", "lstm", "gru"];

async function firstWindows(options: LanguageOptions, count: number) {
  const { batches, batchesPerEpoch } = await languageModel(options).data();
  const some: Feeds[] = [];
  for (const window of batches(0)) if (some.push(window) === count) break;
  return { some: some as unknown as { readonly x: Int32Array; readonly y: Int32Array }[], decay: batchesPerEpoch! };
}

interface Parts {
  readonly table: nn.Layer;
  readonly layer: nn.Recurrent;
  readonly head: nn.Layer;
}
/** The layers of a model of one kind. */
const partsOf = ({ model }: { readonly model: unknown }): Parts => (model as readonly Parts[])[0]!;

describe("beside TensorFlow.js", () => {
  beforeAll(prepareTensorFlow, 240_000);

  test.each(kinds)(
    "%s: the losses of the first 20 windows, compiled and eager, are those of its formulas",
    async (kind) => {
      const options = { ...small, kinds: [kind] };
      const { some, decay } = await firstWindows(options, steps);
      const [model, eager] = [languageModel(options).create(), languageModel(options).create()];
      const { table, layer, head } = partsOf(model);
      const parameters = [table, layer, head].flatMap((part) => part.parameters);
      const start = parameters.map((p) => ({ data: p.data().slice(), shape: p.shape as readonly number[] }));
      const want = tensorFlowLosses({ ...small, kind, size: 76, decay }, start, some);
      expect(want[0]).toBeCloseTo(Math.log(76), 0);
      const train = model.train();
      expectNear(some.map((window) => train.run(window).loss.data[0]!), want); // prettier-ignore
      expectNear(some.map((window) => eager.eagerStep(window)), want); // prettier-ignore
    },
  );
});

test("three kinds side by side, with dropout and unknown words: both modes lose the same", async () => {
  const options = { ...small, kinds, unit: "words", least: 30, dropout: 0.3 } as const;
  const { some } = await firstWindows(options, 6);
  expect(some.some(({ x }) => x.includes(0))).toBe(true);
  const [model, eager] = [languageModel(options).create(), languageModel(options).create()];
  const train = model.train();
  expectNear(some.map((window) => train.run(window).loss.data[0]!), some.map((window) => eager.eagerStep(window))); // prettier-ignore
});

test("an LSTM of 32 states knows more than pairs of characters after 400 windows, and a run says so", async () => {
  const definition = languageModel({
    ...small,
    width: 16,
    units: 32,
    rows: 16,
    steps: 32,
    lr: 0.02,
    orders: [2],
    length: 40,
  });
  const [data, model] = [await definition.data(), definition.create()];
  const train = model.train();
  let count = 0;
  for (const window of data.batches(0)) {
    train.run(window as never);
    if (++count === 400) break;
  }
  const predict = model.predict();
  const figures = definition.evaluate!((feeds) => predict.run(feeds as never) as never, data);
  expect(figures["perplexity, lstm"]).toBeLessThan(figures["perplexity, 2-gram"] as number);
  expect(figures["perplexity, 2-gram"]).toBeCloseTo(10.779, 2);
  expect(figures["lstm writes"]).toHaveLength(20 + "…".length + 40);
});

describe("what a model writes", () => {
  const reading = (temperature: number) => {
    const model = languageModel({ ...small, rows: 2 }).create();
    const { held } = corpusOf(novel(), "characters", 1);
    const x = held.slice(0, 20);
    const feeds = { x, y: held.slice(1, 21), temperature: [temperature] };
    return { model, feeds, ids: model.predict().run(feeds as never)["lstm writes"]!.data };
  };

  test("at a temperature towards 0 is the likeliest character again and again", () => {
    const { model, feeds, ids } = reading(1e-6);
    const { table, layer, head } = partsOf(model);
    const text = tensor(feeds.x, { shape: [2, 10] });
    let { state } = layer.run(table(text as never));
    let last = tensor([feeds.y[9]!, feeds.y[19]!], { dtype: "i32" }) as never;
    for (let i = 0; i < small.length; i++) {
      const [hidden, next] = layer.step(table(last), state);
      last = head(hidden).argmax(1) as never;
      state = next;
      expect([ids[i], ids[small.length + i]]).toEqual([...(last as { data(): Int32Array }).data()]);
    }
    const eagerly = model.eagerPredict(feeds as never)["lstm writes"]!.data;
    expect([...eagerly]).toEqual([...ids]);
  });

  test("at a higher one differs", () => {
    expect([...reading(1).ids]).not.toEqual([...reading(1e-6).ids]);
  });
});
