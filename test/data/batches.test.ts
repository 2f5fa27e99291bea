// Data sets and their batches: which rows come, in what order, in whose arrays.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "#ir/errors.js";
import { dataset } from "#src/data/dataset.js";
import { mnistBatches } from "#src/data/mnist.js";

/** Row i holds x = [i, i + 0.5] and y = 10·i. */
const rows = (count: number) =>
  dataset({
    x: { data: Float32Array.from({ length: 2 * count }, (_, i) => i / 2), shape: [count, 2] },
    y: Int32Array.from({ length: count }, (_, i) => 10 * i),
  });

describe("in order", () => {
  test("five rows in twos: the last batch has one", () => {
    expect([...rows(5).batches(2)]).toEqual([
      { x: { data: Float32Array.of(0, 0.5, 1, 1.5), shape: [2, 2] }, y: { data: Int32Array.of(0, 10), shape: [2] } },
      { x: { data: Float32Array.of(2, 2.5, 3, 3.5), shape: [2, 2] }, y: { data: Int32Array.of(20, 30), shape: [2] } },
      { x: { data: Float32Array.of(4, 4.5), shape: [1, 2] }, y: { data: Int32Array.of(40), shape: [1] } },
    ]);
  });
  test("dropLast leaves the short one out, and batchCount says so", () => {
    expect([...rows(5).batches(2, { dropLast: true })].map((b) => b.y.shape)).toEqual([[2], [2]]);
    expect([rows(5).batchCount(2), rows(5).batchCount(2, { dropLast: true }), rows(4).batchCount(2)]).toEqual([
      3, 2, 2,
    ]);
  });
  test("a slice holds the rows it names", () => {
    const part = rows(5).slice(1, 3);
    expect([...part.batches(9)]).toEqual([
      { x: { data: Float32Array.of(1, 1.5, 2, 2.5), shape: [2, 2] }, y: { data: Int32Array.of(10, 20), shape: [2] } },
    ]);
    expect([rows(5).slice(3).length, rows(5).slice(4, 99).length, rows(5).slice(7).length]).toEqual([2, 1, 0]);
  });
});

describe("shuffled", () => {
  const labels = (seed: number, epoch?: number): number[] =>
    [...rows(50).batches(7, { shuffle: seed, epoch })].flatMap((b) => [...b.y.data]);

  test("every row comes once, and its columns stay together", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(),
        (count, size, shuffle) => {
          const seen: number[] = [];
          for (const { x, y } of rows(count).batches(size, { shuffle })) {
            y.data.forEach((label, i) => {
              seen.push(label / 10);
              expect([x.data[2 * i], x.data[2 * i + 1]]).toEqual([label / 10, label / 10 + 0.5]);
            });
          }
          expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        },
      ),
    );
  });
  test("one seed, one order; another seed or epoch, another", () => {
    expect(labels(1)).toEqual(labels(1));
    expect(labels(1)).toEqual(labels(1, 0));
    expect(labels(1)).not.toEqual(labels(2));
    expect(labels(1)).not.toEqual(labels(1, 1));
  });
});

describe("arrays", () => {
  test("batches own theirs unless reuse is asked for", () => {
    const [first, second, third] = [...rows(5).batches(2)];
    expect(first!.x.data).not.toBe(second!.x.data);
    expect([...first!.y.data, ...second!.y.data, ...third!.y.data]).toEqual([0, 10, 20, 30, 40]);
  });
  test("with reuse every batch lies in the same memory", () => {
    const buffers = new Set<ArrayBufferLike>();
    const seen: number[] = [];
    for (const { y } of rows(5).batches(2, { reuse: true })) {
      buffers.add(y.data.buffer);
      seen.push(...y.data);
    }
    expect(buffers.size).toBe(1);
    expect(seen).toEqual([0, 10, 20, 30, 40]);
  });
});

describe("bad input", () => {
  test("columns of different length", () => {
    expect(() => dataset({ x: new Float32Array(3), y: new Int32Array(4) })).toThrow(
      new DataError('dataset: column "x" has 3 rows but "y" has 4'),
    );
  });
  test("data that do not fill the shape", () => {
    expect(() => dataset({ x: { data: new Float32Array(5), shape: [2, 3] } })).toThrow(
      new DataError('dataset: column "x" has 5 numbers, its shape is [2,3]'),
    );
  });
  test("no columns", () => {
    expect(() => dataset({})).toThrow(new DataError("dataset: there are no columns"));
  });
  test("a batch size that is none", () => {
    expect(() => [...rows(3).batches(0)]).toThrow(new DataError("batches: the size must be a positive integer, not 0"));
    expect(() => rows(3).batchCount(0)).toThrow(new DataError("batches: the size must be a positive integer, not 0"));
    expect(() => mnistBatches(1.5)).toThrow(new DataError("batches: the size must be a positive integer, not 1.5"));
  });
});
