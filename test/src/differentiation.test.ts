// vjp, jvp, Jacobians, Hessians, stopGradient and custom gradients, in both modes, against closed forms.
import { describe, expect, test } from "vitest";
import { parseGraph } from "#ir/parse-graph.js";
import { printGraph } from "#ir/print-graph.js";
import type { Value } from "#ir/node.js";
import { nameRule } from "#ir/gradient-rules.js";
import { gradient } from "#passes/gradient.js";
import { compile, customGradient, grad, hessian, jacobian, jvp, ops, parameter, tensor, type Tensor, vjp } from "#src/index.js"; // prettier-ignore
import { graphOf } from "../ops/cases.js";

type Data = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>>;
const vector = (...data: readonly number[]) => ({ shape: [data.length], data });

/** What `f` gives eagerly and compiled, each as numbers. */
function bothModes(f: (xs: Record<string, Tensor>) => Tensor, at: Data): readonly (readonly number[])[] {
  const entries = Object.entries(at);
  const eager = f(Object.fromEntries(entries.map(([k, { shape, data }]) => [k, tensor(data, { dtype: "f64" }).reshape(shape)]))); // prettier-ignore
  const specs = Object.fromEntries(entries.map(([k, { shape }]) => [k, { shape, dtype: "f64" as const }]));
  const feeds = Object.fromEntries(entries.map(([k, { data }]) => [k, Float64Array.from(data)]));
  const { result } = compile((xs: Record<string, Tensor>) => f(xs), specs as never).run(feeds as never) as unknown as {
    result: { data: Float64Array };
  };
  return [[...eager.data()], [...result.data]];
}

function expectBoth(f: (xs: Record<string, Tensor>) => Tensor, at: Data, expected: readonly number[]): void {
  for (const found of bothModes(f, at)) {
    expect(found.length).toBe(expected.length);
    found.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 10));
  }
}

describe("stopGradient", () => {
  test("the slope of x · stop(x) at 3 is 3", () => {
    expectBoth(({ x }) => grad(x!.mul(x!.stopGradient()).sum(), [x!])[0], { x: vector(3) }, [3]);
  });
  test("behind it the gradient is zero and no error", () => {
    expectBoth(({ x }) => grad(x!.stopGradient().exp().sum(), [x!])[0], { x: vector(1, 2) }, [0, 0]);
  });
});

describe("vjp and jvp", () => {
  test("of (a·b, a + b) at (2, 3): rows and columns of [[3, 2], [1, 1]]", () => {
    const f = (a: Tensor, b: Tensor) => [a.mul(b), a.add(b)] as const;
    const at = { a: vector(2), b: vector(3), c: vector(5), d: vector(7) };
    const pulled = ({ a, b, c, d }: Record<string, Tensor>) => ops.concat(vjp(f, [a!, b!]).pullback([c!, d!]));
    expectBoth(pulled, at, [5 * 3 + 7 * 1, 5 * 2 + 7 * 1]);
    const pushed = ({ a, b, c, d }: Record<string, Tensor>) => ops.concat(jvp(f, [a!, b!], [c!, d!]).tangent);
    expectBoth(pushed, at, [3 * 5 + 2 * 7, 5 + 7]);
  });
  test("the value is that of the function", () => {
    expectBoth(({ x }) => vjp((y) => y.exp(), [x!]).value, { x: vector(0, 1) }, [1, Math.E]);
    expectBoth(({ x }) => jvp((y) => y.exp(), [x!], [x!]).value, { x: vector(0, 1) }, [1, Math.E]);
  });
  test("d/dx (x · d/dy (x + y)) is 1: what is computed from x outside of the inner function is constant there", () => {
    const one = (x: Tensor) => x.div(x);
    const inner = (x: Tensor) => jvp((y) => x.add(y), [x], [one(x)]).tangent;
    expectBoth(({ x }) => jvp((z) => z.mul(inner(z)), [x!], [one(x!)]).tangent, { x: vector(4) }, [1]);
  });
  test("a tangent differentiates again: d/dx of 3x²·x is 9x²", () => {
    const cube = (x: Tensor) => x.mul(x).mul(x);
    expectBoth(({ x }) => grad(jvp(cube, [x!], [x!]).tangent.sum(), [x!])[0], { x: vector(1, 2) }, [9, 36]);
  });
  test("with respect to a parameter, beside symbolic tensors", () => {
    const w = parameter([2], [3, 4], { dtype: "f64" });
    const { result } = compile(({ x }) => vjp((v) => v.mul(x).sum(), [w]).pullback()[0], {
      x: { shape: [2], dtype: "f64" },
    }).run({ x: [5, 6] });
    expect([...result.data]).toEqual([5, 6]);
  });
  test("a compiled jvp has no input for the cotangent that does not matter", () => {
    const executable = compile(({ x }) => jvp((y) => y.tanh(), [x], [x]).tangent, { x: [3] });
    const { data } = executable.run({ x: [0, 1, 2] }).result;
    [0, 1, 2].forEach((x, i) => expect(data[i]).toBeCloseTo(x * (1 - Math.tanh(x) ** 2), 6));
  });
});

describe("jacobian", () => {
  const softmax = [Math.E ** 1, Math.E ** 2, Math.E ** 3].map((e, _, all) => e / all.reduce((a, b) => a + b, 0));
  const closed = softmax.flatMap((p, i) => softmax.map((q, j) => (i === j ? p : 0) - p * q));

  test("of softmax is diag(p) − p·pᵀ, from a function and from tensors", () => {
    expectBoth(({ x }) => jacobian((y: Tensor) => y.softmax(), x!), { x: vector(1, 2, 3) }, closed);
    expectBoth(({ x }) => jacobian(x!.softmax(), x!), { x: vector(1, 2, 3) }, closed);
  });
  test("has the shape [...y, ...x], and one for each of a list", () => {
    const [a, b] = [tensor([[1, 2, 3], [4, 5, 6]]), tensor([1, 2, 3])]; // prettier-ignore
    const [ja, jb] = jacobian((x: Tensor, y: Tensor) => x.matmul(y), [a, b]);
    expect([ja.shape, jb.shape]).toEqual([[2, 2, 3], [2, 3]]); // prettier-ignore
    expect(jb.toArray()).toEqual(a.toArray());
    expect(ja.toArray()).toEqual([[[1, 2, 3], [0, 0, 0]], [[0, 0, 0], [1, 2, 3]]]); // prettier-ignore
  });
  test("of a function that does not depend on x is zero", () => {
    expect(jacobian(() => tensor([1, 2]), tensor(3)).toArray()).toEqual([0, 0]);
  });
  test("of an empty tensor is empty", () => {
    expect(jacobian((x: Tensor) => x.mul(2), tensor([])).shape).toEqual([0, 0]);
  });
  test("of named sizes", () => {
    const spec = { x: { shape: ["n"], dtype: "f64" } } as const;
    const { result } = compile(({ x }) => jacobian((y: Tensor) => y.mul(y), x), spec).run({ x: [1, 2] });
    expect([result.shape, [...result.data]]).toEqual([[2, 2], [2, 0, 0, 4]]); // prettier-ignore
  });
  test("is one batched program, not one program for each row", () => {
    const build = (n: number) => compile(({ x }) => jacobian((y: Tensor) => y.tanh().softmax(), x), { x: [n] });
    expect(build(32).plan().steps.length).toBe(build(4).plan().steps.length);
  });
});

describe("hessian", () => {
  test("of xᵀAx is A + Aᵀ", () => {
    const at = { x: vector(1, -2), a: { shape: [2, 2], data: [1, 2, 3, 4] } };
    expectBoth(({ x, a }) => hessian((y: Tensor) => y.dot(a!.matmul(y)), x!), at, [2, 5, 5, 8]);
  });
  test("of logistic regression is Xᵀ·diag(p(1 − p))·X, and symmetric", () => {
    const rows = [[1, 2, -1], [0.5, -1, 3], [2, 0, 1], [-1, 1, 1]]; // prettier-ignore
    const w = [0.3, -0.2, 0.5];
    const p = rows.map((row) => 1 / (1 + Math.exp(-row.reduce((s, x, i) => s + x * w[i]!, 0))));
    const closed = [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => rows.reduce((s, row, n) => s + row[i]! * row[j]! * p[n]! * (1 - p[n]!), 0))); // prettier-ignore
    const at = { w: vector(...w), x: { shape: [4, 3], data: rows.flat() }, y: vector(1, 0, 1, 0) };
    const loss = (x: Tensor, y: Tensor) => (v: Tensor) => x.matmul(v).binaryCrossEntropyWithLogits(y).sum();
    expectBoth(({ w: v, x, y }) => hessian(loss(x!, y!), v!), at, closed);
    for (const found of bothModes(({ w: v, x, y }) => hessian(loss(x!, y!), v!), at)) {
      [0, 1, 2].forEach((i) => [0, 1, 2].forEach((j) => expect(found[3 * i + j]).toBeCloseTo(found[3 * j + i]!, 12)));
    }
  });
  test("of a·b² has the blocks [[0, 2b], [2b, 2a]], of a linear function zeros", () => {
    const [a, b] = [tensor(3), tensor(5)];
    const blocks = hessian((x: Tensor, y: Tensor) => x.mul(y).mul(y), [a, b]);
    expect(blocks.map((row) => row.map((block) => block.item()))).toEqual([[0, 10], [10, 6]]); // prettier-ignore
    expect(hessian((x: Tensor) => x.mul(3), a).item()).toBe(0);
  });
});

describe("customGradient", () => {
  const clipped = customGradient(
    (x: Tensor) => x.exp(),
    ({ g, inputs: [x], result }) => g.mul(result).mul(x.mul(0).add(0.5)),
  );
  const cube = customGradient(
    (x: Tensor) => x.mul(x).mul(x),
    ({ g, inputs: [x] }) => g.mul(x.mul(x)).mul(3),
  );
  const both = customGradient(
    (a: Tensor, b: Tensor) => [a.mul(b), a.add(b)] as const,
    ({ g: [u, v], inputs: [a, b] }) => [u.mul(b).add(v), u.mul(a).add(v)],
  );

  test("the gradient is what the rule says: half of eˣ", () => {
    expectBoth(({ x }) => grad(clipped(x!).sum(), [x!])[0], { x: vector(0, 1) }, [0.5, Math.E / 2]);
  });
  test("of several results and inputs", () => {
    const at = { a: vector(2), b: vector(3) };
    expectBoth(({ a, b }) => grad(both(a!, b!)[0].sum(), [a!])[0], at, [3]);
    expectBoth(({ a, b }) => grad(both(a!, b!)[1].add(both(a!, b!)[0]).sum(), [b!])[0], at, [3]);
  });
  test("differentiates again, forwards and backwards", () => {
    expectBoth(({ x }) => hessian((y: Tensor) => cube(y).sum(), x!), { x: vector(1, 2) }, [6, 0, 0, 12]);
    expectBoth(({ x }) => jvp((y) => cube(y), [x!], [x!]).tangent, { x: vector(1, 2) }, [3, 24]);
  });
  test("an input may get no gradient", () => {
    const first = customGradient((a: Tensor, b: Tensor) => a.mul(b), ({ g, inputs: [, b] }) => [g.mul(b), null]); // prettier-ignore
    expectBoth(({ a, b }) => grad(first(a!, b!).sum(), [b!])[0], { a: vector(2), b: vector(3) }, [0]);
  });
  test("eagerly the rule is asked every time, so it may look at what has changed", () => {
    let factor = 2;
    const scaled = customGradient((x: Tensor) => x.mul(1), ({ g }) => g.mul(factor)); // prettier-ignore
    const slope = () => grad(scaled(tensor(1)).sum(), [tensor(1)]);
    expect(slope).toThrow("does not depend");
    const at = (x: Tensor) => grad(scaled(x), [x])[0].item();
    expect(at(tensor(1))).toBe(2);
    factor = 3;
    expect(at(tensor(1))).toBe(3);
  });

  const textOfCube = () => {
    const { builder, x, y } = cubeGraph();
    return printGraph(graphOf(builder, [x], [y]));
  };
  function cubeGraph() {
    let [x, y]: (Value | null)[] = [null, null];
    compile(({ a }) => {
      const made = cube(a);
      [x, y] = [a.handle as Value, made.handle as Value];
      return made;
    }, { a: [2] }); // prettier-ignore
    return { builder: x!.owner as never, x: x!, y: y! };
  }
  test("is printed with the name of its rule, parsed, and differentiated", () => {
    const text = textOfCube();
    expect(text).toMatch(/customRule %\d, %a \{rule="fn:[0-9a-f]{8}", results=1\}/);
    const graph = parseGraph(text);
    expect(printGraph(graph)).toBe(text);
    const [x, y] = [graph.inputs[0]!.results[0]!, [...graph.outputs.values()][0]!];
    const slope = gradient([y], [x], { cotangents: [x] })[0] as Value;
    expect(printGraph(graphOf(graph.builder, [x], [slope]))).toContain("mul");
  });
  test("a parsed graph whose rule is not known here says so when it is differentiated", () => {
    const graph = parseGraph(textOfCube().replace(/fn:[0-9a-f]{8}/, "elsewhere:0"));
    const [x, y] = [graph.inputs[0]!.results[0]!, [...graph.outputs.values()][0]!];
    expect(() => gradient([y], [x], { cotangents: [x] })).toThrow(
      'grad: the rule "elsewhere:0" of a custom gradient is not known here',
    );
  });
  test("two rules of one text have two names", () => {
    const rule = () => [];
    expect([nameRule("twin", rule), nameRule("twin", rule)]).toEqual(["twin", "twin:2"]);
  });
});

describe("errors", () => {
  const x = tensor([1, 2]);
  const wrongShape = customGradient((y: Tensor) => y.mul(y), ({ g }) => g.sum()); // prettier-ignore
  const wrongCount = customGradient((y: Tensor) => y.mul(y), ({ g }) => [g, g]); // prettier-ignore
  const squared = customGradient((y: Tensor) => y.mul(y), ({ g }) => g.mul(g)); // prettier-ignore
  const mistakes: Readonly<Record<string, () => unknown>> = {
    "GradientError: hessian: y is f32[2], not a scalar": () => hessian((y: Tensor) => y.mul(y), x),
    "GradientError: jacobian: input 1 is i32[1], and only floats have gradients": () =>
      jacobian((y: Tensor) => y, tensor([1], { dtype: "i32" })),
    "GradientError: jacobian: y is i32[], and only floats have gradients": () => jacobian(x.argmax(), x),
    "GradientError: grad: y does not depend on x": () => jacobian(tensor([1]).exp(), x),
    "GradientError: jacobian: y is 7, not a tensor": () => jacobian(() => 7 as never, x),
    "ShapeError: jacobian: f32[5000,2] by f32[5000,2] has 100000000 derivatives, more than 16777216": () =>
      jacobian((y: Tensor) => y.mul(y), ops.broadcast(x, [5000, 2])),
    "GradientError: jvp: 2 tangents, but the number of inputs is 1": () => jvp((y) => y, [x], [x, x]),
    "GradientError: jvp: tangent 1 is f32[1], but input 1 is f32[2]": () => jvp((y) => y, [x], [tensor([1])]),
    "GradientError: jvp: f gives i32[], and only floats have tangents": () => jvp((y) => y.argmax(), [x], [x]),
    "GradientError: jvp: a custom gradient on the way is not linear in the cotangent": () =>
      jvp((y) => squared(y), [x], [x]),
    "GradientError: vjp: 2 cotangents, but the number of results is 1": () => vjp((y) => y, [x]).pullback([x, x]),
    "GradientError: grad: y is f32[2], not a scalar; give a cotangent": () => vjp((y) => y.mul(2), [x]).pullback(),
    "GraphError: vjp: f gives 5, not a tensor": () => vjp(() => 5 as never, [x]),
    "GradientError: grad: the rule of fn gives f32[] for input 1, which is f32[2]": () =>
      grad(wrongShape(x).sum(), [x]),
    "GradientError: grad: the rule of fn gives 2 cotangents, not 1": () => grad(wrongCount(x).sum(), [x]),
  };
  test.each(Object.entries(mistakes))("%s", (message, mistake) => {
    let said = "nothing";
    try {
      mistake();
    } catch (error) {
      said = String(error).split("\n")[0]!;
    }
    expect(said).toBe(message);
  });
});
