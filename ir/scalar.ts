// The scalar functions of the Kernel IR and what each of them means. This file is the specification that every backend
// follows; `functions/` says how the transcendental ones are computed from the primitive ones.
import { type DType, toDType } from "./dtype.js";

/**
 * Functions that every backend implements itself.
 * - `floorDiv`, `floorMod` (i32, u8) round towards −∞, the remainder has the sign of the divisor; by zero both give 0.
 * - `mod` (floats) has the sign of the divisor.
 * - `minimum`, `maximum` pass NaN on; `sign` of NaN is NaN; `round` goes to the even neighbour at halves.
 * - `exp2i(k)` is 2ᵏ for an integral k within the normal range of the dtype; `scale2(y, k)` is y · 2ᵏ, rounded once, for
 *   ½ ≤ |y| ≤ 2 and k within twice that range.
 * - `copySign(size, x)` is size with the sign of x; size is not negative.
 * - `exponent(x)`, `mantissa(x)`: x = mantissa · 2^exponent with 1 ≤ mantissa < 2, for positive normal x.
 * - `xor`, `shiftLeft`, `shiftRight` work on the bits of an i32; `shiftRight` brings in zeros; shifts count modulo 32.
 * - Integers wrap; `toI32` of a float truncates and saturates, NaN becomes 0; `toU8` wraps; `toBool` is x ≠ 0.
 */
export const primitives = [
  "add", "sub", "mul", "div", "floorDiv", "floorMod", "mod", "neg", "abs", "sign", "minimum", "maximum",
  "sqrt", "floor", "ceil", "round", "trunc",
  "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "select",
  "toF32", "toF64", "toI32", "toBool", "toU8",
  "xor", "shiftLeft", "shiftRight",
  "exp2i", "scale2", "copySign", "exponent", "mantissa",
] as const; // prettier-ignore

/** Functions written once as expressions over the primitives, in `functions/`. */
export const transcendentals = [
  "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "tanh", "sigmoid", "erf", "pow",
] as const; // prettier-ignore

/**
 * The sines of arguments above `largestOrdinary`, of others any number. What `sin` and its like select them by is rarely true:
 * on vectors a call of one is jumped over where no lane selects it.
 */
export const rare = ["sinOfHuge", "cosOfHuge", "tanOfHuge"] as const;
export type Rare = (typeof rare)[number];

/**
 * All that `functions/` writes out. To the same bits with fewer steps, `decay(x)` is exp(x) for arguments that cannot be above 0,
 * `cosOfOrdinary(x)` cos(x) for such that `cosOfHuge` is not for.
 */
export const approximated = [...transcendentals, "decay", "cosOfOrdinary", ...rare] as const;

export type Primitive = (typeof primitives)[number];
export type Transcendental = (typeof approximated)[number];
export type ScalarFn = Primitive | Transcendental;

/** The value of a scalar function in double precision, rounded once to `dtype`: the slow truth. */
export function evaluate(fn: ScalarFn, dtype: DType, args: readonly number[], from: readonly DType[]): number {
  const [a, b] = args as [number, number];
  if (fn === "mul" && dtype === "i32") return Math.imul(a, b);
  return toDType(dtype, exact(fn, a, b, args[2]!, from[0]!));
}

function exact(fn: ScalarFn, a: number, b: number, c: number, from: DType): number {
  switch (fn) {
    case "add": return a + b;
    case "sub": return a - b;
    case "mul": return a * b;
    case "div": return a / b;
    case "floorDiv": return b === 0 ? 0 : Math.floor(a / b);
    case "floorMod": return b === 0 ? 0 : a - b * Math.floor(a / b);
    case "mod": return floatMod(a, b);
    case "neg": return -a;
    case "abs": return Math.abs(a);
    case "sign": return Math.sign(a);
    case "minimum": return Math.min(a, b);
    case "maximum": return Math.max(a, b);
    case "sqrt": return Math.sqrt(a);
    case "floor": return Math.floor(a);
    case "ceil": return Math.ceil(a);
    case "round": return roundHalfEven(a);
    case "trunc": return Math.trunc(a);
    case "eq": return a === b ? 1 : 0;
    case "ne": return a !== b ? 1 : 0;
    case "lt": return a < b ? 1 : 0;
    case "le": return a <= b ? 1 : 0;
    case "gt": return a > b ? 1 : 0;
    case "ge": return a >= b ? 1 : 0;
    case "and": return a && b;
    case "or": return a || b;
    case "not": return a ? 0 : 1;
    case "select": return a ? b : c;
    case "toF32":
    case "toF64": return a;
    case "toBool": return a !== 0 ? 1 : 0;
    case "toI32":
    case "toU8": return from === "f32" || from === "f64" ? saturate(a) : a;
    case "xor": return a ^ b;
    case "shiftLeft": return a << b;
    case "shiftRight": return a >>> b;
    case "exp2i": return 2 ** a;
    case "scale2": return a * 2 ** Math.floor(b / 2) * 2 ** Math.ceil(b / 2);
    case "copySign": return b < 0 || Object.is(b, -0) ? -a : a;
    case "exponent": return exponentOf(a);
    case "mantissa": return a / 2 ** exponentOf(a);
    case "exp": case "decay": return Math.exp(a);
    case "expm1": return Math.expm1(a);
    case "log": return Math.log(a);
    case "log1p": return Math.log1p(a);
    case "sin": case "sinOfHuge": return Math.sin(a);
    case "cos": case "cosOfOrdinary": case "cosOfHuge": return Math.cos(a);
    case "tan": case "tanOfHuge": return Math.tan(a);
    case "tanh": return Math.tanh(a);
    case "sigmoid": return a >= 0 ? 1 / (1 + Math.exp(-a)) : Math.exp(a) / (1 + Math.exp(a));
    case "erf": return erf(a);
    case "pow": return power(a, b);
  } // prettier-ignore
}

/** IEEE 754's pow: 1 to any power is 1, also to NaN and infinities, where JavaScript says NaN. */
function power(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

function floatMod(a: number, b: number): number {
  const r = a % b;
  return r !== 0 && r < 0 !== b < 0 ? r + b : r;
}

function roundHalfEven(a: number): number {
  const r = Math.round(a);
  return Math.abs(a % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
}

function saturate(a: number): number {
  return Number.isNaN(a) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(a)));
}

function exponentOf(a: number): number {
  let e = Math.floor(Math.log2(a));
  if (2 ** e > a) e--;
  else if (2 ** (e + 1) <= a) e++;
  return e;
}

/** The error function: a series of terms of one sign up to 1, else one minus the continued fraction of erfc (A&S 7.1.6, 7.1.14). */
function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x) || x === 0) return x;
  if (a > 6) return Math.sign(x);
  if (a < 1) {
    let [term, sum] = [x, x];
    for (let n = 1; n < 40; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  let fraction = 0;
  for (let k = 200; k > 0; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (a + fraction));
}
