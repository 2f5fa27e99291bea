// Deep training steps, whose memory is what the forward part keeps for the backward part.
import type { Graph } from "#ir/graph.js";
import type { Operand } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { makeParameter } from "#ir/parameter.js";
import { elementCount } from "#ir/size.js";
import { gradient } from "#passes/gradient.js";
import { runPasses } from "#passes/pass.js";
import { graphPasses } from "#passes/pipelines.js";
import { GraphMaker } from "../graphs.js";

const { add, matmul, mean, mul, sin, sub } = ops;

interface Size {
  readonly layers: number;
  readonly width: number;
  readonly batch: number;
}

/** A training step of dense layers of one width by gradient descent, optimised. */
export function deepMlp({ layers, width, batch }: Size, activation: (x: Operand) => Operand): Graph {
  const g = new GraphMaker("mlp");
  const [x, y] = [g.input("x", [batch, width], "f32"), g.input("y", [batch, width], "f32")];
  const parameters: Operand[] = [];
  let h: Operand = x;
  for (let i = 0; i < layers; i++) {
    const [w, b] = [weights(g, `w${i}`, [width, width]), weights(g, `b${i}`, [width])];
    parameters.push(w, b);
    h = activation(add(matmul(h, w), b));
  }
  const off = sub(h, y);
  const loss = mean(mul(off, off));
  const slopes = gradient([loss], parameters);
  const updates = parameters.map((p, i) => [p, sub(p, mul(slopes[i]!, 0.1))] as const);
  return runPasses(g.graph({ loss }, updates), graphPasses);
}

/** A parameter of numbers in −0.2 … 0.2. */
function weights(g: GraphMaker, name: string, shape: readonly number[]): Operand {
  const initial = () => Float32Array.from({ length: elementCount(shape) }, (_, i) => 0.2 * Math.sin(1 + i * i));
  return g.hold(makeParameter(name, { dtype: "f32", shape }, initial));
}

/** The gradient of `layers` sines of f32 vectors, optimised. */
export function deepChain(layers: number, length: number): Graph {
  const g = new GraphMaker("chain");
  const x = g.input("x", [length], "f32");
  let h: Operand = x;
  for (let i = 0; i < layers; i++) h = sin(mul(h, 1 + i / 100));
  const loss = ops.sum(h);
  return runPasses(g.graph({ loss, dx: gradient([loss], [x])[0]! }), graphPasses);
}
