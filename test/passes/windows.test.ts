// Contractions with windows, found by their indices: which axes slide over which, and what becomes of padding and small windows.
import { expect, it } from "vitest";
import { add, indexLocal, literal, load, mul } from "#ir/expr.js";
import type { Operand } from "#ir/node.js";
import * as ops from "#ir/ops/index.js";
import { printKernel } from "#ir/print-kernel.js";
import { compileGraph } from "#passes/compile.js";
import { gradient } from "#passes/gradient.js";
import { slidingPairs } from "#passes/sliding-pairs.js";
import { GraphMaker } from "../graphs.js";

const [y, x] = [indexLocal("y", 5), indexLocal("x", 6)];
const [t, u] = [indexLocal("t", 3), indexLocal("u", 2)];

function pairsOf(row: ReturnType<typeof add>, column: ReturnType<typeof add>) {
  const element = load("a", add(mul(row, literal(40)), column), "f32");
  return slidingPairs(element, [y, x], [t, u]).map(({ axis, term, a, b }) => [axis.name, term.name, a, b]);
}

it("rows slide over rows and columns over columns, with stride and dilation", () => {
  const row = add(mul(y, literal(2)), t);
  const column = add(x, mul(u, literal(3)));
  expect(pairsOf(row, column)).toEqual([
    ["y", "t", 2, 1],
    ["x", "u", 1, 3],
  ]);
});

it("windows that do not overlap are none", () => {
  expect(pairsOf(add(mul(y, literal(3)), t), add(mul(x, literal(2)), u))).toEqual([]);
});

function kernelsOf(make: (g: GraphMaker) => Operand): string {
  const g = new GraphMaker();
  const plan = compileGraph(g.graph({ out: make(g) }));
  return plan.steps.map(({ kernel }) => printKernel(kernel)).join("\n");
}

const image = (g: GraphMaker) => g.input("image", [2, 16, 9, 9], "f32");
const window = (g: GraphMaker) => g.input("window", [24, 16, 3, 3], "f32");

it("a padded convolution chooses nothing element by element", () => {
  const text = kernelsOf((g) => ops.conv2d(image(g), window(g), { padding: 1 }));
  expect(text).toContain("scratch stage");
  expect(text).not.toContain("select");
});

it("the input gradient of a convolution without padding adds products where they belong", () => {
  const text = kernelsOf((g) => {
    const [a, w] = [image(g), window(g)];
    return gradient([ops.conv2d(a, w)], [a], { cotangents: [g.input("dy", [2, 24, 7, 7], "f32")] })[0]!;
  });
  expect(text).toContain("scratch sums");
  expect(text).not.toContain("select");
});

it("a small pool is one vector loop", () => {
  const text = kernelsOf((g) => ops.maxPool2d(image(g), 2));
  expect(text.match(/ vector \{/g)).toHaveLength(1);
  expect(text).not.toContain("maximum=");
});

it("a depthwise convolution and its gradients are products in vectors", () => {
  const make = (g: GraphMaker) => {
    const w = g.input("w", [16, 1, 3, 3], "f32");
    const a = image(g);
    return { a, w, y: ops.conv2d(a, w, { padding: 1, groups: 16 }) };
  };
  const dy = (g: GraphMaker) => g.input("dy", [2, 16, 9, 9], "f32");
  const texts = [
    kernelsOf((g) => make(g).y),
    kernelsOf((g) => {
      const { a, y } = make(g);
      return gradient([y], [a], { cotangents: [dy(g)] })[0]!;
    }),
    kernelsOf((g) => {
      const { w, y } = make(g);
      return gradient([y], [w], { cotangents: [dy(g)] })[0]!;
    }),
  ];
  for (const text of texts) {
    expect(text).toContain("in registers");
    expect(text).not.toContain("select");
    expect(text).not.toContain("add=");
  }
});

it("a weight gradient of a few rows does not copy the other factor", () => {
  const text = kernelsOf((g) => {
    const [a, w] = [g.input("a", [4, 1, 28, 28], "f32"), g.input("w", [32, 1, 3, 3], "f32")];
    const y = ops.conv2d(a, w);
    return gradient([y], [w], { cotangents: [g.input("dy", [4, 32, 26, 26], "f32")] })[0]!;
  });
  expect(text).toContain("scratch stage");
  expect(text).not.toContain("panel");
});
