// What fusion merges and what it computes again is what the estimate of seconds says.
import { expect, test } from "vitest";
import { launchSeconds, lineBytes, secondsOf, secondsToMove } from "#ir/cost.js";
import type { Graph } from "#ir/graph.js";
import type { Operand } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { printKernel } from "#ir/print-kernel.js";
import { compileGraph } from "#passes/compile.js";
import { fuse } from "#passes/fuse.js";
import { GraphMaker } from "../graphs.js";

function overX(shape: readonly number[], build: (x: Operand) => Record<string, Operand>): Graph {
  const g = new GraphMaker();
  return g.graph(build(g.input("x", [...shape], "f32")));
}

const groupsOf = (graph: Graph) => fuse(graph).groups.map(({ nodes }) => nodes.map((n) => n.op.name).join(" "));
const textOf = (graph: Graph) => compileGraph(graph).steps.map(({ kernel }) => printKernel(kernel)).join("\n"); // prettier-ignore

/** Sums along the rows and along the columns of a square matrix. */
const bothSums = (n: number) => overX([n, n], (x) => ({ rows: ops.sum(x, 1), columns: ops.sum(x, 0) }));

test("a merge that costs more than it saves is refused: sums along rows and along columns of a large matrix", () => {
  const saved = launchSeconds + secondsOf({ flops: 0, bytes: 4 * 256 ** 2 });
  const jumps = secondsToMove(lineBytes * 256 ** 2, 4 * 256 ** 2);
  expect(jumps).toBeGreaterThan(saved);
  expect(groupsOf(bothSums(256))).toEqual(["sum", "sum"]);
});

test("where the matrix is tiny, calling another launch would take longer than jumping through it", () => {
  const saved = launchSeconds + secondsOf({ flops: 0, bytes: 4 * 8 ** 2 });
  const jumps = secondsToMove(lineBytes * 8 ** 2, 4 * 8 ** 2);
  expect(jumps).toBeLessThan(saved);
  expect(groupsOf(bothSums(8))).toEqual(["sum sum"]);
});

/** z − mean(z) of rows of z = 2x + 1, which two loops of a row need. */
const centred = (columns: number) =>
  overX([16, columns], (x) => {
    const z = ops.add(ops.mul(x, 2), 1);
    return { y: ops.sub(z, ops.mean(z, 1, { keepDims: true })) };
  });

test("a row that stays in the first-level cache is kept for the next loop, a longer one is computed again", () => {
  const twoOperations = secondsOf({ flops: 2, bytes: 0 });
  expect(twoOperations).toBeGreaterThan(secondsToMove(8, 4 * 1024));
  expect(textOf(centred(1024))).toContain("f32[1024] in thread");
  expect(twoOperations).toBeLessThan(secondsToMove(8, 4 * 8192));
  expect(textOf(centred(8192))).not.toContain("f32[8192] in thread");
});

test("seconds fall where bytes stay in a cache", () => {
  const sizes = [16 * 1024, 512 * 1024, 16 * 1024 * 1024];
  const seconds = sizes.map((size) => secondsToMove(1e6, size));
  expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
  expect(secondsToMove(1e6, Infinity)).toBe(secondsOf({ flops: 0, bytes: 1e6 }));
});
