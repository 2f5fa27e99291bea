// Loads and stores of elements of a dtype, one at a time, several side by side, or one per lane from anywhere.
import type { DType } from "#ir/dtype.js";
import type { Address } from "./address.js";
import type { Code } from "./code.js";
import { constantLanes, extractLane, fromLanes, narrowMask, widenMask, type LaneCount } from "./lanes.js";
import type { Value } from "./ssa.js";

const byteRange = { bool: [0, 1], u8: [0, 255] } as const;

/** One element; `key` names the buffer. */
export function loadScalar(code: Code, dtype: DType, key: string, at: Address): Value {
  if (dtype !== "bool" && dtype !== "u8") return code.load(`${dtype}.load`, key, [at.base], at.offset);
  return code.load("i32.load8_u", key, [at.base], at.offset, undefined, byteRange[dtype]);
}

export function storeScalar(code: Code, dtype: DType, key: string, at: Address, value: Value): void {
  const op = dtype === "bool" || dtype === "u8" ? "i32.store8" : `${dtype}.store`;
  code.store(op, key, [at.base, value], at.offset);
}

/** Neighbouring elements into lanes. */
export function loadVector(code: Code, dtype: DType, key: string, at: Address, lanes: LaneCount): Value {
  const load = (op: string): Value => code.load(op, key, [at.base], at.offset);
  if (dtype === "f64") return load("v128.load");
  if (dtype === "f32" || dtype === "i32") return load(lanes === 4 ? "v128.load" : "v128.load64_zero");
  const bytes = lanes === 4 ? load("v128.load32_zero") : code.pure("i32x4.splat", [load("i32.load16_u")]);
  const numbers = code.pure("i32x4.extend_low_i16x8_u", [code.pure("i16x8.extend_low_i8x16_u", [bytes])]);
  return dtype === "u8" ? numbers : widenMask(code, code.pure("i32x4.neg", [numbers]), lanes);
}

/** Lanes into neighbouring elements. */
export function storeVector(code: Code, dtype: DType, key: string, at: Address, value: Value, lanes: LaneCount): void {
  const store = (op: string, x: Value, lane?: number): void => code.store(op, key, [at.base, x], at.offset, lane);
  if (dtype === "f64") return store("v128.store", value);
  if (dtype === "f32" || dtype === "i32")
    return lanes === 4 ? store("v128.store", value) : store("v128.store64_lane", value, 0);
  const ones = constantLanes(code, "i32", [1, 1, 1, 1]);
  const numbers = dtype === "u8" ? value : code.pure("v128.and", [narrowMask(code, value, lanes), ones]);
  const halves = code.pure("i16x8.narrow_i32x4_s", [numbers, numbers]);
  const bytes = code.pure("i8x16.narrow_i16x8_u", [halves, halves]);
  store(lanes === 4 ? "v128.store32_lane" : "v128.store16_lane", bytes, 0);
}

/** Two neighbours of 32 bits, each in two lanes; vectors begin at even iterations. */
export function loadTwice(code: Code, key: string, at: Address): Value {
  const pair = code.load("v128.load64_zero", key, [at.base], at.offset);
  const lanes = [0, 0, 1, 1].flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte));
  return code.pure("i8x16.shuffle", [pair, pair], { is: "bytes", bytes: lanes });
}

/** Every second of seven neighbours of 32 bits: two vectors that hold just these, and a shuffle. */
export function loadEverySecond(code: Code, key: string, at: Address): Value {
  const halves = [at.offset, at.offset + 12].map((offset) => code.load("v128.load", key, [at.base], offset));
  const lanes = [0, 2, 5, 7].flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte));
  return code.pure("i8x16.shuffle", halves, { is: "bytes", bytes: lanes });
}

/** One element per lane. */
export function gather(code: Code, dtype: DType, key: string, at: readonly Address[]): Value {
  if (dtype === "bool" || dtype === "u8") {
    return fromLanes(
      code,
      at.map((a) => loadScalar(code, dtype, key, a)),
      dtype,
    );
  }
  const bits = dtype === "f64" ? 64 : 32;
  const first = code.load(`v128.load${bits}_zero`, key, [at[0]!.base], at[0]!.offset);
  return at.slice(1).reduce((v, a, i) => code.load(`v128.load${bits}_lane`, key, [a.base, v], a.offset, i + 1), first);
}

/** Lanes to one element each, in the order of the lanes. */
export function scatter(code: Code, dtype: DType, key: string, at: readonly Address[], value: Value): void {
  const lanes = at.length as LaneCount;
  const bits = dtype === "f64" ? 64 : 32;
  at.forEach((a, lane) => {
    if (dtype === "bool" || dtype === "u8")
      storeScalar(code, dtype, key, a, extractLane(code, value, dtype, lanes, lane));
    else code.store(`v128.store${bits}_lane`, key, [a.base, value], a.offset, lane);
  });
}
