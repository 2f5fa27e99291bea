// Splits of data sets: every row once, shares of classes kept, all from a seed.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { data } from "gradloom";

/** Row i is x = [i, −i], y = its class. */
const set = (classes: readonly number[]) =>
  data.dataset({
    x: {
      data: Float32Array.from({ length: 2 * classes.length }, (_, i) => (i % 2 ? -1 : 1) * Math.floor(i / 2)),
      shape: [classes.length, 2],
    },
    y: Int32Array.from(classes),
  });
const plain = (count: number) => set(new Array<number>(count).fill(0));
const rowsOf = (part: ReturnType<typeof set>) => [...part.columns.x.data].filter((_, i) => i % 2 === 0);
const countOf = (part: ReturnType<typeof set>, id: number) => part.columns.y.data.filter((y) => y === id).length;
const sorted = (rows: readonly number[]) => [...rows].sort((a, b) => a - b);

describe("folds", () => {
  test("ten rows in three folds without a seed are runs of 4, 3 and 3, as in scikit-learn", () => {
    const folds = data.kFold(plain(10), 3);
    expect(folds.map(({ testRows }) => [...testRows])).toEqual([[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]); // prettier-ignore
    expect(rowsOf(folds[1]!.train)).toEqual([0, 1, 2, 3, 7, 8, 9]);
    expect(folds[1]!.test.columns.x.data).toEqual(Float32Array.of(4, -4, 5, -5, 6, -6));
  });
  test("every row is a test row once, training rows are the others, and a seed says which", () => {
    const cases = fc.record({
      count: fc.integer({ min: 2, max: 40 }),
      k: fc.integer({ min: 2, max: 9 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(cases, ({ count, k, seed }) => {
        fc.pre(k <= count);
        const folds = data.kFold(plain(count), k, { shuffle: seed });
        expect(sorted(folds.flatMap(({ testRows }) => [...testRows]))).toEqual(
          Array.from({ length: count }, (_, i) => i),
        );
        for (const fold of folds) {
          expect(rowsOf(fold.test)).toEqual([...fold.testRows]);
          expect(sorted([...rowsOf(fold.test), ...rowsOf(fold.train)])).toHaveLength(count);
          expect(Math.abs(fold.test.length - count / k)).toBeLessThan(1);
        }
        expect(data.kFold(plain(count), k, { shuffle: seed })).toEqual(folds);
      }),
    );
  });
  test("another seed, other folds", () => {
    const rows = (seed: number) => [...data.kFold(plain(50), 5, { shuffle: seed })[0]!.testRows].join();
    expect(rows(1)).not.toBe(rows(2));
  });
});

describe("stratified folds", () => {
  test("scikit-learn's rule: six and three rows of two classes in three folds are two and one in each", () => {
    const folds = data.stratifiedKFold(set([0, 0, 1, 0, 1, 0, 0, 1, 0]), 3, { by: "y" });
    expect(folds.map(({ testRows }) => [...testRows])).toEqual([[0, 1, 2], [3, 4, 5], [6, 7, 8]]); // prettier-ignore
  });
  test("folds differ by at most a row in size and in each class", () => {
    const classes = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 12, maxLength: 60 });
    fc.assert(
      fc.property(classes, fc.integer({ min: 2, max: 4 }), fc.option(fc.nat(), { nil: undefined }), (ids, k, seed) => {
        fc.pre([0, 1, 2].every((id) => ids.filter((x) => x === id).length >= k));
        const shuffle = seed === undefined ? {} : { shuffle: seed };
        const folds = data.stratifiedKFold(set(ids), k, { by: "y", ...shuffle });
        expect(sorted(folds.flatMap(({ testRows }) => [...testRows]))).toEqual(ids.map((_, i) => i));
        const spread = (xs: readonly number[]) => Math.max(...xs) - Math.min(...xs);
        expect(spread(folds.map(({ test }) => test.length))).toBeLessThanOrEqual(1);
        for (const id of [0, 1, 2]) expect(spread(folds.map(({ test }) => countOf(test, id)))).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("training and test rows", () => {
  test("a quarter, rounded up, is for tests; the parts hold every row once", () => {
    const { train, test } = data.trainTestSplit(plain(10));
    expect([train.length, test.length]).toEqual([7, 3]);
    expect(sorted([...rowsOf(train), ...rowsOf(test)])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(data.trainTestSplit(plain(10))).toEqual({ train, test });
    expect(data.trainTestSplit(plain(10), { shuffle: 1 })).not.toEqual({ train, test });
  });
  test("unshuffled, the last rows are for tests", () => {
    expect(rowsOf(data.trainTestSplit(plain(5), { test: 2, shuffle: false }).test)).toEqual([3, 4]);
  });
  test("stratified, both parts have the same share of every class", () => {
    const ids = Array.from({ length: 100 }, (_, i) => (i < 80 ? 0 : i < 95 ? 1 : 2));
    for (const seed of [0, 1, 2]) {
      const { train, test } = data.trainTestSplit(set(ids), { test: 0.2, stratify: "y", shuffle: seed });
      expect([0, 1, 2].map((id) => countOf(test, id))).toEqual([16, 3, 1]);
      expect([0, 1, 2].map((id) => countOf(train, id))).toEqual([64, 12, 4]);
    }
  });
});

describe("mistakes", () => {
  test.each<[string, () => unknown, string]>([
    ["more folds than rows", () => data.kFold(plain(2), 3), "kFold: 2 rows cannot be in 3 folds"],
    ["one fold", () => data.kFold(plain(2), 1), "the number of folds must be a whole number from 2, not 1"],
    [
      "a rare class",
      () => data.stratifiedKFold(set([0, 0, 0, 1]), 2, { by: "y" }),
      '1 rows of class 1 in column "y" cannot be in 2 folds',
    ],
    [
      "a column that is no class",
      () => data.stratifiedKFold(set([0, 1]), 2, { by: "x" }),
      'column "x" has more than one number a row',
    ],
    [
      "nothing left",
      () => data.trainTestSplit(plain(3), { test: 3 }),
      "test is 3: of 3 rows, at least one must be left",
    ],
    ["half a row", () => data.trainTestSplit(plain(3), { test: 1.5 }), "test is 1.5"],
    [
      "a class of one row",
      () => data.trainTestSplit(set([0, 0, 0, 1]), { stratify: "y" }),
      'a class of column "y" has a single row',
    ],
    [
      "too few test rows",
      () => data.trainTestSplit(set([0, 0, 1, 1]), { test: 1, stratify: "y" }),
      "1 rows cannot have one of each of 2 classes",
    ],
    ["a row that is not there", () => plain(3).rows([3]), "there is no row 3 among 3"],
  ])("%s", (_, run, message) => expect(run).toThrow(message));
});
