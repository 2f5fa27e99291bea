// What can be proved of a value from the expressions of its ops: the number it is, or the range it lies in. Rules ask
// here before they fold what NaN or infinity would forbid. The sign of a zero is not a fact, and rules may change it.
import { type DType, isFloat } from "./dtype.js";
import { type Expr, indexLocal, literal, type Reduce, type Reducer } from "./expr.js";
import { everything, type Interval, intervalOf, union } from "./interval.js";
import { identityOf } from "./kernel.js";
import type { Operand, Value } from "./node.js";
import type { AnyOp, Index, Reader } from "./op.js";
import { constant } from "./ops/leaves.js";
import { broadcast, reshape, transpose } from "./ops/movement.js";
import { isConcrete } from "./type.js";

/** The number that every element is, seen through broadcast and reshape; null where there is none, or in eager mode. */
export function constantValue(x: Operand): number | null {
  let value = x;
  while ("node" in value && value.node) {
    const { op, attrs, operands } = (value as Value).node;
    if (op === constant) {
      const held = attrs.value as number | ArrayLike<number>;
      return typeof held === "number" ? held : held.length === 1 ? held[0]! : null;
    }
    if (op !== broadcast && op !== reshape) return null;
    value = operands[0]!;
  }
  return null;
}

/** The operands of the node that makes `x` where its op is one of `ops`, else null. */
export function madeBy(x: Operand, ...ops: readonly AnyOp[]): readonly Value[] | null {
  return "node" in x && ops.includes((x as Value).node.op) ? (x as Value).node.operands : null;
}

/** Whether no element can be NaN or infinite. Conservative: false where nothing is known. */
export function provablyFinite(x: Value): boolean {
  const { low, high, nan } = rangeOfValue(x);
  return !nan && low > -Infinity && high < Infinity;
}

/** Whether no element can be zero. Conservative; NaN is not zero. */
export function provablyNonZero(x: Value): boolean {
  const { low, high } = rangeOfValue(x);
  return low > 0 || high < 0;
}

const known = new WeakMap<Value, Interval>();

/** A range that holds every element; of a value whose sizes are not numbers yet, all that its dtype can hold. */
export function rangeOfValue(x: Value): Interval {
  const stack = [x];
  while (stack.length > 0) {
    const value = stack[stack.length - 1]!;
    const missing = known.has(value) ? [] : value.node.operands.filter((v) => !known.has(v));
    if (missing.length > 0) stack.push(...missing);
    else {
      if (!known.has(value)) known.set(value, derive(value));
      stack.pop();
    }
  }
  return known.get(x)!;
}

function derive(value: Value): Interval {
  const { op, attrs, operands, results } = value.node;
  if (op === constant) return rangeOfData(attrs.value as number | ArrayLike<number>);
  const types = operands.map((v) => v.type);
  const { lower } = op as AnyOp;
  if (lower.kind !== "compute" || !types.every(isConcrete) || !isConcrete(value.type))
    return everything(value.type.dtype);
  if (op === broadcast || op === reshape || op === transpose) return known.get(operands[0]!)!;
  // A sum over numbers of which nothing is known may be anything.
  const unknown = [value, ...operands].every((v) => isFloat(v.type.dtype)) && operands.every(mayBeAnything);
  const anything: Expr = { kind: "load", dtype: value.type.dtype, buffer: "", offset: literal(0) };
  const reads = new Map<Index, Map<Value, Expr>>();
  let reductions = 0;
  const reader: Reader<never> = {
    attrs: attrs as never,
    operands: types,
    results: results.map((v) => v.type).filter(isConcrete),
    read: (operand, index) => {
      // One object for one value at one index, so that x · x is seen to be a square.
      const at = reads.get(index) ?? new Map<Value, Expr>();
      const from = operands[operand]!;
      if (!at.has(from)) at.set(from, { kind: "read", dtype: from.type.dtype, operand, index });
      reads.set(index, at);
      return at.get(from)!;
    },
    reduce: (fn, extent, body) => {
      if (unknown && extent > 0) return anything;
      const over = indexLocal(`r${reductions++}`, extent);
      const of = body(over);
      return { kind: "reduce", dtype: of.dtype, fn, over, body: of };
    },
  };
  const index = value.type.shape.map((extent, axis) => indexLocal(`i${axis}`, extent));
  return rangeOfExpr(lower.at(index, reader, value.index), operands, new Map());
}

function mayBeAnything(x: Value): boolean {
  const { low, high, nan } = known.get(x)!;
  return nan && low === -Infinity && high === Infinity;
}

function rangeOfData(data: number | ArrayLike<number>): Interval {
  const numbers = typeof data === "number" ? [data] : data;
  let [low, high, nan] = [Infinity, -Infinity, false];
  for (let i = 0; i < numbers.length; i++) {
    const x = numbers[i]!;
    if (Number.isNaN(x)) nan = true;
    else [low, high] = [Math.min(low, x), Math.max(high, x)];
  }
  return low > high ? { low: 0, high: 0, nan } : { low, high, nan };
}

function rangeOfExpr(x: Expr, operands: readonly Value[], seen: Map<Expr, Interval>): Interval {
  const before = seen.get(x);
  if (before) return before;
  const range = ((): Interval => {
    switch (x.kind) {
      case "literal":
        return rangeOfData(x.value);
      case "local":
      case "bounded":
        return x.extent === undefined ? everything(x.dtype) : { low: 0, high: Math.max(0, x.extent - 1), nan: false };
      case "read":
        return known.get(operands[x.operand]!) ?? everything(x.dtype);
      case "load":
        return everything(x.dtype);
      case "reduce":
        return rangeOfReduce(x, rangeOfExpr(x.body, operands, seen));
      case "call": {
        const args = x.args.map((arg) => rangeOfExpr(arg, operands, seen));
        return intervalOf(x.fn, x.dtype, args, x.args[0] === x.args[1]);
      }
    }
  })();
  seen.set(x, range);
  return range;
}

function rangeOfReduce({ fn, over, dtype }: Reduce, body: Interval): Interval {
  const extent = over.extent ?? 0;
  if (extent === 0) return emptyReduction(fn, dtype);
  switch (fn) {
    case "max":
    case "min":
    case "any":
    case "all":
      return body;
    case "sum": {
      // Partial sums round, and ±∞ may meet among them.
      const most = dtype === "f32" || dtype === "f64" ? extent * 1.01 : extent;
      const by = (n: number) => intervalOf("mul", dtype, [body, { low: n, high: n, nan: false }], false);
      const total = union(by(extent), by(most));
      return { ...total, nan: body.nan || (total.low === -Infinity && total.high === Infinity) };
    }
    case "prod":
      return body.low >= 0 && body.high <= 1 ? { low: 0, high: 1, nan: body.nan } : everything(dtype);
  }
}

function emptyReduction(fn: Reducer, dtype: DType): Interval {
  const identity = identityOf(fn, dtype);
  return { low: identity, high: identity, nan: false };
}
