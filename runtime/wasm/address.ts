// Addresses: offsets are taken apart into a sum of multiples, the outer loops' part is added first (and so computed outside
// the inner ones), the innermost counter becomes a pointer that the loop advances, and a constant goes into the instruction.
import { type DType, itemSize } from "#ir/dtype.js";
import type { Code } from "./code.js";
import { addIndex, constantOf, mulIndex } from "./index-math.js";
import { encloses, innermostLoop, type Loop, type Range, type Value } from "./ssa.js";

/** An effective address is `base + offset`, in bytes. */
export interface Address {
  readonly base: Value;
  /** At least 0. */
  readonly offset: number;
}

/** `constant + Σ times · value`, modulo 2³². */
interface Linear {
  readonly constant: number;
  readonly terms: ReadonlyMap<Value, number>;
}

const known = new WeakMap<Value, Linear>();

function linear(x: Value): Linear {
  let form = known.get(x);
  if (!form) known.set(x, (form = takeApart(x)));
  return form;
}

function takeApart(x: Value): Linear {
  const constant = constantOf(x);
  if (constant !== null) return { constant, terms: new Map() };
  const [a, b] = x.args as [Value, Value];
  const factor = x.args.length === 2 ? constantOf(b) : null;
  if (x.op === "i32.add") return sum(linear(a), linear(b), 1);
  if (x.op === "i32.sub") return sum(linear(a), linear(b), -1);
  if (x.op === "i32.mul" && factor !== null) return scaled(linear(a), factor);
  if (x.op === "i32.shl" && factor !== null && factor < 31) return scaled(linear(a), 2 ** factor);
  return { constant: 0, terms: new Map([[x, 1]]) };
}

function sum(a: Linear, b: Linear, times: number): Linear {
  const terms = new Map(a.terms);
  for (const [value, n] of b.terms) terms.set(value, (terms.get(value) ?? 0) + n * times);
  return { constant: a.constant + b.constant * times, terms };
}

function scaled(a: Linear, times: number): Linear {
  return { constant: a.constant * times, terms: new Map([...a.terms].map(([value, n]) => [value, n * times])) };
}

/** The address of element `offset` of an array of the dtype at `base`. */
export function addressOf(code: Code, base: Value, offset: Value, dtype: DType): Address {
  const form = scaled(linear(offset), itemSize(dtype));
  const terms = [...form.terms].filter(([, times]) => times !== 0);
  terms.sort(([a], [b]) => a.scope.depth - b.scope.depth || a.id - b.id);
  const low = terms.reduce((total, [value, times]) => total + lowest(value.range, times), 0);
  const inInstruction = low >= 0 && form.constant >= 0 && form.constant < 2 ** 30;
  let total = inInstruction ? base : addIndex(code, base, code.constant("i32", form.constant | 0));
  const inner = innermostLoop(code.scope);
  for (const [value, times] of terms) {
    if (inner && value === inner.counter && isOutside(total, inner)) total = code.pointer(inner, total, times);
    else total = addIndex(code, total, mulIndex(code, value, code.constant("i32", times | 0)));
  }
  return { base: total, offset: inInstruction ? form.constant : 0 };
}

function lowest(range: Range | null, times: number): number {
  if (!range) return -Infinity;
  return Math.min(range[0] * times, range[1] * times);
}

function isOutside(value: Value, loop: Loop): boolean {
  return encloses(value.scope, loop.before);
}
