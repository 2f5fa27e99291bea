// The recurrent examples, a few steps of them: both modes lose the same, and they learn.
import { expect, test } from "vitest";
import bidirectional from "../../examples/bidirectional.js";
import clipping from "../../examples/gradient-clipping.js";
import reach from "../../examples/gradient-reach.js";
import recurrent from "../../examples/recurrent.js";
import classifier from "../../examples/sequence-classifier.js";
import type { Feeds } from "gradloom";
import { expectNear } from "./plain-code.js";

interface Model {
  create(): {
    train(): { run(feeds: Feeds): { readonly loss: { readonly data: ArrayLike<number> } } };
    eagerStep(feeds: Feeds): number;
  };
  data(): unknown;
}

/** The first batches of the first epoch. */
async function feedsOf(model: Model, count: number): Promise<readonly Feeds[]> {
  const { batches } = (await model.data()) as { batches(epoch: number): Iterable<Feeds> };
  return [...batches(0)].slice(0, count);
}

test.each([
  ["recurrent", recurrent as Model, 5],
  ["sequence-classifier", classifier as unknown as Model, 2],
  ["gradient-clipping", clipping as unknown as Model, 2],
])("%s: compiled and eager losses agree", async (_, model, steps) => {
  const some = await feedsOf(model, steps);
  const feeds = Array.from({ length: steps }, (_, i) => some[i % some.length]!);
  const [train, eager] = [model.create().train(), model.create()];
  const compiled = feeds.map((given) => train.run(given).loss.data[0]!);
  expectNear(compiled, feeds.map((given) => eager.eagerStep(given))); // prettier-ignore
});

test.each([
  ["recurrent", recurrent as Model],
  ["bidirectional", bidirectional as unknown as Model],
])("%s learns", async (_, model) => {
  const [feeds] = await feedsOf(model, 1);
  const train = model.create().train();
  const losses = Array.from({ length: 40 }, () => train.run(feeds!).loss.data[0]!);
  expect(losses.at(-1)! / losses[0]!).toBeLessThan(0.95);
});

test("gradients of a plain recurrent layer vanish over 200 steps", async () => {
  const instance = reach.create();
  const [feeds] = await feedsOf(reach as unknown as Model, 1);
  const norms = instance.predict().run(feeds as never) as Record<string, { readonly data: ArrayLike<number> }>;
  expect(norms.tanh!.data).toHaveLength(200);
  expect(norms.tanh!.data[199]! / norms.tanh!.data[0]!).toBeGreaterThan(1e3);
});

test("what explodes learns with clipping, and without it is lost", async () => {
  const instance = clipping.create();
  const { batches } = await clipping.data();
  const train = instance.train();
  for (let i = 0; i < 400; i++) for (const feeds of batches(i)) train.run(feeds as never);
  const figures = clipping.evaluate!((feeds) => instance.predict().run(feeds as never), {
    batches: () => [],
  }) as Record<string, number>;
  expect(figures["tanh × 1.6: gradient norm at step 1"]! / figures["tanh × 1.6: gradient norm at step 100"]!).toBeGreaterThan(100); // prettier-ignore
  expect(figures["relu × 1.6: gradient norm at step 1"]! / figures["relu × 1.6: gradient norm at step 100"]!).toBeGreaterThan(5); // prettier-ignore
  for (const name of ["tanh × 1.6", "relu × 1.6"]) {
    expect(figures[`${name}: error, clipped`]).toBeLessThan(figures["error of always 0"]! / 2);
    expect(figures[`${name}: error, not clipped`]).toBeNaN();
  }
});

test("an LSTM has four times as many parameters as a plain layer, a GRU three times and a second bias", () => {
  const figures = reach.evaluate!(() => zeroNorms as never, { batches: () => [] });
  const [plain, units] = [32 * (1 + 32 + 1), 32];
  expect(figures["tanh: parameters"]).toBe(plain);
  expect(figures["lstm: parameters"]).toBe(4 * plain);
  expect(figures["gru: parameters"]).toBe(3 * plain + 3 * units);
});
const zeroNorms = Object.fromEntries(["tanh", "relu", "lstm", "gru"].map((kind) => [kind, { data: new Float32Array(200) }])); // prettier-ignore
