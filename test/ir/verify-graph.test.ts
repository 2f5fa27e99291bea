// The verifier finds each invariant broken, and shows the line of the guilty node.
import { describe, expect, test } from "vitest";
import { Builder } from "#ir/builder.js";
import type { Graph } from "#ir/graph.js";
import type { Node, Value } from "#ir/node.js";
import * as op from "#ir/ops/index.js";
import { complaintsAbout, verifyGraph } from "#ir/verify-graph.js";
import { GraphMaker } from "../graphs.js";

const maker = new GraphMaker();
const x = maker.input("x", ["batch", 2]);
const w = maker.parameter("w", [2]);
const y = op.exp(x) as Value;
const graph = maker.graph({ return: y }, [[w, op.neg(w)]]);

/** The graph with the node of its output replaced by one that differs as told. */
function forged(change: Partial<Node>): Graph {
  const results: Value[] = [];
  const node: Node = { ...y.node, results, ...change };
  results.push({ ...y, node });
  return { ...graph, outputs: new Map([["return", node.results[0]!]]) };
}

test("a graph as it is built has nothing to complain about", () => {
  expect(complaintsAbout(graph)).toEqual([]);
});

test("the error says which graph, which invariant, which node", () => {
  expect(() => verifyGraph({ ...graph, inputs: [] })).toThrow(
    'graph g is not valid:\n  invariant 7: this input is not listed\n    %x = input {name="x", dtype="f64", shape=[batch,2]} : f64[batch,2]\nThis is a bug in gradloom, not in your program.',
  );
});

const other = new GraphMaker("other");
const foreign = op.exp(other.input("x", ["batch", 2])) as Value;
const shorter = maker.builder.apply(op.constant, [], { value: 1, dtype: "f64", shape: [] })[0]!;

const broken: readonly (readonly [number, string, Graph, string])[] = [
  [1, "an operand that was made later", forged({ id: 0 }), "its operand has the later id 0"],
  [1, "an operand that is no result of its node", forged({ operands: [{ ...x, index: 0 }] }), "an operand is not a result of its node"],
  [2, "a root of another builder", { ...graph, outputs: new Map([["return", foreign]]) }, "a root belongs to another builder"],
  [3, "two equal nodes", { ...graph, outputs: new Map([["a", y], ["b", forged({ id: 99 }).outputs.get("return")!]]) }, "it equals the node with id"],
  [4, "too many operands", forged({ operands: [x, x] }), "exp takes 1 operands, not 2"],
  [4, "a type that the op does not infer", forged({ op: op.sum, attrs: { axes: [0], keepDims: false } }), "sum infers f64[2]"],
  [4, "operands that the op refuses", forged({ op: op.add, operands: [x, w] }), "lhs has shape [batch,2] but rhs has shape [2]"],
  [5, "a constant that its dtype cannot hold", constantGraph({ value: 0.1, dtype: "f32", shape: [] }), "0.1 is not a number of f32"],
  [5, "an array of another dtype", constantGraph({ value: new Int32Array(2), dtype: "f32", shape: [2] }), "Int32Array does not hold f32"],
  [6, "an input listed twice", { ...graph, inputs: [...graph.inputs, ...graph.inputs] }, "two inputs are called x"],
  [6, "something else listed as an input", { ...graph, inputs: [...graph.inputs, y.node] }, "a listed input is no input node"],
  [6, "a parameter listed twice", { ...graph, parameters: [w.node, w.node] }, "the parameter w is listed twice"],
  [7, "a parameter that is read and not listed", { ...graph, parameters: [] }, "this parameter is not listed"],
  [8, "an update of what is no parameter", { ...graph, updates: new Map([[x.node, x]]) }, "what is updated is not a listed parameter"],
  [8, "an update of another type", { ...graph, updates: new Map([[w.node, shorter]]) }, "its update has type f64[]"],
  [9, "an effect without a result", { ...graph, effects: [{ ...y.node, results: [] }] }, "an effect has no result"],
]; // prettier-ignore

function constantGraph(attrs: { value: number | Int32Array; dtype: "f32"; shape: readonly number[] }): Graph {
  const builder = new Builder("g");
  const value = builder.apply(op.constant, [], attrs)[0]!;
  return { ...graph, builder, inputs: [], parameters: [], updates: new Map(), outputs: new Map([["return", value]]) };
}

describe("finds", () => {
  test.each(broken)("invariant %i broken: %s", (invariant, _, bad, what) => {
    expect(complaintsAbout(bad).join("\n")).toContain(`invariant ${invariant}: ${what}`);
  });

  test("invariant 10 broken: a named size after specialize", () => {
    const found = complaintsAbout(graph, { concrete: true }).join("\n");
    expect(found).toContain("invariant 10: its type has a named size");
    expect(found).toContain("invariant 10: its attributes have a named size");
  });
});
