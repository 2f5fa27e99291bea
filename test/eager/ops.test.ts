// Derived from the op table: every sample eagerly, its operands lying in memory in different ways, and every gradient.
import { describe, expect, test } from "vitest";
import { arrayOf, isFloat, type TypedArray } from "#ir/dtype.js";
import type { Literal } from "#ir/op.js";
import { evaluateGraph } from "#ir/reference.js";
import { elementCount } from "#ir/size.js";
import { stridesOf, type ConcreteType } from "#ir/type.js";
import { EagerTensor } from "#src/eager/eager-tensor.js";
import { eagerGradient } from "#src/eager/gradient.js";
import { layoutOf } from "#src/eager/layout.js";
import { scope } from "#src/eager/scope.js";
import { difference } from "../compare.js";
import { measure } from "../magnitudes.js";
import { type Case, cases, dataOf, graphOfCase, isSmooth } from "../ops/cases.js";
import { generator } from "../random.js";
import { engines } from "./engines.js";

/** Ways to lie in memory: the strides for a shape. */
const layouts: Readonly<Record<string, (shape: readonly number[]) => readonly number[]>> = {
  "in row-major order": stridesOf,
  transposed: (shape) => stridesOf(shape.toReversed()).toReversed(),
  "with gaps": (shape) => stridesOf(shape).map((stride) => 3 * stride),
};

const computed = cases().filter((c) => c.op.lower.kind !== "leaf");
const smooth = computed.filter(
  (c) => isSmooth(c) && [...c.sample.operands, ...c.sample.results].every((x) => x.dtype !== "f32"),
);

describe.each(engines)("on $name", ({ name, make }) => {
  const engine = make();
  // How operands lie and what gradients are is the engine's work, the same for every backend.
  const whole = name === "wasm";

  /** The literal with these strides, a few elements into its storage. */
  function place({ dtype, shape, data }: Literal, strides: readonly number[]): EagerTensor {
    const offset = 5;
    const layout = layoutOf(dtype, shape, strides);
    const memory = arrayOf(dtype, new Array<number>(layout.reach + offset).fill(0));
    const values = arrayOf(dtype, data);
    let next = 0;
    const put = (axis: number, at: number): void => {
      if (axis === shape.length) memory[at] = values[next++]!;
      else for (let i = 0; i < shape[axis]!; i++) put(axis + 1, at + i * layout.strides[axis]!);
    };
    put(0, offset);
    const whole = engine.from(memory, [memory.length], dtype);
    return new EagerTensor(engine, layout, whole.storage!.retain(), offset);
  }

  describe.each(Object.entries(layouts).slice(0, whole ? undefined : 1))(
    "operands %s give the numbers of the sample",
    (_, strides) => {
      test.each(computed)("$name", (c) => {
        const results = scope(() => {
          const operands = c.sample.operands.map((x) => place(x, strides(x.shape)));
          return engine.apply(c.op, operands, c.sample.attrs).map((y) => y.data());
        });
        expectSample(c, results);
      });
    },
  );

  describe("the eager gradient equals central differences", () => {
    test.runIf(whole).each(smooth)("$name", (c) => {
      // What is not a float, such as places, has no gradient.
      const weights = c.sample.results.map((y, i) => randomLike(y, i).map((w) => (isFloat(y.dtype) ? w : 0)));
      const found = scope(() => {
        const operands = c.sample.operands.map((x) => place(x, layouts.transposed!(x.shape)));
        const ys = engine.apply(c.op, operands, c.sample.attrs);
        const xs = operands.filter((x) => isFloat(x.type.dtype));
        // One cotangent at a time: the gradient of Σ wᵢ · yᵢ is the sum over the results.
        const parts = ys.flatMap((y, i) => {
          if (!isFloat(y.type.dtype)) return [];
          const cotangent = engine.from(weights[i]!, c.sample.results[i]!.shape, "f64");
          return [eagerGradient(y, xs, { cotangent, unconnected: "zero" }).map((g) => g.data())];
        });
        return xs.map((_, k) => parts.map((part) => part[k]!).reduce((a, b) => a.map((v, j) => v + b[j]!)));
      });
      expectDifferences(c, weights, found);
    });
  });
});

function expectSample(c: Case, results: readonly TypedArray[]): void {
  const graph = graphOfCase(c);
  const feeds = new Map(graph.inputs.map((node, i) => [node, dataOf(c.sample.operands[i]!)] as const));
  const truth = measure([...graph.outputs.values()], feeds);
  c.sample.results.forEach((expected, i) => {
    const { scale } = truth.get(graph.outputs.get(`y${i}`)!)!;
    const how = { dtype: expected.dtype, k: c.op.tolerance ?? 4, scale, signedZeros: c.op.lower.kind !== "compose" };
    expect(difference(results[i]!, dataOf(expected), how)).toBeNull();
  });
}

/** Compares with differences of fourth order of Σ wᵢ · yᵢ, computed by the reference, for every element of every x. */
function expectDifferences(c: Case, weights: readonly Float64Array[], found: readonly TypedArray[]): void {
  const graph = graphOfCase(c);
  const feeds = c.sample.operands.map(dataOf);
  const f = (position: number, i: number, x: number) => {
    const moved = feeds.map((feed, p) => (p === position ? feed.with(i, x) : feed));
    const values = evaluateGraph(graph, new Map(graph.inputs.map((node, p) => [node, moved[p]!])));
    return [...graph.outputs.values()].map((y) => values.get(y)!);
  };
  let next = 0;
  c.sample.operands.forEach((operand, position) => {
    if (!isFloat(operand.dtype)) return;
    const actual = found[next++]!;
    feeds[position]!.forEach((x, i) => {
      const h = 1e-5 * (Math.abs(x) || 1);
      const at = [2, 1, -1, -2].map((n) =>
        f(position, i, x + n * h).flatMap((y, k) => [...y].map((v, j) => v * weights[k]![j]!)),
      );
      const [a, b, c2, d] = at as [number[], number[], number[], number[]];
      const terms = a.map((_, j) => (8 * (b[j]! - c2[j]!) - (a[j]! - d[j]!)) / (12 * h));
      const noise = a.map((v, j) => (terms[j] === 0 ? 0 : (40 * 2 ** -52 * Math.abs(v)) / h));
      const expected = total(terms);
      const allowed = 1e-7 * total(terms.map(Math.abs)) + total(noise) + 1e-12;
      const message = `x${position}[${i}]: ${actual[i]} for ${expected}`;
      if (Number.isFinite(expected)) expect(Math.abs(actual[i]! - expected), message).toBeLessThanOrEqual(allowed);
    });
  });
}

const total = (terms: readonly number[]) => terms.reduce((a, b) => a + b, 0);

function randomLike({ shape }: ConcreteType, i: number): Float64Array {
  const next = generator(i + 1);
  return Float64Array.from({ length: elementCount(shape) }, () => 0.5 + next());
}
