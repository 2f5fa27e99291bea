// Derived from the op table: every gradient equals central differences in double precision, and so does the gradient of
// the gradient. Both are computed by the reference.
import { describe, expect, test } from "vitest";
import { type DType, isFloat, type TypedArray } from "#ir/dtype.js";
import { gradient } from "#passes/gradient.js";
import type { Graph } from "#ir/graph.js";
import type { Builder } from "#ir/builder.js";
import type { Value } from "#ir/node.js";
import { constant } from "#ir/ops/leaves.js";
import { evaluateGraph } from "#ir/reference.js";
import { elementCount } from "#ir/size.js";
import { generator } from "../random.js";
import { cases, dataOf, graphOf, graphOfCase, isCheckedOnce, isCheckedTwice } from "./cases.js";

const double = cases().filter(isCheckedOnce);

describe("the gradient equals central differences", () => {
  test.each(double)("$name", (c) => {
    const graph = graphOfCase(c);
    expectGradients(graph, gradientOf(graph), c.sample.operands.map(dataOf), 1e-7);
  });
});

describe("the gradient of the gradient equals central differences", () => {
  test.each(double.filter(isCheckedTwice))("$name", (c) => {
    const first = gradientOf(graphOfCase(c));
    const feeds = c.sample.operands.map(dataOf);
    expectGradients(first, gradientOf(first), feeds, 1e-6);
  });
});

describe("every op that takes and gives floats is differentiated twice", () => {
  const exceptions = {
    stopGradient: "its gradient is zero, unlike the differences",
    customRule: "its gradient is what the user says",
  };
  const floats = (literals: readonly { readonly dtype: DType }[]) => literals.some((x) => isFloat(x.dtype));
  const all = cases().filter(({ sample }) => floats(sample.operands) && floats(sample.results));
  const names = [...new Set(all.map(({ op }) => op.name))].filter((name) => !(name in exceptions));
  test.each(names)("%s", (name) => {
    expect(double.some((c) => c.op.name === name && isCheckedTwice(c))).toBe(true);
  });
});

/** The graph of `Σ cᵢ · ∂outputsᵢ/∂x` for every float input x; the weights c are fixed and none is special. */
function gradientOf(graph: Graph): Graph {
  const ys = floatOutputs(graph);
  const xs = floatInputs(graph);
  const gradients = gradient(ys, xs, {
    cotangents: weightsOf(graph).map(asConstant(graph.builder)),
    unconnected: "zero",
  });
  return graphOf(graph.builder, inputsOfGraph(graph), gradients as readonly Value[]);
}

const inputsOfGraph = (graph: Graph) => graph.inputs.map((node) => node.results[0]!);
const floatOutputs = (graph: Graph) => [...graph.outputs.values()].filter((y) => isFloat(y.type.dtype));
const floatInputs = (graph: Graph) => inputsOfGraph(graph).filter((x) => isFloat(x.type.dtype));

function weightsOf(graph: Graph): readonly { data: Float64Array; like: Value }[] {
  const next = generator(graph.outputs.size);
  return floatOutputs(graph).map((like) => {
    const data = new Float64Array(elementCount(like.type.shape as readonly number[]));
    return { data: data.map(() => 0.5 + next()), like };
  });
}

const asConstant = (builder: Builder) => ({ data, like }: { data: Float64Array; like: Value }) =>
  builder.apply(constant, [], { value: data, dtype: "f64", shape: like.type.shape })[0]!; // prettier-ignore

/**
 * Fails where an element of a gradient differs from the differences (of fourth order, output by output) by more than
 * `tolerance` times the magnitudes that add up to it, and what rounding does to the differences.
 */
function expectGradients(graph: Graph, gradients: Graph, feeds: readonly TypedArray[], tolerance: number): void {
  const weights = weightsOf(graph).flatMap(({ data }) => [...data]);
  const outputs = (at: readonly TypedArray[]) => run(graph, at).flatMap((y) => [...y]);
  const still = outputs(feeds);
  const found = run(gradients, feeds);
  let next = 0;
  graph.inputs.forEach((node, position) => {
    if (!isFloat(node.results[0]!.type.dtype)) return;
    const actual = found[next++]!;
    feeds[position]!.forEach((x, i) => {
      const h = 1e-5 * (Math.abs(x) || 1);
      const [a, b, c, d] = [2, 1, -1, -2].map((n) => outputs(feeds.map((feed, p) => (p === position ? feed.with(i, x + n * h) : feed)))); // prettier-ignore
      const terms = weights.map((w, j) => (w * (8 * (b![j]! - c![j]!) - (a![j]! - d![j]!))) / (12 * h));
      const noise = terms.map((term, j) => (term === 0 ? 0 : (40 * 2 ** -52 * Math.abs(weights[j]! * still[j]!)) / h));
      const expected = sum(terms);
      if (!Number.isFinite(expected)) return;
      const allowed = tolerance * sum(terms.map(Math.abs)) + sum(noise) + 1e-12;
      expect(Math.abs(actual[i]! - expected), `x${position}[${i}]: ${actual[i]} for ${expected}`).toBeLessThanOrEqual(allowed); // prettier-ignore
    });
  });
}

const sum = (terms: readonly number[]) => terms.reduce((a, b) => a + b, 0);

function run(graph: Graph, feeds: readonly TypedArray[]): readonly TypedArray[] {
  const values = evaluateGraph(graph, new Map(graph.inputs.map((node, i) => [node, feeds[i]!])));
  return floatOutputs(graph).map((value) => values.get(value)!);
}
