// Whether the engine knows WebAssembly SIMD, and its relaxed instructions.

/** A module with one function: `i32.const 0, i8x16.splat, drop`. */
const probe = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11,
]; // prettier-ignore

/** True where vector instructions validate. */
export function hasSimd(): boolean {
  return typeof WebAssembly !== "undefined" && WebAssembly.validate(new Uint8Array(probe));
}

/** A module with one function: three vectors of zeros, `f32x4.relaxed_madd`, drop. */
const relaxedProbe = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 20, 1, 18, 0,
  65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253, 133, 2, 26, 11,
]; // prettier-ignore

let warned = false;

/** Whether products and sums can be one instruction. Where they cannot, says so once. */
export function hasRelaxedSimd(): boolean {
  const has = typeof WebAssembly !== "undefined" && WebAssembly.validate(new Uint8Array(relaxedProbe));
  if (!has && !warned) {
    warned = true;
    // eslint-disable-next-line no-console
    console.warn(
      "gradloom: relaxed: this engine has no relaxed SIMD (Node 20 has it with --experimental-wasm-relaxed-simd); " +
        "products are rounded before they are added",
    );
  }
  return has;
}
