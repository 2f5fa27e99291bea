// The primitive scalar functions of `ir/scalar.ts` as WebAssembly instructions on single numbers.
import type { DType } from "#ir/dtype.js";
import { InternalError } from "#ir/errors.js";
import type { Primitive } from "#ir/scalar.js";
import type { Code } from "./code.js";
import {
  addIndex,
  boundIndex,
  compareIndex,
  constantOf,
  divideIndex,
  mulIndex,
  selectIndex,
  subIndex,
} from "./index-math.js";
import { scalarType } from "./lanes.js";
import type { Value } from "./ssa.js";

/** The name of the exact remainder of f64 numbers, with the sign of the divisor; `module.ts` provides it. */
export const remainderFunction = "mod.f64";

const maxExponent = { f32: 127, f64: 1023 } as const;

/** `fn` of arguments of dtypes `from`; u8 stays in 0 to 255 and bool in 0 to 1. Throws InternalError where it makes no sense. */
export function scalarOp(
  code: Code,
  fn: Primitive,
  dtype: DType,
  from: readonly DType[],
  args: readonly Value[],
): Value {
  const source = from[0]!;
  switch (fn) {
    case "and":
    case "or":
      return combineTruths(code, fn, truth(code, args[0]!, source), truth(code, args[1]!, from[1]!));
    case "not":
      return compareIndex(code, "eq", truth(code, args[0]!, source), code.constant("i32", 0));
    case "select":
      return selectIndex(code, truth(code, args[0]!, source), args[1]!, args[2]!);
    case "eq":
    case "ne":
    case "lt":
    case "le":
    case "gt":
    case "ge":
      if (scalarType(source) === "i32") return compareIndex(code, fn, args[0]!, args[1]!);
      return code.pure(`${source}.${fn}`, args, undefined, [0, 1]);
    case "toF32":
    case "toF64":
    case "toI32":
    case "toU8":
    case "toBool":
      return convert(code, dtype, source, args[0]!);
    default:
      return scalarType(dtype) === "i32"
        ? integerOp(code, fn, dtype, args)
        : floatOp(code, fn, dtype as "f32" | "f64", args);
  }
}

type Arithmetic = Exclude<
  Primitive,
  "and" | "or" | "not" | "select" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" | `to${string}`
>;

function combineTruths(code: Code, fn: "and" | "or", a: Value, b: Value): Value {
  const x = constantOf(a);
  const y = constantOf(b);
  if (x !== null) return (x === 1) === (fn === "and") ? b : a;
  if (y !== null) return (y === 1) === (fn === "and") ? a : b;
  return code.pure(`i32.${fn}`, [a, b], undefined, [0, 1]);
}

function truth(code: Code, x: Value, dtype: DType): Value {
  return convert(code, "bool", dtype, x);
}

function convert(code: Code, to: DType, from: DType, x: Value): Value {
  if (to === from) return x;
  const source = scalarType(from);
  if (to === "bool") {
    if (source === "i32") return compareIndex(code, "ne", x, code.constant("i32", 0));
    return code.pure(`${source}.ne`, [x, code.constant(source, 0)], undefined, [0, 1]);
  }
  if (to === "f32") return code.pure(source === "f64" ? "f32.demote_f64" : "f32.convert_i32_s", [x]);
  if (to === "f64") return code.pure(source === "f32" ? "f64.promote_f32" : "f64.convert_i32_s", [x]);
  const whole = source === "i32" ? x : code.pure(`i32.trunc_sat_${source}_s`, [x]);
  return to === "u8" && from !== "bool" ? toByte(code, whole) : whole;
}

function toByte(code: Code, x: Value): Value {
  if (x.range && x.range[0] >= 0 && x.range[1] <= 255) return x;
  return code.pure("i32.and", [x, code.constant("i32", 255)], undefined, [0, 255]);
}

function integerOp(code: Code, fn: Arithmetic, dtype: DType, args: readonly Value[]): Value {
  const a = args[0]!;
  const b = args[1]!;
  if (dtype === "bool") return boolOp(code, fn, a, b);
  switch (fn) {
    case "add":
      return wrapped(code, dtype, addIndex(code, a, b));
    case "sub":
      return wrapped(code, dtype, subIndex(code, a, b));
    case "mul":
      return wrapped(code, dtype, mulIndex(code, a, b));
    case "neg":
      return wrapped(code, dtype, subIndex(code, code.constant("i32", 0), a));
    case "abs": {
      if (dtype === "u8") return a;
      const zero = code.constant("i32", 0);
      return code.pure("select", [a, subIndex(code, zero, a), compareIndex(code, "ge", a, zero)]);
    }
    case "sign": {
      const zero = code.constant("i32", 0);
      return subIndex(code, compareIndex(code, "gt", a, zero), compareIndex(code, "lt", a, zero));
    }
    case "minimum":
    case "maximum":
      return boundIndex(code, fn, a, b);
    case "floorDiv":
    case "floorMod":
      return wrapped(code, dtype, divideIndex(code, fn, a, b));
    case "div":
      return wrapped(code, dtype, truncatedQuotient(code, a, b));
    case "xor":
    case "shiftLeft":
    case "shiftRight":
      return bitOp(code, fn, a, b);
    case "floor":
    case "ceil":
    case "round":
    case "trunc":
      return a;
    default:
      throw new InternalError(`wasm: ${fn} of ${dtype} is not defined`);
  }
}

function wrapped(code: Code, dtype: DType, x: Value): Value {
  return dtype === "u8" ? toByte(code, x) : x;
}

function bitOp(code: Code, fn: "xor" | "shiftLeft" | "shiftRight", a: Value, b: Value): Value {
  if (fn !== "shiftRight") return code.pure(fn === "xor" ? "i32.xor" : "i32.shl", [a, b]);
  const by = constantOf(b);
  const range = by !== null && by > 0 && by < 32 ? ([0, 2 ** (32 - by) - 1] as const) : null;
  return code.pure("i32.shr_u", [a, b], undefined, range);
}

/** Sums and products of bools are 1 where the number is not 0. */
function boolOp(code: Code, fn: Arithmetic, a: Value, b: Value): Value {
  switch (fn) {
    case "add":
    case "maximum":
      return code.pure("i32.or", [a, b], undefined, [0, 1]);
    case "mul":
    case "minimum":
      return code.pure("i32.and", [a, b], undefined, [0, 1]);
    case "sub":
      return code.pure("i32.xor", [a, b], undefined, [0, 1]);
    default:
      throw new InternalError(`wasm: ${fn} of bool is not defined`);
  }
}

/** a / b rounded towards zero: the floor of the magnitudes with its sign put back. */
function truncatedQuotient(code: Code, a: Value, b: Value): Value {
  const quotient = divideIndex(code, "floorDiv", a, b);
  const remainder = divideIndex(code, "floorMod", a, b);
  const zero = code.constant("i32", 0);
  const negative = compareIndex(code, "lt", quotient, zero);
  const inexact = compareIndex(code, "ne", remainder, zero);
  return addIndex(code, quotient, code.pure("i32.and", [negative, inexact], undefined, [0, 1]));
}

const plain: Partial<Record<Primitive, string>> = {
  add: "add", sub: "sub", mul: "mul", div: "div", neg: "neg", abs: "abs", minimum: "min", maximum: "max",
  sqrt: "sqrt", floor: "floor", ceil: "ceil", round: "nearest", trunc: "trunc",
}; // prettier-ignore

function floatOp(code: Code, fn: Arithmetic, type: "f32" | "f64", args: readonly Value[]): Value {
  const name = plain[fn];
  if (name) return code.pure(`${type}.${name}`, args);
  const a = args[0]!;
  const bias = maxExponent[type];
  switch (fn) {
    case "sign": {
      const one = code.pure(`${type}.copysign`, [code.constant(type, 1), a]);
      return code.pure("select", [
        one,
        a,
        code.pure(`${type}.gt`, [code.pure(`${type}.abs`, [a]), code.constant(type, 0)]),
      ]);
    }
    case "mod": {
      const wide = type === "f64" ? args : args.map((x) => code.pure("f64.promote_f32", [x]));
      const result = code.call(remainderFunction, wide, "f64");
      return type === "f64" ? result : code.pure("f32.demote_f64", [result]);
    }
    case "exp2i": {
      const exponent = code.pure("i32.add", [code.pure(`i32.trunc_sat_${type}_s`, [a]), code.constant("i32", bias)]);
      if (type === "f32")
        return code.pure("f32.reinterpret_i32", [code.pure("i32.shl", [exponent, code.constant("i32", 23)])]);
      const bits = code.pure("i64.shl", [code.pure("i64.extend_i32_s", [exponent]), code.constant("i64", 52)]);
      return code.pure("f64.reinterpret_i64", [bits]);
    }
    case "scale2": {
      const half = code.pure(`${type}.floor`, [code.pure(`${type}.mul`, [args[1]!, code.constant(type, 0.5)])]);
      const powers = [half, code.pure(`${type}.sub`, [args[1]!, half])].map((k) => floatOp(code, "exp2i", type, [k]));
      return powers.reduce((y, power) => code.pure(`${type}.mul`, [y, power]), a);
    }
    case "copySign":
      return code.pure(`${type}.copysign`, args);
    case "exponent": {
      const bits = exponentBits(code, type, a);
      return code.pure(`${type}.convert_i32_s`, [code.pure("i32.sub", [bits, code.constant("i32", bias)])]);
    }
    case "mantissa":
      return scaleToOne(code, type, a);
    default:
      throw new InternalError(`wasm: ${fn} of ${type} is not defined`);
  }
}

function exponentBits(code: Code, type: "f32" | "f64", a: Value): Value {
  if (type === "f32") return code.pure("i32.shr_u", [code.pure("i32.reinterpret_f32", [a]), code.constant("i32", 23)]);
  const bits = code.pure("i64.shr_u", [code.pure("i64.reinterpret_f64", [a]), code.constant("i64", 52)]);
  return code.pure("i32.wrap_i64", [bits]);
}

/** The number with its exponent bits replaced by those of 1: shifted out, then those of 1 put in. */
function scaleToOne(code: Code, type: "f32" | "f64", a: Value): Value {
  const [int, width, one] = type === "f32" ? (["i32", 9, 127] as const) : (["i64", 12, 1023] as const);
  const bits = code.pure(`${int}.reinterpret_${type}`, [a]);
  const count = code.constant(int, width);
  const fraction = code.pure(`${int}.shr_u`, [code.pure(`${int}.shl`, [bits, count]), count]);
  const exponent = code.pure(`${int}.shl`, [code.constant(int, one), code.constant(int, type === "f32" ? 23 : 52)]);
  return code.pure(`${type}.reinterpret_${int}`, [code.pure(`${int}.or`, [fraction, exponent])]);
}
