// Numbers and names as they stand in Graph text: the shortest decimals that read back exactly.
import type { DType } from "./dtype.js";

/** Words of the text that a named size may share; such a size is written in parentheses where both could stand. */
export const reservedWords: ReadonlySet<string> = new Set(["true", "false", "null", "inf", "nan"]);

/** The shortest decimal that reads back as the same value of the dtype; `inf`, `-inf`, `nan`, `-0`. */
export function printNumber(value: number, dtype: DType = "f64"): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0";
  if (dtype !== "f32" || (Number.isInteger(value) && Math.abs(value) < 2 ** 24)) return String(value);
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

/** Reads what `printNumber` wrote; null where the word is not a number. */
export function parseNumber(word: string): number | null {
  if (word === "nan") return NaN;
  if (word === "inf") return Infinity;
  if (word === "-inf") return -Infinity;
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(word) ? Number(word) : null;
}

/** Names that need no quotes: words, joined by single slashes. */
export const plainName = /[A-Za-z_][\w.#-]*(?:\/[\w.#-]+)*/;
const wholePlainName = new RegExp(`^(?:${plainName.source})$`);

/** A name as it stands in the text, quoted where it has characters of the grammar in it. */
export function printName(name: string): string {
  return wholePlainName.test(name) ? name : JSON.stringify(name);
}
