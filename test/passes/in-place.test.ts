// When a result may be written over an operand: kernels by hand, of rows of four elements.
import { expect, it } from "vitest";
import { add, type Expr, indexLocal, literal, load, local, mul } from "#ir/expr.js";
import type { Kernel, Stmt } from "#ir/kernel.js";
import { mayShare } from "#passes/in-place.js";

const p = indexLocal("p", 8);
const [i, j] = [indexLocal("i", 4), indexLocal("j", 4)];
const sum = local("s", "f32");
const inRow = (of: Expr, row: Expr = p): Expr => add(mul(row, literal(4)), of);
const x = (at: Expr): Expr => load("x", at, "f32");
const over = (by: typeof i, ...body: Stmt[]): Stmt => ({
  kind: "for",
  over: by,
  extent: literal(by.extent!),
  as: "vector",
  body,
});
const total = (at: Expr): Stmt[] => [
  { kind: "let", local: sum, value: literal(0, "f32") },
  over(i, { kind: "accumulate", local: sum, fn: "sum", value: x(at) }),
];
const store = (offset: Expr, value: Expr): Stmt => ({ kind: "store", buffer: "y", offset, value });

function kernel(...body: Stmt[]): Kernel {
  const buffers = (["x", "y"] as const).map((name) => ({
    name,
    dtype: "f32" as const,
    length: 32,
    access: name === "x" ? ("read" as const) : ("write" as const),
  }));
  const stages = [[{ over: p, extent: 8, body }]];
  return { name: "k", buffers, stages, flops: 0, bytes: 0, ops: [], nodes: [] };
}
const shares = (...body: Stmt[]): boolean => mayShare(kernel(...body), "x", "y");

it("element by element it may", () => {
  expect(shares(over(j, store(inRow(j), add(x(inRow(j)), sum))))).toBe(true);
});

it("where the row was read before it may, also with the offset in a let", () => {
  expect(shares(...total(inRow(i)), over(j, store(inRow(j), sum)))).toBe(true);
  const row = local("t", "i32");
  const named: Stmt = { kind: "let", local: row, value: mul(p, literal(4)) };
  expect(shares(named, ...total(add(row, i)), over(j, store(add(row, j), x(add(row, j)))))).toBe(true);
});

it("where another row is read it may not", () => {
  expect(shares(...total(i), over(j, store(inRow(j), sum)))).toBe(false);
  expect(shares(...total(add(inRow(i), literal(1))), over(j, store(inRow(j), sum)))).toBe(false);
  expect(shares(...total(add(mul(i, literal(8)), p)), over(j, store(inRow(j), sum)))).toBe(false);
});

it("where the row is read in the loop that writes it, at another place, or later, it may not", () => {
  expect(shares(over(j, store(inRow(j), x(mul(p, literal(4))))))).toBe(false);
  expect(shares(over(j, store(inRow(j), literal(1, "f32"))), ...total(inRow(i)))).toBe(false);
});

it("where rows of reads and of writes differ in length it may not", () => {
  expect(shares(...total(inRow(i)), over(j, store(add(mul(p, literal(2)), j), sum)))).toBe(false);
});
