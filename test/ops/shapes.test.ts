// What samples cannot say of the ops that move, pad, scatter and resize: gradients with duplicates, random cases against
// plain loops, named sizes, friendly arguments.
import { describe, expect, test } from "vitest";
import type { Operand, Value } from "#ir/node.js";
import { t } from "#ir/op.js";
import {
  expandDims, flip, pad, reshape, resize, reverse, roll, scatter, split, squeeze, stack, takeAlongAxis, tile, unstack, variance,
} from "#ir/ops/index.js"; // prettier-ignore
import { mulSizes, namedSize, type Size } from "#ir/size.js";
import { printType, tensorType } from "#ir/type.js";
import { generator, integer, seed } from "../random.js";
import { atPoint, floats } from "./at-point.js";
import { inputsOf } from "./cases.js";

const batch = namedSize("batch");
const symbolic = (...shape: readonly Size[]): Value => inputsOf([tensorType("f32", shape)]).inputs[0]!;
const typeOf = (x: Operand) => printType(x.type);
const complaint = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message.split("\n")[0]}`;
  }
  return "no complaint";
};

describe("scatter", () => {
  test("of equal indices only the last update has a gradient, and what is replaced has none", () => {
    const { y, gradients } = atPoint(
      (x, i, updates) => scatter(x!, i!, updates!),
      floats("f64", [1, 2, 3]),
      t("i32", [4], [2, 0, 2, 2]),
      floats("f64", [10, 20, 30, 40]),
    );
    expect(y).toEqual([20, 2, 40]);
    expect(gradients).toEqual([
      [0, 1, 0],
      [0, 1, 0, 1],
    ]);
  });
});

describe("pad", () => {
  test("the gradient counts an element as often as it is repeated", () => {
    const slope = (mode: "reflect" | "symmetric" | "edge") =>
      atPoint((x) => pad(x!, [2], [1], { mode }), floats("f64", [1, 2, 3])).gradients[0];
    expect(slope("reflect")).toEqual([1, 3, 2]);
    expect(slope("symmetric")).toEqual([2, 2, 2]);
    expect(slope("edge")).toEqual([3, 1, 2]);
  });

  test(`random borders are those of a plain loop, seed ${seed}`, () => {
    const next = generator(seed);
    for (let n = 0; n < 40; n++) {
      const size = integer(next, 1, 6);
      const mode = (["reflect", "symmetric", "edge"] as const)[integer(next, 0, 2)]!;
      const most = mode === "edge" ? 9 : mode === "symmetric" ? size : size - 1;
      const [low, high] = [integer(next, 0, most), integer(next, 0, most)];
      const at = (i: number): number => {
        if (i >= 0 && i < size) return i;
        if (mode === "edge") return i < 0 ? 0 : size - 1;
        const skip = mode === "reflect" ? 0 : 1;
        return i < 0 ? -i - skip : 2 * size - 2 + skip - i;
      };
      const expected = Array.from({ length: low + size + high }, (_, i) => at(i - low));
      const x = floats("f64", Array.from({ length: size }, (_, i) => i)); // prettier-ignore
      expect(atPoint((v) => pad(v!, [low], [high], { mode }), x).y).toEqual(expected);
    }
  });
});

test(`resizing a line of random sizes: its bilinear gradient is the transpose of its matrix, seed ${seed}`, () => {
  const next = generator(seed);
  for (let n = 0; n < 30; n++) {
    const [from, to] = [integer(next, 1, 7), integer(next, 1, 9)];
    const options = { mode: next() < 0.5 ? "bilinear" : "nearest", alignCorners: next() < 0.5 } as const;
    const unit = (j: number) => floats("f64", Array.from({ length: from }, (_, i) => (i === j ? 1 : 0))); // prettier-ignore
    const columns = Array.from({ length: from }, (_, j) => atPoint((x) => resize(x!, [to], options), unit(j)));
    // The weights of every element of the result sum to 1, and the gradient of the sum is the sum of a column.
    for (let i = 0; i < to; i++) expect(columns.reduce((sum, { y }) => sum + y[i]!, 0)).toBeCloseTo(1, 12);
    columns.forEach(({ y, gradients }, j) => {
      expect(gradients[0]![j]).toBeCloseTo(y.reduce((a, b) => a + b, 0), 12); // prettier-ignore
    });
  }
});

describe("named sizes flow through", () => {
  test("split, stack, unstack, tile, squeeze, expandDims, roll, variance", () => {
    const x = symbolic(mulSizes(batch, 2), 3);
    expect(split(x, 2).map(typeOf)).toEqual(["f32[batch,3]", "f32[batch,3]"]);
    expect(unstack(x, 1).map(typeOf)).toEqual(["f32[2*batch]", "f32[2*batch]", "f32[2*batch]"]);
    expect(typeOf(stack([x, x], -1))).toBe("f32[2*batch,3,2]");
    expect(typeOf(tile(x, [2, 1]))).toBe("f32[4*batch,3]");
    expect(typeOf(tile(x, batch))).toBe("f32[2*batch,3*batch]");
    expect(typeOf(squeeze(expandDims(x, [0, -1])))).toBe("f32[2*batch,3]");
    expect(typeOf(roll(x, 1, 0))).toBe("f32[2*batch,3]");
    expect(typeOf(variance(x, 0, { keepDims: true }))).toBe("f32[1,3]");
  });
});

describe("arguments that users may leave out or count from the end", () => {
  test("expandDims and stack count places in the result", () => {
    const x = symbolic(2, 3);
    expect(typeOf(expandDims(x, -1))).toBe("f32[2,3,1]");
    expect(typeOf(expandDims(x))).toBe("f32[1,2,3]");
    expect(typeOf(stack([x], -1))).toBe("f32[2,3,1]");
  });
  test("flip is reverse", () => {
    const at = floats("f64", [1, 2, 3]);
    expect(atPoint((x) => flip(x!), at).y).toEqual(atPoint((x) => reverse(x!), at).y);
  });
  test("takeAlongAxis broadcasts the other axes", () => {
    const [x, i] = inputsOf([tensorType("f32", [4, 3, 5]), tensorType("i32", [1, 3, 2])]).inputs;
    expect(typeOf(takeAlongAxis(x!, i!))).toBe("f32[4,3,2]");
  });
});

describe("errors say what is wrong", () => {
  test.each([
    ["ShapeError: split: axis 0 of size 5 does not divide into 2 equal parts", (x: Operand) => split(x, 2)],
    ["ShapeError: split: axis 0 of size 5 does not divide into 0 equal parts", (x: Operand) => split(x, 0)],
    ["ShapeError: reshape: the shape is 6, not a list of sizes", (x: Operand) => reshape(x, 6 as never)],
    ["ShapeError: resize: the sizes are 6, not a list", (x: Operand) => resize(x, 6 as never)],
    ["ShapeError: pad: axis 0 is padded by -1: less than 0; use slice", (x: Operand) => pad(x, [-1, 0], [0, 0], { mode: "edge" })], // prettier-ignore
  ])("%s", (message, call) => {
    expect(complaint(() => call(symbolic(5, 3)))).toBe(message);
  });
});

test("the variance of numbers near 10⁸ survives in f32: 80 for 0, 8, 16, 24 more", () => {
  const { y, gradients } = atPoint((x) => variance(x!), floats("f32", [100000000, 100000008, 100000016, 100000024]));
  expect(y).toEqual([80]);
  // 2 (x − mean) / n, the mean being 12 more.
  expect(gradients[0]).toEqual([-6, -2, 2, 6]);
});
