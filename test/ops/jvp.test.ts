// Derived from the op table: the product of an op's Jacobian with a vector equals the difference quotient in the direction
// of the vector, and the same product with the whole Jacobian. In double precision, on the reference.
import { describe, expect, test } from "vitest";
import { isFloat, type TypedArray } from "#ir/dtype.js";
import type { Value } from "#ir/node.js";
import { constant } from "#ir/ops/leaves.js";
import { tensorType } from "#ir/type.js";
import { jacobian, jvp, Tensor } from "#src/index.js";
import { generator } from "../random.js";
import { type Case, cases, dataOf, graphOf, inputsOf, isCheckedTwice } from "./cases.js";
import { reference } from "./evaluators.js";

/** Graphs of a case: its float results, their tangents, and the Jacobians of every result by every float operand. */
function graphsOf({ op, sample }: Case, tangents: readonly TypedArray[]) {
  const { builder, inputs } = inputsOf(sample.operands.map((x) => tensorType(x.dtype, x.shape)));
  const floats = inputs.filter((x) => isFloat(x.type.dtype));
  const f = (...xs: readonly Tensor[]) => {
    let next = 0;
    const operands = inputs.map((x) => (floats.includes(x) ? xs[next++]!.handle : x));
    const results = builder.apply(op, operands, sample.attrs);
    return results.filter((y) => isFloat(y.type.dtype)).map((y) => new Tensor(y));
  };
  const xs = floats.map((x) => new Tensor(x));
  const vectors = floats.map((x, i) => {
    const attrs = { value: tangents[i]!, dtype: x.type.dtype, shape: x.type.shape };
    return new Tensor(builder.apply(constant, [], attrs)[0]!);
  });
  const { value, tangent } = jvp((...all: readonly Tensor[]) => f(...all), xs, vectors);
  const rows = value.map((_, i) => jacobian((...all: readonly Tensor[]) => f(...all)[i]!, xs));
  const graph = (ys: readonly Tensor[]) => graphOf(builder, inputs, ys.map((y) => y.handle as Value)); // prettier-ignore
  return { values: graph(value), tangents: graph(tangent), rows: rows.map(graph) };
}

const next = generator(17);
const run = (graph: ReturnType<typeof graphOf>, feeds: readonly TypedArray[]) => [...reference.run(graph, feeds).values()]; // prettier-ignore

describe("products with the Jacobian", () => {
  test.each(cases().filter(isCheckedTwice))("$name", (c) => {
    const feeds = c.sample.operands.map(dataOf);
    const positions = feeds.flatMap((_, i) => (isFloat(c.sample.operands[i]!.dtype) ? [i] : []));
    const vectors = positions.map((i) => Float64Array.from(feeds[i]!, (x) => (next() - 0.5) * (Math.abs(x) || 1)));
    const graphs = graphsOf(c, vectors);
    const found = run(graphs.tangents, feeds);
    const moved = (by: number) =>
      feeds.map((x, i) => {
        const v = vectors[positions.indexOf(i)];
        return v ? x.map((at, j) => at + by * v[j]!) : x;
      });
    // Of fourth order; what is steep wants a smaller step.
    const quotients = [1e-4, 1e-6].map((h) => {
      const [a, b, d, e] = [2, 1, -1, -2].map((n) => run(graphs.values, moved(n * h)));
      return { h, largest: a!, at: (y: number, i: number) => (8 * (b![y]![i]! - d![y]![i]!) - (a![y]![i]! - e![y]![i]!)) / (12 * h) }; // prettier-ignore
    });
    found.forEach((tangent, y) => {
      const blocks = run(graphs.rows[y]!, feeds);
      tangent.forEach((actual, i) => {
        const terms = blocks.flatMap((block, x) =>
          [...vectors[x]!].map((v, j) => v * block[i * vectors[x]!.length + j]!),
        );
        const magnitude = terms.reduce((sum, term) => sum + Math.abs(term), 1e-6);
        const product = terms.reduce((sum, term) => sum + term, 0);
        expect(Math.abs(actual - product), `J·v [${i}]: ${actual} for ${product}`).toBeLessThanOrEqual(1e-11 * magnitude); // prettier-ignore
        const close = quotients.some(({ h, largest, at }) => {
          const noise = (1e-14 * (Math.abs(largest[y]![i]!) + 1)) / h;
          const distance = Math.abs(actual - at(y, i));
          return !Number.isFinite(distance) || distance <= 1e-6 * magnitude + noise;
        });
        expect(close, `[${i}]: ${actual} for ${quotients.map(({ at }) => at(y, i)).join(" or ")}`).toBe(true);
      });
    });
  });
});
