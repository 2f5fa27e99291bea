// How many kernels convolutional programs become; pins as in kernel-counts.test.ts.
import { expect, it } from "vitest";
import type { Graph } from "#ir/graph.js";
import type { Operand } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { compileGraph } from "#passes/compile.js";
import { gradient } from "#passes/gradient.js";
import { GraphMaker } from "../graphs.js";

const { add, conv2d, matmul, maxPool2d, mean, meanPool2d, mul, relu, reshape, softmaxCrossEntropy, sub } = ops;

function convBiasRelu(groups: number): Graph {
  const g = new GraphMaker();
  const x = g.input("x", [8, 4, 12, 12], "f32");
  const [w, b] = [g.input("w", [16, 4 / groups, 3, 3], "f32"), g.input("b", [16], "f32")];
  return g.graph({ y: relu(conv2d(x, w, { bias: b, padding: 1, groups })) });
}

function convBackward(stride: number): Graph {
  const g = new GraphMaker();
  const [x, w] = [g.input("x", [8, 3, 12, 12], "f32"), g.input("w", [16, 3, 3, 3], "f32")];
  const y = conv2d(x, w, { padding: 1, stride });
  const [dx, dw] = gradient([y], [x, w], { cotangents: [g.input("dy", y.type.shape as number[], "f32")] });
  return g.graph({ dx: dx!, dw: dw! });
}

/** Pooling, its gradient or both; the gradient alone computes what it needs of the forward pass itself. */
function pooling(pool: (x: Operand) => Operand, parts: "forward" | "backward" | "both"): Graph {
  const g = new GraphMaker();
  const x = g.input("x", [8, 3, 12, 12], "f32");
  const y = pool(x);
  if (parts === "forward") return g.graph({ y });
  const [dx] = gradient([y], [x], { cotangents: [g.input("dy", y.type.shape as number[], "f32")] });
  return g.graph(parts === "both" ? { y, dx: dx! } : { dx: dx! });
}

/** conv 8 · pool · conv 16 · pool · dense 10 with softmax cross entropy, all updated by SGD in the same program. */
function cnnStep(): Graph {
  const g = new GraphMaker();
  const [x, labels] = [g.input("x", [16, 1, 28, 28], "f32"), g.input("labels", [16], "i32")];
  const shapes = { w1: [8, 1, 3, 3], b1: [8], w2: [16, 8, 3, 3], b2: [16], w3: [400, 10], b3: [10] };
  const parameters = Object.entries(shapes).map(([name, shape]) => g.parameter(name, shape, "f32"));
  const [w1, b1, w2, b2, w3, b3] = parameters as Operand[] as [Operand, Operand, Operand, Operand, Operand, Operand];
  const first = maxPool2d(relu(conv2d(x, w1, { bias: b1 })), 2);
  const second = maxPool2d(relu(conv2d(first, w2, { bias: b2 })), 2);
  const loss = mean(softmaxCrossEntropy(add(matmul(reshape(second, [16, 400]), w3), b3), labels));
  const gradients = gradient([loss], parameters);
  return g.graph({ loss }, parameters.map((p, i) => [p, sub(p, mul(gradients[i]!, 0.01))] as const)); // prettier-ignore
}

const max = (x: Operand) => maxPool2d(x, 3, { stride: 2, padding: 1 });
const average = (x: Operand) => meanPool2d(x, 3, { stride: 2, padding: 1, countIncludePad: false });

const programs: { name: string; graph: () => Graph; pin: number; most: number }[] = [
  { name: "conv + bias + relu", graph: () => convBiasRelu(1), pin: 1, most: 1 },
  { name: "grouped conv + bias + relu", graph: () => convBiasRelu(2), pin: 1, most: 1 },
  { name: "both gradients of a convolution", graph: () => convBackward(1), pin: 1, most: 2 },
  { name: "both gradients of a convolution of stride 2", graph: () => convBackward(2), pin: 2, most: 4 },
  { name: "max pooling", graph: () => pooling(max, "forward"), pin: 1, most: 1 },
  { name: "max pooling backward, from the input", graph: () => pooling(max, "backward"), pin: 1, most: 1 },
  { name: "max pooling forward and backward", graph: () => pooling(max, "both"), pin: 1, most: 2 },
  { name: "mean pooling", graph: () => pooling(average, "forward"), pin: 1, most: 1 },
  { name: "mean pooling backward", graph: () => pooling(average, "backward"), pin: 1, most: 1 },
  { name: "a CNN's SGD step", graph: cnnStep, pin: 11, most: 14 },
];

it.each(programs)("$name: $pin kernels", ({ graph, pin, most }) => {
  expect(compileGraph(graph()).steps.length).toBe(pin);
  expect(pin).toBeLessThanOrEqual(most);
});
