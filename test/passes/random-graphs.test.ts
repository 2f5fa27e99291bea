// Random graphs of elementwise ops, views and reductions, with their gradients: no pass changes their numbers, and all
// print and parse. A node is only added where its numbers are moderate and do not jump when its operands move a little,
// so that differences in rounding stay small.
import { describe, expect, test } from "vitest";
import { isFloat, type TypedArray } from "#ir/dtype.js";
import { GraphError } from "#ir/errors.js";
import type { Graph } from "#ir/graph.js";
import type { Operand, Value } from "#ir/node.js";
import type { AnyOp } from "#ir/op.js";
import * as ops from "#ir/ops/index.js";
import { opTable } from "#ir/ops/table.js";
import { parseGraph } from "#ir/parse-graph.js";
import { printGraph } from "#ir/print-graph.js";
import { evaluateNode, evaluateValues } from "#ir/reference.js";
import { verifyGraph } from "#ir/verify-graph.js";
import { gradient } from "#passes/gradient.js";
import { runPass, runPasses } from "#passes/pass.js";
import { graphPasses } from "#passes/pipelines.js";
import { GraphMaker } from "../graphs.js";
import { generator, integer, seed } from "../random.js";
import { feedsFor } from "./fixtures.js";

const graphs = Number(process.env.GRAPHS ?? 40);
const elementwise = [...opTable.values()].filter((op) => ["unary", "binary", "compare"].includes(op.form));

describe(`${graphs} random graphs from seed ${seed}`, () => {
  const originals = Array.from({ length: graphs }, (_, i) => randomGraph(seed + i));

  test.each([...new Set(graphPasses)].map((pass) => [pass.name, pass] as const))("%s changes no number", (_, pass) => {
    for (const graph of originals) expectSame(graph, runPass(graph, pass, { verify: verifyGraph }));
  });

  test("all passes together change no number", () => {
    for (const graph of originals) expectSame(graph, runPasses(graph, graphPasses, { verify: verifyGraph }));
  });

  test("print ∘ parse is the identity", () => {
    for (const graph of originals) {
      const text = printGraph(graph);
      expect(printGraph(parseGraph(text))).toBe(text);
    }
  });
});

function randomGraph(from: number): Graph {
  const next = generator(from);
  const pick = <T>(list: readonly T[]): T => list[integer(next, 0, list.length - 1)]!;
  const maker = new GraphMaker(`random_${from}`);
  const [x, y, b, t] = [
    maker.input("x", [2, 3]),
    maker.input("posy", [2, 3]),
    maker.input("b", [3]),
    maker.input("t", [2, 3], "bool"),
  ];
  const feeds = feedsFor(maker.graph({}), from);
  const pool: Value[] = [x, y, b, t];
  const matching = (value: Operand) => pool.filter((v) => v.type.dtype === value.type.dtype);

  /** A candidate, applied by the forms of the public face: shapes broadcast, numbers become constants. */
  const candidate = (): Operand => {
    const a = pick(pool);
    switch (integer(next, 0, 9)) {
      case 0:
        return ops.broadcast(a, [2, ...a.type.shape]);
      case 1:
        return ops.transpose(a);
      case 2:
        return ops.reshape(a, [-1]);
      case 3:
        return pick<(x: Operand, axes?: number) => Operand>([ops.sum, ops.max, ops.mean])(a, pick([undefined, 0]));
      case 4:
        return ops.where(t, a, pick(matching(a)));
      default: {
        const op = pick(elementwise) as AnyOp & ((...args: unknown[]) => Operand);
        if (op.form === "unary") return op(a);
        const number = pick([-1, 0, 0.5, 1, 2, 3]);
        const other = next() < 0.4 ? number : pick(matching(a));
        return next() < 0.5 ? op(a, other) : op(other, a);
      }
    }
  };

  for (let tries = 0; pool.length < 16 && tries < 200; tries++) {
    let made: Value;
    try {
      made = candidate() as Value;
    } catch (error) {
      if (error instanceof GraphError) continue;
      throw error;
    }
    const small = (made.type.shape as readonly number[]).reduce((n, size) => n * size, 1) <= 64;
    const values = small && evaluateValues([made], feeds);
    if (!values || pool.includes(made) || !isSteady(made, values)) continue;
    pool.push(made);
  }
  const outputs = pool.slice(-4);
  const floats = outputs.filter((value) => isFloat(value.type.dtype));
  const cotangents = floats.map((value) => ops.broadcast(ops.constant(value, 0.5), value.type.shape));
  const slopes = gradient(floats, [x, b], { cotangents, unconnected: "zero" });
  return maker.graph(Object.fromEntries([...outputs, ...slopes].map((value, i) => [`out${i}`, value])));
}

/** Whether the numbers of a node are moderate, and stay close when its operands move by a millionth. */
function isSteady({ node, type, index }: Value, values: ReadonlyMap<Value, TypedArray>): boolean {
  const data = values.get(node.results[index]!)!;
  if (![...data].every((v) => Number.isFinite(v) && Math.abs(v) < 50)) return false;
  return [1 + 1e-6, 1 - 1e-6].every((factor) => {
    const moved = node.operands.map((value) => {
      const given = values.get(value)!;
      return isFloat(value.type.dtype) ? given.map((v) => v * factor) : given;
    });
    const result = evaluateNode(node, moved)[index]!;
    const limit = isFloat(type.dtype) ? 1e-3 : 0;
    return [...result].every((v, i) => Math.abs(v - data[i]!) <= limit);
  });
}

/** Equal outputs, but for rounding: in f64 that leaves six digits to spare. */
function expectSame(before: Graph, after: Graph): void {
  const feeds = (graph: Graph) => feedsFor(graph, Number(before.name.slice("random_".length)));
  const expected = evaluateValues([...before.outputs.values()], feeds(before));
  const actual = evaluateValues([...after.outputs.values()], feeds(after));
  for (const [name, value] of before.outputs) {
    const [want, got] = [expected.get(value)!, actual.get(after.outputs.get(name)!)!];
    want.forEach((x, i) => {
      const y = got[i]!;
      const same = Object.is(x, y) || x === y || Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x));
      if (!same) expect.fail(`${name}[${i}] is ${y}, was ${x}\n${printGraph(before)}\n${printGraph(after)}`);
    });
  }
}
