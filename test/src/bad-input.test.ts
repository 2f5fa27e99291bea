// Tensors that do not fit together: whole messages, with the operands, where they came from, and the user's line.
import {
  DTypeError,
  GraphError,
  Graph,
  nn,
  ops,
  parameter,
  random,
  ShapeError,
  tensor,
  type Tensor,
  zeros,
} from "gradloom";
import { describe, expect, test } from "vitest";
import { lines, mistake } from "./mistakes.js";

const at = "  at test/src/bad-input.test.ts";
// The types of these tensors would refuse most calls below, as they should.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Untyped = any;
const g = new Graph();
const x: Untyped = g.input("x", [2, 3]);
const v: Untyped = g.input("v", [4]);
const i: Untyped = g.input("i", [5], "i32");
const n: Untyped = g.input("n", ["batch", 3]);
const m: Untyped = g.input("m", ["other", 3]);
const batch: Untyped = g.input("images", [32, 784]);
const w: Untyped = parameter([10, 784], 0, { name: "w" });
const hidden: Untyped = g.scope("mlp", () => g.scope("fc1", () => batch.relu()));

describe("shapes that do not fit", () => {
  test.each<[string, () => unknown, readonly string[]]>([
    ["elementwise", () => x.add(v), ["add: the shapes [2,3] and [4] do not broadcast", "  lhs : f32[2,3]   x", "  rhs : f32[4]     v", at]],
    ["elementwise, named sizes", () => n.mul(m), ["mul: the shapes [batch,3] and [other,3] do not broadcast", "  lhs : f32[batch,3]   n", "  rhs : f32[other,3]   m", at]],
    ["comparison", () => x.less(v), ["less: the shapes [2,3] and [4] do not broadcast", "  lhs : f32[2,3]   x", "  rhs : f32[4]     v", at]],
    ["choice", () => ops.where(x.greater(0), v, x), ["where: the shapes [2,3] and [4] and [2,3] do not broadcast", "  test : bool[2,3]", "  x    : f32[4]      v", "  y    : f32[2,3]    x", at]],
    ["matmul of a layer and a parameter", () => hidden.matmul(w), ["matmul: lhs has 784 columns but rhs has 10 rows", "  lhs : f32[32,784]   columns: axis 1   mlp/fc1", "  rhs : f32[10,784]   rows: axis 0      w", at, "  help: matmul(lhs, rhs.transpose()) has matching inner dimensions"]],
    ["matmul with a vector", () => x.matmul(v), ["matmul: lhs has 3 columns but rhs has 4 elements", "  lhs : f32[2,3]   columns: axis 1    x", "  rhs : f32[4]     elements: axis 0   v", at]],
    ["matmul with a scalar", () => x.matmul(tensor(2)), ["matmul: rhs is a scalar: use mul", "  lhs : f32[2,3]   x", "  rhs : f32[]", at]],
    ["dot", () => x.dot(v), ["dot: lhs has rank 2 and is not a vector", "  lhs : f32[2,3]   x", "  rhs : f32[4]     v", at]],
    ["reshape", () => x.reshape([4, 2]), ["reshape: 6 elements do not fill the shape [4,2], which has 8", "  x : f32[2,3]   x", at]],
    ["reshape, named sizes", () => n.reshape(["batch", 4]), ["reshape: 3*batch elements do not fill the shape [batch,4], which has 4*batch", "  x : f32[batch,3]   n", at]],
    ["reshape to what no size completes", () => x.reshape([4, -1]), ["reshape: no size in place of −1 makes [4,-1] hold 6 elements", "  x : f32[2,3]   x", at]],
    ["broadcast", () => x.broadcast([3, 2]), ["broadcast: axis 0 has size 2 and does not broadcast to 3", "  x : f32[2,3]   x", at]],
    ["transpose", () => x.transpose([0, 0]), ["transpose: [0,0] is not an order of the axes of [2,3]", "  x : f32[2,3]   x", at]],
    ["concat", () => ops.concat([x, v], 0), ["concat: f32[2,3] and f32[4] differ in more than axis 0", "  x1 : f32[2,3]   x", "  x2 : f32[4]     v", at]],
    ["concat of nothing", () => ops.concat([], 0), ["concat: there is nothing to join", at]],
    ["slice past the end", () => x.slice([0, 1], [2, 3]), ["slice: 1 to 4 of axis 1 is out of range: it has size 3", "  x : f32[2,3]   x", at]],
    ["slice of another rank", () => x.slice([0], [2]), ["slice: 1 starts, 1 sizes and 1 strides for rank 2", "  x : f32[2,3]   x", at]],
    ["pad", () => x.pad([0, -1], [0, 0]), ["pad: axis 1 is padded by -1: less than 0; use slice", "  x : f32[2,3]   x", at]],
    ["scatterAdd", () => x.scatterAdd(i, x), ["scatterAdd: updates have shape [2,3], not [5,3]", "  x       : f32[2,3]   x", "  indices : i32[5]     i", "  updates : f32[2,3]   x", at]],
    ["layer norm", () => x.layerNorm(v, v), ["layerNorm: rows of x are [3] but scale is [4]", "  x     : f32[2,3]   x", "  scale : f32[4]     v", "  bias  : f32[4]     v", at]],
    ["a largest of nothing", () => tensor([]).max(), ["max: axis 0 of [0] is empty, and nothing has no largest or smallest element", "  x : f32[0]", at]],
    ["mean squared error", () => nn.mse(x, v), ["mse: prediction has shape [2,3] but target has shape [4]", "  prediction : f32[2,3]   x", "  target     : f32[4]     v", at]],
    ["binary cross entropy", () => nn.binaryCrossEntropy(x, v), ["binaryCrossEntropy: probabilities has shape [2,3] but labels has shape [4]", "  probabilities : f32[2,3]   x", "  labels        : f32[4]     v", at]],
    ["softmax cross entropy of classes", () => nn.softmaxCrossEntropy(x, i), ["softmaxCrossEntropy: logits are [2,3], so labels as classes are [2], not [5]", "  logits : f32[2,3]   x", "  labels : i32[5]     i", at]],
    ["a layer", () => nn.dense(784, 10, { name: "fc1" })(x), ["matmul: lhs has 3 columns but rhs has 784 rows", "  lhs : f32[2,3]      columns: axis 1   x", "  rhs : f32[784,10]   rows: axis 0      fc1/weight", at]],
    ["eager tensors, which have no names", () => tensor([1, 2]).add(tensor([1, 2, 3]) as Tensor), ["add: the shapes [2] and [3] do not broadcast", "  lhs : f32[2]", "  rhs : f32[3]", at]],
  ])("%s", (_, run, message) => {
    expect(mistake(run)).toBe(`ShapeError: ${lines(...message)}`);
    expect(run).toThrow(ShapeError);
  }); // prettier-ignore
});

describe("axes out of range", () => {
  test.each<[string, () => unknown, readonly string[]]>([
    ["reduction", () => x.sum(2), ["sum: axis 2 is out of range: rank 2 has axes -2 to 1", "  x : f32[2,3]   x", at]],
    ["reduction, twice the same", () => x.mean([1, -1]), ["mean: axis 1 is given twice", "  x : f32[2,3]   x", at]],
    ["reduction, no whole number", () => x.max(0.5), ["max: axis 0.5 is out of range: rank 2 has axes -2 to 1", "  x : f32[2,3]   x", at]],
    ["reduction, a name", () => x.sum("batch"), ["sum: axis batch is out of range: rank 2 has axes -2 to 1", "  x : f32[2,3]   x", at]],
    ["argmax of a scalar", () => tensor(1).argmax(), ["argmax: axis -1 is out of range: a scalar has none", "  x : f32[]", at]],
    ["softmax", () => x.softmax(-3), ["softmax: axis -3 is out of range: rank 2 has axes -2 to 1", "  x : f32[2,3]   x", at]],
    ["gather", () => x.gather(i, 2), ["gather: axis 2 is out of range: rank 2 has axes -2 to 1", "  x       : f32[2,3]   x", "  indices : i32[5]     i", at]],
    ["concat", () => ops.concat([x, x], 2), ["concat: axis 2 is out of range: rank 2 has axes -2 to 1", "  x1 : f32[2,3]   x", "  x2 : f32[2,3]   x", at]],
    ["transpose", () => x.transpose([0, 2]), ["transpose: axis 2 is out of range: rank 2 has axes -2 to 1", "  x : f32[2,3]   x", at]],
  ])("%s", (_, run, message) => {
    expect(mistake(run)).toBe(`ShapeError: ${lines(...message)}`);
    expect(run).toThrow(ShapeError);
  }); // prettier-ignore
});

describe("named sizes in eager code", () => {
  const eager: Untyped = tensor([1, 2]);
  const names = ["batch", 2] as Untyped;
  test.each<[string, () => unknown, readonly string[]]>([
    ["a result", () => eager.broadcast(names), ["broadcast: an eager tensor cannot be f32[batch,2]: its sizes are numbers, not names", "  x : f32[2]", at]],
    ["zeros", () => zeros(names), ['full: the shape [batch,2] has the size "batch": its sizes are numbers', at]],
    ["a parameter", () => parameter(names, 0), ['parameter: the shape [batch,2] has the size "batch": its sizes are numbers', at]],
    ["a tensor", () => tensor([1, 2], { shape: names }), ['tensor: the shape [batch,2] has the size "batch": its sizes are numbers', at]],
    ["a list in the place of options", () => tensor([1, 2], [2, 1] as Untyped), ["tensor: the options are the list [2,1], not a record", at, "  help: tensor(data, { shape: [2,1] })"]],
  ])("%s", (_, run, message) => {
    expect(mistake(run)).toBe(`ShapeError: ${lines(...message)}`);
  }); // prettier-ignore

  test("random numbers", () => {
    expect(() => random.normal(names)).toThrow(/^randomNormal: an eager tensor cannot be f32\[batch,2\]/);
  });
});

describe("dtypes that do not mix", () => {
  const f: Untyped = g.input("f", [5]);
  const one = "  x : i32[5]   i";
  test.each<[string, () => unknown, readonly string[]]>([
    ["two operands", () => f.add(i), ["add: lhs is f32 but rhs is i32", "  lhs : f32[5]   f", "  rhs : i32[5]   i", at, '  help: rhs.cast("f32")']],
    ["matmul", () => f.matmul(i), ["matmul: lhs is f32 but rhs is i32", "  lhs : f32[5]   f", "  rhs : i32[5]   i", at, '  help: rhs.cast("f32")']],
    ["concat", () => ops.concat([f, i], 0), ["concat: x1 is f32 but x2 is i32", "  x1 : f32[5]   f", "  x2 : i32[5]   i", at, '  help: x2.cast("f32")']],
    ["a float op on integers", () => i.exp(), ["exp: x is i32, but exp needs f32 or f64", one, at, '  help: x.cast("f32")']],
    ["a choice by numbers", () => ops.where(f, f, f), ["where: test is f32, but where needs bool", "  test : f32[5]   f", "  x    : f32[5]   f", "  y    : f32[5]   f", at]],
    ["indices that are floats", () => x.gather(f), ["gather: indices are f32, not i32", "  x       : f32[2,3]   x", "  indices : f32[5]     f", at, '  help: indices.cast("i32")']],
    ["a fraction beside integers", () => i.add(1.5), ["add: 1.5 is not a number that i32 can hold", "  lhs : i32[5]   i", at]],
    ["a number beyond the integers", () => i.add(1e10), ["add: 10000000000 is not a number that i32 can hold", "  lhs : i32[5]   i", at]],
    ["a negative number beside bytes", () => tensor(Uint8Array.of(1)).mul(-1), ["mul: -1 is not a number that u8 can hold", "  lhs : u8[1]", at]],
    ["a dtype that is none", () => x.cast("f16"), ['cast: there is no dtype "f16"', "  x : f32[2,3]   x", at]],
  ])("%s", (_, run, message) => {
    expect(mistake(run)).toBe(`DTypeError: ${lines(...message)}`);
    expect(run).toThrow(DTypeError);
  }); // prettier-ignore
});

describe("arguments that are no tensors", () => {
  test.each<[string, () => unknown, readonly string[]]>([
    ["nothing", () => x.add(), ["add: rhs is undefined, not a tensor", "  lhs : f32[2,3]   x", at]],
    ["null", () => x.mul(null), ["mul: rhs is null, not a tensor", "  lhs : f32[2,3]   x", at]],
    ["a text", () => x.maximum("2"), ['maximum: rhs is "2", not a tensor', "  lhs : f32[2,3]   x", at]],
    [
      "a number where only tensors go",
      () => x.matmul(2),
      ["matmul: rhs is 2, not a tensor", "  lhs : f32[2,3]   x", at],
    ],
    ["an array", () => x.gather([1, 2]), ["gather: indices is an array, not a tensor", "  x : f32[2,3]   x", at]],
  ])("%s", (_, run, message) => {
    expect(mistake(run)).toBe(`GraphError: ${lines(...message)}`);
    expect(run).toThrow(GraphError);
  });
});
