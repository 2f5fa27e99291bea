// Kernels and plans as text.
import { expect, it } from "vitest";
import { add, call, type Expr, indexLocal, literal, load, local, lt, mul, select } from "#ir/expr.js";
import type { Kernel } from "#ir/kernel.js";
import type { Plan } from "#ir/plan.js";
import { printExpr } from "#ir/print-expr.js";
import { printKernel } from "#ir/print-kernel.js";
import { printPlan } from "#ir/print-plan.js";

const p = indexLocal("p", 4);
const j = indexLocal("j", 3);
const total = local("total", "f32");
const at = add(mul(p, literal(3)), j);

const rowSums: Kernel = {
  name: "exp_sum",
  buffers: [
    { name: "x", dtype: "f32", length: 12, access: "read" },
    { name: "y", dtype: "f32", length: 4, access: "write" },
  ],
  stages: [
    [
      {
        over: p,
        extent: 4,
        body: [
          { kind: "scratch", name: "row", dtype: "f32", length: 3, in: "thread" },
          { kind: "let", local: total, value: literal(0, "f32") },
          {
            kind: "for",
            over: j,
            extent: literal(3),
            as: "vector",
            body: [
              { kind: "store", buffer: "row", offset: j, value: call("exp", load("x", at, "f32")) },
              { kind: "accumulate", local: total, fn: "sum", value: load("row", j, "f32") },
            ],
          },
          {
            kind: "if",
            test: lt(p, literal(2)),
            then: [{ kind: "set", local: total, value: call("neg", total) }],
            else: [{ kind: "check", test: lt(p, literal(3)), value: p, failure: 0 }],
          },
          { kind: "store", buffer: "y", offset: p, value: total },
        ],
      },
    ],
  ],
  flops: 0,
  bytes: 0,
  ops: ["exp", "sum"],
  nodes: [],
};

const rowSumsText = `kernel exp_sum(x: f32[12] read, y: f32[4] write) {
  // exp sum
  parallel p < 4 {
    scratch row: f32[3] in thread
    let total: f32 = 0
    for j < 3 vector {
      row[j] = exp(x[p * 3 + j])
      total add= row[j]
    }
    if p < 2 {
      total = neg(total)
    } else {
      check p < 3 else fail 0 with p
    }
    y[p] = total
  }
}`;

it("a kernel is printed a line per statement", () => {
  expect(printKernel(rowSums)).toBe(rowSumsText);
});

it("a barrier stands between stages", () => {
  const [[space]] = rowSums.stages as [[(typeof rowSums.stages)[0][0]]];
  const stage = [{ ...space!, body: [] }];
  const kernel: Kernel = { ...rowSums, buffers: [], ops: [], stages: [stage, stage] };
  expect(printKernel(kernel)).toBe(
    "kernel exp_sum() {\n  parallel p < 4 {\n  }\n  barrier\n  parallel p < 4 {\n  }\n}",
  );
});

it("what an expression shares is named before it", () => {
  const x = load("x", p, "f32");
  const square = mul(x, x);
  const body = [{ kind: "store" as const, buffer: "y", offset: p, value: add(square, mul(square, x)) }];
  const kernel: Kernel = { ...rowSums, ops: [], stages: [[{ over: p, extent: 4, body }]] };
  expect(printKernel(kernel).split("\n").slice(2, -2)).toEqual([
    "    $1 = x[p]",
    "    $2 = $1 * $1",
    "    y[p] = $2 + $2 * $1",
  ]);
});

const [a, b, c] = ["a", "b", "c"].map((name) => local(name, "f32")) as [Expr, Expr, Expr];
it.each([
  [add(a, mul(b, c)), "a + b * c"],
  [mul(add(a, b), c), "(a + b) * c"],
  [call("sub", a, call("sub", b, c)), "a - (b - c)"],
  [call("sub", call("sub", a, b), c), "a - b - c"],
  [
    select(call("and", lt(p, literal(2)), call("ge", a, b)), a, literal(-1.5, "f32")),
    "select(p < 2 and a >= b, a, -1.5)",
  ],
  [call("floorDiv", p, literal(3)), "p // 3"],
  [call("floorMod", add(p, j), literal(3)), "(p + j) % 3"],
  [literal(0.1, "f32"), "0.1"],
  [literal(1, "bool"), "true"],
  [{ kind: "call", dtype: "i32", fn: "toI32", args: [a] } as Expr, "i32(a)"],
])("%#: %s", (x, text) => {
  expect(printExpr(x as Expr)).toBe(text);
});

it("a plan is printed with its buffers, steps and failures", () => {
  const plan: Plan = {
    name: "sums",
    buffers: [
      { name: "x", dtype: "f32", length: 12, place: { at: "feed", name: "x", offset: 0 }, live: [0, 0] },
      { name: "sum", dtype: "f32", length: 4, place: { at: "output", name: "y", offset: 64 }, live: [0, 0] },
    ],
    feeds: [
      { name: "x", dtype: "f32", shape: [4, 3], buffer: 0 },
      { name: "z", dtype: "i32", shape: [], buffer: null },
    ],
    outputs: [{ name: "y", dtype: "f32", shape: [4], buffer: 1 }],
    steps: [{ kind: "launch", kernel: rowSums, buffers: [0, 1] }],
    regions: [],
    failures: [{ message: "p is {value}", origins: [] }],
    memory: { naive: 128, planned: 128, lowerBound: 128 },
  };
  expect(printPlan(plan)).toBe(`plan sums {
  memory 128 bytes planned, 128 at least, 128 without sharing
  feed x: f32[4,3] b0
  feed z: i32[] unused
  b0 x     f32[12]   48 bytes   feed x +0      live 0..0
  b1 sum   f32[4]    16 bytes   output y +64   live 0..0
  step 0: exp_sum(b0 read, b1 write)  // 0 flops, 0 bytes
  output y: f32[4] b1
  failure 0: p is {value}
}`);
  expect(printPlan(plan, { kernels: true }).endsWith(`}\n\n${rowSumsText}`)).toBe(true);
});
