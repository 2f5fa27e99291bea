// Moving between scalars and the lanes of vectors. In a loop of two lanes, f64 fills a vector, and f32, i32 and u8 sit in its
// lower half; u8 is held as i32; a bool is a mask as wide as the loop's lanes.
import type { DType } from "#ir/dtype.js";
import type { Code } from "./code.js";
import { constantOf } from "./index-math.js";
import type { Value } from "./ssa.js";

/** How many elements a vector loop handles at once: 2 where an f64 takes part. */
export type LaneCount = 2 | 4;

/** The WebAssembly type of a scalar; u8 and bool are i32. */
export function scalarType(dtype: DType): "i32" | "f32" | "f64" {
  return dtype === "f32" || dtype === "f64" ? dtype : "i32";
}

/** The lane shape in which arithmetic of a dtype is done. */
export function laneShape(dtype: DType): "f32x4" | "f64x2" | "i32x4" {
  return dtype === "f32" ? "f32x4" : dtype === "f64" ? "f64x2" : "i32x4";
}

const scalarLoads: Readonly<Record<string, string>> = {
  "f32.load": "v128.load32_splat",
  "i32.load": "v128.load32_splat",
  "f64.load": "v128.load64_splat",
};

/** A vector with `x` in every lane. */
export function splat(code: Code, x: Value, dtype: DType): Value {
  const known = constantOf(x);
  if (known !== null) return constantLanes(code, dtype, [known, known, known, known]);
  if (dtype === "bool") return code.pure("i32x4.splat", [code.pure("i32.sub", [code.constant("i32", 0), x])]);
  return code.pure(`${laneShape(dtype)}.splat`, [x]);
}

/** The instruction that loads and splats at once, in place of a scalar load; null where there is none. */
export function splattingLoad(op: string): string | null {
  return scalarLoads[op] ?? null;
}

const words = new Int32Array(4);
const singles = new Float32Array(words.buffer);
const doubles = new Float64Array(words.buffer);

/** A vector of constants; four numbers, of which f64 uses two. A bool must be the same in all lanes. */
export function constantLanes(code: Code, dtype: DType, numbers: readonly number[]): Value {
  if (dtype === "f64") doubles.set(numbers.length > 2 ? numbers.slice(0, 2) : numbers);
  else if (dtype === "f32") singles.set(numbers);
  else if (dtype === "bool") for (let i = 0; i < 4; i++) words[i] = -numbers[i]!;
  else words.set(numbers);
  return code.constantVector(words[0]!, words[1]!, words[2]!, words[3]!);
}

/** One lane as a scalar; a bool as 0 or 1. */
export function extractLane(code: Code, vector: Value, dtype: DType, lanes: LaneCount, lane: number): Value {
  if (dtype === "bool") {
    const mask = code.pure("i32x4.extract_lane", [vector], { is: "bytes", bytes: [lane * (4 / lanes)] });
    return code.pure("i32.and", [mask, code.constant("i32", 1)], undefined, [0, 1]);
  }
  return code.pure(`${laneShape(dtype)}.extract_lane`, [vector], { is: "bytes", bytes: [lane] });
}

/** The vector with one lane replaced. */
export function replaceLane(code: Code, vector: Value, x: Value, dtype: DType, lanes: LaneCount, lane: number): Value {
  if (dtype !== "bool")
    return code.pure(`${laneShape(dtype)}.replace_lane`, [vector, x], { is: "bytes", bytes: [lane] });
  const mask = code.pure("i32.sub", [code.constant("i32", 0), x]);
  if (lanes === 4) return code.pure("i32x4.replace_lane", [vector, mask], { is: "bytes", bytes: [lane] });
  const wide = code.pure("i64.extend_i32_s", [mask]);
  return code.pure("i64x2.replace_lane", [vector, wide], { is: "bytes", bytes: [lane] });
}

/** A vector from one scalar per lane. */
export function fromLanes(code: Code, scalars: readonly Value[], dtype: DType): Value {
  const lanes = scalars.length as LaneCount;
  return scalars
    .slice(1)
    .reduce((v, x, i) => replaceLane(code, v, x, dtype, lanes, i + 1), splat(code, scalars[0]!, dtype));
}

/** A mask of 32-bit lanes, in the lower half of the vector, made as wide as the loop's lanes. */
export function widenMask(code: Code, mask: Value, lanes: LaneCount): Value {
  return lanes === 4 ? mask : code.pure("i64x2.extend_low_i32x4_s", [mask]);
}

/** The reverse of `widenMask`. */
export function narrowMask(code: Code, mask: Value, lanes: LaneCount): Value {
  if (lanes === 4) return mask;
  return code.pure("i8x16.shuffle", [mask, mask], {
    is: "bytes",
    bytes: [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11],
  });
}

const [lower, upper] = [0, 8].map((at) => Array.from({ length: 8 }, (_, byte) => at + byte)) as [number[], number[]];

/** The upper half of a vector in both halves. */
export function upperHalf(code: Code, x: Value): Value {
  return code.pure("i8x16.shuffle", [x, x], { is: "bytes", bytes: [...upper, ...upper] });
}

/** The lower half of `a`, then that of `b`. */
export function joinHalves(code: Code, a: Value, b: Value): Value {
  return code.pure("i8x16.shuffle", [a, b], { is: "bytes", bytes: [...lower, ...lower.map((byte) => byte + 16)] });
}
