// Einsum against a plain loop over all labels, for random equations; the order in which many operands are contracted.
import { describe, expect, test } from "vitest";
import { contractionOrder } from "#ir/einsum/contraction-order.js";
import { expandEinsum } from "#ir/einsum/expand.js";
import type { Value } from "#ir/node.js";
import { einsum } from "#ir/ops/index.js";
import { namedSize } from "#ir/size.js";
import { printType, tensorType } from "#ir/type.js";
import { elementOf } from "#passes/element.js";
import { generator, integer, seed } from "../random.js";
import { atPoint, floats } from "./at-point.js";
import { inputsOf } from "./cases.js";

test(`random equations are sums over all labels, seed ${seed}`, () => {
  const next = generator(seed);
  for (let n = 0; n < 60; n++) {
    const terms = Array.from({ length: integer(next, 1, 4) }, () =>
      Array.from({ length: integer(next, 0, 3) }, () => "abcde"[integer(next, 0, 4)]!),
    );
    const labels = [...new Set(terms.flat())];
    const result = labels.filter(() => next() < 0.4).sort(() => next() - 0.5);
    const sizes = new Map(labels.map((label) => [label, integer(next, 1, 3)]));
    const shapes = terms.map((term) => term.map((label) => sizes.get(label)!));
    const data = shapes.map((shape) => Array.from({ length: count(shape) }, () => integer(next, -3, 3)));
    const equation = `${terms.map((term) => term.join("")).join(",")}->${result.join("")}`;
    const { y } = atPoint(
      (...xs) => einsum(equation, ...xs),
      ...data.map((numbers, i) => floats("f64", numbers, shapes[i])),
    );
    expect(y.map((v) => v + 0), equation).toEqual(plainSum(terms, data, result, sizes)); // prettier-ignore
  }
});

const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** The definition: for every assignment of indices to labels, the product of the elements there, added up. */
function plainSum(
  terms: readonly (readonly string[])[],
  data: readonly (readonly number[])[],
  result: readonly string[],
  sizes: ReadonlyMap<string, number>,
): readonly number[] {
  const labels = [...sizes.keys()];
  const y = Array<number>(count(result.map((label) => sizes.get(label)!))).fill(0);
  for (let turn = 0; turn < count([...sizes.values()]); turn++) {
    let rest = turn;
    const at = new Map(
      labels.map((label) => {
        const i = rest % sizes.get(label)!;
        rest = Math.floor(rest / sizes.get(label)!);
        return [label, i];
      }),
    );
    const place = (list: readonly string[]) => list.reduce((p, label) => p * sizes.get(label)! + at.get(label)!, 0);
    y[place(result)]! += terms.reduce((product, term, i) => product * data[i]![place(term)]!, 1);
  }
  return y.map((v) => v + 0);
}

describe("the order of contraction costs least", () => {
  const order = (terms: string, result: string, sizes: Readonly<Record<string, number>>) =>
    contractionOrder(terms.split(",").map((term) => [...term]), [...result], (label) => sizes[label]!); // prettier-ignore

  test("a chain of matrices [10,100] · [100,5] · [5,50]: the first two first, 7,500 products and not 75,000", () => {
    expect(order("ij,jk,kl", "il", { i: 10, j: 100, k: 5, l: 50 })).toEqual([[0, 1], 2]);
  });
  test("two matrices and a vector: from the right, never a product of matrices", () => {
    expect(order("ij,jk,k", "i", { i: 100, j: 100, k: 100 })).toEqual([0, [1, 2]]);
  });
  test("the textbook chain of six matrices (Cormen et al., 15.2) takes 15,125 products: ((A₁(A₂A₃))((A₄A₅)A₆))", () => {
    const sizes = { a: 30, b: 35, c: 15, d: 5, e: 10, f: 20, g: 25 };
    expect(order("ab,bc,cd,de,ef,fg", "ag", sizes)).toEqual([
      [0, [1, 2]],
      [[3, 4], 5],
    ]);
  });
  test("beyond eight operands the cheapest pair is next", () => {
    const terms = "ab,bc,cd,de,ef,fg,gh,hi,ij,j";
    const sizes = Object.fromEntries([..."abcdefghij"].map((label) => [label, 4]));
    const right = (from: number): unknown => (from === 9 ? 9 : [from, right(from + 1)]);
    const flat = (x: unknown): number => (Array.isArray(x) ? x.reduce((n: number, y) => n + flat(y), 0) : 1);
    const found = order(terms, "a", sizes);
    expect(flat(found)).toBe(flat(right(0)));
    // A vector on either side of every step: no product of two matrices.
    const vectors = (x: unknown): boolean => !Array.isArray(x) || (x.some((y) => y === 9 || Array.isArray(y)) && x.every(vectors)); // prettier-ignore
    expect(vectors(found)).toBe(true);
  });
});

describe("what einsum becomes", () => {
  const made = (equation: string, ...shapes: readonly (readonly number[])[]) => {
    const { inputs } = inputsOf(shapes.map((shape) => tensorType("f32", shape)));
    return (expandEinsum(equation, inputs) as Value).node;
  };
  test.each([
    ["bij,bjk->bik", [4, 5, 6], [4, 6, 7]],
    ["ij,kj->ik", [4, 5], [6, 5]],
    ["bhqd,bhkd->bhqk", [2, 3, 4, 5], [2, 3, 6, 5]],
    ["bqhd,bkhd->bhqk", [2, 4, 3, 5], [2, 6, 3, 5]],
    ["...ij,jk->...ik", [2, 4, 5], [5, 6]],
  ])("%s is one contraction that reads its operands as they lie", (equation, a, b) => {
    const node = made(equation, a, b);
    expect(node.op.name).toBe("contract");
    expect(node.operands.map((x) => x.node.op.name)).toEqual(["input", "input"]);
    expect(elementOf(node).role).toBe("contraction");
  });
});

test("named sizes flow through, and an implicit result has its labels in alphabetical order", () => {
  const batch = namedSize("batch");
  const { inputs } = inputsOf([tensorType("f32", [batch, 3, 4]), tensorType("f32", [4, 5])]);
  const [x, w] = [inputs[0]!, inputs[1]!];
  expect(printType(einsum("...ij, jk -> ...ik", x, w).type)).toBe("f32[batch,3,5]");
  expect(printType(einsum("zij,jb", x, w).type)).toBe("f32[5,3,batch]");
  expect(printType(einsum("...j,jk", x, w).type)).toBe("f32[batch,3,5]");
});
