// `run --data`: a folder laid out as MNIST's, such as Fashion-MNIST, in place of the digits.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gradloom } from "./run-cli.js";

let folder = "";
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "gradloom-data-"))));
afterAll(() => rm(folder, { recursive: true }));

/** The bytes of an IDX file of u8. */
function idx(shape: readonly number[], data: ArrayLike<number>): Uint8Array {
  const head = new Uint8Array(4 + 4 * shape.length);
  const view = new DataView(head.buffer);
  view.setUint32(0, 0x0800 + shape.length);
  shape.forEach((size, i) => view.setUint32(4 + 4 * i, size));
  return Uint8Array.from([...head, ...Array.from(data)]);
}

/** Images of 28×28 of which class c has rows 2c and 2c + 1 bright, and their classes in turn. */
function images(count: number): readonly [images: Uint8Array, labels: Uint8Array] {
  const labels = Array.from({ length: count }, (_, i) => i % 10);
  const pixels = labels.flatMap((c) => Array.from({ length: 784 }, (_, at) => (at >= 56 * c && at < 56 * (c + 1) ? 255 : 0))); // prettier-ignore
  return [idx([count, 28, 28], pixels), idx([count], labels)];
}

test("four files, plain and zipped: the network learns these, not the digits", async () => {
  const [train, labels] = images(320);
  const [held, heldLabels] = images(40);
  await writeFile(join(folder, "train-images-idx3-ubyte"), train);
  await writeFile(join(folder, "train-labels-idx1-ubyte.gz"), gzipSync(labels));
  await writeFile(join(folder, "t10k-images.idx3-ubyte.gz"), gzipSync(held));
  await writeFile(join(folder, "t10k-labels.idx1-ubyte"), heldLabels);
  const { code, out, err } = await gradloom("run", "examples/mnist-adam.ts", "--data", folder, "--epochs", "4", "--json"); // prettier-ignore
  expect([code, err]).toEqual([0, ""]);
  // 320 images in batches of 32, four times.
  expect(JSON.parse(out)).toMatchObject({ model: "mnist-adam", steps: 40, "test accuracy": 1 });
});

test("a folder without them: one sentence, the files that are missing, and no stack", async () => {
  const empty = await mkdtemp(join(folder, "empty-"));
  const { code, out, err } = await gradloom("run", "examples/mnist-adam.ts", "--data", empty, "--json");
  const names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];
  expect([code, out]).toEqual([1, ""]);
  expect(err).toBe(`DataError: mnist: 4 of 4 files are missing in ${empty}\n${names.map((n) => `  ${n}-ubyte\n`).join("")}`); // prettier-ignore
});

test("--compare trains both modes on the same folder; a model that refuses one example is trained without a table of layers", async () => {
  const script = "test/cli/fixtures/asks-for-data.ts";
  const { code, out, err } = await gradloom("run", script, "--data", folder, "--steps", "2", "--compare");
  expect([code, err]).toEqual([0, ""]);
  expect(out).toContain("no table of layers: one example is too few\n");
  expect(out).toMatch(/the losses of [\d,]+ steps from the same weights (agree|differ by at most 1\.\de-7)/);
});
