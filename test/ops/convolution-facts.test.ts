// Convolution and pooling layers of course notes, with numbers one can check by hand.
import { describe, expect, test } from "vitest";
import type { Operand } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { namedSize } from "#ir/size.js";
import { printType, tensorType } from "#ir/type.js";
import { gradient } from "#passes/gradient.js";
import { GraphMaker } from "../graphs.js";
import { inputsOf } from "./cases.js";

const { conv2d, maxPool2d, meanPool2d, relu, reverse } = ops;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const numbers = (x: ArrayLike<number>) => Array.from(x, (n) => n + 0);

describe("two 3×3×3 filters over 3×5×5, padding 1, stride 2", () => {
  const input = [
    ...[0, 1, 1, 0, 2, 2, 2, 2, 2, 1, 1, 0, 0, 2, 0, 0, 1, 1, 0, 0, 1, 2, 0, 0, 2],
    ...[1, 0, 2, 2, 0, 0, 0, 0, 2, 0, 1, 2, 1, 2, 1, 1, 0, 0, 0, 0, 1, 2, 1, 1, 1],
    ...[2, 1, 2, 0, 0, 1, 0, 0, 1, 0, 0, 2, 1, 0, 1, 0, 1, 2, 2, 2, 2, 1, 0, 0, 1],
  ];
  const filters = [
    ...[-1, 1, 0, 0, 1, 0, 0, 1, 1, -1, -1, 0, 0, 0, 0, 0, -1, 0, 0, 0, -1, 0, 1, 0, 1, -1, -1],
    ...[1, 1, -1, -1, -1, 1, 0, -1, 1, 0, 1, 0, -1, 0, -1, -1, 1, 0, -1, 0, 0, -1, 0, 1, -1, 0, 0],
  ];
  const g = new GraphMaker();
  const [x, w, b, dy] = [g.input("x", [1, 3, 5, 5]), g.input("w", [2, 3, 3, 3]), g.input("b", [2]), g.input("dy", [1, 2, 3, 3])]; // prettier-ignore
  const y = conv2d(x, w, { bias: b, padding: 1, stride: 2 });
  const cotangent = range(1, 18);
  const [dx, dw, db] = gradient([y], [x, w, b], { cotangents: [dy] }) as [Operand, Operand, Operand];
  const found = g.run([y, dx, dw, db], { x: input, w: filters, b: [1, 0], dy: cotangent }).map(numbers);

  test("the outputs are those of the notes: (5 + 2 · 1 − 3) / 2 + 1 = 3 of each", () => {
    expect(found[0]).toEqual([6, 7, 5, 3, -1, -1, 2, -1, 4, 2, -5, -8, 1, -4, -4, 0, -5, -5]);
  });
  test("the gradient of a bias is the sum of its filter's cotangents", () => {
    expect(found[3]).toEqual([45, 126]);
  });
  test("a filter's centre sums cotangents times every second element, and its corner those above and to the left", () => {
    const at = (c: number, i: number, j: number) => input[25 * c + 5 * i + j] ?? 0;
    const centre = range(0, 8).reduce((sum, p) => sum + cotangent[p]! * at(0, 2 * Math.floor(p / 3), 2 * (p % 3)), 0);
    expect(found[2]![4]).toBe(centre);
    // Only positions (1,1), (1,2), (2,1), (2,2) see elements (1,1), (1,3), (3,1), (3,3) through the corner: 5·2 + 6·2 + 8·1 + 9·0.
    expect(found[2]![0]).toBe(30);
  });
  test("an element under one window gets that window's centre tap, one under four a corner of each", () => {
    // Element (2,2) of channel 0 is the centre of window (1,1) alone: 5 · 1 + 14 · −1.
    expect(found[1]![12]).toBe(-9);
    // Element (1,1) is seen by windows (0,0), (0,1), (1,0), (1,1) through taps (2,2), (2,0), (0,2), (0,0).
    expect(found[1]![6]).toBe(1 * 1 + 2 * 0 + 4 * 0 + 5 * -1 + 10 * 1 + 11 * 0 + 13 * -1 + 14 * 1);
  });
});

describe("one channel of 5×5 by a 3×3 filter", () => {
  const image = [1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0];
  const filter = [1, 0, 1, 0, 1, 0, 1, 0, 1];
  const run = (stride: number) => {
    const g = new GraphMaker();
    const y = relu(conv2d(g.input("x", [1, 1, 5, 5]), g.input("w", [1, 1, 3, 3]), { stride }));
    return numbers(g.run([y], { x: image, w: filter })[0]!);
  };
  test("stride 1 gives 3×3, stride 2 its corners", () => {
    expect(run(1)).toEqual([4, 3, 4, 2, 4, 3, 2, 3, 4]);
    expect(run(2)).toEqual([4, 4, 2, 4]);
  });
});

test("it is a cross-correlation; a convolution in the mathematical sense turns the filter round", () => {
  const g = new GraphMaker();
  const [x, w] = [g.input("x", [1, 1, 3, 3]), g.input("w", [1, 1, 2, 2])];
  const ys = [conv2d(x, w), conv2d(x, reverse(w, [2, 3]))];
  const found = g.run(ys, { x: range(1, 9), w: [1, 2, 3, 4] }).map(numbers);
  expect(found).toEqual([
    [37, 47, 67, 77],
    [23, 33, 53, 63],
  ]);
});

describe("windows of 3 by 2 overlap", () => {
  const image = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25];
  const g = new GraphMaker();
  const [x, dy] = [g.input("x", [1, 1, 5, 5]), g.input("dy", [1, 1, 2, 2])];
  const [largest, average] = [maxPool2d(x, 3, { stride: 2 }), meanPool2d(x, 3, { stride: 2 })];
  const gradients = [largest, average].map((y) => gradient([y], [x], { cotangents: [dy] })[0]!);
  const found = g.run([largest, average, ...gradients], { x: image, dy: [9, 18, 27, 36] }).map(numbers);

  test("an element that is the largest of all four windows gets the sum of their cotangents", () => {
    expect(found[0]).toEqual([99, 99, 99, 99]);
    expect(found[2]).toEqual(range(0, 24).map((i) => (i === 12 ? 90 : 0)));
  });
  test("a mean's gradient adds up where windows overlap", () => {
    expect(found[3]).toEqual([1, 1, 3, 2, 2, 1, 1, 3, 2, 2, 4, 4, 10, 6, 6, 3, 3, 7, 4, 4, 3, 3, 7, 4, 4]);
  });
});

test("of equal elements the first, row by row, gets the gradient of each window", () => {
  const g = new GraphMaker();
  const [x, dy] = [g.input("x", [1, 1, 3, 3]), g.input("dy", [1, 1, 2, 2])];
  const [dx] = gradient([maxPool2d(x, 2, { stride: 1 })], [x], { cotangents: [dy] });
  const zeros = range(1, 9).map(() => 0);
  expect(numbers(g.run([dx!], { x: zeros, dy: [1, 10, 100, 1000] })[0]!)).toEqual([1, 10, 0, 100, 1000, 0, 0, 0, 0]);
});

describe("sizes without numbers", () => {
  const [n, h] = [namedSize("batch"), namedSize("height")];
  const typed = (shape: Parameters<typeof tensorType>[1]) => inputsOf([tensorType("f32", shape), tensorType("f32", [8, 3, 3, 3])]).inputs; // prettier-ignore
  test("batch and height may be named", () => {
    const [x, w] = typed([n, 3, h, 9]);
    expect(printType(conv2d(x!, w!).type)).toBe("f32[batch,8,height-2,7]");
    expect(printType(conv2d(x!, w!, { padding: "same" }).type)).toBe("f32[batch,8,height,9]");
    expect(printType(conv2d(x!, w!, { padding: 1, stride: 2 }).type)).toBe("f32[batch,8,floor(height-1/2)+1,5]");
    expect(printType(maxPool2d(x!, 2).type)).toBe("f32[batch,3,floor(height-2/2)+1,4]");
  });
  test('"same" with a stride needs the number', () => {
    const [x, w] = typed([n, 3, h, 9]);
    expect(() => conv2d(x!, w!, { padding: "same", stride: 2 })).toThrow(
      'ShapeError: conv2d: "same" with stride 2 depends on the size height of spatial axis 0, which is not a number'.slice(12), // prettier-ignore
    );
  });
  test("gradients of all operands have their types", () => {
    const [x, w] = typed([n, 3, h, 9]);
    const y = conv2d(x!, w!, { padding: 1, stride: 2 });
    const found = gradient([y], [x!, w!], { cotangents: [y] });
    expect(found.map((d) => printType(d!.type))).toEqual(["f32[batch,3,height,9]", "f32[8,3,3,3]"]);
  });
});
