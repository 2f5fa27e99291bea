// What users meet when they call ops: defaults, negative axes, broadcasting, and errors word for word.
import { describe, expect, test } from "vitest";
import type { Operand, Value } from "#ir/node.js";
import {
  broadcast, concat, gather, matmul, max, mean, oneHot, pad, reshape, reverse, scatterAdd, slice, sum, transpose,
} from "#ir/ops/index.js"; // prettier-ignore
import { evaluateValues } from "#ir/reference.js";
import { mulSizes, namedSize, type Size } from "#ir/size.js";
import { printType, tensorType } from "#ir/type.js";
import type { DType } from "#ir/dtype.js";
import { gradient } from "#passes/gradient.js";
import { dataOf, inputsOf } from "./cases.js";
import type { Literal } from "#ir/op.js";
import { t } from "#ir/op.js";

const batch = namedSize("batch");

/** Inputs of one builder, one per shape. */
function inputs(...shapes: readonly (readonly Size[])[]): readonly Value[] {
  return inputsOf(shapes.map((shape) => tensorType("f32", shape))).inputs;
}

function typed(...types: readonly (readonly [DType, readonly Size[]])[]): readonly Value[] {
  return inputsOf(types.map(([dtype, shape]) => tensorType(dtype, shape))).inputs;
}

/** The elements of what `build` makes of literals. */
function compute(literals: readonly Literal[], build: (...xs: readonly Value[]) => Operand): readonly number[] {
  const { inputs: xs } = inputsOf(literals.map((x) => tensorType(x.dtype, x.shape)));
  const y = build(...xs) as Value;
  return [...evaluateValues([y], new Map(xs.map((x, i) => [x.node, dataOf(literals[i]!)]))).get(y)!];
}

const typeOf = (x: Operand) => printType(x.type);
const withoutPlace = (message: string) => message.replace(/\n {2}at .*/, "");

/** The message of the error that `call` throws, without the line that says where. */
function complaint(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return `${(error as Error).name}: ${withoutPlace((error as Error).message)}`;
  }
  return "no complaint";
}

describe("shapes that users may leave to us", () => {
  test("reshape works out one −1, also among named sizes", () => {
    const [x] = inputs([batch, 4, 6]);
    expect(typeOf(reshape(x!, [-1, 8]))).toBe("f32[3*batch,8]");
    expect(typeOf(reshape(x!, [batch, -1]))).toBe("f32[batch,24]");
    expect(typeOf(reshape(x!, [mulSizes(batch, 4), -1]))).toBe("f32[4*batch,6]");
  });
  test("transpose reverses the axes where no order is given, and counts negative axes from the end", () => {
    const [x] = inputs([2, 3, 4]);
    expect(typeOf(transpose(x!))).toBe("f32[4,3,2]");
    expect(typeOf(transpose(x!, [0, -1, -2]))).toBe("f32[2,4,3]");
  });
  test("a slice may start from the end, and a slice of a named axis ends where the axis does", () => {
    expect(compute([t("f32", [4], [1, 2, 3, 4])], (x) => slice(x!, [-2], [2]))).toEqual([3, 4]);
    const [x] = inputs([batch, 3]);
    expect(typeOf(slice(x!, [0, 1], [batch, 2]))).toBe("f32[batch,2]");
  });
  test("reductions take one axis, several, negative ones, or all", () => {
    const [x] = inputs([2, 3, 4]);
    expect(typeOf(sum(x!))).toBe("f32[]");
    expect(typeOf(sum(x!, -1))).toBe("f32[2,3]");
    expect(typeOf(max(x!, [2, 0], { keepDims: true }))).toBe("f32[1,3,1]");
  });
  test("matmul broadcasts batches, and a matrix meets a batch without being repeated", () => {
    const [a, b, c, v] = inputs([5, 1, 2, 3], [4, 3, 6], [3, 7], [3]);
    expect(typeOf(matmul(a!, b!))).toBe("f32[5,4,2,6]");
    expect(typeOf(matmul(a!, c!))).toBe("f32[5,1,2,7]");
    expect((matmul(a!, c!) as Value).node.operands).toEqual([a, c]);
    expect(typeOf(matmul(a!, v!))).toBe("f32[5,1,2]");
    expect(typeOf(matmul(v!, b!))).toBe("f32[4,6]");
  });
});

describe("named sizes flow through", () => {
  test("matmul: the gradient of a matrix that a whole batch shares is one matrix", () => {
    const [x, w] = inputs([batch, 3, 4], [4, 5]);
    const [dx, dw] = gradient([sum(matmul(x!, w!))], [x!, w!]);
    expect([typeOf(dx!), typeOf(dw!)]).toEqual(["f32[batch,3,4]", "f32[4,5]"]);
  });
  test("slice, concat, pad, mean: gradients have the types of their inputs", () => {
    const [x, y] = inputs([batch, 4], [batch, 2]);
    const joined = concat([slice(x!, [0, 0], [batch, 2], [1, 2]), pad(y!, [0, 1], [0, 0])], 1);
    const [dx, dy] = gradient([mean(joined)], [x!, y!]);
    expect([typeOf(joined), typeOf(dx!), typeOf(dy!)]).toEqual(["f32[batch,5]", "f32[batch,4]", "f32[batch,2]"]);
  });
});

describe("indices that are data", () => {
  const out = (build: (i: Operand, x: Operand) => Operand, index: number) =>
    complaint(() => compute([t("i32", [2], [0, index]), t("f32", [10], Array(10).fill(1))], (i, x) => build(i!, x!)));
  test("gather refuses an index past the end, and one before the start", () => {
    expect(out((i, x) => gather(x, i), 12)).toBe("RunError: gather: index 12 is out of range 0 to 9");
    expect(out((i, x) => gather(x, i), -1)).toBe("RunError: gather: index -1 is out of range 0 to 9");
  });
  test("scatterAdd and oneHot refuse it too", () => {
    expect(out((i, x) => scatterAdd(x, i, slice(x, [0], [2])), 10)).toBe(
      "RunError: scatterAdd: index 10 is out of range 0 to 9",
    );
    expect(out((i) => oneHot(i, 1), 1)).toBe("RunError: oneHot: index 1 is out of range 0 to 0");
  });
});

describe("errors say what is wrong, where, and the remedy when it is certain", () => {
  test("matmul of shapes that would fit transposed", () => {
    const [lhs, rhs] = inputs([32, 784], [10, 784]);
    expect(complaint(() => matmul(lhs!, rhs!))).toBe(
      [
        "ShapeError: matmul: lhs has 784 columns but rhs has 10 rows",
        "  lhs : f32[32,784]   columns: axis 1   x0",
        "  rhs : f32[10,784]   rows: axis 0      x1",
        "  help: matmul(lhs, rhs.transpose()) has matching inner dimensions",
      ].join("\n"),
    );
  });
  test("matmul of shapes that no transposition makes fit offers no help", () => {
    const [lhs, rhs] = inputs([2, 3], [4, 5]);
    expect(complaint(() => matmul(lhs!, rhs!))).toBe(
      [
        "ShapeError: matmul: lhs has 3 columns but rhs has 4 rows",
        "  lhs : f32[2,3]   columns: axis 1   x0",
        "  rhs : f32[4,5]   rows: axis 0      x1",
      ].join("\n"),
    );
  });
  test("batches that do not broadcast", () => {
    const [lhs, rhs] = inputs([2, 3, 4], [5, 4, 3]);
    expect(complaint(() => matmul(lhs!, rhs!)).split("\n")[0]).toBe(
      "ShapeError: matmul: the shapes [2] and [5] do not broadcast",
    );
  });
  test("indices of the wrong dtype", () => {
    const [x, i] = typed(["f32", [3]], ["f32", [2]]);
    expect(complaint(() => gather(x!, i!))).toBe(
      [
        "DTypeError: gather: indices are f32, not i32",
        "  x       : f32[3]   x0",
        "  indices : f32[2]   x1",
        '  help: indices.cast("i32")',
      ].join("\n"),
    );
  });
  test.each([
    ["ShapeError: sum: axis 3 is out of range: rank 2 has axes -2 to 1", (x: Operand) => sum(x, 3)],
    ["ShapeError: sum: axis 1 is given twice", (x: Operand) => sum(x, [1, -1])],
    ["ShapeError: reverse: axis -3 is out of range: rank 2 has axes -2 to 1", (x: Operand) => reverse(x, -3)],
    ["ShapeError: reshape: no size in place of −1 makes [4,-1] hold 6 elements", (x: Operand) => reshape(x, [4, -1])],
    ["ShapeError: reshape: only one size can be −1, the shape [-1,-1] has 2", (x: Operand) => reshape(x, [-1, -1])],
    ["ShapeError: concat: there is nothing to join", () => concat([])],
    ["ShapeError: broadcast: axis 0 has size 2 and does not broadcast to 4", (x: Operand) => broadcast(x, [4, 3])],
  ])("%s", (message, call) => {
    const [x] = inputs([2, 3]);
    expect(complaint(() => call(x!)).split("\n")[0]).toBe(message);
  });
});
