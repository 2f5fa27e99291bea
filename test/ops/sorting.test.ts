// Sorting over random data beside JavaScript's own stable sort: ties, NaN, infinities and both zeros, on every backend.
import { describe, expect, test } from "vitest";
import { arrayOf, type DType } from "#ir/dtype.js";
import { argsort, sort } from "#ir/ops/index.js";
import type { Value } from "#ir/node.js";
import { tensorType } from "#ir/type.js";
import { generator, integer, seed } from "../random.js";
import { graphOf, inputsOf } from "./cases.js";
import { evaluators } from "./evaluators.js";

const special = [NaN, Infinity, -Infinity, 0, -0];

/** Few different numbers, so that many are equal. */
function numbers(next: () => number, dtype: DType, length: number): number[] {
  const float = dtype === "f32" || dtype === "f64";
  return Array.from({ length }, () =>
    float && next() < 0.3 ? special[integer(next, 0, 4)]! : integer(next, dtype === "u8" ? 0 : -5, 5),
  );
}

/** The order that NumPy's stable argsort gives, or the same downwards, NaN last in both. */
function expected(row: readonly number[], descending: boolean): number[] {
  const compare = (a: number, b: number): number => {
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    if (a === b) return 0;
    return a < b === descending ? 1 : -1;
  };
  return row.map((_, i) => i).sort((i, j) => compare(row[i]!, row[j]!));
}

describe.each(evaluators)(`$name sorts as JavaScript does, seed ${seed}`, ({ run }) => {
  test.each(["f32", "f64", "i32", "u8"] as const)("%s, rows of 1 to 70 elements", (dtype) => {
    const next = generator(seed);
    for (const length of [1, 2, 3, 4, 5, 8, 9, 31, 64, 70]) {
      const descending = next() < 0.5;
      const rows = [numbers(next, dtype, length), numbers(next, dtype, length)];
      const { builder, inputs } = inputsOf([tensorType(dtype, [2, length])]);
      const outputs = [argsort(inputs[0]!, 1, { descending }), sort(inputs[0]!, 1, { descending })] as Value[];
      const results = run(graphOf(builder, inputs, outputs), [arrayOf(dtype, rows.flat())]);
      const orders = rows.map((row) => expected(row, descending));
      expect([...results.get("y0")!], `${length} elements`).toEqual(orders.flat());
      expect([...results.get("y1")!]).toEqual(orders.flatMap((order, r) => order.map((i) => rows[r]![i]!)));
    }
  });

  test("columns of a matrix", () => {
    const next = generator(seed + 1);
    const [n, columns] = [13, 5];
    const data = numbers(next, "f32", n * columns);
    const { builder, inputs } = inputsOf([tensorType("f32", [n, columns])]);
    const results = run(graphOf(builder, inputs, [argsort(inputs[0]!, 0) as Value]), [arrayOf("f32", data)]);
    for (let c = 0; c < columns; c++) {
      const column = Array.from({ length: n }, (_, i) => data[i * columns + c]!);
      const found = Array.from({ length: n }, (_, i) => results.get("y0")![i * columns + c]);
      expect(found).toEqual(expected(column, false));
    }
  });
});
