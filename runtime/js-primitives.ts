// The primitives that JavaScript has no operator for, as the printed kernels call them. Semantics: ir/scalar.ts.
import { CheckFailed } from "./program.js";

const float = new Float64Array(1);
const bits = new Int32Array(float.buffer);
/** Which half of a double has its exponent. */
const upper = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

export const primitives = {
  /** 2ᵏ for an integral k within the normal range. */
  exp2i(k: number): number {
    bits[1 - upper] = 0;
    bits[upper] = (k + 1023) << 20;
    return float[0]!;
  },

  /** y · 2ᵏ for an integral k within twice the normal range. */
  scale2(y: number, k: number): number {
    const half = k >> 1;
    return y * primitives.exp2i(half) * primitives.exp2i(k - half);
  },

  /** `size` with the sign of `x`. */
  copySign(size: number, x: number): number {
    return x < 0 || Object.is(x, -0) ? -size : size;
  },

  /** The exponent of a positive number. */
  exponent(x: number): number {
    float[0] = x;
    return ((bits[upper]! >>> 20) & 2047) - 1023;
  },

  /** x / 2^exponent(x) for a positive number: 1 ≤ mantissa < 2. */
  mantissa(x: number): number {
    float[0] = x;
    bits[upper] = (bits[upper]! & 0xfffff) | 0x3ff00000;
    return float[0];
  },

  /** To the nearest integer, halves to the even one. */
  roundEven(x: number): number {
    const r = Math.round(x);
    return r - x === 0.5 && r % 2 !== 0 ? r - 1 : r;
  },

  /** The remainder with the sign of the divisor. */
  mod(a: number, b: number): number {
    const r = a % b;
    return r !== 0 && r < 0 !== b < 0 ? r + b : r;
  },

  /** Rounds towards −∞; 0 by 0. */
  floorDiv(a: number, b: number): number {
    return b === 0 ? 0 : Math.floor(a / b) | 0;
  },

  /** The remainder of `floorDiv`. */
  floorMod(a: number, b: number): number {
    return b === 0 ? 0 : (a - b * Math.floor(a / b)) | 0;
  },

  /** Truncates and saturates; NaN becomes 0. */
  toInt(x: number): number {
    return x >= 2147483647 ? 2147483647 : x <= -2147483648 ? -2147483648 : x | 0;
  },

  fail(failure: number, value: number): never {
    throw new CheckFailed(failure, value);
  },
};
