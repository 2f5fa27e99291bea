// safetensors: the bytes are those of the format, every array comes back, and damage is told.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { data, DataError } from "gradloom";
import { crc32 } from "#src/files/crc32.js";

const state = {
  "dense/weight": { dtype: "f32", shape: [2, 2], data: Float32Array.of(1, -0, NaN, Infinity) },
  steps: { dtype: "i32", shape: [], data: Int32Array.of(-7) },
  flags: { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) },
  wide: { dtype: "f64", shape: [1], data: Float64Array.of(Math.PI) },
  none: { dtype: "u8", shape: [0, 4], data: new Uint8Array(0) },
} as const;
const parse = (bytes: Uint8Array) => data.parseSafetensors(bytes, "w.safetensors");

/** A file by the format's own description, written without our code. */
function byHand(header: string, numbers: readonly number[]): Uint8Array {
  const text = [...header].map((c) => c.charCodeAt(0));
  return Uint8Array.of(text.length & 255, text.length >> 8, 0, 0, 0, 0, 0, 0, ...text, ...numbers);
}

test("what is written comes back, with its texts", () => {
  const { tensors, metadata } = parse(data.safetensorsBytes(state, { format: "x", more: '"ü"' }));
  expect(tensors).toEqual(state);
  expect(Object.is(tensors["dense/weight"]!.data[1], -0)).toBe(true);
  expect(metadata).toEqual({ format: "x", more: '"ü"' });
});

test("the header ends at a multiple of eight bytes, and large elements come first, so that all are aligned", () => {
  const bytes = data.safetensorsBytes(state);
  const size = new DataView(bytes.buffer).getUint32(0, true);
  expect(size % 8).toBe(0);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size))) as Record<
    string,
    { data_offsets: number[] }
  >;
  expect(Object.keys(header)).toEqual(["__metadata__", "wide", "dense/weight", "steps", "flags", "none"]);
  expect(header.steps!.data_offsets).toEqual([24, 28]);
});

test("a file of another program is read: F32 [1,2] at bytes 0 to 8", () => {
  const header = '{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}';
  const { tensors } = parse(byHand(header, [0, 0, 128, 63, 0, 0, 0, 192]));
  expect(tensors).toEqual({ a: { dtype: "f32", shape: [1, 2], data: Float32Array.of(1, -2) } });
});

test("the checksum is that of gzip", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe("cbf43926");
  expect(crc32(new Uint8Array(0))).toBe("00000000");
});

describe("damage", () => {
  const whole = data.safetensorsBytes(state);
  test("however short it is cut, an error names the file", () => {
    for (let length = 0; length < whole.length; length++)
      expect(() => parse(whole.slice(0, length))).toThrow(
        /^safetensors: w\.safetensors is truncated: \d+ bytes expected/,
      );
  });
  test("whatever single byte is changed, it is a DataError or reads the same", () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = whole.slice();
        bytes[at] = bytes[at]! ^ change;
        try {
          const { tensors } = parse(bytes);
          // A name or a text of the header may have changed; numbers may not.
          expect(Object.values(tensors).map((x) => [...x.data])).toEqual(
            Object.values(parse(whole).tensors).map((x) => [...x.data]),
          );
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
          expect((error as Error).message).toContain("w.safetensors");
        }
      }),
      { numRuns: 2000 },
    );
  });
  test.each<[string, Uint8Array, string]>([
    ["a longer file", Uint8Array.of(...whole, 0), "is too long"],
    ["text", new TextEncoder().encode("hello, this is no file of tensors"), "is no safetensors file"],
    [
      "a changed number",
      whole.map((x, i) => (i === whole.length - 1 ? x ^ 1 : x)),
      "is damaged: its numbers do not have the checksum",
    ],
    [
      "half precision",
      byHand('{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}', [0, 0]),
      'has tensor "a" of F16; gradloom knows F32, F64, I32, BOOL, U8',
    ],
    [
      "a shape that is too large",
      byHand('{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
      'tensor "a", f32[9], has 4 bytes',
    ],
    ["no shape", byHand('{"a":7}', []), 'tensor "a" has no shape or byte range'],
  ])("%s", (_, bytes, message) => expect(() => parse(bytes)).toThrow(message));
});
