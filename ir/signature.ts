// Which dtypes the scalar functions take and give.
import { type DType, isFloat } from "./dtype.js";
import type { Call } from "./expr.js";
import { type ScalarFn, approximated } from "./scalar.js";

/** How a function's argument and result dtypes hang together. */
type Kind =
  /** Arguments and result of one dtype, of a class. */
  | { readonly takes: number; readonly of: "any" | "number" | "float" | "integer" | "i32" | "bool" }
  /** Arguments of one dtype, result bool. */
  | { readonly compares: "any" }
  | { readonly casts: DType }
  | { readonly selects: true };

const one = { takes: 1, of: "number" } as const;
const two = { takes: 2, of: "number" } as const;
const floatOne = { takes: 1, of: "float" } as const;
const floatTwo = { takes: 2, of: "float" } as const;
const integerTwo = { takes: 2, of: "integer" } as const;
const bits = { takes: 2, of: "i32" } as const;
const compares = { compares: "any" } as const;
const boolTwo = { takes: 2, of: "bool" } as const;

const kinds: { readonly [F in ScalarFn]?: Kind } = {
  add: two, sub: two, mul: two, div: floatTwo, floorDiv: integerTwo, floorMod: integerTwo, mod: floatTwo,
  neg: one, abs: one, sign: one, minimum: { takes: 2, of: "any" }, maximum: { takes: 2, of: "any" },
  sqrt: floatOne, floor: floatOne, ceil: floatOne, round: floatOne, trunc: floatOne,
  eq: compares, ne: compares, lt: compares, le: compares, gt: compares, ge: compares,
  and: boolTwo, or: boolTwo, not: { takes: 1, of: "bool" }, select: { selects: true },
  toF32: { casts: "f32" }, toF64: { casts: "f64" }, toI32: { casts: "i32" }, toBool: { casts: "bool" }, toU8: { casts: "u8" },
  xor: bits, shiftLeft: bits, shiftRight: bits,
  exp2i: floatOne, scale2: floatTwo, copySign: floatTwo, exponent: floatOne, mantissa: floatOne, pow: floatTwo,
}; // prettier-ignore

/** What is wrong with the arguments or the dtype of a call; null where they fit. */
export function signatureComplaint({ fn, dtype, args }: Call): string | null {
  const kind = kinds[fn] ?? ((approximated as readonly string[]).includes(fn) ? floatOne : null);
  if (!kind) return `${fn} is not a scalar function`;
  const count = "takes" in kind ? kind.takes : "compares" in kind ? 2 : "casts" in kind ? 1 : 3;
  if (args.length !== count) return `${fn} takes ${count} arguments, not ${args.length}`;
  const given = `${fn}(${args.map((x) => x.dtype).join(", ")}) gives no ${dtype}`;
  if ("casts" in kind) return dtype === kind.casts ? null : given;
  if ("selects" in kind) {
    return args[0]!.dtype === "bool" && args[1]!.dtype === dtype && args[2]!.dtype === dtype ? null : given;
  }
  if (args.some((x) => x.dtype !== args[0]!.dtype)) return given;
  if ("compares" in kind) return dtype === "bool" ? null : given;
  return dtype === args[0]!.dtype && belongs(dtype, kind.of) ? null : given;
}

function belongs(dtype: DType, to: "any" | "number" | "float" | "integer" | "i32" | "bool"): boolean {
  switch (to) {
    case "any":
      return true;
    case "number":
      return dtype !== "bool";
    case "float":
      return isFloat(dtype);
    case "integer":
      return dtype === "i32" || dtype === "u8";
    case "i32":
      return dtype === "i32";
    case "bool":
      return dtype === "bool";
  }
}
