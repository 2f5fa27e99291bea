// IDX files, plain or gzip: a magic number (two zero bytes, an element type, the number of sizes), the sizes, the elements;
// all big-endian. The format is described with the MNIST database (Y. LeCun, C. Cortes, C. Burges).
import type { DType, TypedArray } from "#ir/dtype.js";
import { itemSize, zeros } from "#ir/dtype.js";
import { DataError } from "#ir/errors.js";
import { elementCount, printShape } from "#ir/size.js";

/** What an IDX file holds. */
export interface IdxArray {
  readonly data: TypedArray;
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** What a file must hold to be accepted. */
export interface IdxExpectation {
  readonly dtype: DType;
  readonly rank: number;
}

const codes: Readonly<Record<number, DType>> = { 0x08: "u8", 0x0c: "i32", 0x0d: "f32", 0x0e: "f64" };

/**
 * Reads a file. Throws a DataError where it is missing, truncated, too long, has a wrong magic number, or does not hold what
 * was expected.
 */
export async function readIdx(path: string, expected?: IdxExpectation): Promise<IdxArray> {
  const { readFile } = await import("node:fs/promises");
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code;
    throw new DataError(reason === "ENOENT" ? `idx: ${path} does not exist` : `idx: ${path} cannot be read: ${reason}`);
  }
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return parseIdx(zipped ? await unzip(bytes, path) : bytes, path, expected);
}

async function unzip(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  const { gunzip } = await import("node:zlib");
  return new Promise((resolve, reject) => {
    gunzip(bytes, (error, plain) => {
      if (error) reject(new DataError(`idx: ${path} does not unpack: ${error.message}`));
      else resolve(plain);
    });
  });
}

/** Reads the bytes of an IDX file; `name` is what errors call it. Throws DataErrors as `readIdx` does. */
export function parseIdx(bytes: Uint8Array, name: string, expected?: IdxExpectation): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  expectBytes(bytes, 4, name, "a magic number");
  const magic = view.getUint32(0);
  const dtype = codes[(magic >>> 8) & 0xff];
  const rank = magic & 0xff;
  if (magic >>> 16 !== 0 || dtype === undefined || rank === 0) {
    const known = "0x000008, 0x00000c, 0x00000d or 0x00000e and the number of sizes";
    throw new DataError(`idx: ${name} has the wrong magic number ${hex(magic)}: an IDX file starts with ${known}`);
  }
  if (expected && (dtype !== expected.dtype || rank !== expected.rank)) {
    const wanted = `${hex(magicOf(expected))} (${expected.dtype}, rank ${expected.rank})`;
    throw new DataError(
      `idx: ${name} has the wrong magic number ${hex(magic)} (${dtype}, rank ${rank}): expected ${wanted}`,
    );
  }
  const start = 4 + 4 * rank;
  expectBytes(bytes, start, name, `a head with ${rank} sizes`);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const end = start + elementCount(shape) * itemSize(dtype);
  expectBytes(bytes, end, name, `${dtype}${printShape(shape)}`);
  if (bytes.byteLength > end) {
    const what = `${end} bytes expected for ${dtype}${printShape(shape)}, ${bytes.byteLength} found`;
    throw new DataError(`idx: ${name} is too long: ${what}`);
  }
  return { data: elements(view, dtype, start, elementCount(shape)), shape, dtype };
}

function expectBytes(bytes: Uint8Array, count: number, name: string, what: string): void {
  if (bytes.byteLength >= count) return;
  throw new DataError(`idx: ${name} is truncated: ${count} bytes expected for ${what}, ${bytes.byteLength} found`);
}

function elements(view: DataView, dtype: DType, start: number, length: number): TypedArray {
  if (dtype === "u8") return new Uint8Array(view.buffer, view.byteOffset + start, length);
  const out = zeros(dtype, length);
  const size = itemSize(dtype);
  for (let i = 0, at = start; i < length; i++, at += size) {
    out[i] = dtype === "i32" ? view.getInt32(at) : dtype === "f32" ? view.getFloat32(at) : view.getFloat64(at);
  }
  return out;
}

function magicOf({ dtype, rank }: IdxExpectation): number {
  const code = Object.entries(codes).find(([, known]) => known === dtype)?.[0] ?? 0;
  return Number(code) * 256 + rank;
}

const hex = (word: number): string => `0x${word.toString(16).padStart(8, "0")}`;
