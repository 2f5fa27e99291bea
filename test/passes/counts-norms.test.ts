// How many kernels normalisations and attention become, forward and backward. A pin is the count reached; `most` is what was
// promised.
import { describe, expect, it } from "vitest";
import type { Operand, Value } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { evaluateGraph } from "#ir/reference.js";
import { compileGraph } from "#passes/compile.js";
import { gradient } from "#passes/gradient.js";
import { GraphMaker } from "../graphs.js";

type Build = (xs: readonly Operand[]) => Readonly<Record<string, Operand>>;

const small = [8, 16, 6, 6];
/** A channel of 100 KB: a row that is too long to be kept. */
const large = [32, 16, 28, 28];
const affine = (shape: readonly number[]) => [shape, [shape[1]!], [shape[1]!]];
const rows = [
  [64, 96],
  [96], // prettier-ignore
  [96],
];
const heads = [
  [2, 4, 64, 32],
  [2, 4, 64, 32],
  [2, 4, 64, 32],
];

const batchNorm: Build = ([x, scale, bias]) => {
  const [y, mean, variance] = ops.batchNorm(x!, scale, bias);
  return { y, mean, variance };
};
const only =
  (f: (...xs: readonly Operand[]) => Operand): Build =>
  (xs) => ({ y: f(...xs) });
const groupNorm = only((x, scale, bias) => ops.groupNorm(x!, 4, scale, bias));
const instanceNorm = only((x, scale, bias) => ops.instanceNorm(x!, scale, bias));
const layerNorm = only((x, scale, bias) => ops.layerNorm(x!, scale, bias));
const rmsNorm = only((x, scale) => ops.rmsNorm(x!, scale));
const attention = only((q, k, v) => ops.scaledDotProductAttention(q!, k!, v!, { causal: true }));
const masked = only((q, k, v, mask) => ops.scaledDotProductAttention(q!, k!, v!, { mask: mask! }));

const programs: {
  name: string;
  shapes: readonly (readonly number[])[];
  build: Build;
  pins: readonly [number, number];
  most: number;
}[] = [
  { name: "batch norm", shapes: affine(small), build: batchNorm, pins: [1, 1], most: 2 },
  { name: "batch norm, large", shapes: affine(large), build: batchNorm, pins: [1, 1], most: 2 },
  { name: "batch norm of rows", shapes: [[64, 96], [96], [96]], build: batchNorm, pins: [1, 1], most: 2 }, // prettier-ignore
  {
    name: "batch norm + relu",
    shapes: affine(large),
    build: ([x, scale, bias]) => ({ y: ops.relu(ops.batchNorm(x!, scale, bias)[0]) }),
    pins: [1, 1],
    most: 2,
  },
  { name: "group norm", shapes: affine(small), build: groupNorm, pins: [1, 1], most: 1 },
  { name: "group norm, large", shapes: affine(large), build: groupNorm, pins: [1, 1], most: 1 },
  { name: "group norm of one example", shapes: affine([1, 16, 6, 6]), build: groupNorm, pins: [1, 1], most: 1 },
  { name: "instance norm", shapes: affine(large), build: instanceNorm, pins: [1, 1], most: 1 },
  { name: "layer norm", shapes: rows, build: layerNorm, pins: [1, 2], most: 1 },
  { name: "rms norm", shapes: rows.slice(0, 2), build: rmsNorm, pins: [1, 2], most: 1 },
  { name: "causal attention", shapes: heads, build: attention, pins: [3, 3], most: 3 },
  { name: "attention with a mask", shapes: [...heads, [64, 64]], build: masked, pins: [3, 3], most: 3 },
];

function graphs({ shapes, build }: (typeof programs)[number]) {
  const g = new GraphMaker();
  const xs = shapes.map((shape, i) => g.input(`x${i}`, shape, "f32")) as readonly Operand[];
  const results = build(xs);
  const y = results.y!;
  const cotangent = g.input("g", y.type.shape as number[], "f32");
  const gradients = gradient([y], xs, { cotangents: [cotangent] }) as readonly Operand[];
  return {
    forward: g.graph({ ...results }),
    backward: g.graph(Object.fromEntries(gradients.map((d, i) => [`d${i}`, d]))),
  };
}

describe("kernel counts", () => {
  it.each(programs)("$name is $pins.0 forward and $pins.1 backward", (program) => {
    const { forward, backward } = graphs(program);
    expect([forward, backward].map((graph) => compileGraph(graph).steps.length)).toEqual(program.pins);
    expect(program.pins[0]).toBeLessThanOrEqual(program.most);
  });

  it("an output that is a reshape of a computed value has no kernel of its own, and its own shape", () => {
    const g = new GraphMaker();
    const x = g.input("x", [4, 6], "f32") as Operand;
    const y = ops.exp(x);
    const graph = g.graph({ y, flat: ops.reshape(y, [24]), turned: ops.reshape(ops.transpose(y), [24]) });
    const plan = compileGraph(graph);
    expect(plan.outputs.map(({ name, shape }) => `${name} ${shape.join("×")}`)).toEqual([
      "y 4×6",
      "flat 24",
      "turned 24",
    ]);
    expect(plan.outputs[1]!.buffer).toBe(plan.outputs[0]!.buffer);
    expect(plan.outputs[2]!.buffer).not.toBe(plan.outputs[0]!.buffer);
    const flat = graph.outputs.get("flat") as Value;
    const values = evaluateGraph(graph, new Map([[graph.inputs[0]!, new Float32Array(24)]]));
    expect([...values.get(flat)!]).toEqual(Array.from({ length: 24 }, () => 1));
  });
});
