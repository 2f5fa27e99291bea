// Arithmetic on i32 values that folds as it is built and keeps track of ranges: offsets, addresses, loop bounds.
import type { Code } from "./code.js";
import type { Range, Value } from "./ssa.js";

const inI32 = (low: number, high: number): Range | null => (low >= -(2 ** 31) && high < 2 ** 31 ? [low, high] : null);

/** The number an i32 value is known to be, or null. */
export function constantOf(x: Value): number | null {
  return x.number;
}

export function addIndex(code: Code, a: Value, b: Value): Value {
  const x = a.number;
  const y = b.number;
  if (x !== null && y !== null) return code.constant("i32", (x + y) | 0);
  if (x === 0) return b;
  if (y === 0) return a;
  if (x !== null) return addIndex(code, b, a);
  if (y !== null && a.op === "i32.add" && a.args[1]!.number !== null) {
    return addIndex(code, a.args[0]!, code.constant("i32", (a.args[1]!.number + y) | 0));
  }
  const range = a.range && b.range && inI32(a.range[0] + b.range[0], a.range[1] + b.range[1]);
  return code.pure("i32.add", [a, b], undefined, range);
}

export function subIndex(code: Code, a: Value, b: Value): Value {
  const y = constantOf(b);
  if (y !== null && y !== -(2 ** 31)) return addIndex(code, a, code.constant("i32", -y));
  const range = a.range && b.range && inI32(a.range[0] - b.range[1], a.range[1] - b.range[0]);
  return code.pure("i32.sub", [a, b], undefined, range);
}

export function mulIndex(code: Code, a: Value, b: Value): Value {
  const x = a.number;
  const y = b.number;
  if (x !== null && y !== null) return code.constant("i32", Math.imul(x, y));
  if (x !== null) return mulIndex(code, b, a);
  if (y === 0) return b;
  if (y === 1) return a;
  const range = rangeOfProduct(a.range, b.range);
  if (y !== null && y > 0 && (y & (y - 1)) === 0) {
    return code.pure("i32.shl", [a, code.constant("i32", 31 - Math.clz32(y))], undefined, range);
  }
  return code.pure("i32.mul", [a, b], undefined, range);
}

function rangeOfProduct(a: Range | null, b: Range | null): Range | null {
  if (!a || !b) return null;
  const p = a[0] * b[0];
  const q = a[0] * b[1];
  const r = a[1] * b[0];
  const s = a[1] * b[1];
  return inI32(Math.min(p, q, r, s), Math.max(p, q, r, s));
}

/** Quotient rounded towards −∞, remainder with the sign of the divisor; by zero both are 0. */
export function divideIndex(code: Code, fn: "floorDiv" | "floorMod", a: Value, b: Value): Value {
  const x = constantOf(a);
  const y = constantOf(b);
  const constant = (n: number): Value => code.constant("i32", n);
  if (y === null || y <= 0) return divideSafely(code, fn, a, b);
  if (x !== null) return constant(fn === "floorDiv" ? Math.floor(x / y) : x - y * Math.floor(x / y));
  const { range } = a;
  const quotients: Range | null = range && [Math.floor(range[0] / y), Math.floor(range[1] / y)];
  if (quotients && quotients[0] === quotients[1]) {
    return fn === "floorDiv" ? constant(quotients[0]) : addIndex(code, a, constant(-quotients[0] * y));
  }
  const result: Range | null = fn === "floorDiv" ? quotients : [0, y - 1];
  if ((y & (y - 1)) === 0) {
    const shift = constant(31 - Math.clz32(y));
    return fn === "floorDiv"
      ? code.pure("i32.shr_s", [a, shift], undefined, result)
      : code.pure("i32.and", [a, constant(y - 1)], undefined, result);
  }
  const sign = range && range[0] >= 0 ? "u" : "s";
  const op = fn === "floorDiv" ? `i32.div_${sign}` : `i32.rem_${sign}`;
  if (sign === "u") return code.pure(op, [a, b], undefined, result);
  const remainder = code.pure("i32.rem_s", [a, b]);
  const negative = code.pure("i32.lt_s", [remainder, constant(0)], undefined, [0, 1]);
  if (fn === "floorDiv") return code.pure("i32.sub", [code.pure(op, [a, b]), negative], undefined, result);
  return code.pure("select", [code.pure("i32.add", [remainder, b]), remainder, negative], undefined, result);
}

/** Division by what may be zero or −1, in 64 bits, where nothing overflows. */
function divideSafely(code: Code, fn: "floorDiv" | "floorMod", a: Value, b: Value): Value {
  const isZero = code.pure("i32.eqz", [b]);
  const one = code.constant("i32", 1);
  const x = code.pure("i64.extend_i32_s", [a]);
  const y = code.pure("i64.extend_i32_s", [code.pure("select", [one, b, isZero])]);
  const remainder = code.pure("i64.rem_s", [x, y]);
  const zero = code.constant("i64", 0);
  const differs = code.pure("i64.lt_s", [code.pure("i64.xor", [remainder, y]), zero]);
  const adjust = code.pure("i32.and", [differs, code.pure("i64.ne", [remainder, zero])]);
  const result =
    fn === "floorDiv"
      ? code.pure("i32.sub", [code.pure("i32.wrap_i64", [code.pure("i64.div_s", [x, y])]), adjust])
      : code.pure("i32.wrap_i64", [code.pure("select", [code.pure("i64.add", [remainder, y]), remainder, adjust])]);
  return code.pure("select", [code.constant("i32", 0), result, isZero]);
}

/** An i32 minimum or maximum. */
export function boundIndex(code: Code, fn: "minimum" | "maximum", a: Value, b: Value): Value {
  const pick = fn === "minimum" ? Math.min : Math.max;
  if (a.range && b.range) {
    const [low, high] = fn === "minimum" ? [a, b] : [b, a];
    if (low.range![1] <= high.range![0]) return a;
    if (high.range![1] <= low.range![0]) return b;
  }
  const range: Range | null = a.range && b.range && [pick(a.range[0], b.range[0]), pick(a.range[1], b.range[1])];
  const test = code.pure(fn === "minimum" ? "i32.lt_s" : "i32.gt_s", [a, b]);
  return code.pure("select", [a, b, test], undefined, range);
}

export type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

/** A comparison of i32 values as 0 or 1, a constant where the ranges decide it. */
export function compareIndex(code: Code, fn: Comparison, a: Value, b: Value): Value {
  const decided = a.range && b.range && decide(fn, a.range, b.range);
  if (decided !== null) return code.constant("i32", decided ? 1 : 0);
  const op = fn === "eq" || fn === "ne" ? `i32.${fn}` : `i32.${fn}_s`;
  return code.pure(op, [a, b], undefined, [0, 1]);
}

function decide(fn: Comparison, a: Range, b: Range): boolean | null {
  switch (fn) {
    case "eq":
      return a[0] === a[1] && b[0] === b[1] && a[0] === b[0] ? true : a[1] < b[0] || b[1] < a[0] ? false : null;
    case "ne": {
      const equal = decide("eq", a, b);
      return equal === null ? null : !equal;
    }
    case "lt":
      return a[1] < b[0] ? true : a[0] >= b[1] ? false : null;
    case "ge": {
      const less = decide("lt", a, b);
      return less === null ? null : !less;
    }
    case "gt":
      return decide("lt", b, a);
    case "le":
      return decide("ge", b, a);
  }
}

/** `then` where `test` is not 0. */
export function selectIndex(code: Code, test: Value, then: Value, otherwise: Value): Value {
  const known = constantOf(test);
  if (known !== null) return known ? then : otherwise;
  if (then === otherwise) return then;
  const a = then.range;
  const b = otherwise.range;
  const range: Range | null = a && b && [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
  return code.pure("select", [then, otherwise, test], undefined, range);
}
