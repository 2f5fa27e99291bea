// Graphs, gradients and tensors that cannot be: whole messages with the user's line.
import { compile, Graph, grad, ops, optim, parameter, tensor, type Tensor, zeros } from "gradloom";
import { describe, expect, test } from "vitest";
import { lines, mistake } from "./mistakes.js";

const at = "  at test/src/bad-graphs.test.ts";
// The types would refuse most calls below, as they should.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Untyped = any;
const g = new Graph("mlp");
const x: Untyped = g.input("x", [2, 3]);
const i: Untyped = g.input("i", [5], "i32");
const other: Untyped = new Graph("other").input("z", [2, 3]);
const w = parameter([2], 1, { name: "w" });

type Case = [string, () => unknown, ...string[]];

test.each<Case>([
  ["a name used twice", () => g.input("x", [3]), 'GraphError: input: the graph "mlp" has an input called "x" already'],
  ["a name that no record can hold", () => g.input("__proto__", [3]), 'GraphError: input: no input can be called "__proto__"'],
  ["an output of such a name", () => compile({ outputs: { ["__proto__"]: x } }), 'GraphError: compile: no output can be called "__proto__"'],
  ["a negative size", () => g.input("y", [-1]), "ShapeError: input: the shape [-1] has the size -1: sizes are whole numbers from 0"],
  ["a broken size", () => g.input("y", [2, 1.5]), "ShapeError: input: the shape [2,1.5] has the size 1.5: sizes are whole numbers from 0"],
  ["no shape", () => g.input("y", undefined as Untyped), "ShapeError: input: the shape of y is undefined, not a list of sizes"],
  ["a dtype that is none", () => g.input("y", [1], "f16" as Untyped), 'DTypeError: input: there is no dtype "f16", only f32, f64, i32, bool, u8'],
  ["a size's name that is none", () => g.input("y", ["my batch"]), 'GraphError: size: "my batch" does not parse at column 3'],
  ["a padding that is none", () => ops.conv1d(zeros([1, 1, 4]), zeros([1, 1, 2]), { padding: "SAME" as Untyped }), 'ShapeError: conv1d: the padding is "SAME", not a number, a list, "same" or "valid"', "  x : f32[1,1,4]", "  w : f32[1,1,2]"],
  ["a list of paddings that are none", () => ops.conv1d(zeros([1, 1, 4]), zeros([1, 1, 2]), { padding: ["same"] as Untyped }), "ShapeError: conv1d: the padding of spatial axis 0 is not a number or [low, high]", "  x : f32[1,1,4]", "  w : f32[1,1,2]"],
  ["an op on two graphs", () => x.add(other), 'GraphError: add: the tensors belong to two graphs, "mlp" and "other"', "  lhs : f32[2,3]   x", "  rhs : f32[2,3]   z"],
  ["compile of two graphs", () => compile({ outputs: { x, other } }), 'GraphError: compile: the tensors belong to two graphs, "mlp" and "other"'],
  ["grad in two graphs", () => grad(x.sum(), [other]), 'GraphError: grad: the tensors belong to two graphs, "mlp" and "other"'],
  ["nothing to compute", () => compile({ outputs: {} }), "GraphError: compile: there is nothing to compute: no outputs, updates or effects"],
  ["an output that is no tensor", () => compile({ outputs: { loss: undefined as Untyped } }), 'GraphError: compile: the output "loss" is undefined, not a tensor'],
  ["an update of an input", () => compile({ updates: [[x, x]] as Untyped }), "GraphError: compile: an update is of f32[2,3], which is no parameter"],
  ["two updates of one parameter", () => compile({ updates: [[w, w.add(1)], [w, w.mul(2)]] }), "GraphError: compile: parameter w has two updates"],
  ["an update of another type", () => compile({ updates: [[w, x]] }), "GraphError: compile: parameter w is f32[2] and cannot become f32[2,3]"],
])("%s", (_, run, ...message) => {
  expect(mistake(run)).toBe(lines(...message, at));
}); // prettier-ignore

describe("gradients", () => {
  const classes = x.argmax(1).cast("f32").sum();
  test.each<Case>([
    ["of something that is not a scalar", () => grad(x.mul(x), [x]), "grad: y is f32[2,3], not a scalar; give a cotangent"],
    ["with a cotangent of another type", () => grad(x.mul(x), [x], tensor([1])), "grad: the cotangent is f32[1], but y is f32[2,3]"],
    ["without a path", () => grad(x.sum(), [g.read(w)]), "grad: y does not depend on w"],
    ["through something not differentiable", () => grad(classes, [x]), "grad: argmax is not differentiable, and it lies on the path from x to y"],
    ["of integers", () => grad(x.sum(), [i]), "grad: i is i32[5], and only floats have gradients"],
    ["of eager tensors that are not scalars", () => grad(w.mul(2), [w]), "grad: y is f32[2], not a scalar; give a cotangent"],
    ["of a loss without parameters", () => optim.adam().minimize(x.sum()), "minimize: the loss depends on no trainable parameter"],
    ["of an eager loss without parameters", () => optim.adam().minimize(() => tensor(1)), "minimize: the loss depends on no trainable parameter"],
    ["of an eager loss that is not a scalar", () => optim.sgd({ lr: 1 }).minimize(w.mul(2)), "minimize: the loss is f32[2], not a scalar", "  help: loss.mean() or loss.sum() is a scalar"],
    ["of a loss that is not a scalar", () => optim.sgd({ lr: 1 }).minimize(g.read(w).mul(2)), "minimize: the loss is f32[2], not a scalar", "  help: loss.mean() or loss.sum() is a scalar"],
  ])("%s", (_, run, message, ...help) => {
    expect(mistake(run)).toBe(lines(`GradientError: ${message!}`, at, ...help));
  }); // prettier-ignore

  test("after the parameter was assigned", () => {
    const p = parameter([2], 1, { name: "p" });
    const loss = p.mul(p).sum();
    p.assign([2, 2]);
    const sentence = "GradientError: grad: mul used parameter p, which has been assigned since";
    expect(mistake(() => grad(loss, [p]))).toBe(lines(sentence, at, "  help: take the gradient first, then assign"));
  });
});

describe("numbers that make no tensor", () => {
  test.each<Case>([
    ["rows of two lengths", () => (tensor as Untyped)([[1, 2], [3]]), "ShapeError: tensor: rows of shape [2] and [1] at depth 1"],
    ["too few for the shape", () => tensor([1, 2, 3], { shape: [2, 2] }), "ShapeError: tensor: 3 numbers do not fill the shape [2,2]"],
    ["a text", () => (tensor as Untyped)([1, "two"]), "GraphError: tensor: two is not a number"],
    ["a negative size", () => zeros([-1]), "ShapeError: full: the shape [-1] has the size -1: sizes are whole numbers from 0"],
    ["more than there is memory", () => zeros([1e10]), "MemoryError: full: f32[10000000000] would take 37.3 GiB, and no device has more than 4 GiB"],
    ["too few for a parameter", () => parameter([3], [1, 2], { name: "p" }), "ShapeError: parameter: 2 numbers do not fill the shape [3] of p"],
    ["too few to assign", () => w.assign([1]), "ShapeError: assign: 1 numbers do not fill the shape [2] of parameter w"],
  ])("%s", (_, run, ...message) => {
    expect(mistake(run)).toBe(lines(...message, at));
  }); // prettier-ignore

  test("a parameter larger than memory says how large when it is first needed", () => {
    const huge = parameter([1e10], 0, { name: "huge" }) as unknown as Tensor;
    const sentence = "MemoryError: f32[10000000000] would take 37.3 GiB, and no device has more than 4 GiB";
    expect(mistake(() => compile({ outputs: { sum: huge.sum() } }).run()).split("\n")[0]).toBe(sentence);
  });
});
