// The rewrite rules of ops that move, reduce and join: each fires where it should, and changes no number.
import { describe, expect, test } from "vitest";
import type { Attrs, Operand, Value } from "#ir/node.js";
import type { Rule } from "#ir/op.js";
import * as ops from "#ir/ops/index.js";
import { evaluateValues } from "#ir/reference.js";
import { tensorType } from "#ir/type.js";
import { inputsOf } from "./cases.js";

type Example = readonly [rule: string, shape: readonly number[], build: (x: Operand) => Operand, result: string];

const { broadcast, concat, max, min, pad, prod, reshape, reverse, slice, sum, transpose } = ops;

/** The rule, the shape of x, what it is applied to, and the op of what comes out. */
const examples: readonly Example[] = [
  ["broadcast x to its own shape → x", [2, 3], (x) => broadcast(x, [2, 3]), "input"],
  ["broadcast (broadcast x) → broadcast x", [1, 3], (x) => broadcast(broadcast(x, [2, 3]), [2, 4, 3], [0, 2]), "broadcast"],
  ["reshape x to its own shape → x", [2, 3], (x) => reshape(x, [2, 3]), "input"],
  ["reshape (reshape x) → reshape x", [2, 3], (x) => reshape(reshape(x, [6]), [3, 2]), "reshape"],
  ["reshape (broadcast scalar) → broadcast scalar", [], (x) => reshape(broadcast(x, [2, 3]), [6]), "broadcast"],
  ["transpose x by 0, 1, 2 … → x", [2, 3], (x) => transpose(x, [0, 1]), "input"],
  ["transpose (transpose x) → transpose x", [2, 3, 4], (x) => transpose(transpose(x, [1, 2, 0]), [1, 0, 2]), "transpose"],
  ["transpose (broadcast scalar) → broadcast scalar", [], (x) => transpose(broadcast(x, [2, 3])), "broadcast"],
  ["slice x from 0 to its end → x", [2, 3], (x) => slice(x, [0, 0], [2, 3]), "input"],
  ["slice (slice x) → slice x", [9], (x) => slice(slice(x, [1], [4], [2]), [1], [2], [2]), "slice"],
  ["reverse x along axes of size 1 → x", [1, 3], (x) => reverse(x, 0), "input"],
  ["reverse (reverse x) → reverse x", [2, 3], (x) => reverse(reverse(x, [0, 1]), 1), "reverse"],
  ["pad x by nothing → x", [2], (x) => pad(x, [0], [0]), "input"],
  ["pad (pad x) with the same value → pad x", [2], (x) => pad(pad(x, [1], [0], 7), [1], [2], 7), "pad"],
  ["concat x → x", [2], (x) => concat([x]), "input"],
  ["sum over axes of size 1 → reshape", [2, 1], (x) => sum(x, 1), "reshape"],
  ["sum (sum x) → sum x", [2, 3, 4], (x) => sum(sum(x, 1), 1), "sum"],
  ["prod (prod x) → prod x", [2, 3, 4], (x) => prod(prod(x, 0), 1), "prod"],
  ["max (max x) → max x", [2, 3], (x) => max(max(x, 0, { keepDims: true }), 1, { keepDims: true }), "max"],
  ["min (min x) → min x", [2, 3], (x) => min(min(x, 0), 0), "min"],
  ["sum (broadcast x) over the repeats → n · x", [3], (x) => sum(broadcast(x, [4, 3, 2], [1]), [0, 2]), "broadcast"],
  ["sum (broadcast x) over the repeats → n · x", [3, 1], (x) => sum(broadcast(x, [3, 5]), 1, { keepDims: true }), "broadcast"],
]; // prettier-ignore

/** Distinct numbers, none of them special. */
const data = (length: number) => Float32Array.from({ length }, (_, i) => (i * 7 + 3) / 4 - length);

describe("a rule fires and changes no number", () => {
  test.each(examples)("%s, %j", (name, shape, build, result) => {
    const { inputs } = inputsOf([tensorType("f32", shape)]);
    const before = build(inputs[0]!) as Value;
    const rule = (before.node.op.simplify as readonly Rule[]).find((r) => r.name === name)!;
    const after = rule.apply(before.node, before.node.operands) as Value;
    expect(after.node.op.name).toBe(result);
    expect(after.type).toEqual(before.type);
    const feeds = new Map([[inputs[0]!.node, data(shape.reduce((a, b) => a * b, 1))]]);
    const values = evaluateValues([before, after], feeds);
    expect(values.get(after)).toEqual(values.get(before));
  });
});

test("a slice of something that is not a slice is left alone", () => {
  const { builder, inputs } = inputsOf([tensorType("f32", [4])]);
  const doubled = builder.apply(ops.add, [inputs[0]!, inputs[0]!], {} as Attrs)[0]!;
  const y = slice(doubled, [1], [2]) as Value;
  for (const rule of y.node.op.simplify as readonly Rule[]) expect(rule.apply(y.node, y.node.operands)).toBeNull();
});

test("sum of a broadcast over nothing does not become 0 · x, which is NaN for infinite x", () => {
  const { inputs } = inputsOf([tensorType("f32", [3])]);
  const y = sum(broadcast(inputs[0]!, [0, 3]), 0) as Value;
  for (const rule of y.node.op.simplify as readonly Rule[]) expect(rule.apply(y.node, y.node.operands)).toBeNull();
  const values = evaluateValues([y], new Map([[inputs[0]!.node, Float32Array.of(Infinity, NaN, 1)]]));
  expect([...values.get(y)!]).toEqual([0, 0, 0]);
});
