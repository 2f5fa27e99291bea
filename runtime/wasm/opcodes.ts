// The WebAssembly instructions the emitter uses, by their names in the text format. Numbers from the core specification
// (chapter 5.4) with the 128-bit SIMD instructions, which all begin with 0xFD.
import { InternalError } from "#ir/errors.js";

/** Value types. */
export type WasmType = "i32" | "i64" | "f32" | "f64" | "v128";

/** What is known of an instruction: its name, always the same string, its bytes without immediates, the type of its result, and a number of its own. */
export interface Instruction {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly type: WasmType;
  readonly number: number;
}

const table = new Map<string, Instruction>();

const laneTypes: Readonly<Record<string, WasmType>> = {
  i8x16: "i32",
  i16x8: "i32",
  i32x4: "i32",
  i64x2: "i64",
  f32x4: "f32",
  f64x2: "f64",
};

/** Instructions numbered from `first`; a number in the list skips to that number. */
function define(first: number, prefix: string, names: string, encode = (n: number): number[] => [n]): void {
  let next = first;
  for (const name of names.split(" ")) {
    if (/^\d+$/.test(name)) next = Number(name);
    else {
      const bytes = encode(next++);
      const full = prefix + name;
      table.set(full, { name: full, bytes, type: typeByName(full), number: table.size });
    }
  }
}

const intCompare = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const floatCompare = "eq ne lt gt le ge";
const intArithmetic = "clz ctz popcnt add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr";
const floatArithmetic = "abs neg ceil floor trunc nearest sqrt add sub mul div min max copysign";

define(0x1b, "", "select");
define(0x28, "", "i32.load i64.load f32.load f64.load i32.load8_s i32.load8_u i32.load16_s i32.load16_u");
define(0x36, "", "i32.store i64.store f32.store f64.store i32.store8 i32.store16");
define(0x45, "i32.", `eqz ${intCompare}`);
define(0x50, "i64.", `eqz ${intCompare}`);
define(0x5b, "f32.", floatCompare);
define(0x61, "f64.", floatCompare);
define(0x67, "i32.", intArithmetic);
define(0x79, "i64.", intArithmetic);
define(0x8b, "f32.", floatArithmetic);
define(0x99, "f64.", floatArithmetic);
define(0xa7, "i32.", "wrap_i64 trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u");
define(0xac, "i64.", "extend_i32_s extend_i32_u trunc_f32_s trunc_f32_u trunc_f64_s trunc_f64_u");
define(0xb2, "f32.", "convert_i32_s convert_i32_u convert_i64_s convert_i64_u demote_f64");
define(0xb7, "f64.", "convert_i32_s convert_i32_u convert_i64_s convert_i64_u promote_f32");
define(0xbc, "", "i32.reinterpret_f32 i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64");
define(0, "i32.", "trunc_sat_f32_s trunc_sat_f32_u trunc_sat_f64_s trunc_sat_f64_u", (n) => [0xfc, n]);

const simd = (n: number): number[] => [0xfd, ...(n < 128 ? [n] : [(n & 127) | 128, n >> 7])];
define(0, "v128.", "load 7 load8_splat load16_splat load32_splat load64_splat store const", simd);
define(84, "v128.", "load8_lane load16_lane load32_lane load64_lane", simd);
define(88, "v128.", "store8_lane store16_lane store32_lane store64_lane load32_zero load64_zero", simd);
define(77, "v128.", "not and andnot or xor bitselect any_true", simd);
define(13, "i8x16.", "shuffle swizzle splat 21 extract_lane_s extract_lane_u replace_lane", simd);
define(17, "", "i32x4.splat i64x2.splat f32x4.splat f64x2.splat", simd);
define(27, "", "i32x4.extract_lane i32x4.replace_lane i64x2.extract_lane i64x2.replace_lane", simd);
define(31, "", "f32x4.extract_lane f32x4.replace_lane f64x2.extract_lane f64x2.replace_lane", simd);
define(55, "i32x4.", intCompare, simd);
define(65, "f32x4.", floatCompare, simd);
define(71, "f64x2.", floatCompare, simd);
define(94, "", "f32x4.demote_f64x2_zero f64x2.promote_low_f32x4", simd);
define(101, "i8x16.", "narrow_i16x8_s narrow_i16x8_u", simd);
define(133, "i16x8.", "narrow_i32x4_s narrow_i32x4_u extend_low_i8x16_s extend_high_i8x16_s extend_low_i8x16_u", simd);
define(160, "i32x4.", "abs neg 163 all_true bitmask 167 extend_low_i16x8_s extend_high_i16x8_s", simd);
define(169, "i32x4.", "extend_low_i16x8_u extend_high_i16x8_u shl shr_s shr_u add 177 sub 181 mul", simd);
define(182, "i32x4.", "min_s min_u max_s max_u 248 trunc_sat_f32x4_s trunc_sat_f32x4_u", simd);
define(252, "i32x4.", "trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero", simd);
define(192, "i64x2.", "abs neg 195 all_true bitmask 199 extend_low_i32x4_s extend_high_i32x4_s", simd);
define(201, "i64x2.", "extend_low_i32x4_u extend_high_i32x4_u shl shr_s shr_u add 209 sub 213 mul eq ne", simd);
define(103, "f32x4.", "ceil floor trunc nearest 224 abs neg 227 sqrt add sub mul div min max pmin pmax", simd);
define(116, "f64x2.", "ceil floor 122 trunc 148 nearest 236 abs neg 239 sqrt add sub mul div min max pmin pmax", simd);
define(250, "f32x4.", "convert_i32x4_s convert_i32x4_u", simd);
define(254, "f64x2.", "convert_low_i32x4_s convert_low_i32x4_u", simd);
// Relaxed SIMD: a·b + c and c − a·b, rounded once or twice as the processor likes.
define(261, "f32x4.", "relaxed_madd relaxed_nmadd", simd);
define(263, "f64x2.", "relaxed_madd relaxed_nmadd", simd);

/** The names of all instructions in the table. */
export const instructions: readonly string[] = [...table.keys()];

/** Throws InternalError where there is no such instruction. */
export function instruction(name: string): Instruction {
  const found = table.get(name);
  if (!found) throw new InternalError(`wasm: there is no instruction "${name}"`);
  return found;
}

/** The bytes of an instruction without its immediates. */
export const opcode = (name: string): readonly number[] => instruction(name).bytes;

/** The type of an instruction's result, which its name tells; not for `select` and stores. */
function typeByName(name: string): WasmType {
  const dot = name.indexOf(".");
  const [prefix, rest] = [name.slice(0, dot), name.slice(dot + 1)];
  const isVector = prefix === "v128" || prefix in laneTypes;
  if (!isVector) return /^(eqz?|ne|[lg][te](_[su])?)$/.test(rest) ? "i32" : (prefix as WasmType);
  if (rest.startsWith("extract_lane")) return laneTypes[prefix]!;
  return rest === "any_true" || rest === "all_true" || rest === "bitmask" ? "i32" : "v128";
}
