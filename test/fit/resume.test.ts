// Checkpoints: a training killed at any moment and resumed ends with the bits of one that was never interrupted.
import { fork } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callbacks, data, defineModel, fit, optim } from "gradloom";
import { classifier, twoClouds } from "./models.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradloom-"));
});
afterAll(() => rm(folder, { recursive: true }));

const child = fileURLToPath(new URL("training-child.ts", import.meta.url));

/** Runs the training, killing it so many ms after its first step; whether it came to its end. */
function train(args: readonly string[], killAfter: number | null): Promise<boolean> {
  const options = {
    execArgv: ["--conditions=gradloom-source", "--import", "tsx"],
    env: { ...process.env, VITEST: undefined },
  };
  const process_ = fork(child, [...args], options);
  return new Promise((resolve, reject) => {
    process_.on("message", () => {
      if (killAfter !== null) setTimeout(() => process_.kill("SIGKILL"), killAfter);
    });
    process_.on("error", reject);
    process_.on("close", (code, signal) => {
      if (code === 0) resolve(true);
      else if (signal === "SIGKILL") resolve(false);
      else reject(new Error(`the training ended with code ${code}`));
    });
  });
}

describe("killed by kill -9", () => {
  test.each(["compiled", "eager"])(
    "%s, at random moments, it ends with the same bits",
    { timeout: 120_000 },
    async (mode) => {
      const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
      const random = data.seeded(seed);
      const epochs = mode === "eager" ? "12" : "60";
      const [whole, cut] = [join(folder, `${mode}-whole`), join(folder, `${mode}-cut`)];
      await train([`${whole}-saved`, whole, epochs, mode], null);
      let kills = 0;
      const moments: number[] = [];
      for (let ended = false; !ended;) {
        const at = kills < (mode === "eager" ? 2 : 3) ? random.int(250) : null;
        moments.push(at ?? -1);
        ended = await train([`${cut}-saved`, cut, epochs, mode], at);
        kills += ended ? 0 : 1;
        expect(
          (await readdir(`${cut}-saved`).catch(() => [])).filter((name) => name.endsWith(".safetensors")).length,
        ).toBeLessThanOrEqual(4);
      }
      const note = `SEED=${seed}, killed ${kills} times, ms after the first step: ${moments.join(" ")}`;
      console.log(`${mode}: ${note}`);
      expect(kills, note).toBeGreaterThan(0);
      expect(await readFile(`${cut}.losses`, "utf8"), note).toBe(await readFile(`${whole}.losses`, "utf8"));
      expect(await readFile(cut), note).toEqual(await readFile(whole));
      // What kills left half written is gone, and only the latest files are kept.
      expect(await readdir(`${cut}-saved`)).toHaveLength(3);
    },
  );
});

const set = twoClouds(24);
const settings = { batchSize: 8, validation: twoClouds(12, 1) };

describe("resumed", () => {
  const cuts = (mode: "compiled" | "eager", at: readonly number[]) => async () => {
    const options = { ...settings, mode, epochs: 6 };
    const stopping = () => callbacks.earlyStopping({ patience: 2, minDelta: 0.02 });
    const whole = classifier.create();
    const wanted = await fit(whole, set, { ...options, callbacks: [stopping()] });
    for (const steps of at.filter((step) => step < wanted.steps)) {
      const saved = join(folder, `${mode}-${steps}`);
      const saving = (resume: boolean) => callbacks.checkpoints(saved, { every: 100, resume });
      await fit(classifier.create(), set, { ...options, steps, callbacks: [saving(false), stopping()] });
      const model = classifier.create();
      const history = await fit(model, set, { ...options, callbacks: [saving(true), stopping()] });
      expect([...history.losses]).toEqual([...wanted.losses]);
      expect(history.epochs.map(({ figures }) => figures)).toEqual(wanted.epochs.map(({ figures }) => figures));
      expect([history.items, history.stopped]).toEqual([wanted.items, wanted.stopped]);
      expect(model.toBytes()).toEqual(whole.toBytes());
    }
  };
  const everyStep = Array.from({ length: 17 }, (_, i) => i + 1);
  const same = "with early stopping that remembers: the same weights, losses and figures";
  test(`after any step, eager, ${same}`, { timeout: 60_000 }, cuts("eager", everyStep));
  test(`after 1 and 5 steps, compiled, ${same}`, { timeout: 60_000 }, cuts("compiled", [1, 5]));
  test("after its end it takes no step more; with more epochs it goes on", async () => {
    const saved = join(folder, "finished");
    const go = async (epochs: number, resume: boolean) => {
      const model = classifier.create();
      const history = await fit(model, set, {
        ...settings,
        epochs,
        callbacks: [callbacks.checkpoints(saved, { resume })],
      });
      return { bytes: model.toBytes(), steps: history.steps };
    };
    const first = await go(2, false);
    expect(await go(2, true)).toEqual(first);
    const more = await go(4, true);
    const whole = classifier.create();
    await fit(whole, set, { ...settings, epochs: 4 });
    expect(more).toEqual({ bytes: whole.toBytes(), steps: 12 });
  });
  test("logs have every epoch once, also those that were logged after the checkpoint", async () => {
    const [saved, log] = [join(folder, "logged"), join(folder, "logged.csv")];
    const go = (epochs: number, resume: boolean) =>
      fit(classifier.create(), set, {
        ...settings,
        epochs,
        callbacks: [callbacks.csvLog(log), callbacks.checkpoints(saved, { resume })],
      });
    await go(2, false);
    const text = await readFile(log, "utf8");
    await writeFile(log, `${text}3,99,1.5,0,0\n`);
    await go(4, true);
    const epochs = (await readFile(log, "utf8"))
      .trimEnd()
      .split("\n")
      .map((row) => row.split(",")[0]);
    expect(epochs).toEqual(["epoch", "1", "2", "3", "4"]);
  });
});

describe("what is refused", () => {
  const save = async (name: string, model = classifier.create()) => {
    await fit(model, set, { ...settings, callbacks: [callbacks.checkpoints(join(folder, name))] });
    return join(folder, name);
  };
  const resume = (at: string, options: object = {}, model = classifier.create()) =>
    fit(model, set, { ...settings, ...options, callbacks: [callbacks.checkpoints(at, { resume: true })] });

  test("a folder that holds another training's checkpoints", async () => {
    const at = await save("taken");
    const again = fit(classifier.create(), set, { ...settings, callbacks: [callbacks.checkpoints(at)] });
    await expect(again).rejects.toThrow(
      /holds checkpoints of an earlier training, the latest .*checkpoint-000000003\.safetensors/,
    );
    await expect(again).rejects.toThrow("{ resume: true } goes on from it");
  });
  test("other settings, named one by one", async () => {
    const at = await save("settings");
    await expect(resume(at, { batchSize: 4 })).rejects.toThrow("batchSize: 8 when it was saved, 4 now");
    await expect(resume(at, {}, classifier.create({ seed: 4 }))).rejects.toThrow(
      "  seed: 3 when it was saved, 4 now\n  shuffle: 3 when it was saved, 4 now",
    );
  });
  test("another optimiser, and another model of the same name", async () => {
    const at = await save("model");
    const sgd = defineModel({ ...classifier, optimizer: () => optim.sgd({ lr: 1 }) }).create();
    await expect(resume(at, {}, sgd as never)).rejects.toThrow("optimizer: adam when it was saved, sgd now");
  });
  test("a callback whose memory would be lost", async () => {
    const at = join(folder, "stopping");
    await fit(classifier.create(), set, {
      ...settings,
      callbacks: [callbacks.checkpoints(at), callbacks.earlyStopping()],
    });
    await expect(resume(at)).rejects.toThrow("callback earlyStopping: missing now");
  });
  test("files that are damaged or no checkpoints", async () => {
    const at = await save("damaged");
    const file = join(at, (await readdir(at)).at(-1)!);
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, bytes.length - 1));
    await expect(resume(at)).rejects.toThrow(`${file} is truncated`);
    await writeFile(file, classifier.create().toBytes());
    await expect(resume(at)).rejects.toThrow(`${file} holds tensors, but is no checkpoint`);
    const folderOfNone = join(folder, "file");
    await writeFile(folderOfNone, "");
    await expect(resume(folderOfNone)).rejects.toThrow(`checkpoints: ${folderOfNone} is no folder`);
  });
  test("epochs that have become shorter", async () => {
    const at = join(folder, "shorter");
    await mkdir(at);
    const batches = (count: number) => () =>
      Array.from({ length: count }, () => Object.fromEntries(Object.entries(set.columns)));
    await fit(classifier.create(), batches(5), { steps: 4, callbacks: [callbacks.checkpoints(at)] });
    const again = fit(classifier.create(), batches(2), {
      steps: 9,
      callbacks: [callbacks.checkpoints(at, { resume: true })],
    });
    await expect(again).rejects.toThrow("epoch 1 has 2 batches, but 4 were taken before it was resumed");
  });
});
