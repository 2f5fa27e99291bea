// The safetensors format (github.com/huggingface/safetensors): eight bytes with the length of a header, little-endian; the
// header, JSON: dtype, shape and byte range of every tensor, and under "__metadata__" texts by name; the numbers, one tensor
// after the other without gaps, little-endian as typed arrays are on every machine that runs WebAssembly.
import { type DType, itemSize, type TypedArray, viewOf } from "#ir/dtype.js";
import { DataError } from "#ir/errors.js";
import { elementCount, printShape } from "#ir/size.js";
import type { State, StateEntry } from "../nn/state.js";
import { crc32 } from "./crc32.js";

/** What a file holds. */
export interface TensorFile {
  readonly tensors: State;
  readonly metadata: Readonly<Record<string, string>>;
}

const names: Readonly<Record<DType, string>> = { f32: "F32", f64: "F64", i32: "I32", bool: "BOOL", u8: "U8" };
const dtypes = new Map(Object.entries(names).map(([dtype, name]) => [name, dtype as DType]));
const reserved = "__metadata__";
const checksum = "crc32";

/** Tensors and texts as bytes. A checksum of the numbers is added to the texts. */
export function safetensorsBytes(tensors: State, metadata: TensorFile["metadata"] = {}): Uint8Array {
  // Large elements first, so that all of them are aligned.
  const entries = Object.entries(tensors).sort(([, a], [, b]) => itemSize(b.dtype) - itemSize(a.dtype));
  const length = entries.reduce((sum, [, { data }]) => sum + data.byteLength, 0);
  const numbers = new Uint8Array(length);
  const places: Record<string, object> = {};
  let at = 0;
  for (const [name, { dtype, shape, data }] of entries) {
    if (name === reserved) throw new DataError(`safetensors: no tensor can be called "${reserved}"`);
    numbers.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    places[name] = { dtype: names[dtype], shape, data_offsets: [at, (at += data.byteLength)] };
  }
  const text = JSON.stringify({ [reserved]: { ...metadata, [checksum]: crc32(numbers) }, ...places });
  const header = new TextEncoder().encode(text);
  // Spaces at its end bring the numbers to a multiple of eight bytes.
  const start = 8 + Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(start + length).fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(header, 8);
  bytes.set(numbers, start);
  return bytes;
}

/** Reads bytes of that format; `file` is what errors call them. Throws a DataError where they are damaged or none. */
export function parseSafetensors(bytes: Uint8Array, file = "the file"): TensorFile {
  const wrong = (what: string): DataError => new DataError(`safetensors: ${file} ${what}`);
  const cut = (what: string, needed: number): DataError =>
    wrong(`is truncated: ${needed} bytes expected for ${what}, ${bytes.length} found`);
  if (bytes.length < 8) throw cut("the length of the header", 8);
  const size = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (size > 100_000_000 || (bytes.length > 8 && bytes[8] !== 0x7b))
    throw wrong("is no safetensors file: its header does not begin as it should");
  if (bytes.length < 8 + size) throw cut("the header", 8 + size);
  const header = headerIn(bytes.subarray(8, 8 + size), wrong);
  const { [reserved]: texts = {}, ...places } = header;
  const start = 8 + size;
  const tensors: Record<string, StateEntry> = {};
  let end = 0;
  for (const [name, place] of Object.entries(places)) {
    const { dtype, shape, from, to } = placeOf(name, place, wrong);
    if (bytes.length < start + to) throw cut(`tensor "${name}"`, start + to);
    tensors[name] = { dtype, shape, data: numbersAt(bytes, dtype, start + from, (to - from) / itemSize(dtype)) };
    end = Math.max(end, to);
  }
  if (bytes.length > start + end) throw wrong(`is too long: ${start + end} bytes expected, ${bytes.length} found`);
  const metadata = textsIn(texts, wrong);
  const { [checksum]: sum, ...others } = metadata;
  if (sum !== undefined && sum !== crc32(bytes.subarray(start)))
    throw wrong("is damaged: its numbers do not have the checksum that was written with them");
  return { tensors, metadata: others };
}

type Wrong = (what: string) => DataError;

function headerIn(bytes: Uint8Array, wrong: Wrong): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw wrong(`is damaged: its header is no JSON: ${(error as Error).message}`);
  }
  if (typeof header === "object" && header !== null && !Array.isArray(header)) return header as Record<string, unknown>;
  throw wrong("is damaged: its header is no record");
}

function placeOf(name: string, place: unknown, wrong: Wrong) {
  const { dtype: code, shape, data_offsets: range } = (place ?? {}) as Record<string, unknown>;
  const whole = (x: unknown): boolean => Array.isArray(x) && x.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!whole(shape) || !whole(range) || (range as unknown[]).length !== 2)
    throw wrong(`is damaged: tensor "${name}" has no shape or byte range`);
  const dtype = dtypes.get(String(code));
  if (!dtype) throw wrong(`has tensor "${name}" of ${String(code)}; gradloom knows ${[...dtypes.keys()].join(", ")}`);
  const [sizes, [from, to]] = [shape as readonly number[], range as [number, number]];
  if (to - from !== elementCount(sizes) * itemSize(dtype))
    throw wrong(`is damaged: tensor "${name}", ${dtype}${printShape(sizes)}, has ${to - from} bytes`);
  return { dtype, shape: sizes, from, to };
}

function numbersAt(bytes: Uint8Array, dtype: DType, at: number, count: number): TypedArray {
  // A copy, so that the elements are aligned and the file's bytes can go.
  const own = new Uint8Array(bytes.subarray(at, at + count * itemSize(dtype)));
  return viewOf(dtype, own.buffer, 0, count);
}

function textsIn(texts: unknown, wrong: Wrong): Readonly<Record<string, string>> {
  const isRecord = typeof texts === "object" && texts !== null;
  if (isRecord && Object.values(texts).every((text) => typeof text === "string"))
    return texts as Record<string, string>;
  throw wrong(`is damaged: "${reserved}" does not hold texts by name`);
}
