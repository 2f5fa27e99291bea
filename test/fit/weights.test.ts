// Weights as files: another instance takes them, and what does not fit is listed.
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callbacks, data, defineModel, evaluate, fit, nn } from "gradloom";
import { classifier, line, twoClouds } from "./models.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradloom-"));
});
afterAll(() => rm(folder, { recursive: true }));

const trained = async (callback: readonly callbacks.Callback[] = []) => {
  const model = classifier.create();
  await fit(model, twoClouds(32), { epochs: 2, callbacks: callback });
  return model;
};

test("weights go through a file, and the file is whole: no other name is left", async () => {
  const model = await trained();
  const file = join(folder, "deep", "weights.safetensors");
  await model.saveWeights(file);
  expect(await readdir(join(folder, "deep"))).toEqual(["weights.safetensors"]);
  const other = classifier.create({ seed: 9 });
  await other.loadWeights(file);
  expect(evaluate(other, twoClouds(20, 5))).toEqual(evaluate(model, twoClouds(20, 5)));
  expect(nn.stateOf(other.model)).toEqual(nn.stateOf(model.model));
});

test("and as bytes, statistics that are not trained too", async () => {
  const model = await trained();
  const { tensors } = data.parseSafetensors(model.toBytes());
  expect(Object.keys(tensors).sort()).toEqual([...nn.namedParameters(model.model).keys()].sort());
  expect(Object.keys(tensors)).toHaveLength(8);
});

test("a checkpoint holds weights", async () => {
  const saved = join(folder, "saved");
  const model = await trained([callbacks.checkpoints(saved)]);
  const other = classifier.create({ seed: 9 });
  await other.loadWeights(join(saved, (await readdir(saved)).at(-1)!));
  expect(nn.stateOf(other.model)).toEqual(nn.stateOf(model.model));
});

describe("what does not fit", () => {
  test("is listed with types, and nothing is changed", async () => {
    const bytes = (await trained()).toBytes();
    const small = defineModel({
      name: "small",
      inputs: { x: ["batch", 2] },
      model: () => nn.sequential(nn.dense(2, 4), nn.dense(4, 2, { name: "head" })),
      build: ({ x }, model) => ({ loss: () => model(x).sum() }),
    }).create();
    const before = small.toBytes();
    expect(() => small.fromBytes(bytes, "big.safetensors")).toThrow(
      /^big\.safetensors: 10 entries do not fit the model\n {2}dense1\/weight +: f32\[2,4\] +given f32\[2,8\]\n/,
    );
    expect(() => small.fromBytes(bytes)).toThrow(/head\/weight +: f32\[4,2\] +missing/);
    expect(() => small.fromBytes(bytes)).toThrow(
      /batchNorm1\/runningMean +: +given, but the model has no such parameter/,
    );
    expect(small.toBytes()).toEqual(before);
  });
  test("files that are missing, cut or none are named", async () => {
    const model = line(1).create();
    const [none, cut] = [join(folder, "none"), join(folder, "cut")];
    await expect(model.loadWeights(none)).rejects.toThrow(`loadWeights: ${none} does not exist`);
    await writeFile(cut, model.toBytes().subarray(0, 90));
    await expect(model.loadWeights(cut)).rejects.toThrow(`${cut} is truncated`);
    await expect(model.loadWeights(folder)).rejects.toThrow(`${folder} cannot be read: EISDIR`);
  });
});
