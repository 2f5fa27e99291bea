// Test cases derived from the op table: every sample as a graph of one node, with feeds and expected results.
import { Builder } from "#ir/builder.js";
import { GraphCopier } from "#ir/copy-graph.js";
import { arrayOf, isFloat, type TypedArray } from "#ir/dtype.js";
import { type Graph, isGraph } from "#ir/graph.js";
import type { Attrs, Value } from "#ir/node.js";
import type { AnyOp, Literal, Sample } from "#ir/op.js";
import { input } from "#ir/ops/leaves.js";
import { opTable } from "#ir/ops/table.js";
import { type TensorType, tensorType } from "#ir/type.js";

/** One call of an op, with numbers. */
export interface Case {
  /** `matmul, sample 2, f32`. */
  readonly name: string;
  readonly op: AnyOp;
  readonly sample: Sample<Attrs>;
}

/** Every sample of every op, in table order, and again in f64 where it is in f32 and says nothing about f32 itself. */
export function cases(): readonly Case[] {
  return [...opTable.values()].flatMap((op) =>
    (op.samples as readonly Sample<Attrs>[]).flatMap((sample, i) => {
      const single = { name: `${op.name}, sample ${i + 1}`, op, sample };
      return isAboutSingle(sample) ? [single] : [single, inDouble(single)];
    }),
  );
}

/** Whether f64 in place of f32 would be another sample: other dtypes, f32 by name, an infinity where f32 overflows. */
function isAboutSingle({ operands, attrs, results }: Sample<Attrs>): boolean {
  const dtypes = [...operands, ...results].map((x) => x.dtype);
  const infinite = results.some((x) => x.data.some((y) => Math.abs(y) === Infinity));
  return !dtypes.includes("f32") || dtypes.includes("f64") || Object.values(attrs).includes("f32") || infinite;
}

/** The same case with f64 wherever it has f32. */
export function inDouble({ name, op, sample }: Case): Case {
  const literal = (x: Literal): Literal => ({ ...x, dtype: x.dtype === "f32" ? "f64" : x.dtype });
  const attrs = Object.entries(sample.attrs).map(([key, x]) => [key, isGraph(x) ? graphInDouble(x) : x]);
  const retyped = {
    ...sample,
    attrs: Object.fromEntries(attrs) as Attrs,
    operands: sample.operands.map(literal),
    results: sample.results.map(literal),
  };
  return { name: `${name}, f64`, op, sample: retyped };
}

/** The sub-graph of a sample, whose inputs are of f32 and which holds no constants, in f64. */
function graphInDouble(graph: Graph): Graph {
  const copier = new GraphCopier((node, operands, builder) => {
    return builder.apply(node.op, operands, node.operands.length === 0 ? { ...node.attrs, dtype: "f64" } : node.attrs);
  });
  return copier.copy(graph);
}

/** A builder and inputs of these types, called `x0`, `x1` … */
export function inputsOf(types: readonly TensorType[]): {
  readonly builder: Builder;
  readonly inputs: readonly Value[];
} {
  const builder = new Builder("case");
  const inputs = types.map(({ dtype, shape }, i) => builder.apply(input, [], { name: `x${i}`, dtype, shape })[0]!);
  return { builder, inputs };
}

/** A graph from inputs to outputs `y0`, `y1` … */
export function graphOf(builder: Builder, inputs: readonly Value[], outputs: readonly Value[]): Graph {
  return {
    name: builder.name,
    builder,
    inputs: inputs.map((value) => value.node),
    parameters: [],
    outputs: new Map(outputs.map((value, i) => [`y${i}`, value])),
    updates: new Map(),
    effects: [],
  };
}

/** The graph of a case. */
export function graphOfCase({ op, sample }: Case): Graph {
  const { builder, inputs } = inputsOf(sample.operands.map((x) => tensorType(x.dtype, x.shape)));
  return graphOf(builder, inputs, builder.apply(op, inputs, sample.attrs));
}

/** A literal's elements as the dtype holds them. */
export function dataOf(literal: Literal): TypedArray {
  return arrayOf(literal.dtype, literal.data);
}

/** Whether central differences say something about the gradient here: finite floats in and out, no kinks. */
export function isSmooth({ op, sample }: Case): boolean {
  const differentiable = op.vjp !== undefined || op.lower.kind === "compose";
  const floats = [...sample.operands, ...sample.results].filter((x) => isFloat(x.dtype));
  const finite = floats.every((x) => x.data.every(Number.isFinite));
  const inAndOut = sample.operands.some((x) => isFloat(x.dtype)) && sample.results.some((x) => isFloat(x.dtype));
  return sample.smooth !== false && differentiable && finite && inAndOut;
}

/** Whether the gradient is compared with central differences: where it is smooth, and in f64, which has the digits. */
export function isCheckedOnce(c: Case): boolean {
  return isSmooth(c) && [...c.sample.operands, ...c.sample.results].every((x) => x.dtype !== "f32");
}

/** Whether the gradient of the gradient is: of small samples, for it takes a run for every element. */
export function isCheckedTwice(c: Case): boolean {
  return isCheckedOnce(c) && c.sample.operands.reduce((sum, x) => sum + x.data.length, 0) <= 40;
}
