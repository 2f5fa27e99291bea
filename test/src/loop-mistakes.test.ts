// What scan, whileLoop and cond say to those who use them wrongly.
import { describe, expect, test } from "vitest";
import { compile, cond, grad, Graph, scan, type Tensor, tensor, whileLoop } from "#src/index.js";

describe("mistakes", () => {
  const x = tensor([[1, 2], [3, 4]]); // prettier-ignore
  const s = tensor([0, 0]);
  test.each([
    [
      "another shape",
      () => scan((h: Tensor) => [h.reshape([2, 1])], s, x),
      /the state is f32\[2\], but the step makes it f32\[2,1\]/,
    ],
    ["lengths", () => scan((h: Tensor) => [h], s, [x, tensor([1, 2, 3])]), /the sequences differ in length/],
    ["no list", () => scan(((h: Tensor) => h) as never, s, x), /return \[state\] or \[state, output\]/],
    ["no length", () => scan((h: Tensor) => [h], s, []), /needs a length/],
    ["a scalar sequence", () => scan((h: Tensor) => [h], s, tensor(1)), /has no first axis/],
    ["a predicate of numbers", () => cond(s.sum(), () => s, () => s), /the predicate is f32\[\], not a bool scalar/], // prettier-ignore
    ["a predicate of many", () => cond(s.greater(0), () => s, () => s), /any\(\) or all\(\)/], // prettier-ignore
    ["a condition of numbers", () => whileLoop((h: Tensor) => h.sum(), (h: Tensor) => h, s), /the condition is f32\[\]/], // prettier-ignore
  ])("%s", (_, run, message) => {
    expect(run).toThrow(message);
  });

  test("branches of two types, in a graph", () => {
    const g = new Graph("g");
    const p = g.input("p", [], "bool");
    expect(() => cond(p, () => x, () => s as never)).toThrow(/one branch gives f32\[2,2\], the other f32\[2\]/); // prettier-ignore
  });

  test("a tensor of a turn outside of the loop", () => {
    const g = new Graph("g");
    const [v, zero] = [g.input("v", [3]), g.input("zero", [])];
    let kept: Tensor = v;
    scan((h: Tensor, x: Tensor) => [(kept = h.add(x))], zero, v);
    expect(() => compile({ outputs: { kept } })).toThrow(
      /a tensor of the body of a loop or a branch is used outside of it/,
    );
  });

  test("a gradient through a while loop without a limit", () => {
    const g = new Graph("g");
    const v = g.input("v", [2]);
    const y = whileLoop((h: Tensor) => h.sum().greater(1), (h: Tensor) => h.mul(0.5), v); // prettier-ignore
    expect(() => grad(y.sum(), [v])).toThrow(/maxIterations/);
  });
});
