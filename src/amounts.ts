// Amounts as people read them.

/** `1,234,567`. */
export function withCommas(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `12.3`, `0.0123`, `4.1e-7`: three digits that matter. */
export function threeDigits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1000) return withCommas(Math.round(value));
  return size >= 0.001 || size === 0 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

/** `1.23 k`, `45.6 M`, `7.89 G`: a count in thousands, three digits that matter. */
export function inThousands(count: number): string {
  const units = ["", " k", " M", " G", " T", " P"];
  const rounded = Number(count.toPrecision(3));
  const power = rounded < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(rounded) / 3));
  return `${Number((count / 1000 ** power).toPrecision(3))}${units[power]!}`;
}

/** `12.3 µs`, `4.56 ms`, `7.89 s`. */
export function timeText(ms: number): string {
  if (ms < 1) return `${threeDigits(ms * 1000)} µs`;
  return ms < 1000 ? `${threeDigits(ms)} ms` : `${threeDigits(ms / 1000)} s`;
}
