// How many kernels programs become. A pin is the count reached: more is a regression, fewer moves the pin. `most` is what
// was promised.
import { describe, expect, it } from "vitest";
import type { Graph } from "#ir/graph.js";
import type { Operand } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { compileGraph } from "#passes/compile.js";
import { gradient } from "#passes/gradient.js";
import { GraphMaker } from "../graphs.js";

const { add, div, exp, gelu, layerNorm, log, logSoftmax, logSumExp, matmul, mean, mul, relu, softmax, sqrt, sub, sum } =
  ops;

const kernelsOf = (graph: Graph) => compileGraph(graph).steps.length;

/** A program over one input x: f32[64,96]. */
function overX(build: (x: Operand) => Record<string, Operand>): Graph {
  const g = new GraphMaker();
  return g.graph(build(g.input("x", [64, 96], "f32")));
}

/** The gradient of `f` at x with a cotangent that is an input. */
function backward(f: (x: Operand) => Operand): Graph {
  const g = new GraphMaker();
  const x = g.input("x", [64, 96], "f32");
  const y = f(x);
  const cotangent = g.input("g", y.type.shape as number[], "f32");
  return g.graph({ dx: gradient([y], [x], { cotangents: [cotangent] })[0]! });
}

function attention(): Graph {
  const g = new GraphMaker();
  const [q, k, v] = ["q", "k", "v"].map((name) => g.input(name, [8, 64, 32], "f32")) as Operand[] as [
    Operand,
    Operand,
    Operand,
  ];
  const scores = div(matmul(q, ops.transpose(k, [0, 2, 1])), Math.sqrt(32));
  return g.graph({ y: matmul(softmax(scores), v) });
}

type Step = (
  parameter: Operand,
  gradient: Operand,
  state: (name: string) => Operand,
) => (readonly [Operand, Operand])[];

/** 784-128-10 with softmax cross entropy, its gradients as outputs or as updates. */
function mlp(step?: Step): Graph {
  const g = new GraphMaker("mlp");
  const [x, y] = [g.input("x", [32, 784], "f32"), g.input("y", [32], "i32")];
  const shapes = { w1: [784, 128], b1: [128], w2: [128, 10], b2: [10] };
  const parameters = Object.entries(shapes).map(([name, shape]) => g.parameter(name, shape, "f32"));
  const [w1, b1, w2, b2] = parameters as Operand[] as [Operand, Operand, Operand, Operand];
  const logits = add(matmul(relu(add(matmul(x, w1), b1)), w2), b2);
  const loss = mean(ops.softmaxCrossEntropy(logits, y));
  const gradients = gradient([loss], parameters);
  if (!step) return g.graph({ loss, ...Object.fromEntries(gradients.map((d, i) => [`d${i}`, d])) });
  const updates = parameters.flatMap((p, i) =>
    step(p, gradients[i]!, (name) => g.parameter(`${name}${i}`, p.type.shape as number[], "f32")),
  );
  return g.graph({ loss }, updates);
}

const sgd: Step = (p, d) => [[p, sub(p, mul(d, 0.01))]];

const adam: Step = (p, d, state) => {
  const [m, v] = [state("m"), state("v")];
  const nextM = add(mul(m, 0.9), mul(d, 0.1));
  const nextV = add(mul(v, 0.999), mul(mul(d, d), 0.001));
  return [
    [p, sub(p, div(mul(nextM, 0.001), add(sqrt(nextV), 1e-8)))],
    [m, nextM],
    [v, nextV],
  ];
};

const programs: { name: string; graph: () => Graph; pin: number; most: number }[] = [
  { name: "softmax", graph: () => overX((x) => ({ y: softmax(x) })), pin: 1, most: 1 },
  { name: "log-softmax", graph: () => overX((x) => ({ y: logSoftmax(x) })), pin: 1, most: 1 },
  { name: "log of softmax", graph: () => overX((x) => ({ y: log(softmax(x)) })), pin: 1, most: 1 },
  {
    name: "layer norm",
    graph: () => {
      const g = new GraphMaker();
      const [x, scale, shift] = [
        g.input("x", [64, 96], "f32"),
        g.input("scale", [96], "f32"),
        g.input("shift", [96], "f32"),
      ];
      return g.graph({ y: layerNorm(x, scale, shift) });
    },
    pin: 1,
    most: 1,
  },
  {
    name: "matmul + bias + relu",
    graph: () => {
      const g = new GraphMaker();
      return g.graph({
        y: relu(add(matmul(g.input("x", [64, 96], "f32"), g.input("w", [96, 32], "f32")), g.input("b", [32], "f32"))),
      });
    },
    pin: 1,
    most: 1,
  },
  { name: "gelu", graph: () => overX((x) => ({ y: gelu(x) })), pin: 1, most: 1 },
  { name: "exp(x) + exp(x)", graph: () => overX((x) => ({ y: add(exp(x), exp(x)) })), pin: 1, most: 1 },
  { name: "[x + 1, x · 2]", graph: () => overX((x) => ({ a: add(x, 1), b: mul(x, 2) })), pin: 1, most: 1 },
  { name: "sum x and sum x²", graph: () => overX((x) => ({ a: sum(x), b: sum(mul(x, x)) })), pin: 1, most: 1 },
  { name: "softmax backward", graph: () => backward((x) => softmax(x)), pin: 1, most: 2 },
  { name: "logSumExp backward", graph: () => backward((x) => logSumExp(x, 1)), pin: 1, most: 2 },
  { name: "softmax(Q·Kᵀ/√d)·V", graph: attention, pin: 3, most: 3 },
  { name: "MLP 784-128-10, value and gradient", graph: () => mlp(), pin: 5, most: 8 },
  { name: "MLP with its SGD step", graph: () => mlp(sgd), pin: 5, most: 8 },
  { name: "MLP with its Adam step", graph: () => mlp(adam), pin: 5, most: 8 },
];

describe("kernel counts", () => {
  it.each(programs)("$name is $pin", ({ graph, pin, most }) => {
    expect(kernelsOf(graph())).toBe(pin);
    expect(pin).toBeLessThanOrEqual(most);
  });

  it("exp(x) + exp(x) computes one exp", () => {
    const plan = compileGraph(overX((x) => ({ y: add(exp(x), exp(x)) })));
    expect(plan.steps[0]!.kernel.ops.filter((name) => name === "exp")).toHaveLength(1);
  });

  it("without fusion the MLP's SGD step needs many more", () => {
    expect(compileGraph(mlp(sgd), { fuse: false }).steps.length).toBeGreaterThan(8);
  });
});
