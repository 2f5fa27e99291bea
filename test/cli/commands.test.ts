// The commands on the examples, in processes of their own.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { gradloom } from "./run-cli.js";

const xor = "examples/xor.ts";
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gradloom-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("dot writes .dot, .svg and .png, and nothing else", async () => {
  const file = (name: string) => join(folder, "pictures", name);
  await gradloom("dot", xor, "-o", file("built.dot"));
  await gradloom("dot", xor, "-o", file("scheduled.svg"), "--stage", "scheduled", "--size", "batch=4");
  await gradloom("dot", xor, "-o", file("buffers.png"), "--stage", "buffers");
  expect(await readdir(join(folder, "pictures"))).toEqual(["buffers.png", "built.dot", "scheduled.svg"]);
  expect(await readFile(file("built.dot"), "utf8")).toMatch(/^digraph "xor" \{/);
  expect(await readFile(file("scheduled.svg"), "utf8")).toMatch(/^<svg [\s\S]*<\/svg>\s*$/);
  expect([...(await readFile(file("buffers.png"))).subarray(0, 4)]).toEqual([0x89, 0x50, 0x4e, 0x47]);
});

test("compare --json prints exactly the fields that are promised, from losses that agree", async () => {
  const { code, out, err } = await gradloom("compare", xor, "--json", "--steps", "20");
  expect([code, err]).toEqual([0, ""]);
  const result = JSON.parse(out) as Record<string, Record<string, number>>;
  expect(Object.keys(result)).toEqual([
    "model",
    "eager",
    "compiled",
    "speedup",
    "breakEvenSteps",
    "maxRelativeDifference",
  ]);
  expect(result.model).toBe("xor");
  expect(Object.keys(result.eager!)).toEqual(["firstStepMs", "stepMs", "kernels", "traffic", "bytes"]);
  const fields = [
    "compileMs",
    "firstStepMs",
    "stepMs",
    "kernels",
    "traffic",
    "arenaBytes",
    "naiveBytes",
    "lowerBoundBytes",
  ];
  expect(Object.keys(result.compiled!)).toEqual(fields);
  expect(result.maxRelativeDifference).toBeLessThan(1e-5);
  expect(result.compiled!.kernels).toBeLessThan(result.eager!.kernels!);
  expect(result.compiled!.firstStepMs).toBeLessThanOrEqual(result.compiled!.compileMs!);
});

describe.concurrent("summary", () => {
  test.concurrent("of 784-128-10: 784 · 128 + 128 and 128 · 10 + 10 numbers, together 101 770", async () => {
    const { out } = await gradloom("summary", "examples/mnist-mlp.ts", "--json", "--size", "batch=32");
    const none = { untrained: 0, atLeast: false };
    const { planned, outside, ...told } = JSON.parse(out) as { planned: object; outside: { flops: number } };
    expect(told).toEqual({
      model: "mnist-mlp",
      layers: [
        { name: "dense1", kind: "dense", output: "f32[32,128]", parameters: 100_480, parameterBytes: 401_920, flops: 32 * 128 * (2 * 784 + 2), multiplyAdds: 32 * 128 * 784, outputBytes: 16_384, ...none },
        { name: "dense2", kind: "dense", output: "f32[32,10]", parameters: 1290, parameterBytes: 5160, flops: 32 * 10 * (2 * 128 + 1), multiplyAdds: 32 * 1280, outputBytes: 1280, ...none },
      ], // prettier-ignore
      sizes: { batch: 32 },
      parameters: 101_770,
      untrained: 0,
      atLeast: false,
      parameterBytes: 407_080,
      outputBytes: 17_664,
      flops: 32 * (128 * 1570 + 10 * 257) + outside.flops,
      multiplyAdds: 32 * 101_632,
      optimizerState: 0,
    });
    // Images, the hidden layer and the scores, at the least; without sharing, less than twice as much again.
    const { training, inference } = planned as { training: number; inference: number };
    expect(inference).toBeLessThan(training);
    expect(training).toBeGreaterThan(4 * 32 * (784 + 128 + 10));
    expect(training).toBeLessThan(8 * 32 * (784 + 128 + 10));
  });

  test.concurrent("lists parameters that belong to no layer", async () => {
    const { out } = await gradloom("summary", "examples/linear-regression.ts");
    expect(out).toMatch(/│ w \(parameter\) +│ f32\[\] +│ +1 │ +0 │ +4 bytes │/);
    expect(out).toContain("2 trained numbers: 8 bytes");
  });
});

describe.concurrent("check", () => {
  test.concurrent("passes on xor, element by element", async () => {
    const { code, out } = await gradloom("check", xor, "--json");
    const { ok, parameters } = JSON.parse(out) as { ok: boolean; parameters: { tried: number }[] };
    expect([code, ok]).toEqual([0, true]);
    expect(parameters.reduce((sum, row) => sum + row.tried, 0)).toBe(9);
  });

  test.concurrent("finds a gradient of 2w² where w³ has 3w²", async () => {
    const { code, out } = await gradloom("check", "test/cli/fixtures/wrong-gradient.ts", "--json");
    expect(code).toBe(1);
    const { ok, parameters } = JSON.parse(out) as {
      ok: boolean;
      parameters: { parameter: string; expected: number; actual: number; error: number }[];
    };
    expect(ok).toBe(false);
    const [worst, other] = parameters as [(typeof parameters)[0], (typeof parameters)[0]];
    expect([worst.parameter, other.parameter]).toEqual(["w", "b"]);
    expect(worst.actual / worst.expected).toBeCloseTo(2 / 3, 5);
    expect(other.error).toBeLessThan(1e-4);
  });
});

describe.concurrent("ir and run", () => {
  test.concurrent("ir prints graph text, and what a pass made", async () => {
    const { out } = await gradloom("ir", xor, "--stage", "built");
    expect(out).toMatch(/^graph xor\(/);
    expect(out).toContain("%x: f32[batch,2]");
    const fused = await gradloom("ir", xor, "--pass", "fuse");
    expect(fused.out).toMatch(/^fused xor \{\n {2}group 0: /);
  });

  test.concurrent("run prints the figures of a training as JSON: w tends to 2, b to 0", async () => {
    const { code, out } = await gradloom(
      "run",
      "examples/linear-regression.ts",
      "--json",
      "--out",
      join(folder, "line"),
    );
    const result = JSON.parse(out) as { steps: number; firstLoss: number; w: number; b: number };
    expect([code, result.steps, result.firstLoss]).toEqual([0, 1000, 30]);
    expect(result.w).toBeCloseTo(2, 1);
    expect(result.b).toBeCloseTo(0, 1);
    expect(await readdir(join(folder, "line"))).toEqual(["graph.svg", "loss.svg", "report.json"]);
  });

  test.concurrent(
    "run goes on from a checkpoint to the loss of a run that was never cut",
    async () => {
      const saved = join(folder, "saved");
      const run = async (...args: readonly string[]) => {
        const { code, out, err } = await gradloom("run", xor, "--json", ...args);
        return code === 0 ? (JSON.parse(out) as { steps: number; loss: number }) : err;
      };
      const checkpoint = ["--checkpoint", saved, "--every", "4"];
      expect(await run(...checkpoint, "--steps", "10")).toMatchObject({ steps: 10 });
      expect(await readdir(saved)).toEqual(
        [4, 8, 10].map((n) => `checkpoint-${String(n).padStart(9, "0")}.safetensors`),
      );
      expect(await run(...checkpoint, "--steps", "20")).toContain("holds checkpoints of an earlier training");
      const [resumed, whole] = [await run(...checkpoint, "--steps", "20", "--resume"), await run("--steps", "20")];
      expect(resumed).toMatchObject({ steps: 20, loss: (whole as { loss: number }).loss });
    },
    240_000,
  );

  test.concurrent("run takes as many steps as it is told, eagerly too", async () => {
    const { out } = await gradloom("run", xor, "--mode", "eager", "--steps", "7", "--json");
    expect(JSON.parse(out)).toMatchObject({ model: "xor", mode: "eager", steps: 7 });
  });
});

test("texts that evaluate gives stand behind the table, and in JSON as they are", async () => {
  const script = "test/cli/fixtures/speaks.ts";
  const { code, out } = await gradloom("run", script);
  expect(code).toBe(0);
  expect(out).toMatch(/│ right +│ +0\.7500 │\n└[^\n]*\n\nit writes:\none line\nand another\n$/);
  const figures = JSON.parse((await gradloom("run", script, "--json")).out) as Record<string, unknown>;
  expect(figures).toMatchObject({ steps: 2, loss: 0.125, right: 0.75, "it writes": "one line\nand another" });
});
