// Sums of vectors take several terms at a time, and add them in the order of one after the other: to the bit.
import { expect, it } from "vitest";
import { compile, Graph, type Tensor } from "../../src/index.js";

const numbers = (n: number, from: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(from + 1.7 * i));

it.each([1, 3, 4, 5, 7, 8, 11, 150])("%i terms: vector × matrix and the columns' sums and maxima", (terms) => {
  const columns = 37;
  const g = new Graph("g");
  const [v, m] = [g.input("v", [1, terms]), g.input("m", [terms, columns])] as unknown as [Tensor, Tensor];
  const outputs = { y: v.matmul(m) as Tensor, sum: m.sum(0) as Tensor, most: m.max(0) as Tensor };
  const [vs, ms] = [numbers(terms, 0.3), numbers(terms * columns, 2)];
  const { y, sum, most } = compile({ outputs }).run({ v: vs, m: ms });
  const expected = (start: number, step: (acc: number, x: number, row: number) => number) =>
    Float32Array.from({ length: columns }, (_, c) => {
      let acc = start;
      for (let row = 0; row < terms; row++) acc = Math.fround(step(acc, ms[row * columns + c]!, row));
      return acc;
    });
  expect(y!.data).toEqual(expected(0, (acc, x, row) => acc + Math.fround(vs[row]! * x)));
  expect(sum!.data).toEqual(expected(0, (acc, x) => acc + x));
  expect(most!.data).toEqual(expected(-Infinity, (acc, x) => Math.max(acc, x)));
});

it("a vector × matrix adds four rows of the matrix in one turn", () => {
  const g = new Graph("g");
  const [v, m] = [g.input("v", [1, 18]), g.input("m", [18, 64])] as unknown as [Tensor, Tensor];
  const [step] = compile({ outputs: { y: v.matmul(m) as Tensor } }).plan().steps;
  const loops = step!.kernel.stages[0]![0]!.body.filter((s) => s.kind === "for");
  expect(loops.map((s) => s.over.extent)).toEqual([64, 4, 2]);
});
