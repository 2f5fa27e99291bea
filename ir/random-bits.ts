// What random ops share: their operands, the two random words of an element, and numbers made of these words.
import { type DType, isFloat, toDType } from "./dtype.js";
import { DTypeError, GraphError, ShapeError } from "./errors.js";
import * as e from "./expr.js";
import type { Attrs, Draw, Operand } from "./node.js";
import type { Index, Literal, Reader } from "./op.js";
import { t } from "./op.js";
import { threefry, type Words } from "./threefry.js";
import { printType, stridesOf, tensorType, type TensorType } from "./type.js";

/** Who draws: any tensor of the graph or of eager code, or what was drawn for an op that is composed of this one. */
export type Source = Operand | Draw;

/** The names of the operands that a draw adds, after an op's own. */
export const drawn = ["counter", "key0", "key1"] as const;

/** The operands that a draw adds. Throws a GraphError where the owner of the source draws no random numbers. */
export function drawFrom(source: Source): readonly [counter: Operand, key0: Operand, key1: Operand] {
  const draw = "counter" in source ? source : source.owner.draw?.();
  if (!draw) throw new GraphError("there is no source of random numbers here");
  return [draw.counter, draw.key0, draw.key1];
}

/** What drew the last three of an op's operands. */
export function drawOf(operands: readonly Operand[]): Draw {
  const [counter, key0, key1] = operands.slice(-3) as [Operand, Operand, Operand];
  return { counter, key0, key1 };
}

/** Throws a DTypeError or ShapeError where the operands of a draw are no i32 scalars. */
export function expectDraw(operands: readonly TensorType[]): void {
  operands.slice(-3).forEach((type, i) => {
    if (type.dtype !== "i32") throw new DTypeError(`${drawn[i]} is ${type.dtype}, but random ops count in i32`);
    if (type.shape.length > 0) throw new ShapeError(`${drawn[i]} is ${printType(type)}, not a scalar`);
  });
}

/** The two random words of the element at `index`: of its row-major position and the number of the run. */
export function wordsAt(index: Index, k: Reader<Attrs>): Words {
  const strides = stridesOf(k.results[0]!.shape);
  const position = index.reduce<e.Expr>(
    (sum, i, axis) => e.add(sum, e.mul(i, e.literal(strides[axis]!))),
    e.literal(0),
  );
  const [counter, key0, key1] = drawn.map((_, i) => k.read(k.operands.length - 3 + i, []));
  return threefry([key0!, key1!], [position, counter!]);
}

/** The upper `bits` of a word, at most 31, as a float. */
function upperBits(word: e.Expr, bits: number, dtype: DType): e.Expr {
  return e.cast(e.call("shiftRight", word, e.literal(32 - bits)), dtype);
}

/** Uniform in 0 ≤ u < 1: 24 random bits in f32, 53 in f64. The f32 is the f64 of the same words, truncated. */
export function uniformOf([x, y]: Words, dtype: DType): e.Expr {
  const number = (value: number) => e.literal(value, dtype);
  if (dtype === "f32") return e.mul(upperBits(x, 24, dtype), number(2 ** -24));
  const upper = e.mul(upperBits(x, 27, dtype), number(2 ** 26));
  return e.mul(e.add(upper, upperBits(y, 26, dtype)), number(2 ** -53));
}

/** Uniform in 0 < u ≤ 1, from 31 bits of a word, with all the precision of the dtype near 0: never 0, least 2⁻³². */
export function positiveOf(word: e.Expr, dtype: DType): e.Expr {
  const number = (value: number) => e.literal(value, dtype);
  return e.mul(e.add(upperBits(word, 31, dtype), number(0.5)), number(2 ** -31));
}

/** The largest number of a float dtype below `x`. */
export function below(x: number, dtype: DType): number {
  const held = toDType(dtype, x);
  if (held < x) return held;
  const least = dtype === "f32" ? 2 ** -149 : 2 ** -1074;
  if (held === 0) return -least;
  const epsilon = dtype === "f32" ? 2 ** -24 : 2 ** -53;
  // Some of these steps lead below, the others nowhere; the nearest counts.
  const steps = [least, Math.abs(held) * epsilon, Math.abs(held) * epsilon * 2].map((step) =>
    toDType(dtype, held - step),
  );
  return Math.max(...steps.filter((y) => y < held));
}

/** Throws a DTypeError where a dtype has no fractions. */
export function expectFloat(dtype: DType): void {
  if (!isFloat(dtype)) throw new DTypeError(`there are random floats only, not ${dtype}`);
}

/**
 * A draw for samples: key and counter 0, for whose first element Threefry's authors give the words 6b200159 and 99ba4efe
 * (Random123, kat_vectors).
 */
export const sampleDraw: readonly Literal[] = drawn.map(() => t("i32", [], [0]));

/** The types of a draw, for rejects. */
export const drawTypes: readonly TensorType[] = drawn.map(() => tensorType("i32", []));
