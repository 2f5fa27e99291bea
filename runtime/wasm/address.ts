// Addresses: offsets are taken apart into a sum of multiples, the outer loops' part is added first (and so computed outside
// the inner ones), the innermost counter becomes a pointer that the loop advances, and a constant goes into the instruction.
import { type DType, itemSize } from "#ir/dtype.js";
import type { Code } from "./code.js";
import { addIndex, mulIndex } from "./index-math.js";
import { encloses, innermostLoop, type Linear, type Loop, type Range, type Value } from "./ssa.js";

/** An effective address is `base + offset`, in bytes. */
export interface Address {
  readonly base: Value;
  /** At least 0. */
  readonly offset: number;
}

const none: readonly never[] = [];

/** A value as a sum of multiples. */
export function linear(x: Value): Linear {
  return (x.linear ??= takeApart(x));
}

export const linearConstant = (constant: number): Linear => ({ constant, values: none, times: none });

function takeApart(x: Value): Linear {
  if (x.number !== null) return linearConstant(x.number);
  const { op, args } = x;
  if (args.length === 2) {
    const a = args[0]!;
    const b = args[1]!;
    if (op === "i32.add") return sum(linear(a), linear(b), 1);
    if (op === "i32.sub") return sum(linear(a), linear(b), -1);
    const factor = op === "i32.mul" || op === "i32.shl" ? b.number : null;
    if (factor !== null && op === "i32.mul") return scaled(linear(a), factor);
    if (factor !== null && factor < 31) return scaled(linear(a), 2 ** factor);
  }
  return { constant: 0, values: [x], times: [1] };
}

/** `a + b · by`: the terms of both, merged in their order. */
export function sum(a: Linear, b: Linear, by: number): Linear {
  const constant = a.constant + b.constant * by;
  if (b.values.length === 0) return { constant, values: a.values, times: a.times };
  const values: Value[] = [];
  const times: number[] = [];
  for (let i = 0, j = 0; i < a.values.length || j < b.values.length;) {
    const x = a.values[i];
    const y = b.values[j];
    const order = x && y ? x.scope.depth - y.scope.depth || x.id - y.id : x ? -1 : 1;
    const total = (order <= 0 ? a.times[i]! : 0) + (order >= 0 ? b.times[j]! * by : 0);
    if (total !== 0) {
      values.push((order <= 0 ? x : y)!);
      times.push(total);
    }
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return { constant, values, times };
}

export function scaled(a: Linear, by: number): Linear {
  if (by === 0) return linearConstant(0);
  return { constant: a.constant * by, values: a.values, times: a.times.map((n) => n * by) };
}

/** The address of element `offset` of an array of the dtype at `base`. */
export function addressOf(code: Code, base: Value, offset: Linear, dtype: DType): Address {
  const { constant: elements, values, times } = offset;
  const size = itemSize(dtype);
  const constant = elements * size;
  let low = 0;
  for (let i = 0; i < values.length; i++) low += lowest(values[i]!.range, times[i]! * size);
  const inInstruction = low >= 0 && constant >= 0 && constant < 2 ** 30;
  let total = inInstruction ? base : addIndex(code, base, code.constant("i32", constant | 0));
  const inner = innermostLoop(code.scope);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const by = times[i]! * size;
    if (inner && value === inner.counter && isOutside(total, inner)) total = code.pointer(inner, total, by);
    else total = addIndex(code, total, by === 1 ? value : mulIndex(code, value, code.constant("i32", by | 0)));
  }
  return { base: total, offset: inInstruction ? constant : 0 };
}

function lowest(range: Range | null, times: number): number {
  if (!range) return -Infinity;
  return Math.min(range[0] * times, range[1] * times);
}

function isOutside(value: Value, loop: Loop): boolean {
  return encloses(value.scope, loop.before);
}
