// vmap: where the batch is in arguments and results, in both modes, nested, with gradients in either order.
import { describe, expect, test } from "vitest";
import { printGraph } from "#ir/print-graph.js";
import type { Builder } from "#ir/builder.js";
import type { Value } from "#ir/node.js";
import {
  compile,
  grad,
  Graph,
  hessian,
  jvp,
  nn,
  ops,
  parameter,
  random,
  tensor,
  type Tensor,
  vmap,
} from "#src/index.js";
import { graphOf } from "../ops/cases.js";

const m = tensor([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
const rows = [[1, 2, 3], [4, 5, 6]]; // prettier-ignore

/** What a function of one matrix gives eagerly and compiled. */
function bothModes(f: (x: Tensor) => Tensor, x: Tensor = m) {
  const { result } = compile(({ x: symbolic }) => f(symbolic), { x: x.shape as number[] }).run({ x: x.data() as Float32Array }); // prettier-ignore
  const compiled = tensor(Array.from(result.data))
    .reshape(result.shape as number[])
    .toArray();
  return [f(x).toArray(), compiled];
}

function expectBoth(f: (x: Tensor) => Tensor, expected: unknown, x: Tensor = m): void {
  for (const found of bothModes(f, x)) expect(found).toEqual(expected);
}

describe("where the batch is", () => {
  test("axis 0, where nothing is said", () => {
    expectBoth((x) => vmap((row) => row.sum())(x), [6, 15]);
  });
  test("another axis of the argument, and another of the result", () => {
    expectBoth((x) => vmap((column) => column.mul(2), { in: 1, out: 1 })(x), [[2, 4, 6], [8, 10, 12]]); // prettier-ignore
    expectBoth((x) => vmap((column) => column, { in: -1 })(x), [[1, 4], [2, 5], [3, 6]]); // prettier-ignore
  });
  test("nowhere: null is the same for all elements", () => {
    expectBoth((x) => vmap((row, all) => all!.matmul(row), { in: [0, null] })(x, x), [[14, 32], [32, 77]]); // prettier-ignore
  });
  test("a named size, wherever it stands; arguments without it are the same for all", () => {
    const g = new Graph("g");
    const [x, w] = [g.input("x", [3, "batch"]), g.input("w", [3])];
    const y = vmap((column, all) => column.dot(all!), { in: "batch" })(x, w);
    expect(y.shape).toEqual(["batch"]);
    const { data } = compile({ outputs: { y } }).run({ x: [1, 2, 3, 4, 5, 6], w: [1, 10, 100] }).y;
    expect([...data]).toEqual([531, 642]);
  });
  test("lists and records of tensors are mapped tensor by tensor", () => {
    const pairs = vmap(({ a, b }: { a: Tensor; b: readonly Tensor[] }) => ({
      sum: a.add(b[0]!),
      all: [a, b[0]!.sum()],
    }));
    const { sum, all } = pairs({ a: m, b: [m] });
    expect([sum.toArray(), all[1]!.toArray()]).toEqual([[[2, 4, 6], [8, 10, 12]], [6, 15]]); // prettier-ignore
  });
  test("a result that is the same for all elements is repeated", () => {
    expectBoth((x) => vmap(() => tensor(7))(x), [7, 7]);
  });
  test("an empty batch has an empty result", () => {
    expect(vmap((x) => x.softmax().sum())(ops.slice(m, [0, 0], [0, 3])).shape).toEqual([0]);
  });
});

describe("nested", () => {
  test("the inner mapping sees the element of the outer one", () => {
    expectBoth((x) => vmap((a) => vmap((b) => a.dot(b))(x))(x), [[14, 32], [32, 77]]); // prettier-ignore
  });
  test("over two axes of one tensor", () => {
    expectBoth((x) => vmap(vmap((a: Tensor) => a.mul(a)))(x), [[1, 4, 9], [16, 25, 36]]); // prettier-ignore
  });
  test("gathers of an element of its own for every row", () => {
    const picked = (x: Tensor) =>
      vmap((row, at) => row.gather(at as Tensor<[], "i32">))(x, tensor([2, 0], { dtype: "i32" }));
    expectBoth(picked, [3, 4]);
  });
});

describe("with gradients", () => {
  test("per element: of Σx³ for every row", () => {
    expectBoth((x) => vmap((row) => grad(row.mul(row).mul(row).sum(), [row])[0])(x), [[3, 12, 27], [48, 75, 108]]); // prettier-ignore
  });
  test("per element with respect to what is the same for all: of w·x it is x", () => {
    const w = parameter([3], [1, 1, 1]);
    expectBoth((x) => vmap((row) => grad(row.dot(w), [w])[0])(x), rows);
  });
  test("per element of a layer, they add up to the gradient of the batch", () => {
    const layer = nn.dense(3, 2, { activation: "tanh" });
    const loss = (x: Tensor) => layer(x).sum();
    const whole = grad(loss(m), layer.parameters);
    const each = vmap((row) => grad(loss(row.reshape([1, 3])), layer.parameters))(m);
    each.forEach((x, i) => {
      expect(x.shape).toEqual([2, ...layer.parameters[i]!.shape]);
      const [sum, expected] = [x.sum(0).data(), whole[i]!.data()];
      sum.forEach((value, j) => expect(value).toBeCloseTo(expected[j]!, 6));
    });
  });
  test("of a mapping: summed over the batch for what is the same for all", () => {
    const w = tensor([1, 1, 1]);
    expect(grad(vmap((row) => row.dot(w))(m).sum(), [w])[0].toArray()).toEqual([5, 7, 9]);
  });
  test("Hessians and tangents per element", () => {
    const cubes = (x: Tensor) => x.mul(x).mul(x).sum();
    expectBoth((x) => vmap((row) => hessian(cubes, row))(x), [[[6, 0], [0, 12]], [[18, 0], [0, 24]]], tensor([[1, 2], [3, 4]])); // prettier-ignore
    expectBoth((x) => vmap((row) => jvp(cubes, [row], [row]).tangent)(x), [108, 1215]);
  });
  test("of what was computed outside: the history goes on outside", () => {
    expectBoth((x) => vmap((row) => grad(row.dot(row.mul(0).add(x.gather(tensor(1, { dtype: "i32" })))), [x])[0].sum(0))(x), rows); // prettier-ignore
  });
});

describe("what becomes of the ops", () => {
  const built = (f: (x: Tensor, w: Tensor) => Tensor) => {
    const g = new Graph("g");
    const [x, w] = [g.input("x", [8, 3]), g.input("w", [3, 4])];
    const y = f(x, w).handle as Value;
    return printGraph(graphOf(y.owner as Builder, [x.handle as Value, w.handle as Value], [y]));
  };
  test("a product of a row and a matrix becomes one product of matrices, a reduction and a softmax stay themselves", () => {
    const text = built((x, w) => vmap((row) => row.matmul(w).softmax().max())(x));
    expect(text.split("\n").slice(1, -2)).toEqual([
      "  %0 = matmul %x0, %x1 : f32[8,4]",
      "  %1 = softmax %0 {axis=1} : f32[8,4]",
      "  %2 = max %1 {axes=[1], keepDims=false} : f32[8]",
    ].map((line) => line.replace("x0", "x").replace("x1", "w"))); // prettier-ignore
  });
  test("a mapped network takes as many kernels as one on batches", () => {
    const model = nn.sequential(nn.dense(3, 8, { activation: "relu" }), nn.dense(8, 2));
    const count = (f: (x: Tensor) => Tensor) => compile(({ x }) => f(x), { x: [16, 3] }).plan().steps.length;
    const mapped = (x: Tensor) => vmap((row) => model(row.reshape([1, 3])).reshape([2]))(x);
    expect(count(mapped)).toBe(count(model));
  });
});

test("random numbers differ from element to element", () => {
  const noise = vmap((row) => random.normalLike(row))(m).data();
  expect(new Set(noise).size).toBe(6);
});

describe("errors", () => {
  let leaked: Tensor = m;
  vmap((x) => (leaked = x))(m);
  const g = new Graph("g");
  const x = g.input("x", [2, 3]);
  let leakedSymbol: Tensor = x;
  vmap((row) => (leakedSymbol = row))(x);
  const mistakes: readonly (readonly [string, () => unknown])[] = [
    ["ShapeError: vmap: argument 1 is f32[2,3] and has no axis 2", () => vmap((row) => row, { in: 2 })(m)],
    ["ShapeError: vmap: argument 2 is f32[] and has no axis 0", () => vmap((row) => row)(m, tensor(1))],
    ["ShapeError: vmap: the batches differ: argument 1 has 2 elements, argument 2 has 3", () => vmap((row) => row)(m, tensor([1, 2, 3]))], // prettier-ignore
    ["ShapeError: vmap: axis 2 is out of range: rank 2 has axes -2 to 1", () => vmap((row) => row, { out: 2 })(m)],
    ["GraphError: vmap: no argument is mapped", () => vmap((row) => row, { in: null })(m)],
    ["GraphError: vmap: no argument is mapped: none has an axis of size batch", () => vmap((row) => row, { in: "batch" })(m)], // prettier-ignore
    ["ShapeError: vmap: argument 1 is f32[2,3] and has no axis of size batch", () => vmap((row) => row, { in: ["batch"] })(m)], // prettier-ignore
    ['GraphError: vmap: "in" has 2 entries, but the number of arguments is 1', () => vmap((row) => row, { in: [0, 0] })(m)], // prettier-ignore
    ["GraphError: vmap: fn gives 5, not a tensor", () => vmap(() => 5 as never)(m)],
    ["ShapeError: matmul: lhs has 3 elements but rhs has 2 rows", () => vmap((row) => row.matmul(m))(m)],
    ["RunError: cholesky: the matrix is not positive definite: its leading minor of order 1 is not positive", () => vmap((row) => ops.cholesky(row.reshape([1, 1]).neg()))(tensor([[1], [2]])).data()], // prettier-ignore
    ["RunError: gather: index 7 is out of range 0 to 2", () => vmap((row) => ops.gather(row, tensor([7], { dtype: "i32" })))(m).data()], // prettier-ignore
    ["GradientError: grad: argsort is not differentiable, and it lies on the path from x to y", () => vmap((row) => grad(ops.argsort(row).cast("f32").sum(), [row])[0])(m)], // prettier-ignore
    ["GraphError: data: f32[3] is one element of a vmap and has no numbers of its own", () => vmap((row) => tensor(row.data()))(m)], // prettier-ignore
    ["GraphError: data: f32[3] is one element of a vmap and has no numbers of its own", () => leaked.data()],
    ["GraphError: add: a tensor of one element of a vmap is used outside of it", () => leaked.add(leaked)],
    ["GraphError: a tensor of one element of a vmap is used outside of it", () => compile({ outputs: { leakedSymbol } })], // prettier-ignore
    ["GraphError: mul: a symbolic tensor is used in a vmap of eager tensors", () => vmap((row) => row.mul(x))(m)],
  ];
  test.each(mistakes)("%s", (message, mistake) => {
    let said = "nothing";
    try {
      mistake();
    } catch (error) {
      said = String(error).split("\n")[0]!;
    }
    expect(said).toBe(message);
  });
});
