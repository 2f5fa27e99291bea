// Derived from the op table: every sample gives the numbers written beside it, every reject is refused word for word.
import { describe, expect, test } from "vitest";
import { GraphError, placeError } from "#ir/errors.js";
import type { Attrs } from "#ir/node.js";
import type { Reject } from "#ir/op.js";
import { opTable } from "#ir/ops/table.js";
import { printType, type TensorType, tensorType } from "#ir/type.js";
import { difference } from "../compare.js";
import { measure } from "../magnitudes.js";
import { cases, dataOf, graphOfCase, inputsOf } from "./cases.js";
import { evaluators } from "./evaluators.js";

const all = cases();

describe("infer gives the types of the sample's results", () => {
  test.each(all)("$name", ({ op, sample }) => {
    const types = sample.operands.map((x) => tensorType(x.dtype, x.shape));
    const inferred = op.infer(types, sample.attrs) as readonly TensorType[];
    expect(inferred.map(printType)).toEqual(sample.results.map((x) => printType(tensorType(x.dtype, x.shape))));
  });
});

// What is compiled one way runs in f64 too; the others differ in what f64 has no part in.
const once = new Set(["interpret", "wasm, not optimised"]);

describe.each(evaluators)("$name gives the numbers of the sample", ({ name, run }) => {
  test.each(all.filter((c) => !once.has(name) || !c.name.endsWith(", f64")))("$name", (c) => {
    const graph = graphOfCase(c);
    const feeds = c.sample.operands.map(dataOf);
    const results = run(graph, feeds);
    const truth = measure([...graph.outputs.values()], new Map(graph.inputs.map((node, i) => [node, feeds[i]!])));
    c.sample.results.forEach((expected, i) => {
      const { scale } = truth.get(graph.outputs.get(`y${i}`)!)!;
      const how = { dtype: expected.dtype, k: c.op.tolerance ?? 4, scale, signedZeros: c.op.lower.kind !== "compose" };
      expect(difference(results.get(`y${i}`)!, dataOf(expected), how)).toBeNull();
    });
  });
});

describe("what an op rejects is refused word for word", () => {
  const rejects = [...opTable.values()].flatMap((op) =>
    ((op.rejects ?? []) as readonly Reject<Attrs>[]).map((reject) => ({ op, ...reject })),
  );
  test.each(rejects)("$message", ({ op, operands, attrs, message }) => {
    const { builder, inputs } = inputsOf(operands);
    const refuse = () => {
      try {
        builder.apply(op, inputs, attrs);
      } catch (error) {
        if (!(error instanceof GraphError)) throw error;
        const placed = placeError(error, op.name, [], null);
        return `${placed.name}: ${placed.message.split("\n")[0]}`;
      }
      return "accepted";
    };
    expect(refuse()).toBe(message);
  });
});

describe("every op", () => {
  const ops = [...opTable.values()].map((op) => ({ name: op.name, op }));
  test.each(ops)("$name is documented", ({ op }) => {
    expect(op.doc.length).toBeGreaterThan(15);
    expect(op.doc).toMatch(/[.;:`]/);
  });
  test.each(ops.filter(({ op }) => op.lower.kind !== "leaf"))("$name has samples", ({ op }) => {
    expect(op.samples.length).toBeGreaterThan(0);
  });
  // `after` takes any two tensors.
  test.each(ops.filter(({ op }) => op.operands.length > 0 && op.name !== "after"))("$name has rejects", ({ op }) => {
    expect(op.rejects?.length ?? 0).toBeGreaterThan(0);
  });
});
