// Each invariant of ir/verify-kernel.ts, broken once.
import { expect, it } from "vitest";
import { add, cast, type Expr, indexLocal, literal, load, local, lt } from "#ir/expr.js";
import type { Kernel, KernelBuffer, Stmt } from "#ir/kernel.js";
import { verifyKernel } from "#ir/verify-kernel.js";

const i = indexLocal("i", 4);
const j = indexLocal("j", 4);
const v = local("v", "f32");
const one = literal(1, "f32");
const x = load("x", i, "f32");
const test = lt(load("n", i, "i32"), literal(3));

const buffers: readonly KernelBuffer[] = [
  { name: "x", dtype: "f32", length: 4, access: "read" },
  { name: "n", dtype: "i32", length: 4, access: "read" },
  { name: "y", dtype: "f32", length: 4, access: "write" },
];
const named: Stmt = { kind: "let", local: v, value: one };
const store = (value: Expr, offset: Expr = i, buffer = "y"): Stmt => ({ kind: "store", buffer, offset, value });
const loop = (
  body: readonly Stmt[],
  as: "serial" | "vector" | "unrolled" = "serial",
  extent: Expr = literal(4),
): Stmt => {
  return { kind: "for", over: j, extent, as, body };
};
const registers = (length = 4): Stmt => ({ kind: "scratch", name: "acc", dtype: "f32", length, in: "registers" });

function kernel(body: readonly Stmt[], more: Partial<Kernel> = {}): Kernel {
  return {
    name: "k",
    buffers,
    stages: [[{ over: i, extent: 4, body }]],
    flops: 0,
    bytes: 0,
    ops: [],
    nodes: [],
    ...more,
  };
}

function message(k: Kernel): string {
  try {
    verifyKernel(k);
    return "valid";
  } catch (error) {
    return (error as Error).message;
  }
}

const cases: readonly [string, Kernel, readonly string[]][] = [
  ["1: a name is given twice", kernel([named, named]), ["invariant 1: the name v is given twice\n    let v: f32 = 1"]],
  ["1: a local hides a buffer", kernel([{ kind: "let", local: local("x", "f32"), value: one }]), ["invariant 1: the name x is given twice\n    let x: f32 = 1"]],
  ["1: two buffers", kernel([], { buffers: [buffers[0]!, buffers[0]!] }), ["invariant 1: the name x is given twice"]],
  ["2: not named", kernel([store(v)]), ["invariant 2: nothing has named v\n    y[i] = v"]],
  ["2: named in a block that has ended", kernel([loop([named]), store(v)]), ["invariant 2: nothing has named v\n    y[i] = v"]],
  ["2: another dtype", kernel([named, store(cast(local("v", "i32"), "f32"))]), ["invariant 2: v was named as f32, not i32\n    y[i] = f32(v)"]],
  ["3: set without let", kernel([{ kind: "set", local: i, value: literal(1) }]), ["invariant 3: no let has named i\n    i = 1"]],
  ["3: set to another dtype", kernel([named, { kind: "set", local: v, value: i }]), ["invariant 3: v is f32, the value is i32\n    v = i"]],
  ["4: no loop between", kernel([named, { kind: "accumulate", local: v, fn: "sum", value: x }]), ["invariant 4: no loop stands between the let of v and this\n    v add= x[i]"]],
  ["4: not a let", kernel([loop([{ kind: "accumulate", local: j, fn: "sum", value: i }])]), ["invariant 4: no let has named j\n    j add= i"]],
  ["4: any of floats", kernel([named, loop([{ kind: "accumulate", local: v, fn: "any", value: x }])]), ["invariant 4: any does not combine f32\n    v or= x[i]"]],
  ["5: no such array", kernel([store(one, i, "z")]), ["invariant 5: no array z is in scope\n    z[i] = 1"]],
  ["5: a value of another dtype", kernel([store(i)]), ["invariant 5: y holds f32, the value is i32\n    y[i] = i"]],
  ["5: a load of another dtype", kernel([store(load("n", i, "f32"))]), ["invariant 5: n holds i32, not f32\n    y[i] = n[i]"]],
  ["5: a float offset", kernel([store(one, x)]), ["invariant 5: the offset into y is f32, not i32\n    y[x[i]] = 1"]],
  ["5: scratch of a block that has ended", kernel([loop([registers()]), store(load("acc", literal(0), "f32"))]), ["invariant 5: no array acc is in scope\n    y[i] = acc[0]"]],
  ["6: a read buffer is written", kernel([store(one, i, "x")]), ["invariant 6: x is only to be read\n    x[i] = 1"]],
  ["6: a written buffer is read", kernel([store(load("y", i, "f32"))]), ["invariant 6: y is only to be written\n    y[i] = y[i]"]],
  ["7: beyond the array", kernel([store(one, add(i, literal(4)))]), ["invariant 7: the offset lies in 4 to 7, y has 4 elements\n    y[i + 4] = 1"]],
  ["8: a loop in a vector loop", kernel([loop([{ kind: "if", test, then: [] }], "vector")]), ['invariant 8: the vector loop over j holds a statement "if"\n    if n[i] < 3 {']],
  ["8: unrolled without a literal", kernel([loop([], "unrolled", load("n", i, "i32"))]), ["invariant 8: an unrolled loop has no literal extent\n    for j < n[i] unrolled {"]],
  ["9: too many", kernel([registers(1000)]), ["invariant 9: 1000 elements are too many or too few for registers\n    scratch acc: f32[1000] in registers"]],
  ["9: a serial index", kernel([registers(), loop([store(one, j, "acc")])]), ["invariant 9: acc is in registers and cannot be indexed like this\n    acc[j] = 1"]],
  ["10: a test that is no bool", kernel([{ kind: "if", test: i, then: [] }]), ["invariant 10: the test is i32, not bool\n    if i {"]],
  ["10: too few arguments", kernel([store({ kind: "call", dtype: "f32", fn: "add", args: [x] })]), ["invariant 10: add takes 2 arguments, not 1\n    y[i] = add(x[i])"]],
  ["10: mixed dtypes", kernel([store({ kind: "call", dtype: "f32", fn: "mul", args: [x, i] })]), ["invariant 10: mul(f32, i32) gives no f32\n    y[i] = x[i] * i"]],
  ["10: exp of an integer", kernel([store({ kind: "call", dtype: "f32", fn: "exp", args: [i] })]), ["invariant 10: exp(i32) gives no f32\n    y[i] = exp(i)"]],
  ["11: a read is left", kernel([store({ kind: "read", dtype: "f32", operand: 0, index: [i] })]), ['invariant 11: a "read" is left\n    y[i] = operand0[i]']],
  ["11: a bounded is left", kernel([store(one, { kind: "bounded", dtype: "i32", value: load("n", i, "i32"), extent: 4 })]), ['invariant 11: a "bounded" is left\n    y[bounded(n[i], 4)] = 1']],
  ["12: 0.1 is no f32", kernel([store({ kind: "literal", dtype: "f32", value: 0.1 })]), ["invariant 12: 0.1 is not a number that f32 can hold\n    y[i] = 0.1"]],
  ["13: half an extent", kernel([], { stages: [[{ over: i, extent: 1.5, body: [] }]] }), ["invariant 13: the space over i has the extent 1.5"]],
  ["13: a negative failure", kernel([{ kind: "check", test, value: i, failure: -1 }]), ["invariant 13: failure -1\n    check n[i] < 3 else fail -1 with i"]],
]; // prettier-ignore

it.each(cases)("invariant %s", (_, k, complaints) => {
  const lines = complaints.map((c) => `\n  ${c}`).join("");
  expect(message(k)).toBe(`kernel k is not valid:${lines}\nThis is a bug in gradloom, not in your program.`);
});

it("a kernel that keeps them all is valid", () => {
  const body = [
    named,
    registers(),
    loop([store(x, j, "acc")], "unrolled"),
    loop([{ kind: "accumulate", local: v, fn: "max", value: load("acc", j, "f32") }], "vector"),
    store(v),
  ] satisfies Stmt[];
  // The same name may be given again once its block has ended.
  expect(message(kernel(body))).toBe("valid");
});
