// What TypeScript itself accepts and refuses. Every line under `@ts-expect-error` must be an error for tsc; vitest only
// runs the file, so nothing here computes: the tensors are symbolic.
import { describe, expectTypeOf, test } from "vitest";
import { Graph } from "#src/graph.js";
import { dense } from "#src/nn/dense.js";
import { sequential } from "#src/nn/sequential.js";
import { grad } from "#src/gradients.js";
import { ops } from "#src/ops.js";
import type { OwnFunctions, OwnMethods } from "#src/own-signatures.js";
import type { Broadcast, Matmul, NestedShape, Permute, Reduce } from "#src/shapes.js";
import type { OpName } from "#src/signatures.js";
import type { Tensor } from "#src/tensor.js";

const g = () => new Graph("types");

describe("shape algebra", () => {
  test("broadcasting works from the right", () => {
    expectTypeOf<Broadcast<[3, 1], [1, 4]>>().toEqualTypeOf<[3, 4]>();
    expectTypeOf<Broadcast<[2, 3, 4], [3, 1]>>().toEqualTypeOf<[2, 3, 4]>();
    expectTypeOf<Broadcast<[5, 1, 4, 1], [1, 3, 1, 2]>>().toEqualTypeOf<[5, 3, 4, 2]>();
    expectTypeOf<Broadcast<["batch", 10], [10]>>().toEqualTypeOf<["batch", 10]>();
    expectTypeOf<Broadcast<[], [7]>>().toEqualTypeOf<[7]>();
  });
  test("a size that is not known takes the other's", () => {
    expectTypeOf<Broadcast<[number, 3], [5, 3]>>().toEqualTypeOf<[5, 3]>();
    expectTypeOf<Broadcast<readonly number[], [5, 3]>>().toEqualTypeOf<readonly (string | number)[]>();
  });
  test("axes count from both ends", () => {
    expectTypeOf<Reduce<[2, 3, 4], -1, false>>().toEqualTypeOf<[2, 3]>();
    expectTypeOf<Reduce<[2, 3, 4], readonly [0, -1], false>>().toEqualTypeOf<[3]>();
    expectTypeOf<Reduce<[2, 3, 4], 1, true>>().toEqualTypeOf<[2, 1, 4]>();
    expectTypeOf<Reduce<[2, 3, 4], undefined, false>>().toEqualTypeOf<[]>();
    expectTypeOf<Reduce<[2, 3, 4], number, false>>().toEqualTypeOf<readonly (string | number)[]>();
  });
  test("matrix products broadcast their batches", () => {
    expectTypeOf<Matmul<[8, 1, 2, 3], [5, 3, 7]>>().toEqualTypeOf<[8, 5, 2, 7]>();
    expectTypeOf<Matmul<["batch", 784], [784, 10]>>().toEqualTypeOf<["batch", 10]>();
  });
  test("transposes", () => {
    expectTypeOf<Permute<[2, 3, 4], undefined>>().toEqualTypeOf<[4, 3, 2]>();
    expectTypeOf<Permute<[2, 3, 4], readonly [1, 0, 2]>>().toEqualTypeOf<[3, 2, 4]>();
  });
  test("nested arrays", () => {
    expectTypeOf<NestedShape<readonly [readonly [1, 2, 3], readonly [4, 5, 6]]>>().toEqualTypeOf<[2, 3]>();
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    expectTypeOf<NestedShape<any>>().toEqualTypeOf<readonly number[]>();
  });
});

describe("methods", () => {
  test("every signature written by hand belongs to an op", () => {
    expectTypeOf<Exclude<keyof OwnFunctions, OpName>>().toBeNever();
    expectTypeOf<Exclude<keyof OwnMethods, OpName>>().toBeNever();
  });

  test("elementwise ops keep, broadcast and refuse shapes", () => {
    const x = g().input("x", ["batch", 784]);
    expectTypeOf(x).toEqualTypeOf<Tensor<["batch", 784], "f32">>();
    expectTypeOf(x.tanh()).toEqualTypeOf<Tensor<["batch", 784], "f32">>();
    expectTypeOf(x.add(1)).toEqualTypeOf<Tensor<["batch", 784], "f32">>();
    expectTypeOf(x.greater(0)).toEqualTypeOf<Tensor<["batch", 784], "bool">>();
    expectTypeOf(x.softmax()).toEqualTypeOf<Tensor<["batch", 784], "f32">>();
    const row = g().input("row", [784]);
    const column = g().input("column", ["batch", 1]);
    const wrong = g().input("wrong", [10]);
    const integers = g().input("integers", ["batch", 784], "i32");
    const check = () => {
      expectTypeOf(row.mul(column)).toEqualTypeOf<Tensor<["batch", 784], "f32">>();
      // @ts-expect-error add: the shapes [batch,784] and [10] do not broadcast
      x.add(wrong);
      // @ts-expect-error add: x is f32 but y is i32
      x.add(integers);
      // @ts-expect-error ops.sub: the shapes [batch,784] and [10] do not broadcast
      ops.sub(x, wrong);
      expectTypeOf(ops.sub(1, x)).toEqualTypeOf<Tensor<["batch", 784], "f32">>();
    };
    expectTypeOf(check).toBeFunction();
  });

  test("[32,784] · [10,784] is refused", () => {
    const graph = g();
    const a = graph.input("a", [32, 784]);
    const b = graph.input("b", [10, 784]);
    const check = () => {
      // @ts-expect-error matmul: lhs has 784 columns but rhs has 10 rows
      a.matmul(b);
      // @ts-expect-error matmul: lhs has 784 columns but rhs has 10 rows
      ops.matmul(a, b);
    };
    expectTypeOf(check).toBeFunction();
    expectTypeOf(a.matmul(b.transpose())).toEqualTypeOf<Tensor<[32, 10], "f32">>();
  });

  test("reductions drop or keep axes, arg reductions give i32", () => {
    const x = g().input("x", ["batch", 10]);
    expectTypeOf(x.mean()).toEqualTypeOf<Tensor<[], "f32">>();
    expectTypeOf(x.sum(1)).toEqualTypeOf<Tensor<["batch"], "f32">>();
    expectTypeOf(x.max(-1, { keepDims: true })).toEqualTypeOf<Tensor<["batch", 1], "f32">>();
    expectTypeOf(x.argmax()).toEqualTypeOf<Tensor<["batch"], "i32">>();
    expectTypeOf(x.argmax(1)).toEqualTypeOf<Tensor<["batch"], "i32">>();
    const check = () => {
      // @ts-expect-error sum: axis 2 is out of range: [batch,10] has rank 2
      x.sum(2);
    };
    expectTypeOf(check).toBeFunction();
  });

  test("reshape, cast and where", () => {
    const x = g().input("x", [4, 6]);
    expectTypeOf(x.reshape([2, 12])).toEqualTypeOf<Tensor<[2, 12], "f32">>();
    expectTypeOf(x.reshape([-1, 3])).toEqualTypeOf<Tensor<[number, 3], "f32">>();
    expectTypeOf(x.cast("f64")).toEqualTypeOf<Tensor<[4, 6], "f64">>();
    expectTypeOf(x.greater(0).where(x, 0)).toEqualTypeOf<Tensor<[4, 6], "f32">>();
  });

  test("where nothing is known, nothing is refused", () => {
    const free = (x: Tensor, y: Tensor) => x.matmul(y).add(y).sum(3).reshape([7]);
    expectTypeOf(free).returns.toEqualTypeOf<Tensor<[7]>>();
    const known: Tensor = g().input("x", [2, 3]);
    expectTypeOf(known).toEqualTypeOf<Tensor>();
  });
});

describe("layers and gradients", () => {
  test("dense(784, 128) turns [batch,784] into [batch,128]", () => {
    const x = g().input("x", ["batch", 784]);
    const narrow = g().input("narrow", ["batch", 100]);
    const layer = dense(784, 128, { activation: "relu" });
    expectTypeOf(layer(x)).toEqualTypeOf<Tensor<["batch", 128], "f32">>();
    const model = sequential(dense(784, 128), dense(128, 10));
    expectTypeOf(model(x)).toEqualTypeOf<Tensor<["batch", 10], "f32">>();
    const check = () => {
      // @ts-expect-error the last axis has 100 elements, not 784
      layer(narrow);
      // @ts-expect-error the last axis has 100 elements, not 784
      model(narrow);
      // @ts-expect-error no op of that name takes one tensor and keeps its shape
      dense(2, 3, { activation: "matmul" });
    };
    expectTypeOf(check).toBeFunction();
  });

  test("a gradient has the type of what it is a gradient of", () => {
    const graph = g();
    const x = graph.input("x", [3, 2]);
    const y = graph.input("y", [2]);
    const [dx, dy] = grad(x.mul(y).sum(), [x, y]);
    expectTypeOf(dx).toEqualTypeOf<Tensor<[3, 2], "f32">>();
    expectTypeOf(dy).toEqualTypeOf<Tensor<[2], "f32">>();
  });
});
