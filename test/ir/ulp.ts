// Distances in units in the last place.
const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

/** The spacing of f32 or f64 numbers around `value`. */
export function ulpAt(value: number, dtype: "f32" | "f64"): number {
  double[0] = value;
  const exponent = Math.max(((words[1]! >>> 20) & 2047) - 1023, dtype === "f32" ? -126 : -1022);
  return 2 ** Math.max(exponent - (dtype === "f32" ? 23 : 52), -1074);
}

/** How far `got`, a number of the dtype, is from the real number `want`, in ulp; 0 where both are the same special value. */
export function ulpsBetween(got: number, want: number, dtype: "f32" | "f64"): number {
  const nearest = dtype === "f32" ? Math.fround(want) : want;
  if (Number.isNaN(got) || Number.isNaN(want)) return Number.isNaN(got) && Number.isNaN(want) ? 0 : Infinity;
  if (nearest === 0) return Object.is(got, nearest) ? 0 : Math.abs(got - want) / ulpAt(0, dtype) || Infinity;
  if (!Number.isFinite(got) || !Number.isFinite(nearest)) {
    const last = dtype === "f32" ? 2 ** 128 : Number.MAX_VALUE;
    const clip = (x: number) => Math.max(-last, Math.min(last, x));
    return got === nearest ? 0 : Math.abs(clip(got) - clip(want)) / ulpAt(last * 0.75, dtype);
  }
  return Math.abs(got - want) / ulpAt(want, dtype);
}
