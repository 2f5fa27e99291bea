// Whether the engine knows WebAssembly SIMD.

/** A module with one function: `i32.const 0, i8x16.splat, drop`. */
const probe = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11,
]; // prettier-ignore

/** True where vector instructions validate. */
export function hasSimd(): boolean {
  return typeof WebAssembly !== "undefined" && WebAssembly.validate(new Uint8Array(probe));
}
