// The primitive scalar functions of `ir/scalar.ts` as SIMD instructions; what SIMD lacks is done lane by lane.
import type { DType } from "#ir/dtype.js";
import { InternalError } from "#ir/errors.js";
import type { Primitive } from "#ir/scalar.js";
import type { Code } from "./code.js";
import { constantLanes, extractLane, fromLanes, laneShape, narrowMask, widenMask, type LaneCount } from "./lanes.js";
import { scalarOp } from "./scalar-ops.js";
import type { Value } from "./ssa.js";

/** `fn` of vectors of dtypes `from`, all held as `lanes.ts` says. */
export function vectorOp(
  code: Code,
  fn: Primitive,
  dtype: DType,
  from: readonly DType[],
  args: readonly Value[],
  lanes: LaneCount,
): Value {
  const source = from[0]!;
  switch (fn) {
    case "and":
    case "or":
      return code.pure(`v128.${fn}`, [truth(code, args[0]!, source, lanes), truth(code, args[1]!, from[1]!, lanes)]);
    case "not":
      return code.pure("v128.not", [truth(code, args[0]!, source, lanes)]);
    case "select": {
      const test = truth(code, args[0]!, source, lanes);
      const mask = dtype === "f64" || dtype === "bool" ? test : narrowMask(code, test, lanes);
      return clipped(code, mask, args[1]!, args[2]!) ?? code.pure("v128.bitselect", [args[1]!, args[2]!, mask]);
    }
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      return compare(code, fn, source, args, lanes);
    case "toF32":
    case "toF64":
    case "toI32":
    case "toU8":
    case "toBool":
      return convert(code, dtype, source, args[0]!, lanes);
    default:
      return arithmetic(code, fn, dtype, from, args, lanes);
  }
}

/** `a < b ? a : b` and `b < a ? a : b` are single instructions; null for any other selection. */
function clipped(code: Code, mask: Value, then: Value, otherwise: Value): Value | null {
  if (mask.op !== "f32x4.lt" && mask.op !== "f64x2.lt") return null;
  const shape = mask.op.slice(0, 5);
  const [a, b] = mask.args as [Value, Value];
  if (a === then && b === otherwise) return code.pure(`${shape}.pmin`, [otherwise, then]);
  return a === otherwise && b === then ? code.pure(`${shape}.pmax`, [otherwise, then]) : null;
}

/**
 * `maximum` and `minimum` with a constant: the instructions that pass any NaN on and order zeros take eight operations of the
 * processor each, but here only the other operand may be NaN, which `pmax` keeps, and be a zero of the other sign.
 */
function limited(code: Code, fn: Primitive, dtype: "f32" | "f64", args: readonly Value[]): Value | null {
  if (fn !== "maximum" && fn !== "minimum") return null;
  const limit = args.map((x) => sameNumberIn(x, dtype));
  const at = limit.findIndex((n) => n !== null && !Number.isNaN(n));
  if (at < 0) return null;
  const zero = limit[at] === 0;
  const negative = Object.is(limit[at], -0);
  if (zero && fn === "minimum" && negative) return null;
  const shape = laneShape(dtype);
  const made = code.pure(`${shape}.p${fn.slice(0, 3)}`, [args[1 - at]!, args[at]!]);
  return zero && fn === "maximum" && !negative ? code.pure(`${shape}.add`, [made, args[at]!]) : made;
}

function arithmetic(
  code: Code,
  fn: Primitive,
  dtype: DType,
  from: readonly DType[],
  args: readonly Value[],
  lanes: LaneCount,
): Value {
  const limit = dtype === "f32" || dtype === "f64" ? limited(code, fn, dtype, args) : null;
  if (limit) return limit;
  const op = dtype === "bool" ? boolOps[fn] : dtype === "f32" || dtype === "f64" ? floatOps[fn] : integerOps[fn];
  if (typeof op === "string")
    return wrap(code, dtype, code.pure(op.includes(".") ? op : `${laneShape(dtype)}.${op}`, args));
  if (fn === "floor" || fn === "ceil" || fn === "round" || fn === "trunc") return args[0]!;
  return special(code, fn, dtype, args) ?? byLanes(code, fn, dtype, from, args, lanes);
}

type Ops = Partial<Record<Primitive, string>>;
const floatOps: Ops = {
  add: "add", sub: "sub", mul: "mul", div: "div", neg: "neg", abs: "abs", minimum: "min", maximum: "max",
  sqrt: "sqrt", floor: "floor", ceil: "ceil", round: "nearest", trunc: "trunc",
}; // prettier-ignore
const integerOps: Ops = {
  add: "add",
  sub: "sub",
  mul: "mul",
  neg: "neg",
  abs: "abs",
  minimum: "min_s",
  maximum: "max_s",
};
const boolOps: Ops = { add: "v128.or", maximum: "v128.or", mul: "v128.and", minimum: "v128.and", sub: "v128.xor" };

function wrap(code: Code, dtype: DType, x: Value): Value {
  return dtype === "u8" ? code.pure("v128.and", [x, constantLanes(code, "i32", [255, 255, 255, 255])]) : x;
}

function truth(code: Code, x: Value, dtype: DType, lanes: LaneCount): Value {
  return convert(code, "bool", dtype, x, lanes);
}

function same(code: Code, dtype: DType, value: number): Value {
  return constantLanes(code, dtype, [value, value, value, value]);
}

function compare(code: Code, fn: string, from: DType, args: readonly Value[], lanes: LaneCount): Value {
  const [a, b] = args as [Value, Value];
  if (from === "bool") {
    const not = (x: Value): Value => code.pure("v128.not", [x]);
    if (fn === "ne") return code.pure("v128.xor", args);
    if (fn === "eq") return not(code.pure("v128.xor", args));
    const above = fn === "gt" || fn === "le" ? code.pure("v128.andnot", [a, b]) : code.pure("v128.andnot", [b, a]);
    return fn === "gt" || fn === "lt" ? above : not(above);
  }
  const ordered = fn !== "eq" && fn !== "ne" && laneShape(from) === "i32x4";
  const mask = code.pure(`${laneShape(from)}.${fn}${ordered ? "_s" : ""}`, args);
  return from === "f64" ? mask : widenMask(code, mask, lanes);
}

function convert(code: Code, to: DType, from: DType, x: Value, lanes: LaneCount): Value {
  if (to === from) return x;
  if (to === "bool") return compare(code, "ne", from, [x, same(code, from, 0)], lanes);
  if (from === "bool") {
    const mask = to === "f64" ? x : narrowMask(code, x, lanes);
    return code.pure("v128.and", [mask, same(code, to, 1)]);
  }
  if (to === "f32") return code.pure(from === "f64" ? "f32x4.demote_f64x2_zero" : "f32x4.convert_i32x4_s", [x]);
  if (to === "f64") return code.pure(from === "f32" ? "f64x2.promote_low_f32x4" : "f64x2.convert_low_i32x4_s", [x]);
  if (from === "f32") return wrap(code, to, code.pure("i32x4.trunc_sat_f32x4_s", [x]));
  if (from === "f64") return wrap(code, to, code.pure("i32x4.trunc_sat_f64x2_s_zero", [x]));
  return wrap(code, to, x);
}

/** What takes a few instructions; null where there is no way but lane by lane. */
function special(code: Code, fn: Primitive, dtype: DType, args: readonly Value[]): Value | null {
  const [a, b] = args as [Value, Value];
  const pure = (op: string, ...xs: readonly Value[]): Value => code.pure(op, xs);
  if (dtype === "i32" || dtype === "u8") {
    const zero = same(code, "i32", 0);
    if (fn === "sign") return pure("i32x4.sub", pure("i32x4.lt_s", a, zero), pure("i32x4.gt_s", a, zero));
    if (fn === "xor") return pure("v128.xor", a, b);
    if (fn === "shiftLeft" || fn === "shiftRight") {
      const by = inAllLanes(code, b);
      return by && pure(fn === "shiftLeft" ? "i32x4.shl" : "i32x4.shr_u", a, by);
    }
    const power = fn === "floorDiv" || fn === "floorMod" ? powerOfTwo(b) : null;
    if (power === null) return null;
    if (fn === "floorMod") return pure("v128.and", a, same(code, "i32", power - 1));
    return pure("i32x4.shr_s", a, code.constant("i32", 31 - Math.clz32(power)));
  }
  if (fn === "sign") {
    const shape = laneShape(dtype);
    const signed = pure("v128.or", same(code, dtype, 1), pure("v128.and", a, same(code, dtype, -0)));
    return pure("v128.bitselect", signed, a, pure(`${shape}.gt`, pure(`${shape}.abs`, a), same(code, dtype, 0)));
  }
  if (dtype === "bool") return null;
  return scaled(code, fn, dtype, args) ?? (dtype === "f32" ? powersOfSingle(code, fn, a) : powersOfDouble(code, fn, a));
}

function powersOfSingle(code: Code, fn: Primitive, a: Value): Value | null {
  const pure = (op: string, ...xs: readonly Value[]): Value => code.pure(op, xs);
  const shift = code.constant("i32", 23);
  const bias = same(code, "i32", 127);
  if (fn === "exponent") return pure("f32x4.convert_i32x4_s", pure("i32x4.sub", pure("i32x4.shr_u", a, shift), bias));
  if (fn === "mantissa") return pure("v128.or", pure("v128.and", a, same(code, "i32", 0x7fffff)), same(code, "f32", 1));
  return null;
}

/** An integer n below 2⁵² is the low bits of 2⁵² + n: that converts between numbers and exponent bits. */
function powersOfDouble(code: Code, fn: Primitive, a: Value): Value | null {
  const pure = (op: string, ...xs: readonly Value[]): Value => code.pure(op, xs);
  const shift = code.constant("i32", 52);
  if (fn === "exponent") {
    const magic = same(code, "f64", 2 ** 52 + 1023);
    return pure("f64x2.sub", pure("v128.or", pure("i64x2.shr_u", a, shift), same(code, "f64", 2 ** 52)), magic);
  }
  if (fn === "mantissa") {
    const width = code.constant("i32", 12);
    return pure("v128.or", pure("i64x2.shr_u", pure("i64x2.shl", a, width), width), same(code, "f64", 1));
  }
  return null;
}

/** `exp2i`, `scale2` and `copySign`, by the bits of floats. */
function scaled(code: Code, fn: Primitive, dtype: "f32" | "f64", [a, b]: readonly Value[]): Value | null {
  const pure = (op: string, ...xs: readonly Value[]): Value => code.pure(op, xs);
  const [bias, ints, width] = dtype === "f32" ? ([127, "i32x4", 23] as const) : ([1023, "i64x2", 52] as const);
  const shift = code.constant("i32", width);
  if (fn === "exp2i") return pure(`${ints}.shl`, lowBits(code, dtype, a!, bias), shift);
  if (fn === "copySign") return pure("v128.or", a!, pure("v128.and", b!, same(code, dtype, -0)));
  if (fn !== "scale2") return null;
  // Half of the exponent twice: neither factor overflows, and only the last product rounds.
  const exponents = lowBits(code, dtype, b!, 2 * bias);
  const half = pure(`${ints}.shr_u`, exponents, code.constant("i32", 1));
  const powers = [half, pure(`${ints}.sub`, exponents, half)].map((k) => pure(`${ints}.shl`, k, shift));
  return powers.reduce((y, power) => pure(`${laneShape(dtype)}.mul`, y, power), a!);
}

/** A vector whose lowest bits are the integer `k + bias`: those of `k + 1.5·2²³ + bias`, which is often where k comes from. */
function lowBits(code: Code, dtype: "f32" | "f64", k: Value, bias: number): Value {
  const shape = laneShape(dtype);
  const magic = same(code, dtype, (dtype === "f32" ? 1.5 * 2 ** 23 : 1.5 * 2 ** 52) + bias);
  if (k.op === `${shape}.sub` && k.args[1] === magic) return k.args[0]!;
  return code.pure(`${shape}.add`, [k, magic]);
}

/** The number that all lanes of a constant vector of i32 hold, else null. */
function sameInAll(x: Value): number | null {
  if (x.imm.is !== "words") return null;
  const { words } = x.imm;
  return words.every((m) => m === words[0]) ? words[0] : null;
}

/** The number that all lanes of a constant vector of floats hold, else null. */
function sameNumberIn(x: Value, dtype: "f32" | "f64"): number | null {
  if (x.op !== "const" || x.imm.is !== "bytes") return null;
  const { buffer } = Uint8Array.from(x.imm.bytes);
  const numbers = dtype === "f32" ? new Float32Array(buffer) : new Float64Array(buffer);
  return numbers.every((m) => Object.is(m, numbers[0])) ? numbers[0]! : null;
}

function powerOfTwo(x: Value): number | null {
  const n = sameInAll(x);
  return n !== null && n > 0 && (n & (n - 1)) === 0 ? n : null;
}

/** The one i32 that all lanes of a vector hold, as a scalar; null where they may differ. */
function inAllLanes(code: Code, x: Value): Value | null {
  if (x.op === "i32x4.splat") return x.args[0]!;
  const known = sameInAll(x);
  return known === null ? null : code.constant("i32", known);
}

function byLanes(
  code: Code,
  fn: Primitive,
  dtype: DType,
  from: readonly DType[],
  args: readonly Value[],
  lanes: LaneCount,
): Value {
  if (args.length !== from.length) throw new InternalError(`wasm: ${fn} has ${args.length} arguments`);
  const scalars = Array.from({ length: lanes }, (_, lane) => {
    const own = args.map((x, i) => extractLane(code, x, from[i]!, lanes, lane));
    return scalarOp(code, fn, dtype, from, own);
  });
  return fromLanes(code, scalars, dtype);
}
