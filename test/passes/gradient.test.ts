// Gradients against central differences in f64, their errors word for word, second derivatives, depth.
import { describe, expect, test } from "vitest";
import { InternalError } from "#ir/errors.js";
import type { Operand, Value } from "#ir/node.js";
import * as op from "#ir/ops/index.js";
import { unary } from "#ir/elementwise.js";
import { printGraph } from "#ir/print-graph.js";
import { evaluateValues } from "#ir/reference.js";
import { gradient } from "#passes/gradient.js";
import { runPass } from "#passes/pass.js";
import { specialize } from "#passes/specialize.js";
import { GraphMaker } from "../graphs.js";
import { generator } from "../random.js";

type Feeds = Readonly<Record<string, readonly number[]>>;

/** Compares the gradient of a scalar with central differences, at every element of every x. */
function expectGradient(maker: GraphMaker, y: Operand, xs: Readonly<Record<string, Value>>, feeds: Feeds): void {
  const names = Object.keys(xs);
  const gradients = maker.run(gradient([y], Object.values(xs)), feeds);
  names.forEach((name, i) => {
    feeds[name]!.forEach((at, j) => {
      const h = 1e-5;
      const value = (x: number) => maker.run([y], { ...feeds, [name]: feeds[name]!.with(j, x) })[0]![0]!;
      const slope = (value(at + h) - value(at - h)) / (2 * h);
      expect(Math.abs(gradients[i]![j]! - slope), `d y / d ${name}[${j}]`).toBeLessThan(
        1e-7 * Math.max(1, Math.abs(slope)),
      );
    });
  });
}

function numbers(count: number, seed: number): readonly number[] {
  const next = generator(seed);
  return Array.from({ length: count }, () => 2 * next() - 1);
}

describe("equals central differences", () => {
  test("for a value that is read on two paths", () => {
    const maker = new GraphMaker();
    const x = maker.input("x", [3]);
    expectGradient(maker, op.sum(op.mul(op.sin(x), op.add(x, op.exp(x)))), { x }, { x: numbers(3, 1) });
  });

  test("for a perceptron with one hidden layer and cross entropy", () => {
    const maker = new GraphMaker();
    const [x, w1, b1] = [maker.input("x", [4, 3]), maker.input("w1", [3, 5]), maker.input("b1", [5])];
    const [w2, b2, labels] = [maker.input("w2", [5, 2]), maker.input("b2", [2]), maker.input("labels", [4], "i32")];
    const hidden = op.tanh(op.add(op.matmul(x, w1), b1));
    const loss = op.mean(op.softmaxCrossEntropy(op.add(op.matmul(hidden, w2), b2), labels));
    const feeds = { x: numbers(12, 2), w1: numbers(15, 3), b1: numbers(5, 4), w2: numbers(10, 5), b2: numbers(2, 6) };
    expectGradient(maker, loss, { x, w1, b1, w2, b2 }, { ...feeds, labels: [0, 1, 1, 0] });
  });

  test("for composites without a gradient of their own, nested and with an operand twice", () => {
    const maker = new GraphMaker();
    const x = maker.input("x", [6]);
    expect(op.silu.lower.kind).toBe("compose");
    const y = op.sum(op.mul(op.silu(op.gelu(x)), op.binaryCrossEntropyWithLogits(x, op.sigmoid(x))));
    expectGradient(maker, y, { x }, { x: numbers(6, 7) });
    const twice = op.sum(op.mse(x, x));
    expect([...maker.run(gradient([twice], [x]), { x: numbers(6, 7) })[0]!]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("for an x in the middle of the graph, all of whose effect counts", () => {
    const maker = new GraphMaker();
    const a = maker.input("a", []);
    const b = op.mul(a, a);
    const y = op.mul(a, b);
    // y = a · b with b = a²: dy/da = 3a² along all paths, dy/db = a.
    const [da, db] = maker.run(gradient([y], [a, b]), { a: [2] });
    expect([da![0], db![0]]).toEqual([12, 2]);
  });
});

test("cotangents weigh several ys, and null leaves one out", () => {
  const maker = new GraphMaker();
  const x = maker.input("x", [2]);
  const [g, y, z] = [maker.input("g", [2]), op.mul(x, x), op.exp(x)];
  const [both] = maker.run(gradient([y, z], [x], { cotangents: [g, null] }), { x: [3, 5], g: [1, 10] });
  expect([...both!]).toEqual([6, 100]);
  const sum = gradient([op.sum(y), op.sum(op.mul(y, 2))], [x]);
  expect([...maker.run(sum, { x: [3, 5] })[0]!]).toEqual([18, 30]);
});

test("the gradient of x with respect to itself is one", () => {
  const maker = new GraphMaker();
  const x = maker.input("x", []);
  expect(maker.run(gradient([x], [x]), { x: [7] })[0]![0]).toBe(1);
});

test("second and third derivatives: x⁴ has 4x³, 12x², 24x", () => {
  const maker = new GraphMaker();
  const x = maker.input("x", []);
  const square = op.mul(x, x);
  let y: Operand = op.mul(square, square);
  const found = [1, 2, 3].map(() => (y = gradient([y], [x])[0]!));
  expect(maker.run(found, { x: [3] }).map((data) => data[0])).toEqual([108, 108, 72]);
});

test("second derivatives through softmax, layer norm and matmul equal differences of first ones", () => {
  const maker = new GraphMaker();
  const [x, v] = [maker.input("x", [2, 3]), maker.input("v", [3, 3])];
  const y = op.sum(op.mul(op.softmax(op.matmul(x, v)), op.layerNorm(x)));
  const [first] = gradient([y], [x]);
  const score = op.sum(op.mul(first!, op.cos(x)));
  expectGradient(maker, score, { x, v }, { x: numbers(6, 8), v: numbers(9, 9) });
});

test("named sizes stay named, and the mean divides by the size that is bound", () => {
  const maker = new GraphMaker();
  const x = maker.input("x", ["batch", 2], "f32");
  const [dx] = gradient([op.mean(op.mul(x, x))], [x]);
  const graph = runPass(maker.graph({ return: dx! }), specialize({ batch: 4 }));
  const fed = new Map([[graph.inputs[0]!, new Float32Array([1, 2, 3, 4, 5, 6, 7, 8])]]);
  const out = graph.outputs.get("return")!;
  expect([...evaluateValues([out], fed).get(out)!]).toEqual([0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]);
});

test("integers and conditions pass no cotangent on, and what is flat has gradient zero", () => {
  const maker = new GraphMaker();
  const x = maker.input("x", [3]);
  const chosen = op.where(op.greater(x, 0), op.mul(x, 3), 0);
  const picked = op.gather(x, op.argmax(x), 0);
  const feeds = { x: [1, -2, 5] };
  expect([...maker.run(gradient([op.sum(chosen)], [x]), feeds)[0]!]).toEqual([3, 0, 3]);
  expect([...maker.run(gradient([picked], [x]), feeds)[0]!]).toEqual([0, 0, 1]);
  expect([...maker.run(gradient([op.sum(op.sign(x))], [x]), feeds)[0]!]).toEqual([0, 0, 0]);
});

test("nodes of the gradient come from where the node they differentiate came from", () => {
  const maker = new GraphMaker();
  const x = maker.input("x", []);
  const y = op.tanh(x);
  const [dx] = gradient([y], [x]);
  const { builder } = maker;
  expect(builder.originsOf((dx as Value).node)).toEqual(builder.originsOf((y as Value).node));
});

test("a chain of 10 000 nodes differentiates, and its gradient grows linearly with it", () => {
  const sizes = [5_000, 10_000].map((length) => {
    const maker = new GraphMaker();
    const x = maker.input("x", []);
    let y: Operand = x;
    for (let i = 0; i < length; i++) y = i % 2 === 0 ? op.mul(y, 1.0001) : op.add(y, x);
    const before = maker.builder.size;
    const [dx] = gradient([y], [x]);
    if (length === 5_000) {
      // y = f(x) is linear in x, so dy/dx = y / x.
      const [slope, value] = maker.run([dx!, y], { x: [0.5] });
      expect(slope![0]! / (value![0]! / 0.5)).toBeCloseTo(1, 10);
    }
    return maker.builder.size - before;
  });
  expect(sizes[1]! / sizes[0]!).toBeCloseTo(2, 2);
});

test("only what lies between the xs and y is differentiated", () => {
  const maker = new GraphMaker();
  const [x, far] = [maker.input("x", []), maker.input("far", [])];
  let constantPart: Operand = far;
  for (let i = 0; i < 1000; i++) constantPart = op.sin(constantPart);
  const y = op.mul(x, constantPart);
  const before = maker.builder.size;
  gradient([y], [x]);
  expect(maker.builder.size - before).toBeLessThan(10);
});

describe("errors, word for word", () => {
  const maker = new GraphMaker();
  const x = maker.input("x", [4, 2], "f32");
  const w = maker.parameter("w", [4, 2], "f32");
  const count = maker.input("count", [3], "i32");
  const scalar = op.sum(x);
  const cases: readonly (readonly [string, () => unknown, string])[] = [
    ["y is not a scalar", () => gradient([op.mul(x, 2)], [x]), "grad: y is f32[4,2], not a scalar; give a cotangent"],
    [
      "a cotangent of another type",
      () => gradient([op.mul(x, 2)], [x], { cotangents: [scalar] }),
      "grad: the cotangent is f32[], but y is f32[4,2]",
    ],
    ["no path", () => gradient([scalar], [w], { names: { ys: ["loss"] } }), "grad: loss does not depend on w"],
    [
      "something not differentiable on the path",
      () => gradient([op.sum(op.cast(op.argmax(w), "f32"))], [w], { names: { ys: ["loss"] } }),
      "grad: argmax is not differentiable, and it lies on the path from w to loss",
    ],
    ["y is an integer", () => gradient([op.sum(count)], [x]), "grad: y is i32[], and only floats have gradients"],
    ["x is an integer", () => gradient([scalar], [count]), "grad: count is i32[3], and only floats have gradients"],
  ];
  test.each(cases)("%s", (_, run, message) => {
    expect(run).toThrow(expect.objectContaining({ name: "GradientError", message }) as Error);
  });

  test("an op without a gradient stops a cotangent that reaches it, also beside a path around it", () => {
    const rough = unary("rough", { doc: "", accepts: "float", at: (e) => e, samples: [] });
    const y = op.sum(op.add(rough(x), x));
    expect(() => gradient([y], [x])).toThrow("grad: rough is not differentiable, and it lies on the path from x to y");
  });

  test("a wrong gradient rule is our fault, and the op is named", () => {
    const wrong = unary("wrong", { doc: "", accepts: "float", at: (e) => e, vjp: (g) => op.sum(g), samples: [] });
    expect(() => gradient([op.sum(wrong(x))], [x])).toThrow(InternalError);
    expect(() => gradient([op.sum(wrong(x))], [x])).toThrow(
      "gradient: wrong gives its operand 0, f32[4,2], the cotangent f32[]",
    );
  });
});

test("where zeros are asked for, an x without a path gets them", () => {
  const maker = new GraphMaker();
  const [x, w] = [maker.input("x", [2]), maker.parameter("w", [2])];
  const [, dw] = gradient([op.sum(x)], [x, w], { unconnected: "zero" });
  expect(printGraph(maker.graph({ return: dw! }))).toContain("constant {value=0}");
});
