// IDX files: what is read from bytes written by hand, and the word-for-word errors of bad ones.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError } from "#ir/errors.js";
import { parseIdx, readIdx } from "#src/data/idx.js";

let dir: string;
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), "gradloom-idx-"))));
afterAll(() => rm(dir, { recursive: true }));

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
/** u8 [2,3]: 1 … 6. */
const sixBytes = bytes(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);

describe("elements are read big-endian", () => {
  test("u8 [2,3]", () => {
    expect(parseIdx(sixBytes, "six")).toEqual({ data: bytes(1, 2, 3, 4, 5, 6), shape: [2, 3], dtype: "u8" });
  });
  test("i32 [2] holds 258 and -2", () => {
    const file = bytes(0, 0, 12, 1, 0, 0, 0, 2, 0, 0, 1, 2, 255, 255, 255, 254);
    expect(parseIdx(file, "two")).toEqual({ data: Int32Array.of(258, -2), shape: [2], dtype: "i32" });
  });
  test("f32 [2] holds 1 and -0.5", () => {
    const file = bytes(0, 0, 13, 1, 0, 0, 0, 2, 0x3f, 0x80, 0, 0, 0xbf, 0, 0, 0);
    expect(parseIdx(file, "two")).toEqual({ data: Float32Array.of(1, -0.5), shape: [2], dtype: "f32" });
  });
  test("f64 [1] holds 2", () => {
    const file = bytes(0, 0, 14, 1, 0, 0, 0, 1, 0x40, 0, 0, 0, 0, 0, 0, 0);
    expect(parseIdx(file, "one")).toEqual({ data: Float64Array.of(2), shape: [1], dtype: "f64" });
  });
  test("bytes that start inside a larger buffer", () => {
    const larger = bytes(9, 9, 9, ...sixBytes, 9);
    expect(parseIdx(larger.subarray(3, 3 + sixBytes.length), "six").data).toEqual(bytes(1, 2, 3, 4, 5, 6));
  });
});

test("a gzip file reads as the plain one", async () => {
  await writeFile(join(dir, "plain"), sixBytes);
  await writeFile(join(dir, "zipped.gz"), gzipSync(sixBytes));
  expect(await readIdx(join(dir, "zipped.gz"))).toEqual(await readIdx(join(dir, "plain")));
});

describe("bad files", () => {
  const refuses = (file: Uint8Array, message: string): void => {
    expect(() => parseIdx(file, "x.idx")).toThrow(new DataError(message));
  };
  test("truncated in the elements", () => {
    refuses(sixBytes.subarray(0, 15), "idx: x.idx is truncated: 18 bytes expected for u8[2,3], 15 found");
  });
  test("truncated in the head", () => {
    refuses(sixBytes.subarray(0, 9), "idx: x.idx is truncated: 12 bytes expected for a head with 2 sizes, 9 found");
  });
  test("empty", () => {
    refuses(bytes(), "idx: x.idx is truncated: 4 bytes expected for a magic number, 0 found");
  });
  test("too long", () => {
    refuses(bytes(...sixBytes, 0), "idx: x.idx is too long: 18 bytes expected for u8[2,3], 19 found");
  });
  test("a wrong magic number", () => {
    refuses(
      bytes(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0),
      "idx: x.idx has the wrong magic number 0x89504e47: an IDX file starts with " +
        "0x000008, 0x00000c, 0x00000d or 0x00000e and the number of sizes",
    );
  });
  test("labels where images are expected", () => {
    const labels = bytes(0, 0, 8, 1, 0, 0, 0, 1, 7);
    expect(() => parseIdx(labels, "x.idx", { dtype: "u8", rank: 3 })).toThrow(
      new DataError("idx: x.idx has the wrong magic number 0x00000801 (u8, rank 1): expected 0x00000803 (u8, rank 3)"),
    );
  });
  test("missing", async () => {
    const path = join(dir, "nowhere");
    await expect(readIdx(path)).rejects.toThrow(new DataError(`idx: ${path} does not exist`));
  });
  test("a directory", async () => {
    await expect(readIdx(dir)).rejects.toThrow(new DataError(`idx: ${dir} cannot be read: EISDIR`));
  });
  test("gzip cut short", async () => {
    const path = join(dir, "short.gz");
    await writeFile(path, gzipSync(sixBytes).subarray(0, 20));
    await expect(readIdx(path)).rejects.toThrow(new DataError(`idx: ${path} does not unpack: unexpected end of file`));
  });
});
