// What is wrong with feeds, word for word, and how named sizes are bound.
import { describe, expect, test } from "vitest";
import type { DType } from "#ir/dtype.js";
import { bindSizes } from "#src/bind-sizes.js";
import type { Feeds, FeedSpec } from "#src/feeds.js";
import { sizesOf } from "#src/tensor.js";

const input = (name: string, shape: readonly (number | string)[], dtype: DType = "f32"): FeedSpec => ({
  name,
  type: { dtype, shape: sizesOf(shape) },
  read: true,
  converts: false,
});
const f32 = (length: number): Float32Array => new Float32Array(length);
const messageOf = (specs: readonly FeedSpec[], feeds: Feeds): string => {
  try {
    bindSizes(specs, feeds, "run");
  } catch (error) {
    return String(error);
  }
  return "no error";
};

describe("what is wrong with feeds is said all at once", () => {
  const specs = [input("x", [32, 784]), input("labels", [32], "i32")];

  test("missing and unknown, as DESIGN shows it", () => {
    const feeds = { x: { data: f32(32 * 784), shape: [32, 784] }, targets: new Int32Array(32) };
    expect(messageOf(specs, feeds)).toBe(
      [
        "FeedError: run: 1 of 2 inputs is missing, 1 is not known",
        "  x       : f32[32,784]   given f32[32,784]",
        "  labels  : i32[32]       missing",
        "  targets :               given, but the graph has no such input",
      ].join("\n"),
    );
  });

  test("wrong lengths and dtypes", () => {
    const feeds = { x: f32(5), labels: f32(32) };
    expect(messageOf(specs, feeds)).toBe(
      [
        "FeedError: run: 2 of 2 inputs do not fit",
        "  x      : f32[32,784]   given 5 numbers, not 25088",
        "  labels : i32[32]       given Float32Array, not Int32Array",
      ].join("\n"),
    );
  });

  test("wrong shapes", () => {
    const feeds = { x: { data: f32(32 * 784), shape: [784, 32] }, labels: { data: new Int32Array(3), shape: [32] } };
    expect(messageOf(specs, feeds)).toBe(
      [
        "FeedError: run: 2 of 2 inputs do not fit",
        "  x      : f32[32,784]   given f32[784,32]",
        "  labels : i32[32]       given i32[32] with 3 numbers",
      ].join("\n"),
    );
  });

  test("nested arrays are no flat feed", () => {
    const nested = { x: [[1, 2]] as unknown as number[] };
    expect(messageOf([input("x", [1, 2])], nested)).toBe(
      [
        "FeedError: run: 1 of 1 input does not fit",
        "  x : f32[1,2]   given nested arrays; tensor([[…]]) makes a feed of them",
      ].join("\n"),
    );
  });

  test("nothing but an unknown one", () => {
    const feeds = { x: f32(32 * 784), labels: new Int32Array(32), y: 1 };
    expect(messageOf(specs, feeds).split("\n")[0]).toBe("FeedError: run: 1 feed is not known");
  });
});

describe("named sizes", () => {
  const specs = [input("x", ["batch", 784]), input("y", ["batch"], "i32")];

  test("follow from the lengths of flat feeds", () => {
    expect(bindSizes(specs, { x: f32(3 * 784), y: new Int32Array(3) }, "run")).toEqual({ batch: 3 });
  });

  test("may be 0", () => {
    expect(bindSizes(specs, { x: f32(0), y: new Int32Array(0) }, "run")).toEqual({ batch: 0 });
  });

  test("a length that is no multiple of the known sizes is refused", () => {
    expect(messageOf(specs, { x: f32(785), y: new Int32Array(1) })).toBe(
      [
        "FeedError: run: 1 of 2 inputs does not fit",
        "  x : f32[batch,784]   given 785 numbers, not a multiple of 784",
        "  y : i32[batch]       given 1 number",
      ].join("\n"),
    );
  });

  test("a name bound to two values", () => {
    expect(messageOf(specs, { x: f32(32 * 784), y: new Int32Array(31) })).toBe(
      [
        'FeedError: run: the size "batch" is 32 in x but 31 in y',
        "  x : f32[batch,784]   given 25088 numbers",
        "  y : i32[batch]       given 31 numbers",
      ].join("\n"),
    );
  });

  test("two names in one flat feed need a shape", () => {
    const images = [input("image", ["height", "width"])];
    expect(messageOf(images, { image: f32(12) })).toBe(
      [
        "FeedError: run: the length of image does not tell its sizes [height,width]",
        "  image : f32[height,width]   given 12 numbers",
        "  help: give { data, shape } for image",
      ].join("\n"),
    );
    expect(bindSizes(images, { image: { data: f32(12), shape: [3, 4] } }, "run")).toEqual({ height: 3, width: 4 });
  });

  test("one feed can tell what another one leaves open", () => {
    const both = [input("x", ["rows", "columns"]), input("w", ["columns"])];
    expect(bindSizes(both, { x: f32(12), w: f32(4) }, "run")).toEqual({ columns: 4, rows: 3 });
  });

  test("plain numbers and scalars are feeds too", () => {
    const mixed = [input("x", ["n"]), input("lr", [])];
    expect(bindSizes(mixed, { x: [1, 2, 3], lr: 0.1 }, "run")).toEqual({ n: 3 });
  });
});
